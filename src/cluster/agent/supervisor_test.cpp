// Every decision of the supervisor, on a clock that is moved by hand.
#include "cluster/agent/supervisor.hpp"

#include <algorithm>
#include <csignal>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/seed.hpp"

namespace securecart::cluster::agent {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

WantedUnit unit_of(const std::string& name, std::vector<std::string> after = {}) {
  WantedUnit wanted;
  wanted.unit.name = name;
  wanted.unit.command = {"/bin/" + name};
  wanted.unit.after = std::move(after);
  wanted.unit.readiness = {.kind = Readiness::Kind::tcp,
                           .target = "127.0.0.1:1",
                           .interval = 1s,
                           .failures = 3,
                           .start_time = 10s};
  wanted.unit.stop_time = 20s;
  return wanted;
}

WantedUnit instance_of(const std::string& name) {
  WantedUnit wanted = unit_of(name);
  wanted.instance = true;
  return wanted;
}

// The world around a supervisor: processes start at once, answer probes as told, and end when they
// are signalled, unless they are stubborn.
class World {
 public:
  void want(std::vector<WantedUnit> units) { supervisor.want(std::move(units), clock.steady()); }

  // One step, with what comes of it. Returns what was done: "start a", "signal a 15", "kill a".
  std::vector<std::string> step() {
    std::vector<std::string> done;
    for (const Action& action : supervisor.step(clock.steady())) {
      act(action, done);
    }
    return done;
  }
  // Steps every 50 ms for so long, and says all that was done.
  std::vector<std::string> run(Duration span) {
    std::vector<std::string> all = step();
    for (Duration passed{}; passed < span; passed += 50ms) {
      clock.advance(50ms);
      for (std::string& one : step()) {
        all.push_back(std::move(one));
      }
    }
    return all;
  }
  void end(const std::string& name, const std::string& how = "exit status 1") {
    supervisor.exited(name, view(name).process, how, clock.steady());
  }
  Supervisor::View view(const std::string& name) const {
    for (Supervisor::View& one : supervisor.units()) {
      if (one.name == name) {
        return one;
      }
    }
    return {};
  }
  Phase phase(const std::string& name) const { return view(name).phase; }
  bool knows(const std::string& name) const { return view(name).name == name; }

  ManualClock clock;
  Prng random{test::seed()};
  Supervisor supervisor{random};
  std::set<std::string> deaf;      // probes fail
  std::set<std::string> stubborn;  // no signal ends them
  std::set<std::string> broken;    // cannot be started
  std::int64_t pids = 100;

 private:
  void act(const Action& action, std::vector<std::string>& done) {
    const SteadyTime now = clock.steady();
    switch (action.kind) {
      case Action::Kind::start:
        done.push_back("start " + action.name);
        if (broken.contains(action.name)) {
          supervisor.not_started(action.name, "no such program", now);
        } else {
          supervisor.started(action.name, {++pids, 1}, now);
        }
        return;
      case Action::Kind::signal:
        done.push_back("signal " + action.name + " " + std::to_string(action.signal));
        if (!stubborn.contains(action.name) && action.signal != SIGUSR2) {
          supervisor.exited(action.name, action.process, "signal", now);
        }
        return;
      case Action::Kind::kill:
        done.push_back("kill " + action.name);
        supervisor.exited(action.name, action.process, "signal 9", now);
        return;
      case Action::Kind::probe: {
        const bool good = !deaf.contains(action.name);
        supervisor.probed(action.name, action.process, good, good ? "" : "no answer", now);
        return;
      }
    }
  }
};

TEST(Supervisor, StartsInOrderOfReadiness) {
  World world;
  world.deaf = {"etcd"};
  world.want({unit_of("patroni", {"etcd"}), unit_of("etcd")});
  EXPECT_THAT(world.run(1s), ElementsAre("start etcd"));
  EXPECT_EQ(world.phase("patroni"), Phase::waiting);
  EXPECT_EQ(world.view("patroni").why, "waits for etcd");
  world.deaf.clear();
  EXPECT_THAT(world.run(1s), ElementsAre("start patroni"));
  EXPECT_EQ(world.phase("etcd"), Phase::ready);
  EXPECT_EQ(world.phase("patroni"), Phase::ready);
  EXPECT_EQ(world.view("patroni").why, "");
}

TEST(Supervisor, AUnitThatNobodyCanAskIsReadyOnceItLived) {
  World world;
  WantedUnit plain = unit_of("controller");
  plain.unit.readiness = {};
  world.want({plain});
  world.run(Duration{});
  EXPECT_EQ(world.phase("controller"), Phase::starting);
  world.run(limits::agent_unprobed_ready);
  EXPECT_EQ(world.phase("controller"), Phase::ready);
}

TEST(Supervisor, AnEndedUnitIsBackAtOnceAndLaterAfterLongerPauses) {
  World world;
  world.want({unit_of("orders")});
  world.run(limits::agent_stable_time + 1s);
  world.end("orders", "signal 9");
  EXPECT_THAT(world.view("orders").why, HasSubstr("signal 9"));
  EXPECT_THAT(world.run(limits::agent_restart_first), ElementsAre("start orders"));
  Duration longest{};
  for (int i = 0; i < 20; ++i) {
    world.end("orders");
    const SteadyTime ended = world.clock.steady();
    while (world.phase("orders") == Phase::waiting) {
      world.clock.advance(50ms);
      world.step();
    }
    longest = std::max(longest, world.clock.steady() - ended);
  }
  EXPECT_GT(longest, 2s);
  EXPECT_LE(longest, limits::agent_restart_most + 50ms);
}

TEST(Supervisor, ACrashLoopIsToldAndForgottenOnceTheUnitIsStable) {
  World world;
  world.deaf = {"orders"};
  world.want({unit_of("orders")});
  for (int i = 0; i < limits::agent_crash_loop; ++i) {
    EXPECT_FALSE(world.view("orders").crash_loop);
    while (world.view("orders").process.pid == 0) {
      world.clock.advance(50ms);
      world.step();
    }
    world.end("orders");
  }
  EXPECT_TRUE(world.view("orders").crash_loop);
  world.deaf.clear();
  world.run(limits::agent_restart_most + limits::agent_stable_time + 1s);
  EXPECT_EQ(world.phase("orders"), Phase::ready);
  world.end("orders");
  EXPECT_FALSE(world.view("orders").crash_loop);
}

TEST(Supervisor, WhatCannotBeStartedIsTriedAgain) {
  World world;
  world.broken = {"orders"};
  world.want({unit_of("orders")});
  world.run(5s);
  EXPECT_THAT(world.view("orders").why, HasSubstr("no such program"));
  world.broken.clear();
  world.run(limits::agent_restart_most);
  EXPECT_EQ(world.phase("orders"), Phase::ready);
}

TEST(Supervisor, ASickUnitIsReplacedWithinSeconds) {
  World world;
  world.want({unit_of("orders")});
  world.run(2s);
  const std::int64_t before = world.view("orders").process.pid;
  world.deaf = {"orders"};
  world.stubborn = {"orders"};
  const SteadyTime begun = world.clock.steady();
  std::vector<std::string> done;
  while (std::ranges::find(done, "kill orders") == done.end()) {
    ASSERT_LT(world.clock.steady() - begun, 10s);
    world.clock.advance(50ms);
    for (std::string& one : world.step()) {
      done.push_back(std::move(one));
    }
    if (world.phase("orders") == Phase::stopping) {
      EXPECT_TRUE(world.view("orders").sick);
    }
  }
  EXPECT_THAT(done, ElementsAre("signal orders 15", "kill orders"));
  world.deaf.clear();
  world.run(1s);
  EXPECT_EQ(world.phase("orders"), Phase::ready);
  EXPECT_NE(world.view("orders").process.pid, before);
  EXPECT_LE(world.clock.steady() - begun, 10s);
}

TEST(Supervisor, OneBadProbeIsNoSickness) {
  World world;
  world.want({unit_of("orders")});
  world.run(2s);
  for (int i = 0; i < 5; ++i) {
    world.deaf = {"orders"};
    EXPECT_THAT(world.run(1900ms), IsEmpty());
    world.deaf.clear();
    EXPECT_THAT(world.run(1s), IsEmpty());
  }
}

TEST(Supervisor, AUnitThatDoesNotGetReadyIsStartedAnew) {
  World world;
  world.deaf = {"orders"};
  world.want({unit_of("orders")});
  EXPECT_THAT(world.run(10s), ElementsAre("start orders"));
  EXPECT_THAT(world.run(1s), ElementsAre("signal orders 15", "start orders"));
  EXPECT_THAT(world.view("orders").why, HasSubstr("no answer"));
}

TEST(Supervisor, AnInstanceIsOutOfDiscoveryBeforeItIsStopped) {
  World world;
  WantedUnit orders = instance_of("orders");
  world.want({orders});
  world.run(1s);
  EXPECT_TRUE(world.view("orders").discoverable);
  orders.drain = true;
  world.want({orders});
  EXPECT_THAT(world.run(2s), IsEmpty());
  EXPECT_FALSE(world.view("orders").discoverable);
  EXPECT_EQ(world.phase("orders"), Phase::withdrawing);
  world.supervisor.undiscovered("orders", world.clock.steady());
  EXPECT_THAT(world.run(100ms), ElementsAre("signal orders 15"));
  EXPECT_EQ(world.phase("orders"), Phase::stopped);
  EXPECT_THAT(world.run(10s), IsEmpty());
  orders.drain = false;
  world.want({orders});
  EXPECT_THAT(world.run(100ms), ElementsAre("start orders"));
}

TEST(Supervisor, AnInstanceIsStoppedInTheEndWhenTheStoreIsAway) {
  World world;
  WantedUnit orders = instance_of("orders");
  world.want({orders});
  world.run(1s);
  orders.drain = true;
  world.want({orders});
  EXPECT_THAT(world.run(limits::agent_withdraw_patience - 100ms), IsEmpty());
  EXPECT_THAT(world.run(200ms), ElementsAre("signal orders 15"));
}

TEST(Supervisor, AnInstanceWantedAgainBeforeItWasStoppedGoesOn) {
  World world;
  WantedUnit orders = instance_of("orders");
  world.want({orders});
  world.run(1s);
  orders.drain = true;
  world.want({orders});
  world.run(500ms);
  orders.drain = false;
  world.want({orders});
  EXPECT_THAT(world.run(limits::agent_withdraw_patience * 2), IsEmpty());
  EXPECT_TRUE(world.view("orders").discoverable);
}

TEST(Supervisor, AWithdrawnInstanceRuns) {
  World world;
  WantedUnit orders = instance_of("orders");
  orders.withdrawn = true;
  world.want({orders});
  EXPECT_THAT(world.run(10s), ElementsAre("start orders"));
  EXPECT_EQ(world.phase("orders"), Phase::ready);
  EXPECT_FALSE(world.view("orders").discoverable);
}

TEST(Supervisor, WhatIsNotWantedAnyMoreIsStoppedAndForgotten) {
  World world;
  world.want({unit_of("redis")});
  world.run(1s);
  world.want({});
  EXPECT_THAT(world.run(50ms), ElementsAre("signal redis 15"));
  EXPECT_FALSE(world.knows("redis"));
  EXPECT_TRUE(world.supervisor.ended());
}

TEST(Supervisor, StopsInTheReverseOrder) {
  World world;
  world.want({unit_of("etcd"), unit_of("patroni", {"etcd"})});
  world.run(1s);
  world.stubborn = {"patroni"};
  world.want({});
  EXPECT_THAT(world.run(19s), ElementsAre("signal patroni 15"));
  EXPECT_THAT(world.run(2s), ElementsAre("kill patroni", "signal etcd 15"));
  EXPECT_TRUE(world.supervisor.ended());
}

TEST(Supervisor, AStubbornUnitIsKilledWhenItsTimeIsOver) {
  World world;
  WantedUnit redis = unit_of("redis");
  redis.unit.stop_signal = SIGINT;
  world.want({redis});
  world.run(1s);
  world.stubborn = {"redis"};
  world.want({});
  EXPECT_THAT(world.run(redis.unit.stop_time - 100ms), ElementsAre("signal redis 2"));
  EXPECT_THAT(world.run(200ms), ElementsAre("kill redis"));
}

TEST(Supervisor, OtherFilesMeanARestart) {
  World world;
  WantedUnit redis = unit_of("redis");
  redis.unit.configuration_hash = "one";
  world.want({redis});
  world.run(1s);
  redis.unit.configuration_hash = "two";
  world.want({redis});
  EXPECT_THAT(world.run(100ms), ElementsAre("signal redis 15", "start redis"));
  EXPECT_THAT(world.run(10s), IsEmpty());
}

TEST(Supervisor, AUnitThatCanReadThemAgainIsNotRestarted) {
  World world;
  WantedUnit haproxy = unit_of("haproxy");
  haproxy.unit.configuration_hash = "one";
  haproxy.unit.reload_signal = SIGUSR2;
  world.want({haproxy});
  world.run(1s);
  haproxy.unit.configuration_hash = "two";
  world.want({haproxy});
  EXPECT_THAT(world.run(1s), ElementsAre("signal haproxy 12"));
  haproxy.unit.command.emplace_back("--more");  // no file says that
  haproxy.unit.reload_signal = 12;
  world.want({haproxy});
  EXPECT_THAT(world.run(1s), ElementsAre("signal haproxy 15", "start haproxy"));
}

TEST(Supervisor, AnInstanceThatBecomesAnotherLeavesDiscoveryFirst) {
  World world;
  WantedUnit orders = instance_of("orders");
  world.want({orders});
  world.run(1s);
  orders.unit.command = {"/bin/orders-2"};
  world.want({orders});
  EXPECT_THAT(world.run(2s), IsEmpty());
  EXPECT_FALSE(world.view("orders").discoverable && world.phase("orders") != Phase::ready);
  world.supervisor.undiscovered("orders", world.clock.steady());
  EXPECT_THAT(world.run(1s), ElementsAre("signal orders 15", "start orders"));
  EXPECT_TRUE(world.view("orders").discoverable);
}

TEST(Supervisor, AUnitFoundRunningIsNotStartedAgain) {
  World world;
  WantedUnit orders = instance_of("orders");
  world.supervisor.adopt("orders", {77, 5}, remember(orders), world.clock.steady());
  world.want({orders});
  EXPECT_TRUE(world.view("orders").discoverable) << "it was all along";
  EXPECT_THAT(world.run(10s), IsEmpty());
  EXPECT_EQ(world.phase("orders"), Phase::ready);
  EXPECT_EQ(world.view("orders").process, (Process{77, 5}));
  world.end("orders");
  EXPECT_THAT(world.run(limits::agent_restart_first), ElementsAre("start orders"));
}

TEST(Supervisor, AUnitFoundRunningThatIsNotReadyIsNotDiscoverable) {
  World world;
  const WantedUnit orders = instance_of("orders");
  world.deaf = {"orders"};
  world.supervisor.adopt("orders", {77, 5}, remember(orders), world.clock.steady());
  world.want({orders});
  world.run(100ms);
  EXPECT_FALSE(world.view("orders").discoverable);
}

TEST(Supervisor, AUnitFoundRunningThatNobodyWantsIsStoppedAsItWasPlannedThen) {
  World world;
  WantedUnit redis = unit_of("redis");
  redis.unit.stop_signal = SIGINT;
  world.supervisor.adopt("redis", {77, 5}, remember(redis), world.clock.steady());
  world.want({});
  EXPECT_THAT(world.run(100ms), ElementsAre("signal redis 2"));
  EXPECT_FALSE(world.knows("redis"));
}

TEST(Supervisor, AUnitFoundRunningAsAnotherIsRestarted) {
  World world;
  WantedUnit redis = unit_of("redis");
  world.supervisor.adopt("redis", {77, 5}, remember(redis), world.clock.steady());
  redis.unit.memory_bytes = 1'000'000;
  world.want({redis});
  EXPECT_THAT(world.run(100ms), ElementsAre("signal redis 15", "start redis"));
}

TEST(Supervisor, NewsOfAnEarlierProcessChangeNothing) {
  World world;
  world.want({unit_of("redis")});
  world.run(1s);
  const Process now = world.view("redis").process;
  world.supervisor.exited("redis", {now.pid, now.start_ticks + 1}, "late", world.clock.steady());
  world.supervisor.probed("redis", {now.pid - 1, 1}, false, "late", world.clock.steady());
  world.supervisor.exited("nobody", now, "late", world.clock.steady());
  EXPECT_EQ(world.phase("redis"), Phase::ready);
  EXPECT_EQ(world.view("redis").process, now);
}

TEST(Supervisor, WhatWasReadyIsOnlyAskedWhetherItIsAlive) {
  World world;
  WantedUnit unit = unit_of("web");
  unit.unit.readiness.target = "ready";
  unit.unit.readiness.alive = "alive";
  world.deaf.insert("web");
  world.want({unit});
  world.run(1s);
  EXPECT_EQ(world.supervisor.probe_of("web").target, "ready");
  world.deaf.clear();
  world.run(3s);
  ASSERT_EQ(world.phase("web"), Phase::ready);
  EXPECT_EQ(world.supervisor.probe_of("web").target, "alive");
}

// Whatever happens: no unit runs twice, what has to run does so in the end, and what must not,
// ends.
TEST(Supervisor, WhateverHappensItComesToRest) {
  Prng dice(test::seed());
  for (int round = 0; round < 200; ++round) {
    World world;
    std::vector<WantedUnit> units{unit_of("a"), unit_of("b", {"a"}), instance_of("c")};
    world.want(units);
    for (int i = 0; i < 60; ++i) {
      const std::string name(1, static_cast<char>('a' + dice.below(3)));
      switch (dice.below(7)) {
        case 0:
          if (world.view(name).process.pid != 0) {
            world.end(name);
          }
          break;
        case 1:
          world.deaf.insert(name);
          break;
        case 2:
          world.deaf.erase(name);
          break;
        case 3:
          world.stubborn.insert(name);
          break;
        case 4:
          if (WantedUnit& unit = units[dice.below(3)]; true) {
            unit.drain = !unit.drain;
          }
          world.want(units);
          break;
        case 5:
          units[dice.below(3)].unit.configuration_hash += "x";
          world.want(units);
          break;
        default:
          world.supervisor.undiscovered(name, world.clock.steady());
      }
      world.run(std::chrono::milliseconds(dice.below(3'000)));
    }
    world.deaf.clear();
    world.stubborn.clear();
    world.run(2min);
    for (const WantedUnit& unit : units) {
      EXPECT_EQ(world.phase(unit.unit.name),
                unit.drain ? Phase::stopped
                : unit.unit.name == "b" && units.front().drain && world.phase("b") != Phase::ready
                    ? Phase::waiting
                    : Phase::ready)
          << unit.unit.name << " in round " << round;
    }
    world.want({});
    world.run(2min);
    EXPECT_TRUE(world.supervisor.ended());
    EXPECT_THAT(world.supervisor.units(), IsEmpty());
  }
}

}  // namespace
}  // namespace securecart::cluster::agent
