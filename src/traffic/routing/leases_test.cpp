#include "traffic/routing/leases.hpp"

#include <gtest/gtest.h>

#include "traffic/routing/explain.hpp"
#include "traffic/routing/limits.hpp"
#include "traffic/routing/snapshot.hpp"

namespace securecart::traffic::routing {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime start{std::chrono::hours(1)};

Lease lease(const std::string& instance, const std::string& address, std::uint16_t port = 8080) {
  return {"api", "tcp", instance, parse_address(address).value(), port, 0, 1};
}

std::vector<std::uint8_t> wire(std::string_view name) {
  std::vector<std::uint8_t> out;
  while (!name.empty()) {
    const std::size_t dot = name.find('.');
    out.push_back(static_cast<std::uint8_t>(dot));
    out.insert(out.end(), name.begin(), name.begin() + static_cast<std::ptrdiff_t>(dot));
    name.remove_prefix(dot + 1);
  }
  out.push_back(0);
  return out;
}

struct Asked {
  PolicyOutcome outcome;
  std::vector<std::string> rdata;
  std::size_t additional;
};
Asked ask(const LeaseTable& table, std::string_view name, std::uint16_t type) {
  const std::vector<std::uint8_t> labels = wire(name);
  PolicyQuestion question;
  question.name = labels;
  question.type = type;
  PolicyAnswer answer;
  table.resolve(question, answer);
  Asked asked{answer.outcome, {}, answer.additional().size()};
  for (const PolicyAnswer::Record& record : answer.records()) {
    const auto rdata = answer.rdata(record);
    asked.rdata.emplace_back(rdata.begin(), rdata.end());
  }
  return asked;
}

TEST(Leases, AreFoundByZone) {
  LeaseRegistry registry;
  Lease one = lease("i-1", "10.0.0.1");
  one.zone = "a";
  Lease two = lease("i-2", "10.0.0.2");
  two.zone = "b";
  ASSERT_TRUE(registry.put(one, 10s, start));
  ASSERT_TRUE(registry.put(two, 10s, start));
  ASSERT_TRUE(registry.put(lease("i-3", "10.0.0.3"), 10s, start));
  const auto table = registry.compile();
  EXPECT_EQ(ask(*table, "_api._tcp.svc.shop.test.", rr_type_srv).rdata.size(), 3U);
  const Asked zone = ask(*table, "_api._tcp.zone-b.svc.shop.test.", rr_type_srv);
  ASSERT_EQ(zone.rdata.size(), 1U);
  const std::vector<std::uint8_t> target = wire("i-2.svc.shop.test.");
  EXPECT_TRUE(zone.rdata[0].ends_with(std::string(target.begin(), target.end())))
      << "the name of an instance does not tell its zone";
  EXPECT_EQ(ask(*table, "_api._tcp.zone-c.svc.shop.test.", rr_type_srv).outcome,
            PolicyOutcome::no_name)
      << "no other zone's";
  two.zone = "c";
  EXPECT_TRUE(registry.put(two, 10s, start).value()) << "it moved";
  for (const char* wrong : {"A", "-", "a.b", "_a"}) {
    two.zone = wrong;
    EXPECT_FALSE(registry.put(two, 10s, start)) << wrong;
  }
}

TEST(Leases, AppearAsServicesAndAddresses) {
  LeaseRegistry registry;
  EXPECT_TRUE(registry.put(lease("i-1", "10.0.0.1"), 10s, start).value());
  EXPECT_TRUE(registry.put(lease("i-2", "fd00::2", 9090), 10s, start).value());
  const auto table = registry.compile();
  const Asked services = ask(*table, "_api._tcp.svc.shop.test.", rr_type_srv);
  ASSERT_EQ(services.rdata.size(), 2U);
  EXPECT_EQ(services.additional, 2U);
  const std::vector<std::uint8_t> target = wire("i-1.svc.shop.test.");
  EXPECT_EQ(services.rdata[0],
            std::string("\0\0\0\1\x1f\x90", 6) + std::string(target.begin(), target.end()));
  EXPECT_EQ(ask(*table, "api.svc.shop.test.", rr_type_a).rdata.size(), 1U);
  EXPECT_EQ(ask(*table, "i-2.svc.shop.test.", rr_type_aaaa).rdata.size(), 1U);
  EXPECT_EQ(ask(*table, "i-2.svc.shop.test.", rr_type_a).outcome, PolicyOutcome::answer);
  EXPECT_TRUE(ask(*table, "i-2.svc.shop.test.", rr_type_a).rdata.empty());
  for (const char* name :
       {"i-3.svc.shop.test.", "_web._tcp.svc.shop.test.", "_api.svc.shop.test."}) {
    EXPECT_EQ(ask(*table, name, rr_type_srv).outcome, PolicyOutcome::no_name) << name;
  }
}

TEST(Leases, EndUnlessRenewed) {
  LeaseRegistry registry;
  registry.put(lease("i-1", "10.0.0.1"), 10s, start).value();
  registry.put(lease("i-2", "10.0.0.2"), 10s, start).value();
  EXPECT_FALSE(registry.put(lease("i-1", "10.0.0.1"), 10s, start + 9s).value());  // nothing new
  EXPECT_FALSE(registry.expire(start + 9s));
  EXPECT_TRUE(registry.expire(start + 10s));
  EXPECT_EQ(registry.size(), 1U);
  EXPECT_EQ(registry.next_expiry(), start + 19s);
  EXPECT_TRUE(registry.put(lease("i-1", "10.0.0.9"), 10s, start + 10s).value());  // it moved
  EXPECT_TRUE(registry.remove("i-1"));
  EXPECT_FALSE(registry.remove("i-1"));
}

// A restart: time has passed for leases too, but each gets a moment in which it can be renewed.
TEST(Leases, OutliveARestartWithTheTimeTheyHaveLeft) {
  LeaseRegistry registry;
  Lease web = lease("w-1", "fd00::1", 443);
  web.protocol = "udp";
  web.priority = 3;
  web.weight = 0;
  web.zone = "a";
  registry.put(web, 10min, start).value();
  registry.put(lease("i-1", "10.0.0.1"), 10s, start).value();
  registry.put(lease("i-2", "10.0.0.2"), 5min, start).value();
  const json::value saved = registry.save(start + 4s);

  LeaseRegistry again;
  const SteadyTime later = start + 1h;  // of another process's clock
  EXPECT_TRUE(again.restore(saved, 8min, 15s, later));
  EXPECT_EQ(again.left("w-1", later), 10min - 4s - 8min);
  EXPECT_EQ(again.left("i-1", later), 6s);   // no more than it had
  EXPECT_EQ(again.left("i-2", later), 15s);  // it ended while nobody could renew it
  const auto table = again.compile();
  EXPECT_EQ(std::ranges::count(table->leases(), web), 1);
  EXPECT_FALSE(LeaseRegistry().restore(json::value("x"), 0s, 15s, later));
  EXPECT_FALSE(
      LeaseRegistry().restore(json::array{json::object{{"service", "api"}}, 7}, 0s, 15s, later));
}

TEST(Explain, NamesTheLeasesOfADiscoveredName) {
  LeaseRegistry registry;
  registry.put(lease("i-1", "10.0.0.1"), 10s, start).value();
  registry.replace_found({lease("i-2", "10.0.0.2")});
  const std::string both = explain_discovery(registry, wire("api.svc.shop.test."), start + 4s);
  for (const char* part : {"i-1 ", "10.0.0.1 port 8080", "for 6 s more", "i-2 ", "found in etcd"}) {
    EXPECT_NE(both.find(part), std::string::npos) << part << " in\n" << both;
  }
  EXPECT_NE(explain_discovery(registry, wire("web.svc.shop.test."), start).find("no such name"),
            std::string::npos);
}

TEST(Leases, RefuseBadNamesAndTooMany) {
  LeaseRegistry registry;
  EXPECT_FALSE(registry.put(lease("I 1", "10.0.0.1"), 10s, start).has_value());
  EXPECT_FALSE(registry.put(lease("i-1", "10.0.0.1", 0), 10s, start).has_value());
  EXPECT_FALSE(registry.put(lease("i-1", "10.0.0.1"), 2h, start).has_value());
  for (std::size_t i = 0; i < limits::leases_per_service; ++i) {
    ASSERT_TRUE(registry.put(lease("i-" + std::to_string(i), "10.0.0.1"), 10s, start).has_value());
  }
  EXPECT_FALSE(registry.put(lease("more", "10.0.0.1"), 10s, start).has_value());
}

TEST(Leases, OfAZoneAreFoundByIt) {
  LeaseRegistry registry;
  Lease near = lease("i-1", "10.0.0.1");
  near.zone = "a";
  Lease far = lease("i-2", "10.0.0.2");
  far.zone = "b";
  EXPECT_TRUE(registry.put(near, 10s, start).value());
  EXPECT_TRUE(registry.put(far, 10s, start).value());
  const auto table = registry.compile();
  EXPECT_EQ(ask(*table, "_api._tcp.svc.shop.test.", rr_type_srv).rdata.size(), 2U);
  const Asked services = ask(*table, "_api._tcp.zone-b.svc.shop.test.", rr_type_srv);
  ASSERT_EQ(services.rdata.size(), 1U);
  EXPECT_EQ(services.additional, 1U);
  // Its name is the one its certificate has, without the zone.
  const std::vector<std::uint8_t> target = wire("i-2.svc.shop.test.");
  EXPECT_EQ(services.rdata[0].substr(6), std::string(target.begin(), target.end()));
  EXPECT_EQ(ask(*table, "_api._tcp.zone-b.svc.shop.test.", rr_type_a).rdata.size(), 1U);
  EXPECT_EQ(ask(*table, "_api._tcp.zone-c.svc.shop.test.", rr_type_srv).outcome,
            PolicyOutcome::no_name);
}

TEST(Leases, ThatWereFoundElsewhereStandBesideThoseThatWerePut) {
  LeaseRegistry registry;
  EXPECT_TRUE(registry.put(lease("i-1", "10.0.0.1"), 10s, start).value());
  Lease wrong = lease("i-4", "10.0.0.4");
  wrong.service = "NOT A LABEL";
  EXPECT_TRUE(registry.replace_found({lease("i-1", "10.9.9.9"), lease("i-2", "10.0.0.2"), wrong}));
  EXPECT_FALSE(registry.replace_found({lease("i-1", "10.9.9.9"), lease("i-2", "10.0.0.2")}));
  auto table = registry.compile();
  EXPECT_EQ(table->size(), 2U);
  EXPECT_EQ(ask(*table, "i-1.svc.shop.test.", rr_type_a).rdata[0], std::string("\x0a\0\0\1", 4));
  EXPECT_FALSE(registry.expire(start + 9s));
  EXPECT_TRUE(registry.expire(start + 11s));
  EXPECT_TRUE(registry.replace_found({}));
  EXPECT_EQ(registry.compile()->size(), 0U);
}

}  // namespace
}  // namespace securecart::traffic::routing
