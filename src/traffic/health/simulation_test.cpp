// The decision code of three nodes against simulated networks: a week of loss without a false
// failover, and a dead target found in time.
#include <algorithm>
#include <optional>

#include <gtest/gtest.h>

#include "tests/support/seed.hpp"
#include "traffic/health/check_machine.hpp"
#include "traffic/health/quorum.hpp"

namespace securecart::traffic::health {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime start{std::chrono::hours(1'000)};
constexpr std::size_t places = 3;
constexpr QuorumSettings quorum{2, 3s};
constexpr Duration message_delay = 50ms;  // from node to node

struct Network {
  double loss = 0;    // of one packet
  Duration jitter{};  // of one round trip
  Duration one_way = 10ms;
  bool dead = false;  // the target answers nobody
};

// How long a TCP connection and one request take; nullopt when it takes longer than anyone waits.
// Four packets that must arrive, each sent again as the kernel does: a SYN after a second, data
// after 300 ms.
std::optional<Duration> exchange(const Network& network, Random& random) {
  if (network.dead) {
    return std::nullopt;
  }
  Duration took{};
  for (const Duration again : {Duration(1s), Duration(300ms)}) {
    while (random.unit() < network.loss || random.unit() < network.loss) {
      took += again;
      if (took > 10s) {
        return std::nullopt;
      }
    }
    took += 2 * network.one_way + Duration(static_cast<std::int64_t>(
                                      static_cast<double>(network.jitter.count()) * random.unit()));
  }
  return took;
}

// One node's check: its timer and the answers on their way.
class Place {
 public:
  SteadyTime next() const { return std::min(wake_, answer_at_); }
  // Does what is due at next(); true when the vote changed.
  bool advance(const CheckSettings& settings, const Network& network, Random& random) {
    const SteadyTime now = next();
    CheckActions actions;
    if (answer_at_ <= now) {
      answer_at_ = SteadyTime::max();
      actions = step(state, settings, Probed{answer_round_, Answer::right, 100ms}, now, random);
    } else {
      actions = step(state, settings, Tick{}, now, random);
    }
    if (actions.probe) {
      const std::optional<Duration> took = exchange(network, random);
      // The first answer of a round is the one that counts.
      if (took && *took < actions.probe_timeout &&
          (answer_round_ != state.round || now + *took < answer_at_)) {
        answer_at_ = now + *took;
        answer_round_ = state.round;
      }
    }
    wake_ = actions.wake;
    return actions.changed;
  }

  CheckState state;

 private:
  SteadyTime wake_ = start;
  SteadyTime answer_at_ = SteadyTime::max();
  std::uint32_t answer_round_ = 0;
};

struct Outcome {
  int failovers = 0;   // verdict up or unknown -> down
  int votes_down = 0;  // of one place
  Duration first_failover = Duration::max();
};

// Runs the three places from `begin` to `end`. What one place says the others know a delay later;
// a verdict is taken then.
class Simulation {
 public:
  explicit Simulation(CheckSettings settings) : settings_(settings) {}

  Outcome run(Duration span, const Network& network) {
    Outcome outcome;
    const SteadyTime begin = now_;
    while (now_ < begin + span) {
      Place& place = *std::ranges::min_element(all_, {}, &Place::next);
      now_ = place.next();
      if (!place.advance(settings_, network, random_)) {
        continue;
      }
      outcome.votes_down += place.state.status == Status::down ? 1 : 0;
      std::array<Vote, places> votes;
      for (std::size_t i = 0; i < places; ++i) {
        votes[i] = {all_[i].state.status, now_};
      }
      const Status before = verdict_;
      verdict_ = judge(votes, quorum, verdict_, now_);
      if (verdict_ == Status::down && before != Status::down) {
        ++outcome.failovers;
        outcome.first_failover =
            std::min(outcome.first_failover, Duration(now_ - begin) + message_delay);
      }
    }
    return outcome;
  }

 private:
  CheckSettings settings_;
  Prng random_{test::seed()};
  std::array<Place, places> all_;
  Status verdict_ = Status::unknown;
  SteadyTime now_ = start;
};

CheckSettings every(Duration interval) {
  CheckSettings settings;
  settings.interval = interval;
  settings.timeout = interval * 65 / 100;
  return settings;
}

TEST(Simulation, AWeekOfLossHasNoFalseFailover) {
  Simulation simulation(every(1s));
  const Network lossy{.loss = 0.2, .jitter = 500ms};
  const Outcome week = simulation.run(24h * 7, lossy);
  EXPECT_EQ(week.failovers, 0);
  std::printf("single places said down %d times in the week\n", week.votes_down);
  // And a target that really dies on such a network is found, only later.
  const Outcome death = simulation.run(5min, {.loss = 0.2, .jitter = 500ms, .dead = true});
  EXPECT_EQ(death.failovers, 1);
  EXPECT_LT(death.first_failover, 1min);
}

TEST(Simulation, DetectsADeadTargetInTime) {
  struct Case {
    Duration interval;
    Duration most;
  };
  for (const Case& one : {Case{1s, 2'500ms}, Case{250ms, 1s}}) {
    Duration worst{};
    for (int i = 0; i < 40; ++i) {
      Simulation simulation(every(one.interval));
      const Network clean{.jitter = 5ms};
      EXPECT_EQ(simulation.run(150s + i * 26ms, clean).failovers, 0);
      const Outcome death = simulation.run(20s, {.jitter = 5ms, .dead = true});
      ASSERT_EQ(death.failovers, 1);
      worst = std::max(worst, death.first_failover);
    }
    EXPECT_LT(worst, one.most);
    std::printf("checks every %lld ms: worst detection %lld ms\n",
                static_cast<long long>(one.interval / 1ms), static_cast<long long>(worst / 1ms));
  }
}

// A clean network that loses a packet now and then is still a clean one.
TEST(Simulation, ALostPacketChangesNothing) {
  Simulation simulation(every(1s));
  const Outcome day = simulation.run(24h, {.loss = 0.001, .jitter = 20ms});
  EXPECT_EQ(day.failovers, 0);
  const Outcome death = simulation.run(20s, {.jitter = 5ms, .dead = true});
  EXPECT_LT(death.first_failover, 2'500ms);
}

}  // namespace
}  // namespace securecart::traffic::health
