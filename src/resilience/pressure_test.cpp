#include "resilience/pressure.hpp"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/prng.hpp"

namespace securecart::resilience {
namespace {

using namespace std::chrono_literals;

void notes(Pressure& pressure, Duration lateness, Duration span, SteadyTime& now) {
  for (Duration passed{}; passed < span; passed += 10ms) {
    now += 10ms;
    pressure.note(lateness, now);
  }
}

int admitted_of_100(Pressure& pressure, std::size_t rank) {
  int admitted = 0;
  for (int i = 0; i < 100; ++i) {
    admitted += pressure.admit(rank) ? 1 : 0;
  }
  return admitted;
}

TEST(Pressure, LetsAllInWhileJobsAreInTime) {
  Pressure pressure;
  SteadyTime now(1h);
  notes(pressure, 5ms, 10s, now);
  EXPECT_EQ(pressure.percent(), 0);
  EXPECT_EQ(admitted_of_100(pressure, 4), 100);
}

TEST(Pressure, RefusesTheLowestClassFirst) {
  Pressure pressure;
  SteadyTime now(1h);
  while (pressure.percent() < 140) {
    notes(pressure, 100ms, 100ms, now);
  }
  EXPECT_EQ(admitted_of_100(pressure, 4), 0);
  EXPECT_EQ(admitted_of_100(pressure, 3), 60);
  EXPECT_EQ(admitted_of_100(pressure, 2), 100);
}

TEST(Pressure, NeverRefusesTheHighestClassWhole) {
  Pressure pressure;
  SteadyTime now(1h);
  notes(pressure, 10s, 10min, now);
  EXPECT_EQ(admitted_of_100(pressure, 0), 10);
  EXPECT_EQ(admitted_of_100(pressure, 1), 0);
}

TEST(Pressure, OneLateJobIsNoStandingQueue) {
  Pressure pressure;
  SteadyTime now(1h);
  for (int i = 0; i < 100; ++i) {
    notes(pressure, 200ms, 10ms, now);
    notes(pressure, 1ms, 90ms, now);
  }
  EXPECT_EQ(pressure.percent(), 0);
}

TEST(Pressure, IsGoneSecondsAfterTheLoad) {
  Pressure pressure;
  SteadyTime now(1h);
  notes(pressure, 1s, 1min, now);
  notes(pressure, 1ms, 15s, now);
  EXPECT_EQ(pressure.percent(), 0);
}

RC_GTEST_PROP(Pressure, HigherClassesAreNeverRefusedMore, (std::uint64_t seed)) {
  Pressure pressure;
  Prng random(seed);
  SteadyTime now(1h);
  for (int i = 0; i < 200; ++i) {
    now += std::chrono::milliseconds(random.below(200));
    pressure.note(std::chrono::milliseconds(random.below(200)), now);
    int before = 100;
    for (std::size_t rank = 0; rank < 5; ++rank) {
      const int admitted = admitted_of_100(pressure, rank);
      RC_ASSERT(admitted <= before + 1);
      before = std::min(before, admitted);
    }
  }
}

}  // namespace
}  // namespace securecart::resilience
