#include "traffic/dns/rate_limit.hpp"

#include <gtest/gtest.h>

namespace securecart::traffic::dns {
namespace {

using namespace std::chrono_literals;

const Address victim = parse_address("192.0.2.7").value();
const SteadyTime start = SteadyTime(1h);

int sent(ResponseLimiter& limiter, const Address& client, std::uint64_t subject, int times,
         SteadyTime at) {
  int count = 0;
  for (int i = 0; i < times; ++i) {
    count += limiter.decide(client, subject, at) == Limited::send ? 1 : 0;
  }
  return count;
}

TEST(ResponseLimiter, LetsABurstAndThenTheRatePass) {
  ResponseLimiter limiter({.responses_per_second = 10, .slip = 0}, 1);
  EXPECT_EQ(sent(limiter, victim, 1, 100, start), 10);
  EXPECT_EQ(sent(limiter, victim, 1, 100, start + 500ms), 5);
  EXPECT_EQ(sent(limiter, victim, 1, 100, start + 10s), 10);
}

TEST(ResponseLimiter, CountsNetworksAndSubjectsApart) {
  ResponseLimiter limiter({.responses_per_second = 5, .slip = 0}, 1);
  EXPECT_EQ(sent(limiter, victim, 1, 9, start), 5);
  EXPECT_EQ(sent(limiter, parse_address("192.0.2.99").value(), 1, 9, start), 0);  // the same /24
  EXPECT_EQ(sent(limiter, parse_address("192.0.3.7").value(), 1, 9, start), 5);
  EXPECT_EQ(sent(limiter, victim, 2, 9, start), 5);
  EXPECT_EQ(sent(limiter, parse_address("2001:db8::1").value(), 1, 9, start), 5);
  EXPECT_EQ(sent(limiter, parse_address("2001:db8:0:ff::1").value(), 1, 9, start), 0);  // /56
}

TEST(ResponseLimiter, SlipsEverySecond) {
  ResponseLimiter limiter({.responses_per_second = 1, .slip = 2}, 1);
  int slipped = 0;
  for (int i = 0; i < 101; ++i) {
    slipped += limiter.decide(victim, 1, start) == Limited::truncate ? 1 : 0;
  }
  EXPECT_EQ(slipped, 50);
}

TEST(ResponseLimiter, IsOffByDefault) {
  ResponseLimiter limiter({}, 1);
  EXPECT_EQ(sent(limiter, victim, 1, 10'000, start), 10'000);
}

// However many others are made up, whoever is over the limit stays over it.
TEST(ResponseLimiter, KeepsABusyOneInAFullTable) {
  ResponseLimiter limiter({.responses_per_second = 5, .slip = 0}, 1);
  EXPECT_EQ(sent(limiter, victim, 1, 50, start), 5);
  for (std::uint64_t subject = 2; subject < 400'000; ++subject) {
    limiter.decide(victim, subject, start);
  }
  EXPECT_EQ(sent(limiter, victim, 1, 50, start), 0);
}

}  // namespace
}  // namespace securecart::traffic::dns
