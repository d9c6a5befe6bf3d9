// The decision code of one node and of three against simulated networks: weeks of loss without a
// false failover, and a dead target found in time.
#include <algorithm>
#include <optional>
#include <queue>

#include <gtest/gtest.h>

#include "tests/support/seed.hpp"
#include "traffic/health/check_machine.hpp"
#include "traffic/health/quorum.hpp"

namespace securecart::traffic::health {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime start{std::chrono::hours(1'000)};
constexpr Duration message_delay = 50ms;  // from node to node

struct Network {
  double loss = 0;    // of one packet
  Duration jitter{};  // of one round trip
  Duration one_way = 10ms;
  bool dead = false;     // the target answers nobody
  bool refuses = false;  // its program is gone, its host is there
};
constexpr Network clean{.jitter = 5ms};
constexpr Network lossy{.loss = 0.2, .jitter = 500ms};
constexpr Network dead{.jitter = 5ms, .dead = true};
constexpr Network refusing{.jitter = 5ms, .refuses = true};

// How long a TCP connection and one request take; nullopt when it takes longer than `patience`.
// Four packets that must arrive, each sent again as the kernel does: a SYN after a second, data
// after 300 ms.
std::optional<Duration> exchange(const Network& network, Duration patience, Random& random) {
  if (network.dead) {
    return std::nullopt;
  }
  Duration took{};
  for (const Duration again : {Duration(1s), Duration(300ms)}) {
    while (random.unit() < network.loss || random.unit() < network.loss) {
      took += again;
      if (took >= patience) {
        return std::nullopt;
      }
    }
    took += 2 * network.one_way + Duration(static_cast<std::int64_t>(
                                      static_cast<double>(network.jitter.count()) * random.unit()));
    if (network.refuses) {
      break;
    }
  }
  return took < patience ? std::optional(took) : std::nullopt;
}

// One node's check: its timer, and its probes on their way.
class Place {
 public:
  SteadyTime next() const {
    return under_way_.empty() ? wake_ : std::min(wake_, under_way_.top().at);
  }
  // Does what is due at next(); true when the vote changed.
  bool advance(const CheckSettings& settings, const Network& network, Random& random) {
    const SteadyTime now = next();
    CheckActions actions;
    if (!under_way_.empty() && under_way_.top().at <= now) {
      const auto [at, round, answer, took] = under_way_.top();
      under_way_.pop();
      actions = step(state, settings, Probed{round, answer, took, {}}, now, random);
    } else {
      actions = step(state, settings, Tick{}, now, random);
    }
    for (int i = 0; i < actions.probes; ++i) {
      send(network, now, actions.probe_timeout, random);
    }
    probes += actions.probes;
    wake_ = actions.wake;
    return actions.changed;
  }

  CheckState state;
  std::int64_t probes = 0;

 private:
  struct Arriving {
    SteadyTime at;
    std::uint32_t round;
    Answer answer;
    Duration took;
    bool operator<(const Arriving& other) const { return at > other.at; }
  };
  void send(const Network& network, SteadyTime now, Duration patience, Random& random) {
    const std::optional<Duration> took = exchange(network, patience, random);
    const Answer answer = !took ? Answer::silent : network.refuses ? Answer::wrong : Answer::right;
    const Duration after = took.value_or(patience);
    under_way_.push({now + after, state.round, answer, after});
  }

  SteadyTime wake_ = start;
  std::priority_queue<Arriving> under_way_;
};

struct Outcome {
  int failovers = 0;   // verdict up or unknown -> down
  int votes_down = 0;  // of one place
  Duration first_failover = Duration::max();

  Outcome& operator+=(const Outcome& other) {
    failovers += other.failovers;
    votes_down += other.votes_down;
    first_failover = std::min(first_failover, other.first_failover);
    return *this;
  }
};

// Runs the places from `begin` to `end`. What one place says the others know a delay later; a
// verdict is taken then.
class Simulation {
 public:
  Simulation(CheckSettings settings, std::size_t places, std::uint64_t seed = test::seed())
      : settings_(settings), quorum_{places / 2 + 1, 3s}, random_(seed), all_(places) {}

  Outcome run(Duration span, const Network& network) {
    Outcome outcome;
    const SteadyTime begin = now_;
    while (true) {
      Place& place = *std::ranges::min_element(all_, {}, &Place::next);
      if (place.next() >= begin + span) {
        now_ = begin + span;
        return outcome;
      }
      now_ = place.next();
      if (!place.advance(settings_, network, random_)) {
        continue;
      }
      outcome.votes_down += place.state.status == Status::down ? 1 : 0;
      std::vector<Vote> votes;
      for (const Place& one : all_) {
        votes.push_back({one.state.status, now_});
      }
      const Status before = verdict_;
      verdict_ = judge(votes, quorum_, verdict_, now_);
      if (verdict_ == Status::down && before != Status::down) {
        ++outcome.failovers;
        outcome.first_failover =
            std::min(outcome.first_failover,
                     Duration(now_ - begin) + (all_.size() > 1 ? message_delay : Duration{}));
      }
    }
  }
  Status verdict() const { return verdict_; }
  std::int64_t probes() const { return all_.front().probes; }

 private:
  CheckSettings settings_;
  QuorumSettings quorum_;
  Prng random_;
  std::vector<Place> all_;
  Status verdict_ = Status::unknown;
  SteadyTime now_ = start;
};

CheckSettings every(Duration interval) {
  CheckSettings settings;
  settings.interval = interval;
  settings.timeout = interval * 65 / 100;
  return settings;
}

struct Case {
  Duration interval;
  std::size_t places;
};
constexpr Duration week = 7 * 24h;

class Weeks : public testing::TestWithParam<Case> {
 protected:
  Simulation simulation{every(GetParam().interval), GetParam().places};
};

TEST_P(Weeks, OfLossFromTheStartHaveNoFalseFailover) {
  const Outcome all = simulation.run(week, lossy);
  EXPECT_EQ(all.failovers, 0);
  EXPECT_EQ(all.votes_down, 0);
  std::printf("%.2f probes a round\n",
              static_cast<double>(simulation.probes()) * GetParam().interval / week);
  // And a target that really dies on such a network is found, only later.
  const Outcome death = simulation.run(5min, {.loss = 0.2, .jitter = 500ms, .dead = true});
  EXPECT_EQ(death.failovers, 1);
  EXPECT_LT(death.first_failover, 15s);
  std::printf("death is found after %lld ms\n", static_cast<long long>(death.first_failover / 1ms));
}

// Loss begins on a path that was clean, again and again: some 670 times in the week.
TEST_P(Weeks, OfLossThatComesAndGoesHaveNoFalseFailover) {
  Outcome all;
  for (Duration passed{}; passed < week; passed += 15min) {
    all += simulation.run(10min, clean);
    all += simulation.run(5min, lossy);
  }
  EXPECT_EQ(all.failovers, 0);
  EXPECT_EQ(all.votes_down, 0);
}

// No node may say down in its week, which is more than no quorum of them.
INSTANTIATE_TEST_SUITE_P(Simulation, Weeks,
                         testing::Values(Case{1s, 1}, Case{1s, 3}, Case{250ms, 1}, Case{250ms, 3}),
                         [](const auto& one) {
                           return std::to_string(one.param.interval / 1ms) + "ms" +
                                  std::to_string(one.param.places) + "nodes";
                         });

struct Bound {
  Duration interval;
  std::size_t places;
  Network failure;
  Duration most;
};

TEST(Simulation, FindsADeadTargetInTime) {
  for (const Bound& bound : {Bound{1s, 1, dead, 2'500ms}, Bound{1s, 3, dead, 2'500ms},
                             Bound{250ms, 1, dead, 1s}, Bound{250ms, 3, dead, 1s},
                             Bound{1s, 3, refusing, 2'500ms}, Bound{250ms, 3, refusing, 1s}}) {
    Duration worst{};
    for (int i = 0; i < 100; ++i) {
      Simulation simulation(every(bound.interval), bound.places,
                            test::seed() + static_cast<std::uint64_t>(i));
      EXPECT_EQ(simulation.run(150s + i * 11ms, clean).failovers, 0);
      const Outcome death = simulation.run(20s, bound.failure);
      ASSERT_EQ(death.failovers, 1);
      worst = std::max(worst, death.first_failover);
    }
    EXPECT_LT(worst, bound.most);
    std::printf("checks every %lld ms, %zu nodes, %s: worst detection %lld ms\n",
                static_cast<long long>(bound.interval / 1ms), bound.places,
                bound.failure.dead ? "silent" : "refusing", static_cast<long long>(worst / 1ms));
  }
}

// A clean network that loses a packet now and then is still a clean one.
TEST(Simulation, ALostPacketChangesNothing) {
  Simulation simulation(every(1s), 3);
  const Outcome while_clean = simulation.run(24h, {.loss = 0.001, .jitter = 20ms});
  EXPECT_EQ(while_clean.failovers, 0);
  const Outcome death = simulation.run(20s, dead);
  EXPECT_LT(death.first_failover, 2'500ms);
}

// What was learned in an outage is no reason to find the next one late.
TEST(Simulation, FindsTheSecondDeathAsSoonAsTheFirst) {
  Simulation simulation(every(1s), 3);
  simulation.run(5min, clean);
  simulation.run(10min, dead);
  simulation.run(1min, clean);
  ASSERT_EQ(simulation.verdict(), Status::up);
  EXPECT_LT(simulation.run(20s, dead).first_failover, 2'500ms);
}

// On a lossy path a target comes back, and its silence is not believed again at once.
TEST(Simulation, LearnsTheLossOfAPathAlsoWhileTheTargetIsDown) {
  for (const Duration interval : {Duration(1s), Duration(250ms)}) {
    Simulation simulation(every(interval), 1);
    simulation.run(5min, clean);
    EXPECT_EQ(simulation.run(10min, dead).failovers, 1);
    EXPECT_EQ(simulation.run(2h, lossy).votes_down, 0);
    EXPECT_EQ(simulation.verdict(), Status::up);
  }
}

}  // namespace
}  // namespace securecart::traffic::health
