#include "lab/faults/injector.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/faults/processes.hpp"

namespace securecart::lab {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Names = std::vector<std::string>;

cluster::Topology two_zones() {
  cluster::Topology topology;
  topology.zones = {{"a"}, {"b"}};
  for (const char* name : {"a-app", "a-data", "b-app", "b-data"}) {
    cluster::Host host;
    host.name = name;
    host.zone = std::string(1, name[0]);
    host.parts = {host.name.ends_with("data") ? cluster::Part::postgres : cluster::Part::instances};
    topology.hosts.push_back(host);
  }
  return topology;
}

Result<std::string> b_data_is_primary(std::string_view seat) {
  return seat == "primary" ? Result<std::string>("b-data")
                           : Result<std::string>(fail(errc::not_found, "nobody"));
}

Result<Names> machines(std::string_view place, std::uint64_t seed = 1) {
  const Result<Fault> fault = parse_fault("cut " + std::string(place));
  Prng random(seed);
  return machines_of(fault.value().place, two_zones(), b_data_is_primary, random);
}

TEST(Injector, KnowsWhichMachinesAPlaceMeans) {
  EXPECT_EQ(machines("all").value().size(), 4U);
  EXPECT_THAT(machines("host:a-app").value(), ElementsAre("a-app"));
  EXPECT_THAT(machines("zone:b").value(), ElementsAre("b-app", "b-data"));
  EXPECT_THAT(machines("with:postgres").value(), ElementsAre("a-data", "b-data"));
  EXPECT_THAT(machines("holder:primary").value(), ElementsAre("b-data"));
  EXPECT_THAT(machines("zone-of:primary").value(), ElementsAre("b-app", "b-data"));
  EXPECT_FALSE(machines("host:z"));
  EXPECT_FALSE(machines("zone:z"));
  EXPECT_FALSE(machines("with:redis"));
  EXPECT_FALSE(machines("holder:etcd")) << "nobody holds it";
}

TEST(Injector, DrawsFromASeed) {
  std::set<Names> hosts;
  std::set<Names> zones;
  for (std::uint64_t seed = 1; seed < 100; ++seed) {
    EXPECT_EQ(machines("any-host", seed).value(), machines("any-host", seed).value());
    hosts.insert(machines("any-host", seed).value());
    zones.insert(machines("any-zone", seed).value());
    EXPECT_EQ(machines("any-with:postgres", seed).value().size(), 1U);
  }
  EXPECT_EQ(hosts.size(), 4U);
  EXPECT_EQ(zones.size(), 2U);
}

TEST(Injector, RemembersWhatIsInForce) {
  const std::vector<ActiveFault> faults{
      {3, parse_fault("partition zone:a from all one-way").value(), {"a-app"}, {"b-app"}, {}},
      {4, parse_fault("pause redis@all").value(), {"a-data"}, {}, {"redis"}}};
  const Result<std::vector<ActiveFault>> again = parse_active_faults(to_json(faults));
  ASSERT_TRUE(again);
  ASSERT_EQ(again->size(), 2U);
  EXPECT_EQ((*again)[0].number, 3);
  EXPECT_EQ(to_text((*again)[0].fault), "partition zone:a from all one-way");
  EXPECT_EQ((*again)[0].others, Names{"b-app"});
  EXPECT_EQ((*again)[1].units, Names{"redis"});
  EXPECT_FALSE(parse_active_faults("{}"));
  EXPECT_FALSE(parse_active_faults(R"([{"fault":"explode"}])"));
  EXPECT_THAT(describe(faults[0]), HasSubstr("on a-app from b-app"));
}

TEST(Injector, FindsTheProcessesOfAUnit) {
  // 1 is the machine's init: agent, two units, one with children.
  const std::vector<Process> all{
      {10, 1, 2, "securecart", {"securecart", "agent", "--host"}, ""},
      {11, 10, 3, "patroni", {"python3"}, "postgres"},
      {12, 11, 4, "postgres", {"postgres"}, ""},
      {13, 12, 5, "postgres", {"writer"}, ""},
      {20, 1, 6, "securecart", {"securecart", "serve"}, "orders-a-app-0"},
      {21, 1, 7, "securecart", {"securecart", "serve"}, "orders-a-app-1"},
      {22, 1, 8, "securecart", {"securecart", "serve"}, "ordersextra-0"}};
  const auto pids = [&all](std::string_view unit) {
    std::vector<pid_t> found;
    for (const Process& process : processes_of_unit(all, unit)) {
      found.push_back(process.pid);
    }
    return found;
  };
  EXPECT_THAT(pids("postgres"), ElementsAre(11, 12, 13));
  EXPECT_THAT(pids("orders"), ElementsAre(20, 21));
  EXPECT_THAT(pids("orders-a-app-1"), ElementsAre(21));
  EXPECT_THAT(pids("agent"), ElementsAre(10));
  EXPECT_THAT(pids("redis"), ElementsAre());
}

}  // namespace
}  // namespace securecart::lab
