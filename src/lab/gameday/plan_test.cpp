#include "lab/gameday/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace securecart::lab {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::string_view good = R"(
failure = "A zone is cut off"
kind = "zone"
[load]
shoppers = 12
before = "10s"
after = "20s"
[[step]]
fault = "cut any-zone"
at = "1s"
within = "5s"
heal_after = "15s"
[[step]]
fault = "kill postgres@holder:primary"
[expect]
write_gap = "10s"
failed_orders = 0
)";

TEST(GameDayPlan, IsRead) {
  const Result<GameDayPlan> plan = parse_game_day("a.toml", good);
  ASSERT_TRUE(plan) << plan.error().detail;
  EXPECT_EQ(plan->shoppers, 12);
  EXPECT_EQ(plan->readers, 20);
  ASSERT_EQ(plan->steps.size(), 2U);
  EXPECT_EQ(plan->steps[0].label(), "cut any-zone");
  EXPECT_EQ(plan->steps[0].heal_after, 15s);
  EXPECT_EQ(plan->expect.write_gap, 10s);
  EXPECT_FALSE(plan->expect.read_gap);
  EXPECT_TRUE(plan->expect.consistent);
}

TEST(GameDayPlan, NamesEverythingThatIsWrong) {
  const Result<GameDayPlan> plan = parse_game_day("a.toml", R"(
kind = "surprise"
[load]
shoppers = -1
[[step]]
fault = "explode all"
[[step]]
at = "1s"
[[step]]
fault = "kill etcd@all"
heal_after = "1s"
[expect]
write_gap = "soon"
wrong = 1
)");
  ASSERT_FALSE(plan);
  for (const char* what : {"failure", "kind", "shoppers", "begins with no fault", "one of them",
                           "is not healed", "write_gap", "wrong"}) {
    EXPECT_THAT(plan.error().detail, HasSubstr(what));
  }
}

TEST(GameDayPlan, ASeedRepeatsItsTimes) {
  const GameDayPlan plan = parse_game_day("a.toml", good).value();
  Prng one(5);
  Prng same(5);
  Prng other(6);
  const Schedule first = schedule_of(plan, one);
  const Schedule again = schedule_of(plan, same);
  ASSERT_EQ(first.steps.size(), 3U);
  EXPECT_EQ(first.steps[0].step, 1U) << "10 s comes before 11 s and more";
  EXPECT_EQ(first.steps[0].at, 10s);
  EXPECT_EQ(first.steps[1].at, again.steps[1].at);
  EXPECT_GE(first.steps[1].at, 11s);
  EXPECT_LE(first.steps[1].at, 16s);
  EXPECT_TRUE(first.steps[2].heal);
  EXPECT_EQ(first.steps[2].at, first.steps[1].at + 15s);
  EXPECT_EQ(first.duration, first.steps[2].at + 20s);
  EXPECT_NE(schedule_of(plan, other).steps[1].at, first.steps[1].at);
}

}  // namespace
}  // namespace securecart::lab
