#include "traffic/health/check_machine.hpp"

#include <map>

#include <gtest/gtest.h>

#include "tests/support/seed.hpp"

namespace securecart::traffic::health {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime start{std::chrono::hours(10)};

// Plays one check against a target that answers as `answers` says, `rtt` later.
struct Player {
  explicit Player(CheckSettings given = {}) : settings(given) {}

  // Until `end`, or the status changes.
  void run(SteadyTime end) {
    while (now < end && !changed) {
      const SteadyTime next = under_way.empty() ? wake : std::min(wake, under_way.begin()->first);
      if (next >= end) {
        now = end;
        return;
      }
      now = std::max(now, next);
      CheckActions actions;
      if (!under_way.empty() && under_way.begin()->first <= now) {
        const Probed probed = under_way.begin()->second;
        under_way.erase(under_way.begin());
        actions = step(state, settings, probed, now, random);
      } else {
        actions = step(state, settings, Tick{}, now, random);
      }
      for (int i = 0; i < actions.probes; ++i) {
        const Duration after = answers == Answer::silent ? actions.probe_timeout : rtt;
        under_way.emplace(now + after, Probed{state.round, answers, after, "said so"});
      }
      probes += actions.probes;
      changed = actions.changed;
      wake = actions.wake;
    }
  }
  Duration until_change(Duration most) {
    const SteadyTime begin = now;
    changed = false;
    run(begin + most);
    return changed ? now - begin : Duration::max();
  }
  void warm_up() {
    run(now + 1s);
    changed = false;
    while (now < start + 300s) {
      run(start + 300s);
      changed = false;
    }
  }

  CheckSettings settings;
  CheckState state;
  Prng random{test::seed()};
  Answer answers = Answer::right;
  Duration rtt = 5ms;
  std::multimap<SteadyTime, Probed> under_way;
  SteadyTime now = start;
  SteadyTime wake = start;
  bool changed = false;
  int probes = 0;
};

TEST(CheckMachine, BeginsUnknownAndNeedsRise) {
  Player player;
  EXPECT_EQ(player.state.status, Status::unknown);
  const Duration took = player.until_change(10s);
  EXPECT_EQ(player.state.status, Status::up);
  EXPECT_GT(took, 900ms);  // two good rounds
  EXPECT_LT(took, 1200ms);
}

TEST(CheckMachine, EvidenceCountsInFull) {
  Player player;
  player.until_change(10s);
  player.answers = Answer::wrong;
  EXPECT_LT(player.until_change(10s), 2s);  // also right after the start
  EXPECT_EQ(player.state.status, Status::down);
  EXPECT_EQ(player.state.reason, "said so");
}

TEST(CheckMachine, SilenceOnACleanPathIsFoundInTime) {
  for (int i = 0; i < 50; ++i) {  // wherever in the interval it dies
    Player player;
    player.warm_up();
    player.run(player.now + i * 20ms);
    player.answers = Answer::silent;
    EXPECT_LT(player.until_change(10s), 2'400ms);
    EXPECT_EQ(player.state.status, Status::down);
  }
}

TEST(CheckMachine, FastChecksFindItWithinASecond) {
  CheckSettings fast;
  fast.interval = 250ms;
  fast.timeout = 160ms;
  Player player(fast);
  player.warm_up();
  player.answers = Answer::silent;
  EXPECT_LT(player.until_change(10s), 900ms);
}

TEST(CheckMachine, ARoughPathNeedsMoreSilence) {
  CheckState state;
  const CheckSettings settings;
  state.lost = 0;
  state.rounds = 128;
  EXPECT_TRUE(is_steady(state, settings));
  state.wobble = 100ms;
  EXPECT_FALSE(is_steady(state, settings));
  state.wobble = 0ms;
  state.lost = 13;
  EXPECT_FALSE(is_steady(state, settings));
  EXPECT_EQ(unanswered_needed(state), 29);
  state.lost = 64;
  EXPECT_EQ(unanswered_needed(state), 44);
  state.lost = 127;
  EXPECT_EQ(unanswered_needed(state), 240);
}

TEST(CheckMachine, ABurstIsAsLargeAsItsTimeIsShort) {
  CheckSettings settings;
  EXPECT_EQ(quiet_rounds_needed(settings), 2);
  EXPECT_EQ(burst_probes(settings), 31);
  settings.interval = 250ms;
  settings.timeout = 162ms;
  EXPECT_EQ(quiet_rounds_needed(settings), 4);
  EXPECT_EQ(burst_probes(settings), 63);
  settings.interval = 10s;
  settings.timeout = 5s;
  EXPECT_EQ(quiet_rounds_needed(settings), 2);
  settings.timeout = 10ms;  // asks no more often for that
  EXPECT_EQ(quiet_rounds_needed(settings), 4);
}

// One probe while all is well, a burst when it is not answered, and the usual ones once it is down.
TEST(CheckMachine, ABurstIsSentOnceForASilence) {
  Player player;
  player.warm_up();
  player.probes = 0;
  player.run(player.now + 100s);
  EXPECT_NEAR(player.probes, 100, 6);
  player.answers = Answer::silent;
  player.probes = 0;
  ASSERT_LT(player.until_change(10s), 2'400ms);
  EXPECT_LE(player.probes, burst_probes(player.settings) + 5);
  player.probes = 0;
  player.changed = false;
  player.run(player.now + 100s);
  EXPECT_NEAR(player.probes, 200, 10);
}

TEST(CheckMachine, ProbesThatCouldNotBeSentAreAskedForAgain) {
  Player player;
  player.warm_up();
  player.answers = Answer::silent;
  player.until_change(1'200ms);
  const int asked = player.state.asked;
  ASSERT_GT(asked, 20);
  take_back(player.state, asked - 1);
  player.probes = 0;
  player.until_change(10s);
  EXPECT_GE(player.probes, burst_probes(player.settings) - 1);
  EXPECT_EQ(player.state.status, Status::down);
}

TEST(CheckMachine, ALateRightAnswerEndsASilence) {
  Player player;
  player.warm_up();
  player.rtt = 900ms;  // past the end of its round
  EXPECT_EQ(player.until_change(600s), Duration::max());
  EXPECT_EQ(player.state.status, Status::up);
}

TEST(CheckMachine, HedgesWhileNoAnswerComes) {
  Player player;
  player.answers = Answer::silent;
  player.run(start + 649ms);
  EXPECT_EQ(player.probes, 2);
}

TEST(CheckMachine, ALateWrongAnswerOfAnEarlierRoundSaysNothing) {
  CheckState state;
  const CheckSettings settings;
  Prng random(1);
  step(state, settings, Tick{}, start, random);
  const CheckActions late =
      step(state, settings, Probed{state.round - 1, Answer::wrong}, start + 1ms, random);
  EXPECT_FALSE(late.changed);
  EXPECT_TRUE(state.looking);
}

// A stopped process or suspended machine: what it did not hear while asleep is not silence.
TEST(CheckMachine, OwnSleepIsNotTheTargetsFault) {
  Player player;
  player.warm_up();
  for (int i = 0; i < 5; ++i) {
    step(player.state, player.settings, Tick{}, player.now, player.random);
    player.now += 1h;  // in the middle of a round
    step(player.state, player.settings, Tick{}, player.now, player.random);
  }
  EXPECT_EQ(player.state.status, Status::up);
  EXPECT_EQ(player.state.quiet, 0);
}

TEST(CheckMachine, AFlappingTargetHasToProveItself) {
  Player player;
  player.warm_up();
  std::vector<Duration> took_to_rise;
  for (int i = 0; i < 5; ++i) {
    player.answers = Answer::wrong;
    ASSERT_NE(player.until_change(60s), Duration::max());
    player.answers = Answer::right;
    took_to_rise.push_back(player.until_change(600s));
  }
  EXPECT_LT(took_to_rise[0], 3s);
  EXPECT_GT(took_to_rise[2], 3s);
  EXPECT_GT(took_to_rise[4], took_to_rise[2]);
  player.answers = Answer::wrong;
  EXPECT_LT(player.until_change(60s), 3s);  // down is never delayed
}

TEST(CheckMachine, JitterKeepsTheMeanInterval) {
  Player player;
  player.settings.jitter_percent = 20;
  player.changed = false;
  for (int i = 0; i < 20; ++i) {
    player.run(start + 200s);
    player.changed = false;
  }
  EXPECT_NEAR(player.probes, 200, 6);
}

}  // namespace
}  // namespace securecart::traffic::health
