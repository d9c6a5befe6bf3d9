#include "shop/inventory/holds.hpp"

#include <map>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace securecart::shop::inventory {
namespace {

TEST(PlanHolds, TakesFromTheFirstLocationFirst) {
  const auto holds = plan_holds({{"l1", "i", 5, false}}, {{"i", "a", 3}, {"i", "b", 9}}, "a");
  ASSERT_TRUE(holds);
  ASSERT_EQ(holds->size(), 2U);
  EXPECT_EQ((*holds)[0].units, 3);
  EXPECT_EQ((*holds)[1].units, 2);
}

TEST(PlanHolds, LinesThatShareAnItemDrawOnOnePool) {
  const std::vector<Need> needs{{"l1", "i", 3, false}, {"l2", "i", 3, false}};
  EXPECT_TRUE(plan_holds(needs, {{"i", "a", 6}}, "a"));
  const auto refused = plan_holds(needs, {{"i", "a", 5}}, "a");
  ASSERT_FALSE(refused);
  ASSERT_EQ(refused.error().size(), 1U);
  EXPECT_EQ(refused.error()[0].line_id, "l2");
  EXPECT_EQ(refused.error()[0].available, 2);
}

TEST(PlanHolds, BackordersAreCountedApart) {
  const auto holds = plan_holds({{"l1", "i", 5, true}}, {{"i", "a", 2}}, "z");
  ASSERT_TRUE(holds);
  ASSERT_EQ(holds->size(), 1U);
  EXPECT_EQ((*holds)[0].units, 2);
  EXPECT_EQ((*holds)[0].backordered, 3);
  EXPECT_EQ((*holds)[0].location_id, "a");
}

TEST(PlanHolds, WhatStandsNowhereIsBackorderedAtTheFallback) {
  const auto holds = plan_holds({{"l1", "i", 1, true}}, {}, "z");
  ASSERT_TRUE(holds);
  EXPECT_EQ((*holds)[0].location_id, "z");
}

RC_GTEST_PROP(PlanHolds, NeverPromisesMoreThanThereIs, ()) {
  std::vector<Stand> stands;
  std::map<std::string, std::int64_t> available;
  const auto stand_count = *rc::gen::inRange(0, 8);
  for (int i = 0; i < stand_count; ++i) {
    const std::string item = "item" + std::to_string(*rc::gen::inRange(0, 3));
    const auto granted = *rc::gen::inRange<std::int64_t>(0, 20);
    const auto reserved = *rc::gen::inRange<std::int64_t>(0, granted + 1);
    stands.push_back({item, "loc" + std::to_string(i), granted, reserved, 0});
    available[item] += granted - reserved;
  }
  std::vector<Need> needs;
  const auto need_count = *rc::gen::inRange(1, 8);
  for (int i = 0; i < need_count; ++i) {
    needs.push_back({"line" + std::to_string(i), "item" + std::to_string(*rc::gen::inRange(0, 3)),
                     *rc::gen::inRange<std::int64_t>(1, 15), *rc::gen::arbitrary<bool>()});
  }
  const auto holds = plan_holds(needs, stands, "loc0");
  if (!holds) {
    RC_ASSERT(!holds.error().empty());
    return;
  }
  std::map<std::string, std::int64_t> taken;
  std::map<std::string, std::int64_t> of_line;
  for (const Hold& hold : *holds) {
    taken[hold.item_id] += hold.units;
    of_line[hold.line_id] += hold.units + hold.backordered;
  }
  for (const auto& [item, units] : taken) {
    RC_ASSERT(units <= available[item]);
  }
  for (const Need& need : needs) {
    RC_ASSERT(of_line[need.line_id] == need.units);
  }
}

}  // namespace
}  // namespace securecart::shop::inventory
