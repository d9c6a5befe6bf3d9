#include "storage/cache/read_cache.hpp"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace securecart::storage {
namespace {

std::shared_ptr<const int> number(int value) {
  return std::make_shared<const int>(value);
}

TEST(ReadCache, KeepsWhatWasPut) {
  ReadCache<int> cache(2);
  EXPECT_EQ(cache.find("a"), nullptr);
  cache.put("a", number(1), cache.generation());
  ASSERT_NE(cache.find("a"), nullptr);
  EXPECT_EQ(*cache.find("a"), 1);
}

TEST(ReadCache, AnEraseRefusesWhatWasReadBefore) {
  ReadCache<int> cache(2);
  const std::uint64_t before = cache.generation();
  cache.erase("a");
  cache.put("a", number(1), before);
  EXPECT_EQ(cache.find("a"), nullptr);
  cache.put("a", number(2), cache.generation());
  EXPECT_EQ(*cache.find("a"), 2);
}

TEST(ReadCache, DropsTheFirstWhenFull) {
  ReadCache<int> cache(2);
  for (int i = 0; i < 5; ++i) {
    cache.put(std::to_string(i), number(i), cache.generation());
  }
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_EQ(cache.find("2"), nullptr);
  EXPECT_EQ(*cache.find("4"), 4);
}

TEST(ReadCache, ErasesByValue) {
  ReadCache<int> cache(8);
  for (int i = 0; i < 6; ++i) {
    cache.put(std::to_string(i), number(i), cache.generation());
  }
  cache.erase_if([](int value) { return value % 2 == 0; });
  EXPECT_EQ(cache.size(), 3U);
  EXPECT_EQ(cache.find("2"), nullptr);
  EXPECT_NE(cache.find("3"), nullptr);
}

RC_GTEST_PROP(ReadCache, NeverAnswersWhatWasErasedAndStaysBounded, ()) {
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 40));
  ReadCache<int> cache(4);
  std::map<std::string, int> model;
  int value = 0;
  for (const int step : steps) {
    const std::string key = std::to_string(step % 10);
    if (step < 25) {
      cache.put(key, number(++value), cache.generation());
      model[key] = value;
    } else {
      cache.erase(key);
      model.erase(key);
    }
    RC_ASSERT(cache.size() <= 4U);
    for (int i = 0; i < 10; ++i) {
      const auto found = cache.find(std::to_string(i));
      // RC_ASSERT evaluates both sides of its own `||`.
      const bool right = found == nullptr || model.at(std::to_string(i)) == *found;
      RC_ASSERT(right);
    }
  }
}

}  // namespace
}  // namespace securecart::storage
