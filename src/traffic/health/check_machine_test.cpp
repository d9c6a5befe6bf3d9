#include "traffic/health/check_machine.hpp"

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
      const SteadyTime next = std::min(wake, pending ? pending->at : SteadyTime::max());
      if (next >= end) {
        now = end;
        return;
      }
      now = std::max(now, next);
      CheckActions actions;
      if (pending && pending->at <= now) {
        const Probed probed{pending->round, answers, rtt, "said so"};
        pending.reset();
        actions = step(state, settings, probed, now, random);
      } else {
        actions = step(state, settings, Tick{}, now, random);
      }
      if (actions.probe) {
        ++probes;
        if (answers != Answer::silent) {
          pending = {state.round, now + rtt};
        }
      }
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

  struct Pending {
    std::uint32_t round;
    SteadyTime at;
  };
  CheckSettings settings;
  CheckState state;
  Prng random{test::seed()};
  Answer answers = Answer::right;
  Duration rtt = 5ms;
  std::optional<Pending> pending;
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

TEST(CheckMachine, ALossyPathNeedsMoreSilence) {
  CheckState state;
  CheckSettings settings;
  state.lost = 0;
  state.rounds = 128;
  EXPECT_EQ(silent_rounds_needed(state, settings), 2);
  state.lost = 13;
  EXPECT_EQ(silent_rounds_needed(state, settings), 7);
  state.lost = 64;
  EXPECT_EQ(silent_rounds_needed(state, settings), 20);
  state.lost = 127;
  EXPECT_EQ(silent_rounds_needed(state, settings), 60);
}

TEST(CheckMachine, HedgesWhileNoAnswerComes) {
  Player player;
  player.answers = Answer::silent;
  player.run(start + 649ms);
  EXPECT_EQ(player.probes, 2);
}

TEST(CheckMachine, ALateAnswerOfAnEarlierRoundSaysNothing) {
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
  EXPECT_EQ(player.state.failures, 0);
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
