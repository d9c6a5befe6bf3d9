#include "lab/faults/fault.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace securecart::lab {
namespace {

using namespace std::chrono_literals;

TEST(Fault, IsWrittenAndReadAgain) {
  for (const std::string_view text :
       {"kill postgres@holder:primary", "kill orders@any-with:instances", "pause redis@host:a-data",
        "power-off zone-of:primary", "cut any-zone", "cut host:b-app",
        "partition zone:a from zone:b", "partition zone:a from host:b-data one-way",
        "loss zone:c 20%", "delay all 20ms", "delay zone:a 20ms jitter 500ms",
        "disk-full holder:primary", "disk-slow with:postgres", "clock any-host +1h",
        "clock host:a-data -5m"}) {
    const Result<Fault> fault = parse_fault(text);
    ASSERT_TRUE(fault) << text << ": " << fault.error().detail;
    EXPECT_EQ(to_text(*fault), text);
  }
  EXPECT_EQ(parse_fault("  loss   all 5 ").value().percent, 5);
  EXPECT_EQ(parse_fault("delay all 1s jitter 2s").value().jitter, 2s);
  EXPECT_EQ(parse_fault("clock all -1s").value().delay, -1s);
}

TEST(Fault, SaysWhatIsNotUnderstood) {
  const auto problem = [](std::string_view text) {
    const Result<Fault> fault = parse_fault(text);
    return fault ? std::string() : fault.error().detail;
  };
  EXPECT_THAT(problem(""), testing::HasSubstr("begins with no fault"));
  EXPECT_THAT(problem("explode all"), testing::HasSubstr("the faults are clock, cut"));
  EXPECT_THAT(problem("cut"), testing::HasSubstr("of what"));
  EXPECT_THAT(problem("cut Zone"), testing::HasSubstr("is no place"));
  EXPECT_THAT(problem("cut zone:"), testing::HasSubstr("needs a name"));
  EXPECT_THAT(problem("cut zone:a/b"), testing::HasSubstr("needs a name"));
  EXPECT_THAT(problem("cut holder:crown"), testing::HasSubstr("there is no seat 'crown'"));
  EXPECT_THAT(problem("cut zone:a zone:b"), testing::HasSubstr("one word too many"));
  EXPECT_THAT(problem("kill zone:a"), testing::HasSubstr("UNIT@PLACE"));
  EXPECT_THAT(problem("kill @zone:a"), testing::HasSubstr("UNIT@PLACE"));
  EXPECT_THAT(problem("loss all"), testing::HasSubstr("PERCENT"));
  EXPECT_THAT(problem("loss all 0"), testing::HasSubstr("PERCENT"));
  EXPECT_THAT(problem("loss all 101"), testing::HasSubstr("PERCENT"));
  EXPECT_THAT(problem("delay all 20"), testing::HasSubstr("DURATION"));
  EXPECT_THAT(problem("delay all 20ms jitter"), testing::HasSubstr("DURATION"));
  EXPECT_THAT(problem("partition all zone:a"), testing::HasSubstr("from PLACE"));
  EXPECT_THAT(problem("partition zone:a from zone:b both-ways"), testing::HasSubstr("one-way"));
  EXPECT_THAT(problem("clock all 1h"), testing::HasSubstr("+DURATION"));
}

}  // namespace
}  // namespace securecart::lab
