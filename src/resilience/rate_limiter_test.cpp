#include "resilience/rate_limiter.hpp"

#include <map>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/prng.hpp"

namespace securecart::resilience {
namespace {

using namespace std::chrono_literals;

TEST(Gcra, AllowsABurstThenOneAnInterval) {
  constexpr RateLimit limit = RateLimit::per(3, 3s);
  Gcra gcra;
  SteadyTime now(1h);
  EXPECT_EQ(gcra.step(limit, now).remaining, 2);
  EXPECT_EQ(gcra.step(limit, now).remaining, 1);
  EXPECT_EQ(gcra.step(limit, now).remaining, 0);
  const RateDecision refused = gcra.step(limit, now);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after, 1s);
  now += 1s;
  EXPECT_TRUE(gcra.step(limit, now).allowed);
  EXPECT_FALSE(gcra.step(limit, now).allowed);
  EXPECT_FALSE(gcra.idle(now));
  now += 3s;
  EXPECT_TRUE(gcra.idle(now));
  EXPECT_EQ(gcra.step(limit, now).remaining, 2);
}

RC_GTEST_PROP(Gcra, HoldsInEverySpanOfTime, (std::uint64_t seed)) {
  const RateLimit limit{Duration(*rc::gen::inRange<std::int64_t>(1, 100)),
                        *rc::gen::inRange<std::int64_t>(1, 10)};
  Prng prng(seed);
  Gcra gcra;
  SteadyTime now(1h);
  std::vector<SteadyTime> allowed;
  for (int i = 0; i < 300; ++i) {
    now += Duration(static_cast<std::int64_t>(prng.below(60)));
    const RateDecision decision = gcra.step(limit, now);
    if (decision.allowed) {
      allowed.push_back(now);
      Gcra after = gcra;
      for (std::int64_t k = 0; k < decision.remaining; ++k) {
        RC_ASSERT(after.step(limit, now).allowed);
      }
      RC_ASSERT(!after.step(limit, now).allowed);
    } else {
      // Exactly then, and not a moment sooner.
      Gcra sooner = gcra;
      Gcra then = gcra;
      RC_ASSERT(!sooner.step(limit, now + decision.retry_after - 1ns).allowed);
      RC_ASSERT(then.step(limit, now + decision.retry_after).allowed);
    }
  }
  for (std::size_t first = 0; first < allowed.size(); ++first) {
    for (std::size_t last = first; last < allowed.size(); ++last) {
      const auto most = limit.burst + (allowed[last] - allowed[first]) / limit.interval;
      RC_ASSERT(static_cast<std::int64_t>(last - first + 1) <= most);
    }
  }
}

RC_GTEST_PROP(RateLimiter, TreatsEachKeyAlone, (std::uint64_t seed)) {
  const RateLimit limit = RateLimit::per(5, 1s);
  RateLimiter limiter(limit, 100);
  std::map<std::string, Gcra> model;
  Prng prng(seed);
  SteadyTime now(1h);
  for (int i = 0; i < 1'000; ++i) {
    now += Duration(static_cast<std::int64_t>(prng.below(50'000'000)));
    const std::string key = "key " + std::to_string(prng.below(12));
    const RateDecision decision = limiter.step(key, now);
    const RateDecision expected = model[key].step(limit, now);
    RC_ASSERT(decision.allowed == expected.allowed);
    RC_ASSERT(decision.remaining == expected.remaining);
    RC_ASSERT(decision.retry_after == expected.retry_after);
  }
}

TEST(RateLimiter, IsBoundedAndKeepsTheWorstOffender) {
  RateLimiter limiter(RateLimit::per(10, 10s), 100);
  SteadyTime now(1h);
  while (limiter.step("offender", now).allowed) {
  }
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_TRUE(limiter.step("passer-by " + std::to_string(i), now).allowed);
    ASSERT_LE(limiter.size(), 100U);
  }
  EXPECT_FALSE(limiter.step("offender", now).allowed);
}

TEST(RateLimiter, DropsIdleKeys) {
  RateLimiter limiter(RateLimit::per(10, 10s), 1'000);
  SteadyTime now(1h);
  for (int i = 0; i < 1'000; ++i) {
    limiter.step("early " + std::to_string(i), now);
  }
  EXPECT_EQ(limiter.size(), 1'000U);
  now += 1s;
  for (int i = 0; i < 1'000; ++i) {
    limiter.step("late " + std::to_string(i), now);
  }
  EXPECT_EQ(limiter.size(), 1'000U) << "only the late ones";
  now += 1s;
  for (int i = 0; i < 900; ++i) {
    limiter.step("one", now + i * 10s);
    limiter.step(std::to_string(i), now + i * 10s);
  }
  EXPECT_LE(limiter.size(), 105U);
}

}  // namespace
}  // namespace securecart::resilience
