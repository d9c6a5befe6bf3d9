#include "storage/postgres/hosts.hpp"

#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/seed.hpp"

namespace securecart::storage::postgres {
namespace {

using namespace std::chrono_literals;

constexpr Hosts::Settings settings{.rest = {2s, 16s}, .pause = {50ms, 1s}};

class HostsTest : public testing::Test {
 protected:
  // All of `hosts` refuse, in the order in which they are chosen, until `until`.
  std::vector<int> refuse_until(SteadyTime until) {
    std::vector<int> asked(3);
    while (now_ < until) {
      const std::optional<Hosts::Choice> choice = hosts_.next(now_);
      now_ = choice->at;
      ++asked[choice->host];
      hosts_.began(choice->host);
      hosts_.refused(choice->host, now_, random_);
    }
    return asked;
  }

  Prng random_{test::seed()};
  Hosts hosts_{3, settings};
  SteadyTime now_{100s};
};

TEST_F(HostsTest, TriesEachInTurnAndThenPauses) {
  for (const std::size_t host : {0U, 1U, 2U}) {
    const std::optional<Hosts::Choice> choice = hosts_.next(now_);
    ASSERT_TRUE(choice);
    EXPECT_EQ(choice->host, host);
    EXPECT_EQ(choice->at, now_);
    hosts_.began(host);
    hosts_.refused(host, now_, random_);
  }
  EXPECT_EQ(hosts_.next(now_)->host, 0U);
  EXPECT_GE(hosts_.next(now_)->at, now_ + 25ms);
  EXPECT_LE(hosts_.next(now_)->at, now_ + 50ms);
}

TEST_F(HostsTest, PausesGrowWhileNobodyIsOfUseAndBeginAnewAfterwards) {
  const std::vector<int> asked = refuse_until(now_ + 60s);
  for (const int times : asked) {
    EXPECT_GT(times, 50);
    EXPECT_LT(times, 140);
  }
  hosts_.connected(1);
  hosts_.lost(1, now_);
  EXPECT_EQ(hosts_.next(now_)->host, 1U);
  EXPECT_EQ(hosts_.next(now_)->at, now_);
  for (int i = 0; i < 3; ++i) {
    const std::size_t host = hosts_.next(now_)->host;
    hosts_.began(host);
    hosts_.refused(host, now_, random_);
  }
  EXPECT_LE(hosts_.next(now_)->at, now_ + 50ms);
}

TEST_F(HostsTest, AHostThatIsAskedIsNotAskedBesideIt) {
  hosts_.began(0);
  const std::vector<int> asked = refuse_until(now_ + 10s);
  EXPECT_EQ(asked[0], 0);
  EXPECT_GT(asked[1], 5);
  EXPECT_GT(asked[2], 5);
  hosts_.began(1);
  hosts_.began(2);
  EXPECT_FALSE(hosts_.next(now_));
}

TEST_F(HostsTest, OneThatCannotBeReachedRestsWhileTheOthersAreAsked) {
  hosts_.began(0);
  hosts_.silent(0, now_, random_);
  EXPECT_EQ(refuse_until(now_ + 900ms)[0], 0);
  EXPECT_GT(refuse_until(now_ + 3s)[0], 0);
}

TEST_F(HostsTest, OneThatIsSlowRestsTwiceAsLongEachTime) {
  Hosts alone(1, settings);
  for (const Duration rest :
       {Duration(0s), Duration(2s), Duration(6s), Duration(14s), Duration(14s)}) {
    alone.began(0);
    alone.slow(0, now_, random_);
    EXPECT_EQ(alone.next(now_)->at, now_ + rest);
    hosts_.began(0);
    hosts_.slow(0, now_, random_);
    EXPECT_NE(hosts_.next(now_)->host, 0U);
    now_ += rest;
  }
}

TEST_F(HostsTest, WhoIsKnownToBeOfNoUseIsNotAskedUntilItIs) {
  hosts_.skip(0b110);
  EXPECT_EQ(hosts_.next(now_)->host, 0U);
  EXPECT_EQ(refuse_until(now_ + 10s)[1], 0);
  hosts_.skip(0b111);
  EXPECT_EQ(hosts_.next(now_), std::nullopt);
  hosts_.skip(0b100);
  hosts_.prefer(1, now_);
  EXPECT_EQ(hosts_.next(now_)->host, 1U);
  EXPECT_EQ(hosts_.next(now_)->at, now_) << "whatever pause there was";
}

TEST_F(HostsTest, ASingleHostDoesNotRest) {
  Hosts alone(1, settings);
  for (int i = 0; i < 10; ++i) {
    alone.began(0);
    alone.silent(0, now_, random_);
    EXPECT_LE(alone.next(now_)->at, now_ + 1s);
    now_ = alone.next(now_)->at;
  }
}

TEST_F(HostsTest, ThoseWhoFailedTogetherDoNotComeBackTogether) {
  std::set<SteadyTime> back;
  for (int i = 0; i < 20; ++i) {
    Hosts one(1, settings);
    one.began(0);
    one.silent(0, now_, random_);
    back.insert(one.next(now_)->at);
  }
  EXPECT_GT(back.size(), 5U);
}

}  // namespace
}  // namespace securecart::storage::postgres
