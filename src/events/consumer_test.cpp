#include "events/consumer.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "events/events_fixture.hpp"
#include "events/limits.hpp"
#include "events/workers.hpp"
#include "tests/support/flaky_database.hpp"
#include "tests/support/thread_executor.hpp"

namespace securecart::events {
namespace {

using storage::Batch;

constexpr ErrorKind refused{"refused", 409, "Refused."};

Batch effect_of(const Event& event) {
  Batch batch;
  batch.add("INSERT INTO effects (position, subject) VALUES ($1, $2)",
            {event.position, event.subject});
  return batch;
}

// A handler that records what it sees and answers with an effect, or as `behave` says.
struct Recorder {
  std::function<std::optional<ConsumerOutcome>(const Event&)> behave;
  Duration takes = {};
  std::vector<std::int64_t> seen;
  std::set<std::string> at_work;
  std::size_t most_at_work = 0;
  bool overlapped = false;  // two events of one subject at once

  static Task<ConsumerOutcome> handle(Recorder& self, const Event& event) {
    self.overlapped |= !self.at_work.insert(event.subject).second;
    self.most_at_work = std::max(self.most_at_work, self.at_work.size());
    self.seen.push_back(event.position);
    Task<void> working = sleep_for(self.takes);
    if (self.takes > Duration::zero()) {
      co_await working;
    }
    self.at_work.erase(event.subject);
    if (self.behave) {
      if (auto outcome = self.behave(event)) {
        co_return std::move(*outcome);
      }
    }
    co_return effect_of(event);
  }
  Handler handler() {
    return [this](const Event& event) { return handle(*this, event); };
  }
};

class ConsumerTest : public EventsTest {
 protected:
  void SetUp() override {
    // Without UNIQUE: an effect that happens twice is seen.
    run("CREATE TABLE effects (position BIGINT NOT NULL, subject TEXT NOT NULL)");
  }

  // One life of a process: until everything is settled, or `until`.
  void live(Recorder& recorder, std::size_t concurrency = 4,
            const std::function<bool()>& until = nullptr) {
    Workers workers({flaky_, log_, clock_, random_, metrics_});
    const auto consumer =
        workers.add({"tester", {{"wanted"}}, concurrency}, recorder.handler(), executor_, random_);
    workers.start();
    executor_.run_until([&] { return until ? until() : consumer->settled() >= log_.tail(); });
    workers.request_stop();
    executor_.run_until([&] { return workers.running() == 0; });
    ASSERT_EQ(workers.running(), 0U);
  }

  std::vector<std::int64_t> effects() {
    std::vector<std::int64_t> result;
    for (const storage::Row row : rows("SELECT position FROM effects ORDER BY position")) {
      result.push_back(row.integer(0));
    }
    return result;
  }

  Log log_{*database_};
  test::FlakyDatabase flaky_{*database_, random_};
};

TEST_F(ConsumerTest, StoresTheEffectOfEachWantedEventOnce) {
  append("wanted", "a");
  append("other", "a");
  append("wanted", "b");
  Recorder recorder;
  live(recorder);
  EXPECT_EQ(effects(), (std::vector<std::int64_t>{1, 3}));
  Recorder again;
  live(again);
  EXPECT_TRUE(again.seen.empty()) << "the cursor was not kept";
  EXPECT_EQ(count("SELECT position FROM consumer_cursors"), 3);
  EXPECT_EQ(count("SELECT count(*) FROM consumer_effects"), 0) << "guards below it are pruned";
}

TEST_F(ConsumerTest, EventsItDoesNotWantDoNotHoldItBack) {
  append("wanted", "a");
  for (int i = 0; i < 700; ++i) {
    append("other", "b");
  }
  Recorder recorder;
  live(recorder);
  EXPECT_EQ(count("SELECT position FROM consumer_cursors"), 701);
}

TEST_F(ConsumerTest, KeepsTheOrderOfASubjectAndHandlesOthersBeside) {
  for (int i = 0; i < 40; ++i) {
    append("wanted", std::string(1, static_cast<char>('a' + i % 8)));
  }
  Recorder recorder;
  recorder.takes = std::chrono::milliseconds(10);
  live(recorder, 4);
  EXPECT_FALSE(recorder.overlapped);
  EXPECT_EQ(recorder.most_at_work, 4U);
  std::map<std::int64_t, std::int64_t> last;
  for (const std::int64_t position : recorder.seen) {
    EXPECT_LT(last[position % 8], position);
    last[position % 8] = position;
  }
  EXPECT_EQ(effects().size(), 40U);
}

TEST_F(ConsumerTest, TriesAgainWithPausesWhileOthersGoOn) {
  append("wanted", "slow");
  append("wanted", "slow");
  append("wanted", "quick");
  int failures = 0;
  Recorder recorder;
  recorder.behave = [&](const Event& event) -> std::optional<ConsumerOutcome> {
    if (event.position == 1 && failures < 4) {
      if (++failures % 2 == 0) {
        throw std::runtime_error("thrown");
      }
      return Retry{"not yet"};
    }
    return std::nullopt;
  };
  live(recorder);
  EXPECT_EQ(recorder.seen, (std::vector<std::int64_t>{1, 3, 1, 1, 1, 1, 2}));
  EXPECT_EQ(effects(), (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(count("SELECT count(*) FROM parked_events"), 0);
}

TEST_F(ConsumerTest, ParksWhatFailsTooOftenAndGoesOn) {
  append("wanted", "bad");
  append("wanted", "bad");
  bool broken = true;
  Recorder recorder;
  recorder.behave = [&](const Event& event) -> std::optional<ConsumerOutcome> {
    if (event.position == 1 && broken) {
      return Retry{"no such variant"};
    }
    return std::nullopt;
  };
  live(recorder);
  EXPECT_EQ(std::ranges::count(recorder.seen, 1), limits::delivery_attempts);
  EXPECT_EQ(effects(), (std::vector<std::int64_t>{2}));

  const auto consumer = Consumer::make({"tester", {{"wanted"}}, 1}, recorder.handler(),
                                       {flaky_, log_, clock_, random_, metrics_});
  const auto parked = run_ready(consumer->parked());
  ASSERT_EQ(parked.size(), 1U);
  EXPECT_EQ(parked[0].event.position, 1);
  EXPECT_EQ(parked[0].reason, "no such variant");
  EXPECT_EQ(parked[0].attempts, limits::delivery_attempts);

  EXPECT_EQ(run_ready(consumer->replay_parked()).still_parked, 1U);
  broken = false;
  EXPECT_EQ(run_ready(consumer->replay_parked()).done, 1U);
  EXPECT_EQ(run_ready(consumer->replay_parked()).done, 0U);
  EXPECT_EQ(effects(), (std::vector<std::int64_t>{1, 2}));
}

TEST_F(ConsumerTest, ParksAtOnceWhenTheHandlerSaysSo) {
  append("wanted", "bad");
  Recorder recorder;
  recorder.behave = [](const Event&) -> std::optional<ConsumerOutcome> {
    return Park{"payload of an unknown version"};
  };
  live(recorder);
  EXPECT_EQ(recorder.seen.size(), 1U);
  EXPECT_EQ(count("SELECT count(*) FROM parked_events"), 1);
}

TEST_F(ConsumerTest, RunsTheHandlerAgainWhenItsBatchIsRefused) {
  append("wanted", "a");
  int runs = 0;
  Recorder recorder;
  recorder.behave = [&](const Event& event) -> std::optional<ConsumerOutcome> {
    if (++runs == 1) {
      Batch stale = effect_of(event);
      stale.add("UPDATE effects SET subject = 'x' WHERE position = 99").expect(1, refused);
      return stale;
    }
    return std::nullopt;
  };
  live(recorder);
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(effects(), (std::vector<std::int64_t>{1}));
}

TEST_F(ConsumerTest, ADatabaseThatIsAwayCountsForNothing) {
  append("wanted", "a");
  int runs = 0;
  Recorder recorder;
  recorder.behave = [&](const Event&) -> std::optional<ConsumerOutcome> {
    flaky_.away = ++runs < 5 * limits::delivery_attempts;
    return std::nullopt;
  };
  live(recorder);
  EXPECT_EQ(effects(), (std::vector<std::int64_t>{1}));
  EXPECT_EQ(count("SELECT count(*) FROM parked_events"), 0);
}

TEST_F(ConsumerTest, AnEventThatMayWaitForeverIsNotParked) {
  append("wanted", "a");
  int runs = 0;
  Recorder recorder;
  recorder.behave = [&](const Event&) -> std::optional<ConsumerOutcome> {
    if (++runs < 3 * limits::delivery_attempts) {
      return Retry{"the provider is away", std::chrono::seconds(30), false};
    }
    return std::nullopt;
  };
  live(recorder);
  EXPECT_EQ(effects(), (std::vector<std::int64_t>{1}));
}

TEST_F(ConsumerTest, EventsThatNeedNothingWriteNothing) {
  append("wanted", "a");
  Recorder recorder;
  recorder.behave = [](const Event&) -> std::optional<ConsumerOutcome> { return Batch{}; };
  live(recorder, 1, [&] { return recorder.seen.size() == 1; });
  EXPECT_EQ(flaky_.commits, 1);  // its cursor, at the end
}

// Many lives of a process, each ended at a random moment, with answers lost, commits refused and
// handlers failing: every effect is there exactly once, in the order of its subject.
TEST_F(ConsumerTest, EffectsHappenExactlyOnceThroughCrashesAndRedelivery) {
  constexpr std::int64_t events = 300;
  for (std::int64_t i = 0; i < events; ++i) {
    append("wanted", "s" + std::to_string(random_.below(20)));
  }
  flaky_.lose_answer = 0.1;
  flaky_.refuse_service = 0.1;
  int lives = 0;
  while (effects().size() < static_cast<std::size_t>(events)) {
    ASSERT_LT(++lives, 1'000);
    Recorder recorder;
    recorder.takes = std::chrono::milliseconds(random_.below(3));
    recorder.behave = [&](const Event&) -> std::optional<ConsumerOutcome> {
      if (random_.below(20) == 0) {
        return Retry{"by chance", std::nullopt, false};
      }
      return std::nullopt;
    };
    const int last_commit = flaky_.commits + static_cast<int>(random_.below(60));
    flaky_.away = false;
    live(recorder, 1 + random_.below(8), [&] {
      // The process dies: from now on nothing it does reaches the disk.
      flaky_.away = flaky_.commits >= last_commit;
      return flaky_.away || effects().size() == static_cast<std::size_t>(events);
    });
    EXPECT_FALSE(recorder.overlapped);
  }
  const std::vector<std::int64_t> found = effects();
  ASSERT_EQ(found.size(), static_cast<std::size_t>(events));
  for (std::int64_t i = 0; i < events; ++i) {
    ASSERT_EQ(found[static_cast<std::size_t>(i)], i + 1);
  }
  std::map<std::string, std::int64_t> last;
  for (const storage::Row row : rows("SELECT subject, position FROM effects ORDER BY rowid")) {
    ASSERT_LT(last[row.text(0)], row.integer(1));
    last[row.text(0)] = row.integer(1);
  }
  EXPECT_EQ(count("SELECT count(*) FROM parked_events"), 0);
}

// Real threads: commits from several executors, consumers on others.
TEST(ConsumerThreads, FollowTheLogWhileItGrows) {
  constexpr std::size_t events = 2'000;
  test::TempDir folder;
  SystemClock clock;
  observe::Metrics metrics;
  test::ThreadExecutor home;
  test::ThreadExecutor writers[2];
  const auto database = storage::sqlite::open_files(folder.path(), clock, metrics);
  Batch table;
  table.add("CREATE TABLE effects (position BIGINT NOT NULL, subject TEXT NOT NULL)");
  run_ready(database->commit(std::move(table)));
  Log log(*database);
  Prng random(test::seed());
  Workers workers({*database, log, clock, random, metrics});
  const auto consumer = workers.add(
      {"tester", {{"wanted"}}, 16},
      [](const Event& event) {
        return [](Batch batch) -> Task<ConsumerOutcome> {
          co_return std::move(batch);
        }(effect_of(event));
      },
      home, random);
  workers.start();
  std::vector<std::future<storage::Commit>> commits;
  for (std::size_t i = 0; i < events; ++i) {
    commits.push_back(writers[i % 2].spawn<storage::Commit>([&database, i] {
      Batch batch;
      batch.event("wanted", "shop_1", "s" + std::to_string(i % 50), "{}");
      return database->commit(std::move(batch));
    }));
  }
  for (auto& commit : commits) {
    commit.get();
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (consumer->settled() < static_cast<std::int64_t>(events)) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    std::this_thread::yield();
  }
  workers.stop();
  const storage::Rows rows = run_ready(
      database->read(storage::Query{"SELECT count(*), count(DISTINCT position) FROM effects", {}}));
  EXPECT_EQ(rows[0].integer(0), static_cast<std::int64_t>(events));
  EXPECT_EQ(rows[0].integer(1), static_cast<std::int64_t>(events));
}

}  // namespace
}  // namespace securecart::events
