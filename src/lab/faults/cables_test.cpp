#include "lab/faults/cables.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace securecart::lab {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> ports{"p1", "p2", "p3"};

TEST(Cables, ACutLeavesWhatIsInside) {
  const std::vector<Drop> drops = drops_of_cut({"p1", "p2"}, ports);
  ASSERT_EQ(drops.size(), 2U);
  EXPECT_EQ(drops[0].from, (std::vector<std::string>{"p1", "p2"}));
  EXPECT_EQ(drops[0].to, (std::vector<std::string>{"p3"}));
  EXPECT_EQ(drops[1].from, drops[0].to);
  EXPECT_EQ(drops[1].to, drops[0].from);
}

TEST(Cables, LossIsDrawnOnceForEachFrame) {
  const std::vector<Drop> drops = drops_of_loss({"p1"}, ports, 20);
  ASSERT_EQ(drops.size(), 2U);
  EXPECT_EQ(drops[0].to, ports);
  EXPECT_EQ(drops[1].from, (std::vector<std::string>{"p2", "p3"}));
  EXPECT_EQ(drops[1].percent, 20);
}

TEST(Cables, RulesNameBothDevicesOfAPort) {
  const std::string rules = switch_rules({{{"p1"}, {"p3"}, 20}, {{"p2"}, {"p1"}, 100}});
  EXPECT_THAT(rules, HasSubstr("iifname { \"p1\", \"delay-p1\" } oifname { \"p3\", \"delay-p3\" } "
                               "numgen random mod 100 < 20 drop"));
  EXPECT_THAT(rules, HasSubstr("oifname { \"p1\", \"delay-p1\" } drop"));
  EXPECT_THAT(switch_rules({}), Not(HasSubstr("drop")));
  EXPECT_THAT(switch_rules({{{}, {"p1"}, 100}}), Not(HasSubstr("drop"))) << "nothing from nowhere";
}

}  // namespace
}  // namespace securecart::lab
