#include "traffic/dns/name_path.hpp"

#include "traffic/dns/dns_fixture.hpp"

namespace securecart::traffic::dns::test {
namespace {

// "front" answers with addresses, "cdn" with a CNAME.
class TwoPolicies final : public PolicySource {
 public:
  std::optional<PolicyHandle> find(std::string_view name) const override {
    return name == "front" ? 0 : 1;
  }
  std::span<const std::uint16_t> types(PolicyHandle policy) const override {
    static constexpr std::uint16_t addresses[] = {type::a, type::aaaa};
    static constexpr std::uint16_t names[] = {type::a, type::cname, type::aaaa};
    return policy == 0 ? std::span<const std::uint16_t>(addresses) : names;
  }
  void resolve(const PolicyQuestion&, PolicyAnswer&) const noexcept override {}
};

class NamePathTest : public testing::Test {
 public:
  NamePathTest() {
    std::vector<ServedZone> zones(2);
    zones[0].zone = make_zone("shop.test.",
                              "$TTL 60\n@ SOA ns1 a 7 1 1 1 1\n@ NS ns1\n@ ALIAS www\n"
                              "ns1 A 192.0.2.53\nwww CNAME front\nfront POLICY front\n"
                              "*.wild POLICY cdn\nfar CNAME www.other.test.\n"
                              "lost ALIAS www.nowhere.test.\nlate ALIAS nobody\n"
                              "a CNAME b\nb CNAME a\nsub NS ns.sub\nns.sub A 192.0.2.1\n"
                              "x.deep TXT t\n",
                              policies_.get());
    zones[1].zone =
        make_zone("other.test.", "$TTL 60\n@ SOA a b 1 1 1 1 1\n@ NS a.b.\nwww A 1.2.3.4\n");
    snapshot_ = std::make_unique<Snapshot>(std::move(zones), policies_, Settings());
  }
  std::string told(std::string_view name, std::uint16_t wanted = type::a) const {
    return to_text(path_of(*snapshot_, name_of(name), wanted), wanted);
  }

  std::shared_ptr<const PolicySource> policies_ = std::make_shared<TwoPolicies>();
  std::unique_ptr<Snapshot> snapshot_;
};

TEST_F(NamePathTest, FollowsNamesToTheirPolicy) {
  EXPECT_EQ(told("shop.test."),
            "shop.test. is an ALIAS of www.shop.test.\n"
            "www.shop.test. is a CNAME of front.shop.test.\n"
            "front.shop.test. is answered by policy front\n");
  EXPECT_EQ(told("x.wild.shop.test."),
            "x.wild.shop.test. is below the wildcard *.wild.shop.test.\n"
            "x.wild.shop.test. is answered by policy cdn\n");
  EXPECT_EQ(path_of(*snapshot_, name_of("x.wild.shop.test."), type::txt).policy, "cdn");
  EXPECT_EQ(path_of(*snapshot_, name_of("front.shop.test."), type::txt).policy, "");
}

TEST_F(NamePathTest, SaysWhatPlainNamesHold) {
  EXPECT_EQ(told("ns1.shop.test."),
            "ns1.shop.test. is plain data of a zone; it holds\n  60 A 192.0.2.53\n");
  EXPECT_EQ(told("ns1.shop.test.", type::aaaa),
            "ns1.shop.test. has no AAAA; it holds\n  60 A 192.0.2.53\n");
  EXPECT_EQ(told("front.shop.test.", type::txt),
            "front.shop.test. has no TXT; it holds\n  60 POLICY \"front\"\n");
  EXPECT_EQ(told("far.shop.test."),
            "far.shop.test. is a CNAME of www.other.test.\n"
            "www.other.test. is plain data of a zone; it holds\n  60 A 1.2.3.4\n");
  EXPECT_EQ(told("deep.shop.test."), "deep.shop.test. has no records, only names below it\n");
}

TEST_F(NamePathTest, SaysWhereThereIsNothing) {
  EXPECT_EQ(told("nope.shop.test."), "nope.shop.test. does not exist: NXDOMAIN\n");
  EXPECT_EQ(told("late.shop.test."),
            "late.shop.test. is an ALIAS of nobody.shop.test.\n"
            "nobody.shop.test. does not exist: an empty answer\n");
  EXPECT_EQ(told("lost.shop.test."),
            "lost.shop.test. is an ALIAS of www.nowhere.test.\n"
            "www.nowhere.test. is in no zone of this server: SERVFAIL\n");
  EXPECT_EQ(told("x.sub.shop.test."),
            "x.sub.shop.test. is in a zone of another server: the client is sent there\n");
  EXPECT_TRUE(told("a.shop.test.").ends_with("the names lead in a circle\n"));
  EXPECT_EQ(path_of(*snapshot_, name_of("www.example."), type::a).end, NamePath::End::elsewhere);
}

TEST_F(NamePathTest, KnowsThePoliciesOfZones) {
  EXPECT_EQ(policies_named(*snapshot_), (std::set<std::string>{"cdn", "front"}));
}

}  // namespace
}  // namespace securecart::traffic::dns::test
