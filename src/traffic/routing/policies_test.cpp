#include <cmath>

#include <gtest/gtest.h>

#include "base/prng.hpp"
#include "tests/support/seed.hpp"
#include "traffic/routing/limits.hpp"
#include "traffic/routing/routing_fixture.hpp"
#include "traffic/routing/spill.hpp"

namespace securecart::traffic::routing {
namespace {

TEST(Simple, AnswersItsMember) {
  World world("[[policy]]\nname = \"p\"\ntype = \"simple\"\nmembers = [\"eu-1\"]\n");
  EXPECT_EQ(world.answer("p"), "eu-1");
  world.set("eu-1", Health::down);
  EXPECT_EQ(world.answer("p"), "!eu-1");
}

const std::string weighted = R"(
[[policy]]
name = "p"
type = "weighted"
[[policy.member]]
use = "eu-1"
weight = 70
[[policy.member]]
use = "us-1"
weight = 25
[[policy.member]]
use = "ap-1"
weight = 5
)";

// Requirement: over a million questions within half a percent of the weights. Measured here: exact
// to a few questions, also over short stretches.
TEST(Weighted, IsExactOverAMillionQuestions) {
  World world(weighted);
  constexpr int questions = 1'000'000;
  std::map<std::string, int> counts;
  std::map<std::string, int> stretch;
  Question question;
  question.client = parse_address("192.0.2.1").value();
  double worst = 0;
  for (int i = 1; i <= questions; ++i) {
    const Decision decision = decide(*world.snapshot, *world.live, 0, question);
    const std::string& name = world.snapshot->targets[decision.targets[0]].name;
    ++counts[name];
    ++stretch[name];
    if (i % 1'000 == 0) {
      worst = std::max(worst, std::abs(stretch["eu-1"] - 700.0));
      stretch.clear();
    }
  }
  EXPECT_NEAR(counts["eu-1"], 700'000, 20);
  EXPECT_NEAR(counts["us-1"], 250'000, 20);
  EXPECT_NEAR(counts["ap-1"], 50'000, 20);
  EXPECT_LE(worst, 5);  // of 700 in any thousand
}

TEST(Weighted, SharesOutWhatADeadMemberLeaves) {
  World world(weighted);
  world.set("us-1", Health::down);
  const auto counts = world.answers("p", 75'000);
  EXPECT_EQ(counts.size(), 2U);
  EXPECT_NEAR(counts.at("eu-1"), 70'000, 20);
}

TEST(Weighted, DrainsAtZeroAndTakesOtherWeights) {
  World world(weighted);
  world.state("eu-1").weight = 0;
  world.publish();
  auto counts = world.answers("p", 30'000);
  EXPECT_FALSE(counts.contains("eu-1"));
  EXPECT_NEAR(counts.at("us-1"), 25'000, 20);
  world.set("us-1", Health::down);
  world.set("ap-1", Health::down);
  EXPECT_EQ(world.answer("p"), "eu-1");  // better than nothing, and healthy
}

// Any weights, any dead members, drawn at random: shares stay within half a percent.
TEST(Weighted, KeepsAnyShares) {
  Prng random(test::seed());
  for (int round = 0; round < 10; ++round) {
    World world(weighted);
    double total = 0;
    std::map<std::string, double> wanted;
    for (const char* name : {"eu-1", "us-1", "ap-1"}) {
      const auto weight = static_cast<std::uint32_t>(random.below(1'000) + 1);
      world.state(name).weight = weight;
      wanted[name] = weight;
      total += weight;
    }
    world.publish();
    constexpr int questions = 20'000;
    for (const auto& [name, count] : world.answers("p", questions)) {
      EXPECT_NEAR(count / static_cast<double>(questions), wanted[name] / total, 0.005) << name;
    }
  }
}

TEST(Latency, PrefersTheShortestWay) {
  World world(R"(
[[policy]]
name = "p"
type = "latency"
members = ["eu-1", "us-1", "ap-1"]
[[rtt]]
networks = ["192.0.2.128/25"]
[rtt.ms]
us = 3
[[rtt]]
continents = ["SA"]
[rtt.ms]
ap = 10
)");
  EXPECT_EQ(world.answer("p", "192.0.2.1"), "eu-1");     // by distance from DE
  EXPECT_EQ(world.answer("p", "198.51.100.1"), "us-1");  // US
  EXPECT_EQ(world.answer("p", "203.0.113.1"), "ap-1");   // JP
  EXPECT_EQ(world.answer("p", "192.0.2.200"), "us-1");   // stated for the network
  EXPECT_EQ(world.answer("p", "100.64.1.1"), "ap-1");    // stated for the continent
  EXPECT_EQ(world.answer("p", "8.8.8.8"), "eu-1");       // unknown: the order of the file
  EXPECT_EQ(world.decision("p", "192.0.2.1").scope, 25);
  world.set("eu-1", Health::down);
  EXPECT_EQ(world.answer("p", "192.0.2.1"), "us-1");
}

TEST(Latency, LearnsFromMeasurements) {
  World world("[[policy]]\nname = \"p\"\ntype = \"latency\"\nmembers = [\"eu-1\", \"ap-1\"]\n");
  RttLearner learner(3);
  const SteadyTime now{std::chrono::hours(1)};
  const Address client = parse_address("192.0.2.9").value();
  for (int i = 0; i < RttLearner::samples_needed; ++i) {
    EXPECT_EQ(world.answer("p", "192.0.2.9"), "eu-1");
    learner.observe(client, 2, std::chrono::milliseconds(1), now);
    world.live->learned_rtt().replace(std::make_shared<const RttTable>(learner.compile(now)));
  }
  EXPECT_EQ(world.answer("p", "192.0.2.200"), "ap-1");  // the same /24
  const SteadyTime later = now + limits::rtt_lifetime + std::chrono::seconds(1);
  world.live->learned_rtt().replace(std::make_shared<const RttTable>(learner.compile(later)));
  EXPECT_EQ(world.answer("p", "192.0.2.9"), "eu-1");
}

TEST(Latency, TakesWhatANodeMeasuresForItsClients) {
  World world("[[policy]]\nname = \"p\"\ntype = \"latency\"\nmembers = [\"eu-1\", \"ap-1\"]\n");
  RttLearner learner(3);
  const SteadyTime now{std::chrono::hours(1)};
  learner.stand_for({{parse_network("192.0.0.0/8").value(), {900, unknown_rtt, 20}}}, now);
  for (int i = 0; i < RttLearner::samples_needed; ++i) {
    learner.observe(parse_address("192.0.2.9").value(), 0, std::chrono::milliseconds(1), now);
    learner.observe(parse_address("192.0.2.9").value(), 2, std::chrono::milliseconds(9), now);
  }
  world.live->learned_rtt().replace(std::make_shared<const RttTable>(learner.compile(now)));
  EXPECT_EQ(world.answer("p", "192.1.1.1"), "ap-1");
  EXPECT_EQ(world.answer("p", "192.0.2.77"), "eu-1");  // its own shoppers know better
}

TEST(Geolocation, GoesFromCountryToContinentToDefault) {
  World world(R"(
[[policy]]
name = "p"
type = "geolocation"
[[policy.member]]
use = "eu-1"
countries = ["DE"]
[[policy.member]]
use = "eu-2"
continents = ["EU"]
[[policy.member]]
use = "us-1"
default = true
)");
  EXPECT_EQ(world.answer("p", "192.0.2.1"), "eu-1");
  EXPECT_EQ(world.answer("p", "2001:db8::1"), "eu-2");  // FR
  EXPECT_EQ(world.answer("p", "203.0.113.1"), "us-1");
  EXPECT_EQ(world.answer("p", "9.9.9.9"), "us-1");
  world.set("eu-1", Health::down);
  EXPECT_EQ(world.answer("p", "192.0.2.1"), "eu-2");
  world.set("eu-2", Health::down);
  EXPECT_EQ(world.answer("p", "192.0.2.1"), "us-1");
  world.set("us-1", Health::down);
  EXPECT_EQ(world.answer("p", "192.0.2.1"), "!eu-1");
}

TEST(Geoproximity, BiasMovesTheBorder) {
  World world(R"(
[[policy]]
name = "near"
type = "geoproximity"
members = ["eu-1", "us-1"]
[[policy]]
name = "biased"
type = "geoproximity"
[[policy.member]]
use = "eu-1"
bias = -80
[[policy.member]]
use = "ap-1"
bias = 90
)");
  EXPECT_EQ(world.answer("near", "192.0.2.1"), "eu-1");
  EXPECT_EQ(world.answer("near", "198.51.100.1"), "us-1");
  EXPECT_EQ(world.answer("biased", "192.0.2.1"), "eu-1");     // 300 km stay nearest
  EXPECT_EQ(world.answer("biased", "198.51.100.1"), "ap-1");  // US is nearer to Europe
}

TEST(Failover, TakesTheFirstHealthy) {
  World world(
      "[[policy]]\nname = \"p\"\ntype = \"failover\"\nmembers = [\"eu-1\", \"us-1\", \"ap-1\"]\n");
  EXPECT_EQ(world.answer("p"), "eu-1");
  world.set("eu-1", Health::down);
  EXPECT_EQ(world.answer("p"), "us-1");
  world.set("us-1", Health::down);
  EXPECT_EQ(world.answer("p"), "ap-1");
  world.set("ap-1", Health::down);
  EXPECT_EQ(world.answer("p"), "!eu-1");
  world.set("eu-1", Health::unknown);  // unknown is not down
  EXPECT_EQ(world.answer("p"), "eu-1");
}

TEST(Multivalue, NamesHealthyOnesInTurn) {
  World world(R"(
[[policy]]
name = "all"
type = "multivalue"
members = ["eu-1", "eu-2", "us-1", "ap-1"]
[[policy]]
name = "two"
type = "multivalue"
answers = 2
members = ["eu-1", "eu-2", "us-1", "ap-1"]
)");
  EXPECT_EQ(world.decision("all", "192.0.2.1").count, 4);
  world.set("us-1", Health::down);
  EXPECT_EQ(world.decision("all", "192.0.2.1").count, 3);
  std::map<std::string, int> named;
  for (int i = 0; i < 300; ++i) {
    const Decision decision = world.decision("two", "192.0.2.1");
    ASSERT_EQ(decision.count, 2);
    ++named[world.snapshot->targets[decision.targets[0]].name];
    ++named[world.snapshot->targets[decision.targets[1]].name];
  }
  EXPECT_EQ(named, (std::map<std::string, int>{{"eu-1", 200}, {"eu-2", 200}, {"ap-1", 200}}));
}

TEST(Cidr, TakesTheLongestPrefix) {
  World world(R"(
[[policy]]
name = "p"
type = "cidr"
[[policy.member]]
use = "eu-1"
networks = ["192.0.2.0/24", "fd00::/8"]
[[policy.member]]
use = "eu-2"
networks = ["192.0.2.64/26"]
[[policy]]
name = "with-default"
type = "cidr"
[[policy.member]]
use = "eu-1"
networks = ["192.0.2.0/24"]
[[policy.member]]
use = "us-1"
default = true
)");
  EXPECT_EQ(world.answer("p", "192.0.2.1"), "eu-1");
  EXPECT_EQ(world.answer("p", "192.0.2.65"), "eu-2");
  EXPECT_EQ(world.decision("p", "192.0.2.65").scope, 26);
  EXPECT_EQ(world.answer("p", "198.51.100.1"), "!");  // no rule names it, and failing open neither
  EXPECT_EQ(world.answer("with-default", "198.51.100.1"), "us-1");
}

TEST(Spill, HandsOnJustTheOverflow) {
  World world(
      "[[policy]]\nname = \"p\"\ntype = \"spill\"\nmembers = [\"eu-1\", \"us-1\", \"ap-1\"]\n");
  EXPECT_EQ(world.answers("p", 1'000).at("eu-1"), 1'000);
  world.state("eu-1").shed = shed_all * 3 / 10;
  world.publish();
  auto counts = world.answers("p", 10'000);
  EXPECT_NEAR(counts["eu-1"], 7'000, 10);
  EXPECT_NEAR(counts["us-1"], 3'000, 10);
  world.state("us-1").shed = shed_all / 2;
  world.publish();
  counts = world.answers("p", 10'000);
  EXPECT_NEAR(counts["us-1"], 1'500, 30);
  EXPECT_NEAR(counts["ap-1"], 1'500, 30);
  world.set("ap-1", Health::down);  // the overflow of the last stays where it is best
  EXPECT_EQ(world.answers("p", 10'000).size(), 2U);
}

// eu-1 and us-1 as regions of two zones each, and ap-1 that takes what they cannot.
const std::string two_regions = R"(
[[target]]
name = "eu-a"
addresses = ["10.1.0.1"]
region = "eu"
capacity = 100
[[target]]
name = "eu-b"
addresses = ["10.1.0.2"]
region = "eu"
capacity = 100
[[target]]
name = "us-a"
addresses = ["10.1.1.1"]
region = "us"
capacity = 100
[[policy]]
name = "europe"
type = "weighted"
members = ["eu-a", "eu-b"]
[[policy]]
name = "america"
type = "simple"
members = ["us-a"]
[[policy]]
name = "world"
type = "spill"
ttl = "10s"
members = ["europe", "america", "ap-1"]
)";

// Demand on a policy, answered and felt at once: the share each target has in the end.
struct Pressed {
  explicit Pressed(const std::string& policies) : world(policies), balance(*world.snapshot) {}

  // So many questions a second for ten minutes, from `client`.
  void press(const std::string& policy, int demand, const std::string& client = "192.0.2.1") {
    for (int second = 0; second < 600; ++second) {
      counts = world.answers(policy, demand, client);
      std::vector<double> loads;
      for (const Target& target : world.snapshot->targets) {
        loads.push_back(counts[target.name]);
      }
      balance.step(loads, world.states, std::chrono::seconds(1));
      world.publish();
      world.live->publish_sheds(balance.node_sheds());
    }
  }

  World world;
  SpillBalance balance;
  std::map<std::string, int> counts;
};

TEST(Spill, ARegionOfSeveralZonesHandsOnItsOverflow) {
  Pressed pressed(two_regions);
  pressed.press("world", 150);
  EXPECT_EQ(pressed.counts["ap-1"] + pressed.counts["us-a"], 0);
  pressed.press("world", 400);  // 200 for Europe, 100 for America
  EXPECT_NEAR(pressed.counts["eu-a"] + pressed.counts["eu-b"], 200, 5);
  EXPECT_NEAR(pressed.counts["us-a"], 100, 5);
  EXPECT_NEAR(pressed.counts["ap-1"], 100, 8);
  pressed.press("world", 150);
  EXPECT_GT(pressed.counts["eu-a"] + pressed.counts["eu-b"], 148);
}

TEST(Spill, ADeadZoneTakesItsCapacityAlong) {
  Pressed pressed(two_regions);
  pressed.world.set("eu-b", Health::down);
  pressed.press("world", 250);
  EXPECT_NEAR(pressed.counts["eu-a"], 100, 5);
  EXPECT_NEAR(pressed.counts["us-a"], 100, 5);
  EXPECT_NEAR(pressed.counts["ap-1"], 50, 8);
  pressed.world.set("eu-b", Health::up);
  pressed.press("world", 250);
  EXPECT_NEAR(pressed.counts["eu-a"] + pressed.counts["eu-b"], 200, 5);
}

TEST(Spill, NestsInItself) {
  Pressed pressed(two_regions + R"(
[[policy]]
name = "zones"
type = "spill"
members = ["eu-a", "eu-b"]
[[policy]]
name = "regions"
type = "spill"
members = ["zones", "ap-1"]
)");
  pressed.press("regions", 250);
  EXPECT_NEAR(pressed.counts["eu-a"], 100, 12);
  EXPECT_NEAR(pressed.counts["eu-a"] + pressed.counts["eu-b"], 200, 5);
  EXPECT_NEAR(pressed.counts["ap-1"], 50, 5);
}

// A target that only policies of other kinds lead to hands on nothing, and says so.
TEST(Spill, ExplainSaysWhatIsAnswered) {
  Pressed pressed(two_regions);
  pressed.press("world", 400);
  const World& world = pressed.world;
  Question question;
  question.client = parse_address("192.0.2.1").value();
  const std::string text = explain(*world.snapshot, *world.live, world.states,
                                   world.snapshot->nodes_by_name.at("world"), question)
                               .text;
  EXPECT_NE(text.find("europe hands on 50."), std::string::npos) << text;
  for (const TargetState& state : world.states) {
    EXPECT_EQ(state.shed, 0U);
  }
}

TEST(Spill, SharesOutliveAReload) {
  Pressed before(two_regions);
  before.press("world", 400);
  // The same names in another order, and one less.
  Pressed after(two_regions + R"(
[[policy]]
name = "other"
type = "spill"
members = ["eu-1", "europe"]
)");
  after.balance.restore(before.balance.save(), after.world.states);
  after.world.live->publish_sheds(after.balance.node_sheds());
  auto counts = after.world.answers("world", 4'000);
  EXPECT_NEAR(counts["eu-a"] + counts["eu-b"], 2'000, 60);
  EXPECT_NEAR(counts["ap-1"], 1'000, 80);
  after.balance.restore(json::value("junk"), after.world.states);
  after.balance.restore(json::object{{"europe", "junk"}, {"eu-1", -7}}, after.world.states);
  EXPECT_LT(after.world.state("eu-1").shed, shed_all);
}

TEST(Spill, FillsTheNearestFirst) {
  for (const std::string order : {"latency", "distance"}) {
    Pressed pressed(R"(
[[target]]
name = "eu-3"
addresses = ["10.0.0.3"]
region = "eu"
capacity = 100
[[target]]
name = "us-3"
addresses = ["10.0.1.3"]
region = "us"
capacity = 100
[[policy]]
name = "p"
type = "spill"
order = ")" + order +
                    R"("
members = ["ap-1", "us-3", "eu-3"]
[[rtt]]
countries = ["DE"]
[rtt.ms]
eu = 20
us = 100
ap = 250
[[rtt]]
countries = ["US"]
[rtt.ms]
eu = 100
us = 20
ap = 150
)");
    const std::string germany = "192.0.2.1";
    const std::string america = "198.51.100.1";
    EXPECT_EQ(pressed.world.answer("p", germany), "eu-3") << order;
    EXPECT_EQ(pressed.world.answer("p", america), "us-3") << order;
    pressed.press("p", 150, germany);
    EXPECT_NEAR(pressed.counts["eu-3"], 100, 4) << order;
    EXPECT_NEAR(pressed.counts["us-3"], 50, 4) << order;
    pressed.press("p", 250, germany);
    EXPECT_NEAR(pressed.counts["us-3"], 100, 6) << order;
    EXPECT_NEAR(pressed.counts["ap-1"], 50, 8) << order;
    EXPECT_GT(pressed.world.decision("p", germany).scope, 0) << order;
  }
}

const std::string nested = R"(
[[policy]]
name = "world"
type = "latency"
members = ["europe", "us-1"]
[[policy]]
name = "europe"
type = "weighted"
[[policy.member]]
use = "eu-1"
weight = 3
[[policy.member]]
use = "eu-2"
weight = 1
[[policy]]
name = "strict"
type = "failover"
when_all_down = "nothing"
members = ["europe"]
)";

TEST(Nested, LeavesADeadBranch) {
  World world(nested);
  auto counts = world.answers("world", 4'000);
  EXPECT_NEAR(counts["eu-1"], 3'000, 5);
  EXPECT_NEAR(counts["eu-2"], 1'000, 5);
  world.set("eu-1", Health::down);
  EXPECT_EQ(world.answer("world"), "eu-2");
  world.set("eu-2", Health::down);
  EXPECT_EQ(world.answer("world"), "us-1");
  EXPECT_EQ(world.answer("strict"), "");
  world.set("us-1", Health::down);
  counts = world.answers("world", 4'000);
  EXPECT_NEAR(counts["!eu-1"], 3'000, 5);  // by its weights, as if all were healthy
}

TEST(Nested, NeverNamesADrainedTarget) {
  World world(nested);
  for (TargetState& state : world.states) {
    state.health = Health::down;
  }
  world.state("eu-1").drained = true;
  world.publish();
  EXPECT_EQ(world.answer("world"), "!eu-2");
  world.state("eu-2").shifted = true;
  world.publish();
  EXPECT_EQ(world.answer("world"), "!us-1");
  world.state("us-1").drained = true;
  world.publish();
  EXPECT_EQ(world.answer("world"), "!");
}

TEST(Families, ChooseAmongTargetsThatHaveTheAddress) {
  World world("[[policy]]\nname = \"p\"\ntype = \"failover\"\nmembers = [\"us-1\", \"eu-1\"]\n");
  Question question;
  question.client = parse_address("192.0.2.1").value();
  question.wants_v4 = false;
  question.wants_v6 = true;
  const Decision decision = decide(*world.snapshot, *world.live, 0, question);
  ASSERT_EQ(decision.count, 1);
  EXPECT_EQ(world.snapshot->targets[decision.targets[0]].name, "eu-1");
}

TEST(Explain, ShowsThePathAndTheTargets) {
  World world(nested);
  world.set("eu-1", Health::down);
  world.state("eu-2").drained = true;
  world.publish();
  Question question;
  question.client = parse_address("192.0.2.1").value();
  const std::string text = explain(*world.snapshot, *world.live, world.states,
                                   world.snapshot->nodes_by_name.at("world"), question)
                               .text;
  for (const char* part :
       {"client 192.0.2.1", "policy world (latency)", "not usable", "eu-1", "down",
        "unknown, drained", "takes target us-1", "answer: us-1 (10.0.1.1)", "ttl 30 s"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
  EXPECT_EQ(world.live->answers(world.snapshot->targets_by_name.at("us-1")), 0U);
}

TEST(Live, CountsAnswers) {
  World world(nested);
  world.answers("world", 8);
  EXPECT_EQ(world.live->answers(0) + world.live->answers(1), 8U);
}

}  // namespace
}  // namespace securecart::traffic::routing
