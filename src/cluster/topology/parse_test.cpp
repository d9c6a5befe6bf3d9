#include "cluster/topology/parse.hpp"

#include <algorithm>
#include <span>

#include <gtest/gtest.h>

#include "cluster/topology/check.hpp"
#include "cluster/topology/topology_fixture.hpp"

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;

TEST(Topology, ReadsTheRegionOfTheRepository) {
  const Topology topology = one_region();
  EXPECT_EQ(topology.region, "eu");
  ASSERT_EQ(topology.zones.size(), 3U);
  ASSERT_EQ(topology.hosts.size(), 9U);
  EXPECT_EQ(topology.hosts.front().name, "a-app") << "sorted";
  const Host* const data = topology.host("b-data");
  ASSERT_NE(data, nullptr);
  EXPECT_EQ(data->zone, "b");
  EXPECT_EQ(data->parts,
            (std::vector<Part>{Part::etcd, Part::postgres, Part::rabbitmq, Part::redis}));
  EXPECT_EQ(topology.host("b-app")->slots, 8);
  const Service* const orders = topology.service("orders");
  ASSERT_NE(orders, nullptr);
  EXPECT_TRUE(orders->has_role("functions"));
  EXPECT_EQ(orders->minimum, 2);
  EXPECT_EQ(orders->memory_bytes, std::int64_t{384} * 1024 * 1024);
  EXPECT_DOUBLE_EQ(orders->cores, 1.0);
  EXPECT_EQ(orders->scaling.latency_p99, 500ms);
  EXPECT_DOUBLE_EQ(orders->scaling.cpu, 0.6);
  EXPECT_EQ(topology.hosts_with(Part::etcd).size(), 3U);
  EXPECT_EQ(topology.postgres.ttl, 5s);
  EXPECT_EQ(topology.postgres.connections, connections_needed(topology)) << "when it is not said";
  EXPECT_EQ(topology.host("no"), nullptr);
  EXPECT_EQ(topology.service("no"), nullptr);
}

TEST(Topology, NamesFileLineAndColumn) {
  const std::string text =
      changed(one_region_text(), "address = \"10.77.1.11\"", "address = \"10.77.1.300\"");
  const std::string problems = problems_of(text);
  const std::size_t at = text.find("\"10.77.1.300\"");
  const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  EXPECT_NE(problems.find("r.toml:" + std::to_string(line + 1) + ":11 host[0].address: must be"),
            std::string::npos)
      << problems;
}

struct Case {
  const char* from;
  const char* to;
  const char* problem;
};

void expect_problems(std::span<const Case> cases) {
  for (const Case& one : cases) {
    const std::string problems = problems_of(changed(one_region_text(), one.from, one.to));
    EXPECT_NE(problems.find(one.problem), std::string::npos)
        << one.to << " instead of " << one.from << " said: " << problems;
  }
}

TEST(Topology, RefusesWhatCannotBeRead) {
  const Case cases[] = {
      {"region = \"eu\"", "region = \"EU\"", "must be made of a-z"},
      {"region = \"eu\"", "regoin = \"eu\"", "did you mean \"region\""},
      {"domain = \"eu.shop.internal\"", "domain = \"eu..internal\"", "must be a domain name"},
      {"\"https://shop.example\"", "\"http://shop.example\"", "must be as \"https://"},
      {"\"https://shop.example\"", "\"https://shop.example/x\"", "without a path"},
      {"\"https://shop.example\"", "\"https://sh op\"", "must be as \"https://"},
      {"\"10.77.0.100\"", "\"10.77.0\"", "must be an IPv4 address"},
      {"\"10.77.0.100\"", "\"10.77.0.0100\"", "must be an IPv4 address"},
      {"[\"balancer\", \"dns\"]", "[\"balancer\", \"dsn\"]", "is no part of a host"},
      {"[\"balancer\", \"dns\"]", "[\"dns\", \"dns\", \"balancer\"]", "stands there twice"},
      {"memory = \"256MB\"", "memory = \"256\"", "must be a size in quotes"},
      {"memory = \"256MB\"", "memory = \"1MB\"", "must be from 32MB"},
      {"port = 8100", "port = 80", "must be from 1024"},
      {"ttl = \"5s\"", "ttl = \"3s\"", "must be from 5s"},
      {"interface = \"eth0\"", "interface = \"eth0 \"", "name of a network interface"},
  };
  expect_problems(cases);
}

TEST(Topology, RefusesWhatCannotWork) {
  const Case cases[] = {
      // Hosts and zones.
      {"[[zone]]\nname = \"c\"\n", "", "there is no [[zone]] named \"c\""},
      {"[[zone]]\nname = \"c\"\n", "[[zone]]\nname = \"d\"\n", "has no host"},
      {"[[zone]]\nname = \"c\"\n", "[[zone]]\nname = \"b\"\n", "\"b\" is taken by zone 2"},
      {"name = \"b-app\"", "name = \"a-app\"", "is taken by host"},
      {"address = \"10.77.2.12\"", "address = \"10.77.1.12\"", "is taken by host 2"},
      {"reserved_address = \"10.77.0.100\"", "reserved_address = \"10.77.2.11\"",
       "is the address of host b-data"},
      {"slots = 8", "", "must say how many instances fit"},
      {"parts = [\"balancer\", \"dns\"]", "parts = [\"balancer\", \"dns\"]\nslots = 2",
       "has no meaning here"},
      // Parts.
      {"parts = [\"dns\"]", "parts = [\"balancer\", \"dns\"]", "balancer: 3 hosts carry it"},
      {"parts = [\"dns\"]", "parts = [\"dns\", \"etcd\"]", "etcd: 4 hosts carry it"},
      {"parts = [\"etcd\", \"postgres\", \"rabbitmq\", \"redis\"]",
       "parts = [\"postgres\", \"rabbitmq\", \"redis\"]", "etcd: 2 hosts carry it"},
      // Services.
      {"roles = [\"payments\"]", "roles = [\"payment\"]", "is no role of a region's services"},
      {"roles = [\"payments\"]", "roles = [\"payments\", \"payments\"]", "stands there twice"},
      {"roles = [\"payments\"]", "roles = [\"payments\", \"orders\"]", "already in service orders"},
      {"roles = [\"payments\"]", "roles = [\"payments\", \"web\"]", "must stand alone"},
      {"roles = [\"orders\", \"functions\"]", "roles = [\"orders\"]",
       "no service has the role \"functions\""},
      {"paths = [\"/\"]", "paths = [\"/shop\"]", "no service has \"/\""},
      {"paths = [\"/\"]", "paths = [\"/\", \"/shop/\"]", "must begin with a slash"},
      {"roles = [\"payments\"]", "roles = [\"payments\"]\npaths = [\"/pay\"]",
       "only services with the role \"web\""},
      {"name = \"payments\"", "name = \"orders\"", "is taken by service"},
      {"name = \"payments\"", "name = \"a-app\"", "is a host's name too"},
      {"maximum = 6", "maximum = 2", "must be at least 3: so many are placed"},
      {"maximum = 6", "maximum = 1", "is below the minimum of 2"},
      {"port = 9200", "port = 9107", "meets the ports of service accounts"},
      {"port = 9400", "port = 26375", "holds 26379, the port of the Sentinel"},
      {"minimum = 2", "minimum = 15", "without this zone 16 slots are left for"},
      // Engines.
      {"retry_timeout = \"2s\"", "retry_timeout = \"3s\"", "loop_wait + 2 * retry_timeout, 7s"},
      {"ttl = \"5s\"", "ttl = \"5500ms\"", "must be whole seconds"},
      {"strict = false", "strict = false\nconnections = 50", "must be at least 156"},
      {"buffers = \"128MB\"", "buffers = \"900MB\"", "three quarters of memory"},
      {"cache = \"64MB\"", "cache = \"120MB\"", "three quarters of memory"},
      {"election = \"1s\"", "election = \"300ms\"", "at least 5 heartbeats"},
      {"advert = \"100ms\"", "advert = \"105ms\"", "steps of 10ms"},
  };
  expect_problems(cases);
}

TEST(Topology, RefusesAPairOfBalancersInOneZone) {
  const std::string problems = problems_of(changed(
      one_region_text(), "name = \"b-edge\"\nzone = \"b\"", "name = \"b-edge\"\nzone = \"a\""));
  EXPECT_NE(problems.find("balancer: all of it is in one zone"), std::string::npos) << problems;
}

TEST(Topology, RefusesAMajorityInOneZone) {
  const std::string moved = changed(one_region_text(), "name = \"b-data\"\nzone = \"b\"",
                                    "name = \"b-data\"\nzone = \"a\"");
  const std::string problems = problems_of(moved);
  for (const char* engine : {"etcd: 2 of 3", "rabbitmq: 2 of 3", "redis: 2 of 3"}) {
    EXPECT_NE(problems.find(engine), std::string::npos) << problems;
  }
}

TEST(Topology, WantsAThirdDatabaseWhenCommitsMustBeOnTwo) {
  const std::string two = changed(one_region_text(), "\"etcd\", \"postgres\", ", "\"etcd\", ");
  EXPECT_EQ(problems_of(two), "");
  EXPECT_NE(problems_of(changed(two, "strict = false", "strict = true"))
                .find("postgres: 2 hosts carry it; there must be 3"),
            std::string::npos);
}

TEST(Topology, PlacesAheadOfTheLossOfAZone) {
  EXPECT_EQ(provisioned(1, 3), 2);
  EXPECT_EQ(provisioned(2, 3), 3);
  EXPECT_EQ(provisioned(3, 3), 5);
  EXPECT_EQ(provisioned(4, 3), 6);
  EXPECT_EQ(provisioned(1, 2), 2);
  EXPECT_EQ(provisioned(3, 2), 6);
  EXPECT_EQ(provisioned(3, 1), 3);
}

TEST(Topology, ReadsSizes) {
  EXPECT_EQ(parse_bytes("1KB"), 1'024);
  EXPECT_EQ(parse_bytes("3GB"), std::int64_t{3} * 1024 * 1024 * 1024);
  for (const char* wrong : {"", "MB", "12", "1.5GB", "-1MB", "9999999999TB", "1mb", "1MB "}) {
    EXPECT_FALSE(parse_bytes(wrong)) << wrong;
  }
  for (const char* text : {"1KB", "64MB", "1GB", "2TB", "1500MB"}) {
    EXPECT_EQ(format_bytes(*parse_bytes(text)), text);
  }
}

TEST(Topology, RefusesMoreThanItsLimits) {
  std::string text = one_region_text();
  for (int i = 0; i < 200; ++i) {
    text += "\n[[zone]]\nname = \"z" + std::to_string(i) + "\"\n";
  }
  EXPECT_NE(problems_of(text).find("more than"), std::string::npos);
}

}  // namespace
}  // namespace securecart::cluster
