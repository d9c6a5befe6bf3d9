#include "traffic/routing/steering.hpp"

#include <gtest/gtest.h>

#include "traffic/routing/routing_fixture.hpp"
#include "traffic/routing/spill.hpp"

namespace securecart::traffic::routing {
namespace {

using namespace std::chrono_literals;
using Kind = SteeringOrder::Kind;

const Timestamp now = from_millis(1'800'000'000'000);
const std::string policy = R"(
[[policy]]
name = "p"
type = "failover"
members = ["eu-1", "eu-2", "us-1"]
)";

SteeringOrder order(Kind kind, const std::string& subject) {
  return {kind,        subject,      0, kind == Kind::force ? Health::down : Health::unknown,
          now + 10min, "maintenance"};
}

struct Steered : World {
  explicit Steered(const std::string& policies = policy) : World(policies) {}
  bool apply(const SteeringOrder& one, bool force = false) {
    const bool done = steering.apply(one, force, *snapshot, states, named, now).has_value();
    steering.impose(*snapshot, states);
    publish();
    return done;
  }
  Steering steering;
  std::set<std::string> named;  // by zones
};

TEST(Steering, DrainsAndTakesBack) {
  Steered world;
  EXPECT_TRUE(world.apply(order(Kind::drain, "eu-1")));
  EXPECT_EQ(world.answer("p"), "eu-2");
  EXPECT_TRUE(world.steering.cancel(Kind::drain, "eu-1"));
  world.steering.impose(*world.snapshot, world.states);
  world.publish();
  EXPECT_EQ(world.answer("p"), "eu-1");
}

TEST(Steering, ShiftsZonesAndRegions) {
  Steered world;
  EXPECT_TRUE(world.apply(order(Kind::shift, "eu-a")));
  EXPECT_EQ(world.answer("p"), "eu-2");
  EXPECT_TRUE(world.apply(order(Kind::shift, "eu")));
  EXPECT_EQ(world.answer("p"), "us-1");
}

TEST(Steering, ForcesHealth) {
  Steered world;
  EXPECT_TRUE(world.apply(order(Kind::force, "eu-1")));
  EXPECT_EQ(world.answer("p"), "eu-2");
  SteeringOrder up = order(Kind::force, "eu-1");
  up.health = Health::up;
  world.state("eu-1").health = Health::down;
  EXPECT_TRUE(world.apply(up));
  EXPECT_EQ(world.answer("p"), "eu-1");
}

TEST(Steering, NeverSwitchesOffTheLastWithoutForce) {
  Steered world;
  world.set("eu-2", Health::down);
  world.set("us-1", Health::down);
  EXPECT_FALSE(world.apply(order(Kind::drain, "eu-1")));
  EXPECT_FALSE(world.apply(order(Kind::shift, "eu")));
  EXPECT_FALSE(world.apply(order(Kind::force, "eu-1")));
  EXPECT_TRUE(world.apply(order(Kind::drain, "us-1")));  // it was dead anyway
  EXPECT_TRUE(world.apply(order(Kind::drain, "eu-1"), true));
}

// A member of another policy may lose all it has, for the other goes elsewhere; but not when a zone
// answers from it as well.
TEST(Steering, CountsAnInnerPolicyThatAZoneNames) {
  const std::string nested = R"(
[[policy]]
name = "region"
type = "failover"
members = ["eu-1", "eu-2"]
[[policy]]
name = "world"
type = "failover"
members = ["region", "us-1"]
)";
  Steered inner(nested);
  inner.named = {"world"};
  EXPECT_TRUE(inner.apply(order(Kind::drain, "eu-1")));
  EXPECT_TRUE(inner.apply(order(Kind::drain, "eu-2")));
  EXPECT_EQ(inner.answer("world"), "us-1");
  Steered both(nested);
  both.named = {"region", "world"};
  EXPECT_TRUE(both.apply(order(Kind::drain, "eu-1")));
  EXPECT_FALSE(both.apply(order(Kind::drain, "eu-2")));
  EXPECT_FALSE(both.apply(order(Kind::shift, "eu")));
  EXPECT_EQ(both.answer("region"), "eu-2");
  EXPECT_TRUE(both.apply(order(Kind::drain, "eu-2"), true));
}

TEST(Steering, RefusesTheUnknownAndTheEndless) {
  Steered world;
  EXPECT_FALSE(world.apply(order(Kind::drain, "nobody")));
  EXPECT_FALSE(world.apply(order(Kind::shift, "nowhere")));
  SteeringOrder late = order(Kind::drain, "eu-1");
  late.until = now;
  EXPECT_FALSE(world.apply(late));
  late.until = now + 24h * 365;
  EXPECT_FALSE(world.apply(late));
}

TEST(Steering, EndsAndOutlivesARestart) {
  Steered world;
  world.apply(order(Kind::drain, "eu-1"));
  SteeringOrder weight = order(Kind::weight, "us-1");
  weight.weight = 7;
  world.apply(weight);
  world.apply(order(Kind::force, "eu-2"));
  Steering again = Steering::from_json(world.steering.to_json());
  EXPECT_EQ(again.orders(), world.steering.orders());
  EXPECT_FALSE(again.expire(now + 9min));
  EXPECT_TRUE(again.expire(now + 10min));
  EXPECT_TRUE(again.orders().empty());
  EXPECT_TRUE(Steering::from_json(json::value("x")).orders().empty());
  EXPECT_TRUE(Steering::from_json(json::array{json::object{{"kind", "drain"}}}).orders().empty());
}

// Demand twice the capacity, answers that live 30 s: the load settles at the capacity, without
// going far below it on the way.
TEST(SpillController, SettlesAtTheCapacity) {
  SpillController controller;
  constexpr double demand = 200;
  constexpr double capacity = 100;
  std::vector<double> kept(31, 1.0);  // what was decided 30 s ago is what arrives now
  double load = demand;
  double least = demand;
  for (int second = 0; second < 1'200; ++second) {
    load = demand * kept.front();
    least = std::min(least, load);
    kept.erase(kept.begin());
    kept.push_back(1.0 - controller.step(load, capacity, 30s, 1s) / static_cast<double>(shed_all));
  }
  EXPECT_NEAR(load, capacity, 2);
  EXPECT_GT(least, 0.85 * capacity);
  for (int second = 0; second < 1'200; ++second) {  // and comes back when demand falls
    controller.step(50 * (1.0 - controller.shed() / static_cast<double>(shed_all)), capacity, 30s,
                    1s);
  }
  EXPECT_LT(controller.shed(), shed_all / 100);
}

}  // namespace
}  // namespace securecart::traffic::routing
