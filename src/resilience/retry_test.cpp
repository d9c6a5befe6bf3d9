#include "resilience/retry.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/support/seed.hpp"

namespace securecart::resilience {
namespace {

using namespace std::chrono_literals;

const SteadyTime now(1h);

TEST(Backoff, DoublesUpToItsMost) {
  const Backoff backoff{100ms, 1s};
  EXPECT_EQ(backoff.ceiling(0), 100ms);
  EXPECT_EQ(backoff.ceiling(1), 200ms);
  EXPECT_EQ(backoff.ceiling(3), 800ms);
  EXPECT_EQ(backoff.ceiling(4), 1s);
  EXPECT_EQ(backoff.ceiling(1'000'000'000), 1s);
  EXPECT_EQ((Backoff{1ns, Duration::max()}.ceiling(100)), Duration::max());
  EXPECT_EQ((Backoff{0ns, 1s}.ceiling(2)), 0s);
}

TEST(Backoff, JitterIsFull) {
  Prng prng(test::seed());
  const Backoff backoff{100ms, 1s};
  Duration least = Duration::max();
  Duration most = Duration::zero();
  Duration sum = Duration::zero();
  for (int i = 0; i < 10'000; ++i) {
    const Duration wait = backoff.wait(1, prng);
    least = std::min(least, wait);
    most = std::max(most, wait);
    sum += wait;
  }
  EXPECT_LT(least, 2ms);
  EXPECT_GT(most, 198ms);
  EXPECT_LE(most, 200ms);
  EXPECT_NEAR(static_cast<double>(sum.count()) / 1e10, 100, 5);  // mean, in milliseconds
}

RC_GTEST_PROP(RetryBudget, NeverAmplifiesBeyondItsRatio, (std::uint64_t seed)) {
  RetryBudget::Settings settings;
  settings.percent = *rc::gen::inRange(0, 150);
  settings.burst = *rc::gen::inRange<std::int64_t>(0, 20);
  RetryBudget budget(settings);
  Prng prng(seed);
  std::int64_t requests = 0;
  std::int64_t retries = 0;
  for (int i = 0; i < 2'000; ++i) {
    if (prng.below(4) == 0) {
      budget.request();
      ++requests;
    } else if (budget.take()) {
      ++retries;
    }
    RC_ASSERT(retries * 100 <= settings.burst * 100 + requests * settings.percent);
    RC_ASSERT(budget.tokens() >= 0);
    RC_ASSERT(budget.tokens() <= settings.burst);
  }
}

TEST(RetryBudget, HoldsADeadServiceToItsRatio) {
  // Every attempt fails: without a budget each request would be three.
  const RetryPolicy policy;
  RetryBudget budget;
  Prng prng(test::seed());
  std::int64_t attempts = 0;
  constexpr std::int64_t requests = 100'000;
  for (std::int64_t i = 0; i < requests; ++i) {
    budget.request();
    FailedAttempt failed;
    for (failed.made = 1;; ++failed.made) {
      ++attempts;
      if (!policy.step(failed, Deadline::never(), now, budget, prng).retry()) {
        break;
      }
    }
  }
  EXPECT_LE(attempts, requests * 120 / 100 + 10);
  EXPECT_GE(attempts, requests * 119 / 100) << "the budget is there to be used";
}

TEST(RetryBudget, LetsARareFailureThrough) {
  const RetryPolicy policy;
  RetryBudget budget;
  Prng prng(test::seed());
  for (int i = 0; i < 10'000; ++i) {
    budget.request();
    if (prng.below(20) == 0) {
      EXPECT_TRUE(policy.step({}, Deadline::never(), now, budget, prng).retry());
    }
  }
}

class RetryPolicyTest : public testing::Test {
 protected:
  RetryDecision step(const FailedAttempt& attempt, Deadline deadline = Deadline::never()) {
    return policy_.step(attempt, deadline, now, budget_, prng_);
  }
  RetryPolicy policy_{.attempts = 3, .backoff = {100ms, 1s}};
  RetryBudget budget_;
  Prng prng_{test::seed()};
};

TEST_F(RetryPolicyTest, RetriesWithinItsBackoff) {
  const RetryDecision decision = step({.made = 2});
  ASSERT_TRUE(decision.retry());
  EXPECT_LE(*decision.wait, 200ms);
  EXPECT_EQ(budget_.tokens(), 9);
}

TEST_F(RetryPolicyTest, GivesUpForAReasonAndKeepsTheToken) {
  EXPECT_EQ(step({.fault = Fault::permanent}).reason, GiveUp::permanent);
  EXPECT_EQ(step({.fault = Fault::outcome_unknown}).reason, GiveUp::not_idempotent);
  EXPECT_EQ(step({.made = 3}).reason, GiveUp::attempts_spent);
  EXPECT_EQ(step({.retry_after = 2s}, Deadline::after(now, 2s)).reason, GiveUp::deadline);
  EXPECT_EQ(step({}, Deadline(now)).reason, GiveUp::deadline);
  EXPECT_EQ(budget_.tokens(), 10);
}

TEST_F(RetryPolicyTest, RepeatsAnUnknownOutcomeOnlyWhenThatIsSafe) {
  EXPECT_TRUE(step({.fault = Fault::outcome_unknown, .idempotent = true}).retry());
}

TEST_F(RetryPolicyTest, WaitsAtLeastAsLongAsItWasAsked) {
  const RetryDecision decision = step({.retry_after = 3s}, Deadline::after(now, 4s));
  ASSERT_TRUE(decision.retry());
  EXPECT_EQ(*decision.wait, 3s);
}

TEST_F(RetryPolicyTest, GivesUpWithoutBudget) {
  while (budget_.take()) {
  }
  EXPECT_EQ(step({}).reason, GiveUp::budget_spent);
}

}  // namespace
}  // namespace securecart::resilience
