#include "traffic/dns/zone.hpp"

#include <algorithm>
#include <map>

#include "base/prng.hpp"
#include "tests/support/seed.hpp"
#include "traffic/dns/dns_fixture.hpp"

namespace securecart::traffic::dns::test {
namespace {

constexpr std::string_view head =
    "$TTL 300\n"
    "@ SOA ns1 admin 7 3600 900 2419200 60\n"
    "@ NS ns1\n"
    "ns1 A 192.0.2.53\n";

std::string problems_of(std::string_view text,
                        const std::map<std::string, std::string>& files = {}) {
  const ReadFile read = [&files](const std::string& path) -> Result<std::string> {
    const auto found = files.find(path);
    return found == files.end() ? Result<std::string>(fail(errc::not_found, "no file " + path))
                                : Result<std::string>(found->second);
  };
  const auto zone = load_zone("zones/shop.zone", text, name_of("shop.test."), read, nullptr);
  return zone ? "" : zone.error().detail;
}

Lookup find(const Zone& zone, std::string_view name) {
  NameKey key;
  key.set(name_of(name).wire());
  return zone.find(key);
}

TEST(Zone, FindsNames) {
  const auto zone = make_zone("shop.test.", std::string(head) +
                                                "www 60 A 192.0.2.1\n"
                                                "    60 A 192.0.2.2\n"
                                                "a.b.c TXT deep\n"
                                                "*.wild A 192.0.2.9\n"
                                                "sub NS ns.sub\n"
                                                "ns.sub A 192.0.2.54\n");
  EXPECT_EQ(zone->serial(), 7U);
  EXPECT_EQ(find(*zone, "WWW.shop.test.").node.find(type::a).count, 2);
  EXPECT_EQ(find(*zone, "www.shop.test.").kind, Lookup::Kind::found);
  EXPECT_EQ(find(*zone, "nope.shop.test.").kind, Lookup::Kind::no_name);
  EXPECT_EQ(find(*zone, "b.c.shop.test.").kind, Lookup::Kind::found);  // an empty non-terminal
  EXPECT_TRUE(find(*zone, "c.shop.test.").node.is_empty());
  EXPECT_EQ(find(*zone, "x.c.shop.test.").kind, Lookup::Kind::no_name);
  EXPECT_EQ(find(*zone, "x.y.wild.shop.test.").kind, Lookup::Kind::wildcard);
  EXPECT_EQ(find(*zone, "wild.shop.test.").kind, Lookup::Kind::found);
  for (const char* name : {"sub.shop.test.", "ns.sub.shop.test.", "x.y.sub.shop.test."}) {
    const Lookup lookup = find(*zone, name);
    EXPECT_EQ(lookup.kind, Lookup::Kind::referral) << name;
    EXPECT_EQ(name_text(lookup.node.find(type::ns).first().rdata()), "ns.sub.shop.test.");
  }
}

// RFC 4592 section 2.2.1, the zone and the questions of the RFC.
TEST(Zone, HasTheWildcardsOfTheirRfc) {
  const auto zone = make_zone("example.",
                              "$TTL 3600\n"
                              "@ SOA ns.example.com. admin 1 2 3 4 5\n"
                              "@ NS ns.example.com.\n"
                              "@ NS ns.example.net.\n"
                              "* TXT \"this is a wildcard\"\n"
                              "* MX 10 host1\n"
                              "sub.* TXT \"this is not a wildcard\"\n"
                              "host1 A 192.0.2.1\n"
                              "_ssh._tcp.host1 SRV 0 0 22 host1\n"
                              "_ssh._tcp.host2 SRV 0 0 22 host2.example.net.\n"
                              "subdel NS ns.example.com.\n");
  const std::map<std::string, Lookup::Kind> wanted = {
      {"host3.example.", Lookup::Kind::wildcard},
      {"foo.bar.example.", Lookup::Kind::wildcard},
      {"host1.example.", Lookup::Kind::found},
      {"sub.*.example.", Lookup::Kind::found},
      {"_telnet._tcp.host1.example.", Lookup::Kind::no_name},
      {"host.subdel.example.", Lookup::Kind::referral},
      {"ghost.*.example.", Lookup::Kind::no_name},
  };
  for (const auto& [name, kind] : wanted) {
    EXPECT_EQ(find(*zone, name).kind, kind) << name;
  }
}

TEST(ZoneFile, UnderstandsItsDirectives) {
  const std::map<std::string, std::string> files = {
      {"zones/more.zone", "host A 192.0.2.8\n$ORIGIN elsewhere.shop.test.\nx A 192.0.2.7\n"}};
  EXPECT_EQ(problems_of("$TTL 1h ; an hour\r\n"
                        "@ IN SOA ns1 admin (\r\n"
                        "  2026010100 ; serial\r\n"
                        "  1h 15m 4w 5m )\r\n"
                        "  IN NS ns1\r\n"
                        "ns1 300 IN A 192.0.2.1\r\n"
                        "ns1 IN 300 AAAA 2001:db8::1\r\n"
                        "$ORIGIN eu.shop.test.\r\n"
                        "$INCLUDE more.zone in.shop.test.\r\n"
                        "back A 192.0.2.3\r\n"
                        "text TXT \"a;b (c)\" plain\\;x\r\n"
                        "svc HTTPS 1 . alpn=\"h2,h3\"",
                        files),
            "");
}

TEST(ZoneFile, SaysWhereItIsWrong) {
  const std::string top(head);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {top + "www A 192.0.2.300\n", "zones/shop.zone:5:7: A: '192.0.2.300' is not an IPv4 address"},
      {top + "www A\n", "5:5: A: an address is missing"},
      {top + "www WKS 1\n", "5:5: 'WKS' is not a record type"},
      {top + "www 300 IN\n", "5:9: a record type is missing"},
      {top + "a..b A 192.0.2.1\n", "5:1: 'a..b' is not a domain name"},
      {top + "x.other.test. A 192.0.2.1\n", "5:15: x.other.test. is outside of shop.test."},
      {top + "www TXT \"open\n", "5:9: this string is not closed on its line"},
      {top + "www A ( 192.0.2.1\n", "5:7: this ( is never closed"},
      {top + "www A 192.0.2.1 )\n", "5:17: this ) was never opened"},
      {top + "$FOO bar\n", "5:1: '$FOO' is not $ORIGIN"},
      {top + "$INCLUDE gone.zone\n", "5:10: no file zones/gone.zone"},
      {top + "www CNAME a\nwww A 192.0.2.1\n", "5:5: CNAME and other records at one name"},
      {top + "www CNAME a\nwww CNAME b\n", "6:5: a second CNAME of this name"},
      {top + "m MX 1 alias\nalias CNAME ns1\n", "5:3: alias.shop.test. is a CNAME"},
      {top + "sub NS ns.sub\n", "5:5: ns.sub.shop.test. has no address here (glue)"},
      {top + "www DS 1 13 2 00\n", "5:5: DS without NS"},
      {top + "www SOA a b 1 2 3 4 5\n", "5:5: a SOA belongs to the zone's own name"},
      {top + "www POLICY front\n", "5:5: there is no policy 'front'"},
      {top + "www ALIAS a\nwww A 192.0.2.1\n", "5:5: ALIAS beside A or AAAA"},
      {top + "@ DNSKEY 257 3 13 AAAA\n", "is made by the server when it signs"},
      {"www A 192.0.2.1\n", "1:5: no TTL"},
      {"  A 192.0.2.1\n", "1:3: no owner"},
      {"$TTL 5\n@ NS ns.other.test.\n", "zones/shop.zone: shop.test. has no SOA record"},
      {"$TTL 5\n@ SOA a.b. c. 1 2 3 4 5\n", "shop.test. has no NS record"},
  };
  for (const auto& [text, wanted] : cases) {
    EXPECT_NE(problems_of(text).find(wanted), std::string::npos)
        << text << "\n--> " << problems_of(text);
  }
}

TEST(ZoneFile, EndsWhenFilesIncludeThemselves) {
  const std::map<std::string, std::string> files = {
      {"zones/loop.zone", "$INCLUDE loop.zone\n$INCLUDE loop.zone\n$INCLUDE loop.zone\n"}};
  EXPECT_NE(problems_of("$INCLUDE loop.zone\n", files).find("too many files"), std::string::npos);
}

TEST(ZoneFile, TellsAHundredProblemsAtMost) {
  std::string text(head);
  for (int i = 0; i < 500; ++i) {
    text += "www A x\n";
  }
  const std::string told = problems_of(text);
  EXPECT_EQ(std::ranges::count(told, '\n'), 99);
}

TEST(Zone, GroupsSortsAndDropsDoubles) {
  const auto zone = make_zone("shop.test.", std::string(head) +
                                                "www 300 A 192.0.2.3\n"
                                                "x A 192.0.2.1\n"
                                                "WWW 200 A 192.0.2.1\n"
                                                "www 300 A 192.0.2.3\n");
  const RrsetView set = find(*zone, "www.shop.test.").node.find(type::a);
  EXPECT_EQ(set.count, 2);
  EXPECT_EQ(set.ttl(), 200U);
  EXPECT_EQ(rdata_text(type::a, set.first().rdata()), "192.0.2.1");
  EXPECT_EQ(zone->negative_ttl(), 60U);
}

// A hundred thousand names are found, others are not, and they take little room.
TEST(Zone, IsCompact) {
  std::string text(head);
  Prng random(securecart::test::seed());
  std::map<std::string, std::string> known;
  constexpr std::size_t names = 100'000;
  while (known.size() < names) {
    const std::string name = fmt::format("h{:x}.z{}", random.next() >> 24U, random.below(100));
    known.emplace(
        name, fmt::format("10.{}.{}.{}", random.below(256), random.below(256), random.below(256)));
  }
  for (const auto& [name, address] : known) {
    text += name + " A " + address + "\n";
  }
  const auto zone = make_zone("shop.test.", text);
  ASSERT_NE(zone, nullptr);
  for (const auto& [name, address] : known) {
    const Lookup lookup = find(*zone, name + ".shop.test.");
    ASSERT_EQ(lookup.kind, Lookup::Kind::found);
    ASSERT_EQ(rdata_text(type::a, lookup.node.find(type::a).first().rdata()), address);
    ASSERT_EQ(find(*zone, "x" + name + ".shop.test.").kind, Lookup::Kind::no_name);
  }
  EXPECT_LT(zone->memory_bytes() / names, 90U);
}

}  // namespace
}  // namespace securecart::traffic::dns::test
