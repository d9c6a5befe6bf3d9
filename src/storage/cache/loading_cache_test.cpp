#include "storage/cache/loading_cache.hpp"

#include <deque>
#include <map>

#include <gtest/gtest.h>

#include "base/executor.hpp"
#include "base/prng.hpp"
#include "storage/cache/fallback_cache.hpp"
#include "storage/cache/memory_cache.hpp"
#include "tests/support/seed.hpp"

namespace securecart::storage {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const ErrorKind bad_cursor{"bad_cursor", 400, "Not a cursor."};

// A cache whose server is gone.
class DeadCache final : public Cache {
 public:
  Task<Found> get(CacheKey) override {
    Found found;
    found.reachable = false;
    co_return found;
  }
  Task<bool> put(CacheKey, CacheEntry, Ticket) override { co_return false; }
  void invalidate(std::string_view, std::string_view) override {}
  Task<bool> delivered(Duration) override { co_return false; }
};

// A database of one row a key, which answers after a while.
class LoadingCacheTest : public testing::Test {
 protected:
  struct Answer {
    bool ready = false;
    std::string bytes;
    bool absence = false;
    std::optional<Error> refusal;
    bool failed = false;
  };

  // Begins a get() and gives the place its answer will be in.
  std::shared_ptr<Answer> ask(const std::string& key) {
    auto answer = std::make_shared<Answer>();
    executor_.post([this, key, answer] {
      Loader load = [this, key] { return load_row(key); };
      start(cache_->get(*use_, {"shop", key}, std::move(load)),
            [answer](std::variant<Result<Kept>, std::exception_ptr> outcome) {
              answer->ready = true;
              if (outcome.index() == 1) {
                answer->failed = true;
              } else if (const Result<Kept>& kept = std::get<0>(outcome); kept) {
                answer->bytes = *kept->bytes;
                answer->absence = kept->absence;
              } else {
                answer->refusal = kept.error();
              }
            });
    });
    executor_.run_ready_jobs();
    return answer;
  }
  std::string get(const std::string& key) {
    const auto answer = ask(key);
    executor_.advance(load_time_);
    EXPECT_TRUE(answer->ready);
    return answer->bytes;
  }

  Task<Result<Loaded>> load_row(std::string key) {
    ++loads_;
    most_at_once_ = std::max(most_at_once_, ++at_once_);
    Loaded loaded{rows_.contains(key) ? rows_[key] : "none of it", {key}, !rows_.contains(key)};
    const bool fails = database_gone_;
    const bool refuses = key == "wrong";
    Task<void> pause = sleep_for(load_time_);
    co_await pause;
    --at_once_;
    if (fails) {
      throw Unavailable("gone");
    }
    if (refuses) {
      co_return fail(bad_cursor, "wrong");
    }
    co_return loaded;
  }

  // A committed change, told to the cache before its writer.
  void change(const std::string& key, std::string row) {
    rows_[key] = std::move(row);
    cache_->invalidate("shop", key);
  }

  void use_cache(Cache& cache, LoadingCache::Options options) {
    cache_ = std::make_unique<LoadingCache>(cache, random_, other_metrics_, options);
    use_.emplace(cache_->use(settings));
  }

  static constexpr LoadingCache::Settings settings{.name = "row",
                                                   .version = 1,
                                                   .fresh = seconds(60),
                                                   .keep = seconds(600),
                                                   .keep_absence = seconds(5)};

  std::uint64_t lookups(const char* result) {
    return metrics_
        .counter("securecart_cache_lookups_total", "", {{"what", "row"}, {"result", result}})
        .value();
  }

  ManualClock clock_;
  ManualExecutor executor_{clock_};
  observe::Metrics metrics_;
  observe::Metrics other_metrics_;
  Prng random_{test::seed()};
  MemoryCache memory_{1 << 22, clock_, metrics_};
  std::unique_ptr<LoadingCache> cache_ = std::make_unique<LoadingCache>(memory_, random_, metrics_);
  std::optional<LoadingCache::Use> use_{cache_->use(settings)};
  std::map<std::string, std::string> rows_;
  milliseconds load_time_{10};
  bool database_gone_ = false;
  int loads_ = 0;
  int at_once_ = 0;
  int most_at_once_ = 0;
};

TEST_F(LoadingCacheTest, LoadsOnceAndAnswersFromTheCache) {
  rows_["a"] = "1";
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(loads_, 1);
  EXPECT_EQ(lookups("miss"), 1U);
  EXPECT_EQ(lookups("hit"), 1U);
}

TEST_F(LoadingCacheTest, CallersOfOneKeyShareOneLoad) {
  rows_["a"] = "1";
  std::vector<std::shared_ptr<Answer>> answers;
  for (int i = 0; i < 100; ++i) {
    answers.push_back(ask("a"));
  }
  executor_.advance(load_time_);
  for (const auto& answer : answers) {
    EXPECT_TRUE(answer->ready);
    EXPECT_EQ(answer->bytes, "1");
  }
  EXPECT_EQ(loads_, 1);
}

TEST_F(LoadingCacheTest, ALoadThatBeganBeforeAChangeIsNotSharedWithThoseWhoCameAfterIt) {
  rows_["a"] = "old";
  const auto before = ask("a");
  change("a", "new");
  const auto after = ask("a");
  executor_.advance(load_time_ * 3);
  EXPECT_EQ(before->bytes, "old");
  EXPECT_EQ(after->bytes, "new");
  EXPECT_EQ(get("a"), "new");
  EXPECT_EQ(loads_, 2);
  // A change to something else disturbs nobody.
  change("a", "newer");
  const auto first = ask("a");
  change("b", "1");
  const auto second = ask("a");
  executor_.advance(load_time_ * 3);
  EXPECT_EQ(first->bytes, "newer");
  EXPECT_EQ(second->bytes, "newer");
  EXPECT_EQ(loads_, 3);
}

TEST_F(LoadingCacheTest, AnswersWithWhatIsStaleWhileOneLoadsItAnew) {
  rows_["a"] = "1";
  get("a");
  executor_.advance(seconds(130));  // beyond `fresh` and its jitter
  rows_["a"] = "2";                 // an invalidation that was lost
  std::vector<std::shared_ptr<Answer>> answers;
  for (int i = 0; i < 10; ++i) {
    answers.push_back(ask("a"));
    EXPECT_TRUE(answers.back()->ready);  // at once
    EXPECT_EQ(answers.back()->bytes, "1");
  }
  EXPECT_EQ(cache_->refreshing(), 1U);
  executor_.advance(load_time_);
  EXPECT_EQ(cache_->refreshing(), 0U);
  EXPECT_EQ(loads_, 2);
  EXPECT_EQ(get("a"), "2");
  EXPECT_EQ(loads_, 2);
  EXPECT_EQ(lookups("stale"), 10U);
}

TEST_F(LoadingCacheTest, WhatIsStaleServesWhileTheDatabaseIsGone) {
  rows_["a"] = "1";
  get("a");
  database_gone_ = true;
  for (int minutes = 3; minutes < 9; ++minutes) {
    executor_.advance(seconds(60));
    EXPECT_EQ(get("a"), "1");
  }
  executor_.advance(seconds(600));
  const auto late = ask("a");
  executor_.advance(load_time_);
  EXPECT_TRUE(late->failed);
  database_gone_ = false;
  EXPECT_EQ(get("a"), "1");
}

TEST_F(LoadingCacheTest, WhatIsInvalidatedIsNeverServedStale) {
  rows_["a"] = "1";
  get("a");
  executor_.advance(seconds(130));
  change("a", "2");
  EXPECT_EQ(get("a"), "2");
}

TEST_F(LoadingCacheTest, RemembersAbsenceForAShortTimeAndUntilItChanges) {
  const auto asked = ask("a");
  executor_.advance(load_time_);
  EXPECT_TRUE(asked->absence);
  EXPECT_EQ(asked->bytes, "none of it");
  EXPECT_EQ(get("a"), "none of it");
  EXPECT_EQ(loads_, 1);
  change("a", "1");
  EXPECT_EQ(get("a"), "1");
  get("b");
  executor_.advance(seconds(6));
  get("b");
  EXPECT_EQ(loads_, 4);
}

TEST_F(LoadingCacheTest, RefusalsAreHandedOnAndNotKept) {
  for (int i = 1; i <= 2; ++i) {
    const auto first = ask("wrong");
    const auto second = ask("wrong");
    executor_.advance(load_time_);
    ASSERT_TRUE(first->refusal && second->refusal);
    EXPECT_TRUE(first->refusal->is(bad_cursor));
    EXPECT_EQ(loads_, i);
  }
}

TEST_F(LoadingCacheTest, WhatIsLoadedTogetherDoesNotExpireTogether) {
  constexpr int keys = 200;
  for (int i = 0; i < keys; ++i) {
    rows_["k" + std::to_string(i)] = "1";
    get("k" + std::to_string(i));
  }
  // Of 600 s with a tenth of jitter, about a half are gone after 600 s.
  executor_.advance(seconds(600) - keys * load_time_ / 2);
  int gone = 0;
  for (int i = 0; i < keys; ++i) {
    gone += run_ready(memory_.get({"shop", "row/1/k" + std::to_string(i)})).bytes ? 0 : 1;
  }
  EXPECT_GT(gone, keys / 4);
  EXPECT_LT(gone, keys * 3 / 4);
}

TEST_F(LoadingCacheTest, AnotherFormIsKeptUnderOtherKeys) {
  rows_["a"] = "1";
  get("a");
  LoadingCache::Settings next = settings;
  next.version = 2;
  use_.emplace(cache_->use(next));
  rows_["a"] = "another form";
  EXPECT_EQ(get("a"), "another form");
}

// The point of it all: a dead cache and everybody at once.
TEST_F(LoadingCacheTest, ADeadCacheDoesNotStampedeTheDatabase) {
  DeadCache dead;
  use_cache(dead, {.loads_at_once = 8, .loads_waiting = 200, .load_patience = seconds(1)});
  constexpr int keys = 100;
  std::vector<std::shared_ptr<Answer>> answers;
  for (int caller = 0; caller < 2'000; ++caller) {
    const std::string key = "k" + std::to_string(caller % keys);
    rows_[key] = key;
    answers.push_back(ask(key));
  }
  executor_.advance(seconds(1));
  for (std::size_t caller = 0; caller < answers.size(); ++caller) {
    ASSERT_TRUE(answers[caller]->ready);
    EXPECT_EQ(answers[caller]->bytes, "k" + std::to_string(caller % keys));
  }
  EXPECT_EQ(loads_, keys);
  EXPECT_EQ(most_at_once_, 8);
  EXPECT_EQ(cache_->gate().most_inside(), 8U);
  EXPECT_EQ(cache_->gate().inside(), 0U);
}

TEST_F(LoadingCacheTest, TooManyWhoWaitAreToldAtOnceAndTooLongInTime) {
  DeadCache dead;
  use_cache(dead, {.loads_at_once = 1, .loads_waiting = 2, .load_patience = milliseconds(15)});
  const auto first = ask("a");
  const auto second = ask("b");
  const auto third = ask("c");
  const auto fourth = ask("d");
  EXPECT_TRUE(fourth->failed);  // nowhere to wait
  executor_.advance(milliseconds(30));
  EXPECT_FALSE(first->failed);
  EXPECT_FALSE(second->failed);
  EXPECT_TRUE(third->failed);  // its turn would have come after 20 ms
  EXPECT_EQ(cache_->gate().inside(), 0U);
  EXPECT_EQ(get("e"), "none of it");
}

TEST_F(LoadingCacheTest, TheStandbyServesWhileTheSharedCacheIsGone) {
  DeadCache dead;
  FallbackCache both(dead, memory_);
  use_cache(both, {});
  rows_["a"] = "1";
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(loads_, 1);
  change("a", "2");
  EXPECT_EQ(get("a"), "2");
}

}  // namespace
}  // namespace securecart::storage
