#include "storage/cache/memory_cache.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "base/prng.hpp"
#include "tests/support/seed.hpp"

namespace securecart::storage {
namespace {

using std::chrono::seconds;

CachedBytes bytes(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

class MemoryCacheTest : public testing::Test {
 protected:
  void put(std::string_view key, std::string text, std::vector<std::string> tags = {}) {
    cache_.put(key, bytes(std::move(text)), tags, seconds(60), cache_.ticket());
  }
  std::string get(std::string_view key) {
    const CachedBytes found = cache_.get(key);
    return found ? *found : "nothing";
  }

  ManualClock clock_;
  observe::Metrics metrics_;
  MemoryCache cache_{1 << 20, clock_, metrics_};
};

TEST_F(MemoryCacheTest, KeepsWhatWasPutForItsLifetime) {
  EXPECT_EQ(get("a"), "nothing");
  put("a", "1");
  EXPECT_EQ(get("a"), "1");
  put("a", "2");
  EXPECT_EQ(get("a"), "2");
  clock_.advance(seconds(59));
  EXPECT_EQ(get("a"), "2");
  clock_.advance(seconds(1));
  EXPECT_EQ(get("a"), "nothing");
  EXPECT_EQ(cache_.bytes(), 0U);
}

TEST_F(MemoryCacheTest, InvalidatingATagDropsAllThatCarryIt) {
  put("product/1", "1", {"prod_1"});
  put("product/2", "2", {"prod_2"});
  put("listing", "1, 2", {"prod_1", "prod_2"});
  cache_.invalidate("prod_1");
  EXPECT_EQ(get("product/1"), "nothing");
  EXPECT_EQ(get("listing"), "nothing");
  EXPECT_EQ(get("product/2"), "2");
  put("product/1", "new", {"prod_1"});
  EXPECT_EQ(get("product/1"), "new");
}

TEST_F(MemoryCacheTest, AnOldReadCannotSettleBehindAnInvalidation) {
  const std::vector<std::string> tags{"prod_1"};
  const Cache::Ticket before = cache_.ticket();
  cache_.invalidate("prod_1");
  cache_.put("product/1", bytes("old"), tags, seconds(60), before);
  EXPECT_EQ(get("product/1"), "nothing");
  put("product/1", "new", tags);
  cache_.put("product/1", bytes("old"), tags, seconds(60), before);
  EXPECT_EQ(get("product/1"), "new");
  // A change to something else does not disturb it.
  const Cache::Ticket other = cache_.ticket();
  cache_.invalidate("prod_2");
  cache_.put("product/3", bytes("3"), tags, seconds(60), other);
  EXPECT_EQ(get("product/3"), "3");
}

TEST_F(MemoryCacheTest, StaysWithinItsBytesAndForgetsTheLeastUsed) {
  put("often", std::string(1'000, 'x'));
  for (int i = 0; i < 5'000; ++i) {
    put("k" + std::to_string(i), std::string(1'000, 'x'));
    ASSERT_NE(cache_.get("often"), nullptr);
    ASSERT_LE(cache_.bytes(), 1U << 20);
  }
  EXPECT_EQ(get("k0"), "nothing");
  EXPECT_NE(get("k4999"), "nothing");
  put("huge", std::string(1 << 20, 'x'));
  EXPECT_EQ(get("huge"), "nothing");
}

// The invariant against the race: readers fill the cache from a row that a writer changes, one at a
// time with the invalidation before the change is acknowledged. Whoever looks after the
// acknowledgement must never find what was there before it.
TEST_F(MemoryCacheTest, NobodyReadsWhatWasThereBeforeAnAcknowledgedChange) {
  constexpr int changes = 20'000;
  std::atomic<int> row = 0;
  std::atomic<int> acknowledged = 0;
  std::atomic<int> stale = 0;
  const auto read = [&] {
    const std::vector<std::string> tags{"row"};
    while (acknowledged.load() < changes) {
      const int least = acknowledged.load();
      CachedBytes found = cache_.get("row");
      if (!found) {
        const Cache::Ticket ticket = cache_.ticket();
        found = bytes(std::to_string(row.load()));
        cache_.put("row", found, tags, seconds(60), ticket);
      }
      stale += std::stoi(*found) < least ? 1 : 0;
    }
  };
  std::thread first(read);
  std::thread second(read);
  for (int i = 1; i <= changes; ++i) {
    row = i;
    cache_.invalidate("row");
    acknowledged = i;
  }
  first.join();
  second.join();
  EXPECT_EQ(stale.load(), 0);
}

// A seeded walk against a model that remembers everything: the cache may forget, never tell old.
TEST_F(MemoryCacheTest, NeverTellsWhatTheModelDoesNotKnow) {
  Prng random(test::seed());
  std::map<std::string, std::string> model;
  std::map<std::string, std::vector<std::string>> tags_of;
  for (int step = 0; step < 20'000; ++step) {
    const std::string key = "k" + std::to_string(random.below(50));
    switch (random.below(4)) {
      case 0: {
        std::vector<std::string> tags;
        for (std::uint64_t i = random.below(4); i > 0; --i) {
          tags.push_back("t" + std::to_string(random.below(20)));
        }
        model[key] = std::to_string(step);
        tags_of[key] = tags;
        put(key, model[key], tags);
        break;
      }
      case 1: {
        const std::string tag = "t" + std::to_string(random.below(20));
        cache_.invalidate(tag);
        std::erase_if(model, [&](const auto& item) {
          return std::ranges::find(tags_of[item.first], tag) != tags_of[item.first].end();
        });
        break;
      }
      default: {
        const CachedBytes found = cache_.get(key);
        if (found) {
          ASSERT_TRUE(model.contains(key));
          ASSERT_EQ(*found, model[key]);
        }
      }
    }
  }
}

}  // namespace
}  // namespace securecart::storage
