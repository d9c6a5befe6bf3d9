#include "traffic/model/policy_source.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace securecart::traffic {
namespace {

TEST(PolicyAnswer, KeepsWhatFits) {
  PolicyAnswer answer;
  const std::array<std::uint8_t, 4> rdata{192, 0, 2, 1};
  for (std::size_t i = 0; i < PolicyAnswer::records_max; ++i) {
    EXPECT_TRUE(answer.add(1, rdata));
  }
  EXPECT_FALSE(answer.add(1, rdata));
  EXPECT_EQ(answer.records().size(), PolicyAnswer::records_max);
  EXPECT_EQ(answer.rdata(answer.records().back())[0], 192);
}

TEST(PolicyAnswer, RefusesBytesBeyondItsSpace) {
  PolicyAnswer answer;
  const std::vector<std::uint8_t> large(PolicyAnswer::bytes_max - 10, 7);
  EXPECT_TRUE(answer.add(16, large));
  EXPECT_FALSE(answer.add(16, large));
  EXPECT_FALSE(answer.set_alias(large));
  EXPECT_EQ(answer.records().size(), 1U);
  answer.clear();
  EXPECT_TRUE(answer.records().empty());
  EXPECT_TRUE(answer.add(16, large));
}

TEST(PolicyAnswer, HoldsAdditionalRecordsWithTheirOwner) {
  PolicyAnswer answer;
  const std::array<std::uint8_t, 3> owner{1, 'a', 0};
  const std::array<std::uint8_t, 4> rdata{192, 0, 2, 1};
  EXPECT_TRUE(answer.add_additional(owner, 1, rdata));
  EXPECT_EQ(answer.owner(answer.additional()[0])[1], 'a');
  EXPECT_TRUE(answer.set_alias(owner));
  EXPECT_EQ(answer.alias().size(), 3U);
}

}  // namespace
}  // namespace securecart::traffic
