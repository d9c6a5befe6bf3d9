// Instances in a real etcd, answered by the real `securecart dns serve`.
#include "cli/dns_discovery.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/dns_traffic.hpp"
#include "cli/limits.hpp"
#include "cluster/control/records.hpp"
#include "cluster/etcd/etcd_fixture.hpp"
#include "tests/support/dns_node.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::cli {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using Answers = std::vector<std::string>;

const std::string prefix = "/securecart/eu/instances/";

traffic::routing::Lease lease(const std::string& instance) {
  traffic::routing::Lease lease;
  lease.service = "orders";
  lease.instance = instance;
  lease.address = traffic::parse_address("10.0.0.1").value();
  lease.port = 9'000;
  return lease;
}

FoundInstances::ById of(const Answers& names) {
  FoundInstances::ById found;
  for (const std::string& name : names) {
    found.emplace(name, lease(name));
  }
  return found;
}

Answers names(const FoundInstances& found) {
  Answers names;
  for (const traffic::routing::Lease& one : found.all()) {
    names.push_back(one.instance);
  }
  std::ranges::sort(names);
  return names;
}

TEST(FoundInstances, VanishAtOnceWhileEtcdAnswers) {
  FoundInstances found;
  SteadyTime now{1h};
  found.update(of({"a", "b"}), now);
  found.step(now, now);
  now += limits::discovery_hold + 1s;
  found.step(now, now);
  EXPECT_THAT(names(found), ElementsAre("a", "b"));
  found.update(of({"b"}), now);
  EXPECT_THAT(names(found), ElementsAre("b"));
}

TEST(FoundInstances, ThatAreMissingAfterAnOutageStayAWhile) {
  FoundInstances found;
  SteadyTime now{1h};
  found.update(of({"a", "b", "c"}), now);
  found.step(now, now);
  now += 1min;
  found.step(now, now);
  const SteadyTime confirmed = now;
  now += limits::discovery_away + 1s;
  EXPECT_FALSE(found.step(confirmed, now));
  EXPECT_TRUE(found.is_away());
  found.update(of({"c"}), now);  // it is back, and has forgotten
  EXPECT_THAT(names(found), ElementsAre("a", "b", "c"));
  EXPECT_FALSE(found.step(now, now));
  now += 5s;
  found.update(of({"a", "c"}), now);
  now += limits::discovery_hold - 6s;
  EXPECT_FALSE(found.step(now, now));
  EXPECT_THAT(names(found), ElementsAre("a", "b", "c"));
  now += 2s;
  EXPECT_TRUE(found.step(now, now));
  EXPECT_THAT(names(found), ElementsAre("a", "c"));
  EXPECT_FALSE(found.step(now, now));
}

TEST(FoundInstances, AreDroppedAtOnceWhenTheyWereSeenAfterTheOutage) {
  FoundInstances found(of({"a", "b"}));  // of an earlier life
  SteadyTime now{1h};
  found.update(of({"b", "c"}), now);
  found.step(now, now);
  now += 1s;
  found.update(of({"b"}), now);
  EXPECT_THAT(names(found), ElementsAre("a", "b"));
}

TEST(FoundInstances, OfAFirstStartAreHeldForNobody) {
  FoundInstances found;
  SteadyTime now{1h};
  EXPECT_FALSE(found.is_away());
  found.update(of({"a", "b"}), now);
  found.step(now, now);
  found.update(of({"b"}), now);
  EXPECT_THAT(names(found), ElementsAre("b"));
}

TEST(FoundInstances, AreKeptInAFile) {
  const FoundInstances::ById known = of({"a", "b"});
  EXPECT_EQ(parse_leases(to_json(FoundInstances(known).all())), known);
  EXPECT_TRUE(parse_leases(json::value()).empty());
  EXPECT_TRUE(parse_leases(*parse_json(R"({"instances":[7,{"service":"x"}]})")).empty());
}

TEST(FoundInstances, AreReadFromEntries) {
  const auto entry = [](const std::string& value) {
    return cluster::Entry{prefix + "x", value, 1, 1, 0};
  };
  const auto good = lease_of(entry(
      R"({"id":"x","service":"orders","zone":"a","address":"10.0.0.9","port":9001,"weight":3})"));
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(good->zone, "a");
  EXPECT_EQ(good->weight, 3);
  EXPECT_FALSE(lease_of(entry("")).has_value());
  EXPECT_FALSE(
      lease_of(entry(R"({"id":"x","service":"orders","zone":"a","address":"nowhere","port":9001})"))
          .has_value());
  EXPECT_FALSE(
      lease_of(
          entry(R"({"id":"x y","service":"orders","zone":"a","address":"10.0.0.9","port":9001})"))
          .has_value());
}

class Fixture final : public cluster::EtcdFixture {
 public:
  using EtcdFixture::EtcdFixture;
  void set_away(bool) override {}
};

class DnsDiscoveryTest : public testing::Test {
 protected:
  DnsDiscoveryTest() {
    write("dns.toml",
          "listen = [\"127.0.0.1:0\"]\npolicies = \"policies.toml\"\n[[zone]]\n"
          "name = \"eu.shop.test\"\nfile = \"eu.zone\"\n");
    write("policies.toml",
          fmt::format("state_folder = \"state\"\ndiscovery = true\n[etcd]\naddresses = [\"{}\"]\n"
                      "prefix = \"{}\"\n",
                      etcd_.url(), prefix));
    write("eu.zone",
          "$ORIGIN eu.shop.test.\n$TTL 60\n@ IN SOA a-edge hostmaster 1 3600 600 86400 "
          "1\n@ IN NS a-edge\na-edge IN A 127.0.0.1\n* IN POLICY discovery\n");
  }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path() / name) << text;
  }
  static cluster::Write record(const std::string& id, const std::string& zone,
                               const std::string& address, std::uint16_t port,
                               cluster::LeaseId lease = 0) {
    const cluster::InstanceRecord record{
        .id = id, .service = "orders", .zone = zone, .address = address, .port = port, .weight = 1};
    return cluster::put(prefix + id, cluster::to_json(record), lease);
  }
  // Asks until the answer is that one; how long it took.
  Duration until(const std::string& name, const std::string& type, const Answers& answers) {
    const SteadyTime begun = clock_.steady();
    const bool right =
        fixture_.eventually([&] { return test::dig(dns_->port(), name, type) == answers; });
    EXPECT_TRUE(right) << testing::PrintToString(test::dig(dns_->port(), name, type));
    return clock_.steady() - begun;
  }
  bool is(const std::string& name, const std::string& type, const Answers& answers) const {
    return test::dig(dns_->port(), name, type) == answers;
  }

  test::TempDir folder_;
  test::Etcd etcd_;
  SystemClock clock_;
  Fixture fixture_{etcd_.urls()};
  cluster::contract::Caller& caller_ = fixture_.caller();
  std::unique_ptr<test::DnsNode> dns_;
};

TEST_F(DnsDiscoveryTest, InstancesAppearAtOnceAndGoWithTheirLease) {
  dns_ = std::make_unique<test::DnsNode>(folder_.path());
  until("_orders._tcp.eu.shop.test", "SRV", {"NXDOMAIN"});
  caller_.commit({}, {record("first", "a", "10.0.0.1", 9'000)});
  until("first.eu.shop.test", "A", {"10.0.0.1"});  // it follows etcd
  std::vector<Duration> delays;
  for (int i = 1; i <= 9; ++i) {
    const std::string id = fmt::format("orders-a-{}", i);
    caller_.commit({}, {record(id, "a", fmt::format("10.0.1.{}", i), 9'001)});
    delays.push_back(until(id + ".eu.shop.test", "A", {fmt::format("10.0.1.{}", i)}));
    caller_.commit({}, {cluster::remove(prefix + id)});
  }
  std::ranges::sort(delays);
  EXPECT_LE(delays[delays.size() / 2], 1s);  // 0.1 s on a machine with time for it
  const cluster::Lease lease = caller_.grant(10s);
  caller_.commit({}, {record("orders-b-1", "b", "10.0.2.1", 9'002, lease.id)});
  until("_orders._tcp.eu.shop.test", "SRV",
        {"0_1_9000_first.eu.shop.test.", "0_1_9002_orders-b-1.eu.shop.test."});
  until("_orders._tcp.zone-b.eu.shop.test", "SRV", {"0_1_9002_orders-b-1.eu.shop.test."});
  until("_orders._tcp.eu.shop.test", "SRV", {"0_1_9000_first.eu.shop.test."});
  until("_orders._tcp.zone-b.eu.shop.test", "SRV", {"NXDOMAIN"});
}

TEST_F(DnsDiscoveryTest, WhatWasKnownStaysWhileEtcdIsAway) {
  const cluster::Lease lease = caller_.grant(2s);
  caller_.commit({}, {record("orders-a-1", "a", "10.0.1.1", 9'001, lease.id)});
  dns_ = std::make_unique<test::DnsNode>(folder_.path());
  until("orders-a-1.eu.shop.test", "A", {"10.0.1.1"});
  etcd_.kill_now(0);
  dns_->stop(SIGTERM);
  dns_->start();
  until("orders-a-1.eu.shop.test", "A", {"10.0.1.1"});
  const SteadyTime gone = clock_.steady();
  ASSERT_TRUE(fixture_.eventually([&] {
    EXPECT_TRUE(is("orders-a-1.eu.shop.test", "A", {"10.0.1.1"}));
    return clock_.steady() - gone > 3s;
  }));
  // It comes back empty, as after the loss of its disks: agents have a while to write again.
  etcd_.wipe();
  etcd_.start(0);
  etcd_.await(0);
  ASSERT_TRUE(fixture_.eventually([&] {
    try {
      return caller_.commit({}, {record("orders-a-2", "a", "10.0.1.2", 9'001)}).applied;
    } catch (const Unavailable&) {
      return false;
    }
  }));
  until("orders-a-2.eu.shop.test", "A", {"10.0.1.2"});
  EXPECT_TRUE(is("orders-a-1.eu.shop.test", "A", {"10.0.1.1"}));
  until("orders-a-1.eu.shop.test", "A", {"NXDOMAIN"});
}

TEST_F(DnsDiscoveryTest, AWrongTableIsRefusedWithItsPlace) {
  write("policies.toml", "discovery = true\n[etcd]\naddresses = [\"10.0.0.1:2379\"]\n");
  const Result<DnsPolicyFile> file = read_dns_policy_file(folder_.path() / "policies.toml");
  ASSERT_FALSE(file.has_value());
  EXPECT_THAT(file.error().detail, testing::HasSubstr("policies.toml:3"));
  EXPECT_THAT(file.error().detail, testing::HasSubstr("prefix"));
}

}  // namespace
}  // namespace securecart::cli
