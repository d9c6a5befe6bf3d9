#include "cluster/control/shell.hpp"

#include <gtest/gtest.h>

#include "cluster/control/simulation_fixture.hpp"
#include "tests/support/seed.hpp"

namespace securecart::cluster::simulation {
namespace {

TEST(ControllerShell, OneOfTwoLeadsAndTheOtherFollowsWhenItIsCutOff) {
  Region region({}, test::seed(), Sabotage::none);
  region.tick();
  const int first = region.leader();
  ASSERT_GE(first, 0);
  region.paths[static_cast<std::size_t>(first)]->cut = true;
  int seconds = 0;
  for (; seconds < 20 && (region.leader() == first || region.leader() < 0); ++seconds) {
    region.tick();
  }
  EXPECT_NE(region.leader(), first);
  EXPECT_LE(seconds, 7);
}

TEST(ControllerShell, AWriteOfADeposedLeaderNeverLands) {
  Region region({}, test::seed(), Sabotage::none);
  for (int i = 0; i < 40; ++i) {
    region.tick();
  }
  Path& path = *region.paths[static_cast<std::size_t>(region.leader())];
  path.hold = true;  // its decision about a dead host is on the way ...
  region.agents.front().up = false;
  for (int i = 0; i < 8; ++i) {
    region.tick();
  }
  path.cut = true;  // ... while it loses its seat
  for (int i = 0; i < 10; ++i) {
    region.tick();
  }
  EXPECT_EQ(path.release(), 0);
}

TEST(ControllerShell, ResigningGivesTheSeatAwayAtOnce) {
  ManualClock clock;
  MemoryStore store(clock);
  observe::Metrics metrics;
  const Topology topology = make_topology({});
  ControllerShell one(topology, store, clock, metrics, {"one", 5s, {}});
  ControllerShell two(topology, store, clock, metrics, {"two", 5s, {}});
  run(one.step());
  run(two.step());
  EXPECT_TRUE(one.leading());
  EXPECT_FALSE(two.leading());
  EXPECT_EQ(two.leader(), "one");
  run(one.resign());
  EXPECT_FALSE(one.leading());
  run(two.step());
  EXPECT_TRUE(two.leading());
  EXPECT_NE(metrics.prometheus_text().find("securecart_controller_leading 1"), std::string::npos);
}

TEST(ControllerShell, AStoreThatIsAwayIsAnErrorAndThenGoesOn) {
  ManualClock clock;
  MemoryStore store(clock);
  observe::Metrics metrics;
  const Topology topology = make_topology({});
  ControllerShell shell(topology, store, clock, metrics, {"one", 5s, {}});
  run(shell.step());
  store.set_away(true);
  EXPECT_THROW(run(shell.step()), Unavailable);
  clock.advance(10s);
  EXPECT_FALSE(shell.leading());
  store.set_away(false);
  run(shell.step());
  EXPECT_TRUE(shell.leading());
}

}  // namespace
}  // namespace securecart::cluster::simulation
