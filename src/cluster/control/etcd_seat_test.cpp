#include "cluster/control/etcd_seat.hpp"

#include <gtest/gtest.h>

#include "cluster/topology/topology_fixture.hpp"

namespace securecart::cluster {
namespace {

TEST(EtcdSeat, TheLeaderIsInAnotherZoneThanThePrimary) {
  const Topology topology = one_region();
  const std::vector<std::string> members{"c-data", "a-data", "b-data"};
  const auto better = [&](std::string_view primary, std::string_view leader) {
    return better_etcd_leader(topology, primary, leader, members);
  };
  EXPECT_EQ(better("b-data", "b-data"), "c-data");
  EXPECT_EQ(better("c-data", "c-data"), "a-data");
  EXPECT_EQ(better("a-data", "a-data"), "b-data");
  EXPECT_EQ(better("a-data", "b-data"), std::nullopt) << "well as it is";
  EXPECT_EQ(better("", "b-data"), std::nullopt) << "no primary";
  EXPECT_EQ(better("a-data", ""), std::nullopt) << "no leader";
  EXPECT_EQ(better_etcd_leader(topology, "a-data", "a-data", std::vector<std::string>{"a-data"}),
            std::nullopt)
      << "nobody else";
}

}  // namespace
}  // namespace securecart::cluster
