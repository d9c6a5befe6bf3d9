#include "resilience/circuit_breaker.hpp"

#include <deque>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/prng.hpp"
#include "tests/support/seed.hpp"

namespace securecart::resilience {
namespace {

using namespace std::chrono_literals;
using State = CircuitBreaker::State;
using Outcome = CircuitBreaker::Outcome;

class CircuitBreakerTest : public testing::Test {
 protected:
  // One call with its outcome; false when the breaker refused it.
  bool call(Outcome outcome, Duration latency = 1ms) {
    const auto permit = breaker_.allow(now_);
    if (!permit) {
      return false;
    }
    breaker_.record(*permit, outcome, latency, now_);
    return true;
  }
  void calls(int count, Outcome outcome, Duration latency = 1ms) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(call(outcome, latency));
    }
  }
  void trip() { calls(20, Outcome::failure); }
  State state() const { return breaker_.state(now_); }

  CircuitBreaker breaker_;
  SteadyTime now_{1h};
};

TEST_F(CircuitBreakerTest, StaysClosedBelowItsRates) {
  calls(11, Outcome::success);
  calls(9, Outcome::failure);
  EXPECT_EQ(state(), State::closed);
}

TEST_F(CircuitBreakerTest, OpensAtItsErrorRate) {
  calls(10, Outcome::success);
  calls(10, Outcome::failure);
  EXPECT_EQ(state(), State::open);
  EXPECT_FALSE(call(Outcome::success));
  EXPECT_EQ(breaker_.closed_to_calls_for(now_), 2s);
}

TEST_F(CircuitBreakerTest, OpensAtItsSlowRate) {
  calls(4, Outcome::success);
  calls(16, Outcome::success, 1s);
  EXPECT_EQ(state(), State::open);
}

TEST_F(CircuitBreakerTest, NeedsEnoughCallsToJudge) {
  calls(19, Outcome::failure);
  EXPECT_EQ(state(), State::closed);
}

TEST_F(CircuitBreakerTest, ForgetsWhatLeftTheWindow) {
  calls(19, Outcome::failure);
  now_ += 10s;
  calls(19, Outcome::failure);
  EXPECT_EQ(state(), State::closed);
  now_ += 9s;
  calls(1, Outcome::failure);
  EXPECT_EQ(state(), State::open);
}

TEST_F(CircuitBreakerTest, IgnoresWhatSaysNothing) {
  calls(100, Outcome::ignored);
  calls(19, Outcome::failure);
  EXPECT_EQ(state(), State::closed);
}

TEST_F(CircuitBreakerTest, ProbesAndCloses) {
  trip();
  now_ += 2s;
  EXPECT_EQ(state(), State::half_open);
  calls(2, Outcome::success);
  EXPECT_EQ(state(), State::half_open);
  calls(1, Outcome::success);
  EXPECT_EQ(state(), State::closed);
  calls(19, Outcome::failure);
  EXPECT_EQ(state(), State::closed) << "the window begins anew";
}

TEST_F(CircuitBreakerTest, LetsOnlySoManyProbesOut) {
  trip();
  now_ += 2s;
  const auto first = breaker_.allow(now_);
  const auto second = breaker_.allow(now_);
  const auto third = breaker_.allow(now_);
  EXPECT_TRUE(first && second && third);
  EXPECT_FALSE(breaker_.allow(now_));
  breaker_.record(*first, Outcome::ignored, 1ms, now_);
  EXPECT_TRUE(breaker_.allow(now_)) << "a probe that says nothing gives its place back";
}

TEST_F(CircuitBreakerTest, StaysOpenTwiceAsLongAfterABadProbe) {
  trip();
  now_ += 2s;
  calls(1, Outcome::failure);
  EXPECT_EQ(breaker_.closed_to_calls_for(now_), 4s);
  for (const Duration next : {8s, 16s, 30s, 30s}) {
    now_ += breaker_.closed_to_calls_for(now_);
    calls(1, Outcome::success, 5s);  // slow is bad too
    EXPECT_EQ(breaker_.closed_to_calls_for(now_), next);
  }
  now_ += 30s;
  calls(3, Outcome::success);
  trip();
  EXPECT_EQ(breaker_.closed_to_calls_for(now_), 2s) << "closing forgives";
}

TEST_F(CircuitBreakerTest, DoesNotTakeOldAnswersForProbes) {
  const auto old = breaker_.allow(now_);
  trip();
  now_ += 2s;
  ASSERT_TRUE(breaker_.allow(now_));
  breaker_.record(*old, Outcome::failure, 2s, now_);
  EXPECT_EQ(state(), State::half_open);
}

TEST_F(CircuitBreakerTest, GivesUpLostProbes) {
  trip();
  now_ += 2s;
  const auto lost = breaker_.allow(now_);
  ASSERT_TRUE(lost && breaker_.allow(now_) && breaker_.allow(now_));
  EXPECT_FALSE(call(Outcome::success));
  now_ += 2s;
  calls(3, Outcome::success);
  EXPECT_EQ(state(), State::closed);
  breaker_.record(*lost, Outcome::failure, 1ms, now_);
  EXPECT_EQ(state(), State::closed);
}

// Random callers against a dependency that is sometimes dead. Whatever the order of events: no call
// while open, never more probes out than allowed, and closed only after enough good probes.
RC_GTEST_PROP(CircuitBreaker, HoldsInAnyOrderOfEvents, (std::uint64_t seed)) {
  CircuitBreaker::Settings settings;
  settings.least_calls = 5;
  CircuitBreaker breaker(settings);
  Prng prng(seed);
  SteadyTime now(1h);
  std::deque<std::pair<CircuitBreaker::Permit, State>> out;
  for (int i = 0; i < 3'000; ++i) {
    now += Duration(static_cast<std::int64_t>(prng.below(300'000'000)));
    const State before = breaker.state(now);
    if (out.empty() || prng.below(2) == 0) {
      const auto permit = breaker.allow(now);
      RC_ASSERT(before != State::open || !permit);
      RC_ASSERT(before != State::closed || permit.has_value());
      if (permit) {
        out.emplace_back(*permit, before);
      }
    } else {
      const bool dead = (now.time_since_epoch() / 1min) % 2 == 0;
      breaker.record(out.front().first, dead ? Outcome::failure : Outcome::success, 1ms, now);
      out.pop_front();
      const State after = breaker.state(now);
      RC_ASSERT(before != State::open || after == State::open);
      RC_ASSERT(before != State::closed || after != State::half_open);
      RC_ASSERT(after != State::open || breaker.closed_to_calls_for(now) <= settings.open_most);
    }
  }
}

// A thousand seconds at 100 calls a second, dead between 200 s and 500 s.
TEST(CircuitBreakerSimulation, ShieldsADeadServiceAndFindsItAgain) {
  CircuitBreaker breaker;
  Prng prng(test::seed());
  const SteadyTime start(1h);
  const SteadyTime dead_from = start + 200s;
  const SteadyTime dead_to = start + 500s;
  int calls_while_dead = 0;
  int refused_while_well = 0;
  SteadyTime recovered = SteadyTime::max();
  for (SteadyTime now = start; now < start + 1'000s; now += 10ms) {
    const bool dead = now >= dead_from && now < dead_to;
    const auto permit = breaker.allow(now);
    calls_while_dead += dead && permit ? 1 : 0;
    refused_while_well += !dead && !permit && now < dead_from ? 1 : 0;
    if (permit) {
      const bool failed = dead || prng.below(100) < 5;
      breaker.record(*permit, failed ? Outcome::failure : Outcome::success, 5ms, now);
    }
    if (now >= dead_to && recovered == SteadyTime::max() && breaker.state(now) == State::closed) {
      recovered = now;
    }
  }
  EXPECT_EQ(refused_while_well, 0);
  EXPECT_LT(calls_while_dead, 1'200) << "of 30,000: those that open it, then a probe now and then";
  EXPECT_LT(recovered - dead_to, 120s);
  EXPECT_EQ(breaker.state(start + 1'000s), State::closed);
}

}  // namespace
}  // namespace securecart::resilience
