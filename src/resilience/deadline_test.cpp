#include "resilience/deadline.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace securecart::resilience {
namespace {

using namespace std::chrono_literals;

const SteadyTime now(1h);

TEST(Deadline, CountsDown) {
  const Deadline deadline = Deadline::after(now, 10s);
  EXPECT_FALSE(deadline.expired(now));
  EXPECT_EQ(deadline.remaining(now + 4s), 6s);
  EXPECT_TRUE(deadline.expired(now + 10s));
  EXPECT_EQ(deadline.remaining(now + 11s), 0s);
  EXPECT_TRUE(Deadline::after(now, -1ns).expired(now));
}

TEST(Deadline, StepsBelowNeverGetMoreThanIsLeft) {
  const Deadline deadline = Deadline::after(now, 10s);
  EXPECT_EQ(deadline.within(now, 3s).remaining(now), 3s);
  EXPECT_EQ(deadline.within(now, 30s), deadline);
  EXPECT_EQ(deadline.within(now + 9s, 3s).remaining(now + 9s), 1s);
}

TEST(Deadline, NeverIsNever) {
  EXPECT_EQ(Deadline::never().remaining(now), Duration::max());
  EXPECT_FALSE(Deadline::never().expired(now));
  EXPECT_TRUE(Deadline::after(now, Duration::max()).is_never());
  EXPECT_EQ(Deadline::never().min(Deadline::after(now, 1s)), Deadline::after(now, 1s));
}

RC_GTEST_PROP(Deadline, RemainingIsZeroExactlyWhenExpired, ()) {
  const auto at = *rc::gen::inRange<std::int64_t>(0, 1'000);
  const auto asked = *rc::gen::inRange<std::int64_t>(0, 1'000);
  const Deadline deadline{SteadyTime(Duration(at))};
  const SteadyTime time{Duration(asked)};
  RC_ASSERT(deadline.expired(time) == (deadline.remaining(time) == Duration::zero()));
  RC_ASSERT(deadline.expired(time) || time + deadline.remaining(time) == deadline.at());
}

}  // namespace
}  // namespace securecart::resilience
