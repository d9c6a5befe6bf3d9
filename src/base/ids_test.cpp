#include "base/ids.hpp"

#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/support/seed.hpp"

namespace securecart {
namespace {

TEST(Ids, HaveAPrefixAndAUlid) {
  const ManualClock clock(from_millis(1'469'918'176'385));  // the example of the ULID specification
  Prng prng(1);
  const std::string id = Ids(clock, prng).make("ord");
  EXPECT_EQ(id.size(), 30U);
  EXPECT_EQ(id.substr(0, 14), "ord_01ARYZ6S41");
  EXPECT_TRUE(is_id(id, "ord"));
}

RC_GTEST_PROP(Ids, SortByTheirTime, (std::uint64_t seed)) {
  const auto first = *rc::gen::inRange<std::int64_t>(0, 200'000'000'000'000);
  const auto step = *rc::gen::inRange<std::int64_t>(1, 1'000'000'000);
  Prng prng(seed);
  ManualClock clock(from_millis(first));
  const Ids ids(clock, prng);
  const std::string earlier = ids.make("prod");
  clock.advance(std::chrono::milliseconds(step));
  const std::string later = ids.make("prod");
  RC_ASSERT(earlier < later);
  RC_ASSERT(is_id(earlier, "prod"));
}

TEST(Ids, AreUniqueAcrossThreadsInOneMillisecond) {
  const ManualClock clock;
  SecureRandom random;
  const Ids ids(clock, random);
  std::array<std::vector<std::string>, 4> made;
  {
    std::vector<std::jthread> threads;
    for (auto& mine : made) {
      threads.emplace_back([&ids, &mine] {
        for (int i = 0; i < 2'000; ++i) {
          mine.push_back(ids.make("ord"));
        }
      });
    }
  }
  std::set<std::string> all;
  for (const auto& mine : made) {
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), 8'000U);
}

TEST(Ids, RefusesWhatIsNoId) {
  EXPECT_TRUE(is_id("ord_01ARZ3NDEKTSV4RRFFQ69G5FAV", "ord"));
  for (const std::string_view text :
       {"", "ord", "ord_", "ord_01ARZ3NDEKTSV4RRFFQ69G5FA", "ord_01ARZ3NDEKTSV4RRFFQ69G5FAVX",
        "cart_01ARZ3NDEKTSV4RRFFQ69G5FAV", "ord-01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "ord_81ARZ3NDEKTSV4RRFFQ69G5FAV", "ord_01ARZ3NDEKTSV4RRFFQ69G5FAU",
        "ord_01arz3ndektsv4rrffq69g5fav", "ord_01ARZ3NDEKTSV4RRFFQ69G5F'V"}) {
    EXPECT_FALSE(is_id(text, "ord")) << text;
  }
}

TEST(Ids, OrderNumbersAreEasyToRead) {
  const ManualClock clock;
  Prng prng(test::seed());
  const Ids ids(clock, prng);
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    const std::string number = ids.order_number();
    ASSERT_EQ(number.size(), 11U);
    EXPECT_EQ(number[5], '-');
    EXPECT_EQ(number.find_first_of("01ILO"), std::string::npos) << number;
    seen.insert(number);
  }
  EXPECT_EQ(seen.size(), 1'000U);
}

TEST(Ids, SecretsHaveTheirLength) {
  const ManualClock clock;
  Prng prng(test::seed());
  const Ids ids(clock, prng);
  EXPECT_EQ(ids.secret(32).size(), 43U);
  EXPECT_EQ(ids.secret(0), "");
  EXPECT_NE(ids.secret(16), ids.secret(16));
}

}  // namespace
}  // namespace securecart
