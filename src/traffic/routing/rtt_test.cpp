#include "traffic/routing/rtt.hpp"

#include <gtest/gtest.h>

#include "traffic/routing/limits.hpp"

namespace securecart::traffic::routing {
namespace {

using namespace std::chrono_literals;

const Address shopper = parse_address("192.0.2.9").value();
const Network office = parse_network("10.0.0.0/8").value();
const Address in_office = parse_address("10.1.2.3").value();
constexpr SteadyTime now{1h};

RttLearner taught() {
  RttLearner learner(2);
  for (int i = 0; i < RttLearner::samples_needed; ++i) {
    learner.observe(shopper, 1, 12ms, now);
  }
  learner.stand_for({{office, {30, 70}}}, now);
  return learner;
}

TEST(RttLearner, KnowsOverARestartWhatItLearned) {
  const json::value saved = taught().save({"eu", "us"}, now + 10s);
  const json::value read = parse_json(to_string(saved)).value();
  RttLearner next(2);
  const SteadyTime started{5min};  // another clock
  next.restore(read, {"eu", "us"}, started, 20s);
  const RttTable table = next.compile(started);
  ASSERT_NE(table.find(shopper).values, nullptr);
  EXPECT_EQ(table.find(shopper).values[0], unknown_rtt);
  EXPECT_EQ(table.find(shopper).values[1], 120);
  ASSERT_NE(table.find(in_office).values, nullptr);
  EXPECT_EQ(table.find(in_office).values[0], 30);
  // Its age went on while it was down: 30 s are gone.
  EXPECT_EQ(next.compile(started + limits::rtt_lifetime - 31s).networks(), 2U);
  EXPECT_EQ(next.compile(started + limits::rtt_lifetime - 29s).networks(), 0U);
}

TEST(RttLearner, FindsRegionsByTheirNames) {
  const json::value saved = taught().save({"eu", "us"}, now);
  RttLearner next(3);
  next.restore(saved, {"us", "ap", "sa"}, now, 0s);
  const RttTable table = next.compile(now);
  EXPECT_EQ(table.find(shopper).values[0], 120);
  EXPECT_EQ(table.find(shopper).values[1], unknown_rtt);
  EXPECT_EQ(table.find(in_office).values[0], 70);
}

TEST(RttLearner, LeavesOutWhatItDoesNotUnderstand) {
  for (const char* text :
       {"[]", "{}", R"({"regions":7})", R"({"regions":["eu"],"shoppers":{}})",
        R"({"regions":["eu"],"shoppers":[7,[],["10.0.0.0/8"],["10.0.0.0/8",-1,1,1]]})",
        R"({"regions":["eu"],"nodes":[["x",1,1,1],["10.0.0.0/8",1,1.5,1],["10.0.0.0/8",1,2,3,4]]})",
        R"({"regions":[null],"nodes":[["10.0.0.0/8",1,1,9999999999999]]})"}) {
    RttLearner learner(1);
    learner.restore(parse_json(text).value(), {"eu"}, now, 0s);
    EXPECT_EQ(learner.compile(now).networks(), 0U) << text;
  }
}

TEST(RttLearner, KeepsWhatANodeDoesNotSeeNow) {
  RttLearner learner = taught();
  learner.stand_for({{office, {unknown_rtt, 50}}}, now + 1h);
  EXPECT_EQ(learner.compile(now + 1h).find(in_office).values[0], 30);
  EXPECT_EQ(learner.compile(now + 1h).find(in_office).values[1], 50);
  learner.stand_for({}, now + 1h);
  EXPECT_EQ(learner.compile(now + 1h).find(in_office).values, nullptr);
}

}  // namespace
}  // namespace securecart::traffic::routing
