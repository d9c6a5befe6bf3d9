#include "traffic/routing/source.hpp"

#include <thread>

#include <gtest/gtest.h>

#include "traffic/routing/routing_fixture.hpp"

namespace securecart::traffic::routing {
namespace {

const std::string policies = R"(
[[target]]
name = "cdn"
cname = "edge.cdn.test."
[[target]]
name = "inside"
alias = "www.shop.test."
[[policy]]
name = "front"
type = "latency"
ttl = "5s"
members = ["eu-1", "us-1"]
[[policy]]
name = "strict"
type = "simple"
when_all_down = "nothing"
members = ["us-1"]
[[policy]]
name = "cdn-first"
type = "failover"
members = ["cdn", "eu-1"]
[[policy]]
name = "aliased"
type = "simple"
members = ["inside"]
)";

struct Source : World {
  Source() : World(policies), source(live, nullptr) {}
  PolicyAnswer& ask(std::string_view name, std::uint16_t type, const char* client = "192.0.2.1") {
    PolicyQuestion question;
    question.policy = source.find(name).value();
    question.type = type;
    question.client = parse_address("100.64.0.1").value();
    question.subnet = {parse_address(client).value(), 24};
    answer.clear();
    source.resolve(question, answer);
    return answer;
  }
  RoutingSource source;
  PolicyAnswer answer;
};

TEST(RoutingSource, FillsAnswers) {
  Source world;
  EXPECT_FALSE(world.source.find("nobody").has_value());
  EXPECT_FALSE(world.source.find(discovery_policy).has_value());
  const PolicyAnswer& answer = world.ask("front", rr_type_a);
  ASSERT_EQ(answer.records().size(), 1U);
  EXPECT_EQ(to_text(address_from_bytes(answer.rdata(answer.records()[0])).value()), "10.0.0.1");
  EXPECT_EQ(answer.ttl_seconds, 5U);
  EXPECT_EQ(answer.scope_prefix, 24);
  EXPECT_EQ(world.ask("front", rr_type_aaaa).records().size(), 1U);
}

TEST(RoutingSource, TellsFailureFromNothing) {
  Source world;
  world.set("us-1", Health::down);
  EXPECT_EQ(world.ask("strict", rr_type_a).outcome, PolicyOutcome::failure);
  EXPECT_EQ(world.ask("front", rr_type_a, "198.51.100.1").outcome, PolicyOutcome::answer);
}

TEST(RoutingSource, AnswersNames) {
  Source world;
  const auto types = world.source.types(world.source.find("cdn-first").value());
  EXPECT_EQ(std::vector(types.begin(), types.end()), (std::vector<std::uint16_t>{1, 5, 28}));
  ASSERT_EQ(world.ask("cdn-first", rr_type_a).records().size(), 1U);
  EXPECT_EQ(world.answer.records()[0].type, rr_type_cname);
  EXPECT_EQ(world.answer.rdata(world.answer.records()[0]).size(), 15U);
  world.set("cdn", Health::down);
  EXPECT_EQ(world.ask("cdn-first", rr_type_a).records()[0].type, rr_type_a);
  EXPECT_EQ(world.ask("aliased", rr_type_aaaa).alias().size(), 15U);
}

// Readers ask while the control thread changes everything: under TSan no race, and never an answer
// that is not one of the two.
TEST(RoutingSource, IsReadWhileItChanges) {
  Source world;
  auto leases = std::make_shared<Published<LeaseTable>>(
      std::make_shared<const LeaseTable>(std::vector<Lease>()));
  const RoutingSource source(world.live, leases);
  std::atomic<bool> stop = false;
  std::atomic<int> odd = 0;
  std::vector<std::thread> readers;
  for (std::uint32_t thread = 0; thread < 2; ++thread) {
    readers.emplace_back([&, thread] {
      PolicyAnswer answer;
      PolicyQuestion question;
      question.policy = source.find("front").value();
      question.type = rr_type_a;
      question.client = parse_address("192.0.2.1").value();
      question.thread = thread;
      PolicyQuestion discovery = question;
      discovery.policy = source.find(discovery_policy).value();
      while (!stop) {
        answer.clear();
        source.resolve(question, answer);
        odd += answer.records().size() == 1 ? 0 : 1;
        answer.clear();
        source.resolve(discovery, answer);
      }
    });
  }
  LeaseRegistry registry;
  for (int i = 0; i < 200; ++i) {
    world.set("eu-1", i % 2 == 0 ? Health::down : Health::up);
    world.live->learned_rtt().replace(std::make_shared<const RttTable>());
    registry.put({"api", "tcp", "i-" + std::to_string(i % 8), parse_address("10.0.0.1").value(),
                  static_cast<std::uint16_t>(i + 1)},
                 std::chrono::seconds(10), SteadyTime{std::chrono::hours(1)});
    leases->replace(registry.compile());
  }
  stop = true;
  for (std::thread& reader : readers) {
    reader.join();
  }
  EXPECT_EQ(odd, 0);
}

}  // namespace
}  // namespace securecart::traffic::routing
