#include "storage/cache/memory_cache.hpp"

#include <algorithm>
#include <map>

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
  void put(const std::string& key, std::string text, std::vector<std::string> tags = {}) {
    const Cache::Found missed = run_ready(cache_.get({"shop", key}));
    CacheEntry entry{bytes(std::move(text)), false, std::move(tags), seconds(60)};
    run_ready(cache_.put({"shop", key}, std::move(entry), *missed.ticket));
  }
  std::string get(const std::string& key) {
    const Cache::Found found = run_ready(cache_.get({"shop", key}));
    return found.bytes ? *found.bytes : "nothing";
  }

  ManualClock clock_;
  observe::Metrics metrics_;
  MemoryCache cache_{1 << 20, clock_, metrics_};
};

TEST_F(MemoryCacheTest, GivesBackTheRoomOfWhatHasExpired) {
  put("a", "1");
  clock_.advance(seconds(59));
  EXPECT_EQ(get("a"), "1");
  clock_.advance(seconds(1));
  EXPECT_EQ(get("a"), "nothing");
  EXPECT_EQ(cache_.bytes(), 0U);
}

TEST_F(MemoryCacheTest, StaysWithinItsBytesAndForgetsTheLeastUsed) {
  put("often", std::string(1'000, 'x'));
  for (int i = 0; i < 5'000; ++i) {
    put("k" + std::to_string(i), std::string(1'000, 'x'));
    ASSERT_NE(get("often"), "nothing");
    ASSERT_LE(cache_.bytes(), 1U << 20);
  }
  EXPECT_EQ(get("k0"), "nothing");
  EXPECT_NE(get("k4999"), "nothing");
  put("huge", std::string(1 << 20, 'x'));
  EXPECT_EQ(get("huge"), "nothing");
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
        cache_.invalidate("shop", tag);
        std::erase_if(model, [&](const auto& item) {
          return std::ranges::find(tags_of[item.first], tag) != tags_of[item.first].end();
        });
        break;
      }
      default: {
        const std::string found = get(key);
        if (found != "nothing") {
          ASSERT_TRUE(model.contains(key));
          ASSERT_EQ(found, model[key]);
        }
      }
    }
  }
}

}  // namespace
}  // namespace securecart::storage
