#include "resilience/concurrency_limiter.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/prng.hpp"
#include "tests/support/seed.hpp"

namespace securecart::resilience {
namespace {

using namespace std::chrono_literals;
using Outcome = ConcurrencyLimiter::Outcome;

// One window of calls at full use of the limit.
void window(ConcurrencyLimiter& limiter, Outcome outcome, Duration latency, SteadyTime& now) {
  const std::int64_t limit = limiter.limit();
  for (std::int64_t i = 0; i < limit; ++i) {
    ASSERT_TRUE(limiter.acquire());
  }
  EXPECT_FALSE(limiter.acquire());
  for (std::int64_t i = 0; i + 1 < limit; ++i) {
    limiter.release(outcome, latency, now);
  }
  now += 1s;
  limiter.release(outcome, latency, now);
}

TEST(ConcurrencyLimiter, GrowsWhileAnswersComeInTime) {
  ConcurrencyLimiter limiter;
  SteadyTime now(1h);
  window(limiter, Outcome::answered, 10ms, now);
  EXPECT_EQ(limiter.limit(), 21);
  for (int i = 0; i < 200; ++i) {
    window(limiter, Outcome::answered, 10ms, now);
  }
  EXPECT_EQ(limiter.limit(), 1'000);
}

TEST(ConcurrencyLimiter, ShrinksWhenTheyAreLateOrLost) {
  ConcurrencyLimiter limiter;
  SteadyTime now(1h);
  window(limiter, Outcome::answered, 300ms, now);
  EXPECT_EQ(limiter.limit(), 16);
  window(limiter, Outcome::dropped, 1ms, now);
  EXPECT_EQ(limiter.limit(), 12);
  for (int i = 0; i < 20; ++i) {
    window(limiter, Outcome::dropped, 1ms, now);
  }
  EXPECT_EQ(limiter.limit(), 4);
}

TEST(ConcurrencyLimiter, DoesNotGrowUnused) {
  ConcurrencyLimiter limiter;
  SteadyTime now(1h);
  for (int i = 0; i < 1'000; ++i) {
    now += 100ms;
    ASSERT_TRUE(limiter.acquire());
    limiter.release(Outcome::answered, 1ms, now);
  }
  EXPECT_EQ(limiter.limit(), 20);
}

TEST(ConcurrencyLimiter, IgnoresWhatSaysNothing) {
  ConcurrencyLimiter limiter;
  SteadyTime now(1h);
  window(limiter, Outcome::ignored, 10s, now);
  EXPECT_EQ(limiter.limit(), 20);
  EXPECT_EQ(limiter.in_flight(), 0);
}

RC_GTEST_PROP(ConcurrencyLimiter, StaysWithinItsBounds, (std::uint64_t seed)) {
  ConcurrencyLimiter::Settings settings;
  settings.least = 2;
  settings.start = 5;
  settings.most = 30;
  ConcurrencyLimiter limiter(settings);
  Prng prng(seed);
  SteadyTime now(1h);
  for (int i = 0; i < 2'000; ++i) {
    now += Duration(static_cast<std::int64_t>(prng.below(40'000'000)));
    const std::int64_t before = limiter.in_flight();
    if (before == 0 || prng.below(2) == 0) {
      RC_ASSERT(limiter.acquire() == (before < limiter.limit()));
    } else {
      limiter.release(static_cast<Outcome>(prng.below(3)),
                      Duration(static_cast<std::int64_t>(prng.below(500'000'000))), now);
      RC_ASSERT(limiter.in_flight() == before - 1);
    }
    RC_ASSERT(limiter.limit() >= 2);
    RC_ASSERT(limiter.limit() <= 30);
  }
}

// A service that works on twenty requests at a time, 50 ms each: beyond that all get slower in
// proportion. 500 callers keep asking. Two hundred and fifty milliseconds are reached at 100.
TEST(ConcurrencyLimiterSimulation, SettlesWhereTheLatencyIsTheTarget) {
  ConcurrencyLimiter limiter;
  Prng prng(test::seed());
  std::multimap<SteadyTime, SteadyTime> working;  // end, begin
  std::vector<Duration> latencies;
  std::int64_t least = 1'000;
  std::int64_t most = 0;
  const SteadyTime start(1h);
  for (SteadyTime now = start; now < start + 300s; now += 1ms) {
    while (!working.empty() && working.begin()->first <= now) {
      const Duration latency = now - working.begin()->second;
      limiter.release(Outcome::answered, latency, now);
      working.erase(working.begin());
      if (now > start + 100s) {
        latencies.push_back(latency);
      }
    }
    for (int i = 0; i < 5 && limiter.acquire(); ++i) {
      const std::int64_t jam = std::max<std::int64_t>(limiter.in_flight(), 20);
      const auto noise = static_cast<std::int64_t>(80 + prng.below(41));  // percent
      working.emplace(now + 50ms * jam * noise / 2'000, now);
    }
    if (now > start + 100s) {
      least = std::min(least, limiter.limit());
      most = std::max(most, limiter.limit());
    }
  }
  EXPECT_GE(least, 60);
  EXPECT_LE(most, 130);
  ASSERT_FALSE(latencies.empty());
  std::sort(latencies.begin(), latencies.end());
  EXPECT_LT(latencies[latencies.size() / 2], 300ms);
}

}  // namespace
}  // namespace securecart::resilience
