#include "storage/postgres/hosts.hpp"

#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/seed.hpp"

namespace securecart::storage::postgres {
namespace {

using namespace std::chrono_literals;

constexpr Hosts::Settings settings{
    .patience = 2s, .patience_most = 4s, .pause = 50ms, .pause_most = 1s};

class HostsTest : public testing::Test {
 protected:
  // Tries once; true: it came up.
  bool attempt(std::size_t good, std::size_t frozen) {
    const Hosts::Attempt attempt = hosts_.next(now_);
    EXPECT_GE(attempt.at, now_);
    now_ = attempt.at;
    ++asked_[attempt.host];
    if (attempt.host == good) {
      hosts_.connected(attempt.host);
      return true;
    }
    if (attempt.host == frozen) {
      now_ += attempt.patience;
      hosts_.silent(attempt.host, now_, random_);
    } else {
      hosts_.refused(attempt.host, now_, random_);
    }
    return false;
  }

  Prng random_{test::seed()};
  Hosts hosts_{3, settings};
  SteadyTime now_{100s};
  std::vector<int> asked_ = std::vector<int>(3);
};

constexpr std::size_t none = 99;

TEST_F(HostsTest, TriesEachInTurnAndThenPauses) {
  for (const std::size_t host : {0u, 1u, 2u}) {
    const Hosts::Attempt attempt = hosts_.next(now_);
    EXPECT_EQ(attempt.host, host);
    EXPECT_EQ(attempt.at, now_);
    EXPECT_EQ(attempt.patience, 2s);
    hosts_.refused(attempt.host, now_, random_);
  }
  EXPECT_EQ(hosts_.next(now_).host, 0U);
  EXPECT_GE(hosts_.next(now_).at, now_ + 25ms);
  EXPECT_LE(hosts_.next(now_).at, now_ + 50ms);
}

TEST_F(HostsTest, PausesGrowWhileNobodyIsOfUseAndBeginAnewAfterwards) {
  const SteadyTime begin = now_;
  while (now_ < begin + 60s) {
    EXPECT_FALSE(attempt(none, none));
  }
  EXPECT_LT(asked_[0], 150) << "a minute of a round every half second at least";
  EXPECT_GT(asked_[0], 50);
  EXPECT_TRUE(attempt(hosts_.next(now_).host, none));
  hosts_.lost(0, now_);
  EXPECT_EQ(hosts_.next(now_).host, 0U);
  EXPECT_EQ(hosts_.next(now_).at, now_);
  for (int i = 0; i < 3; ++i) {
    attempt(none, none);
  }
  EXPECT_LE(hosts_.next(now_).at, now_ + 50ms);
}

TEST_F(HostsTest, AHostThatDoesNotAnswerGetsMoreTimeAndRestsWhileTheOthersAreAsked) {
  const SteadyTime begin = now_;
  EXPECT_FALSE(attempt(none, 0));
  EXPECT_EQ(now_, begin + 2s);
  while (asked_[0] == 1) {
    attempt(none, 0);
  }
  EXPECT_GE(now_ - begin, 2s + 1500ms + 4s) << "the second time it had four seconds";
  EXPECT_GT(asked_[1], 3);
  while (now_ < begin + 5min) {
    attempt(none, 0);
  }
  EXPECT_LT(asked_[0], 50) << "four seconds of asking and of rest";
}

// The new primary is found soon, whenever it is there, although the old one hangs.
TEST_F(HostsTest, ANewPrimaryIsFoundBesideAFrozenOne) {
  const SteadyTime begin = now_;
  const SteadyTime there = begin + std::chrono::milliseconds(random_.below(60'000));
  while (!attempt(now_ >= there ? 2 : none, 0)) {
  }
  EXPECT_LE(now_ - there, 4s + 1s);
}

TEST_F(HostsTest, ASingleHostDoesNotRest) {
  Hosts alone(1, settings);
  for (int i = 0; i < 5; ++i) {
    const Hosts::Attempt attempt = alone.next(now_);
    EXPECT_EQ(attempt.host, 0U);
    EXPECT_LE(attempt.at, now_ + 1s);
    now_ = attempt.at + attempt.patience;
    alone.silent(0, now_, random_);
  }
  EXPECT_EQ(alone.next(now_).patience, 4s);
}

TEST_F(HostsTest, ThoseWhoFailedTogetherDoNotComeBackTogether) {
  std::set<SteadyTime> back;
  for (int i = 0; i < 20; ++i) {
    Hosts one(1, settings);
    one.silent(0, now_, random_);
    back.insert(one.next(now_).at);
  }
  EXPECT_GT(back.size(), 5U);
}

}  // namespace
}  // namespace securecart::storage::postgres
