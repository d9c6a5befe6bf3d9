// What only a signed zone does. That validators agree is proven by tests/dns_test.cpp with delv.
#include "traffic/dns/answer.hpp"
#include "traffic/dns/dns_fixture.hpp"
#include "traffic/dns/limits.hpp"

namespace securecart::traffic::dns::test {
namespace {

class SignedTest : public testing::Test {
 public:
  SignedTest() {
    std::vector<ZoneKey> keys;
    keys.push_back(generate_key(KeyState::active, Timestamp()));
    std::vector<ServedZone> zones(1);
    zones[0].zone = make_zone("shop.test.",
                              "$TTL 300\n@ SOA ns1 admin 7 3600 900 2419200 60\n@ NS ns1\n"
                              "ns1 A 192.0.2.53\nwww A 192.0.2.1\nwww TXT x\nsub NS ns1\n");
    zones[0].keys = std::make_shared<ZoneKeys>(name_of("shop.test."), std::move(keys));
    snapshot_ = std::make_unique<Snapshot>(std::move(zones), nullptr, Settings());
    client_.unix_seconds = 1'800'000'000;
  }
  Decoded ask(std::string_view name, Ask how) {
    how.dnssec = true;
    const Reply reply = answerer_.answer(make_query(name, how), client_, *snapshot_, out_);
    return decode({out_.data(), reply.size});
  }

  std::unique_ptr<Snapshot> snapshot_;
  Answerer answerer_{0, {3, 4}};
  Client client_;
  std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(limits::dns_message_bytes + 1024);
};

bool is_signature(const std::string& line, std::string_view owner) {
  return line.starts_with(owner) && line.find(" RRSIG ") != std::string::npos;
}

TEST_F(SignedTest, SignsOnlyWhenAsked) {
  EXPECT_EQ(ask("www.shop.test.", {}).answer.size(), 2U);
  const Reply reply = answerer_.answer(make_query("www.shop.test."), client_, *snapshot_, out_);
  EXPECT_EQ(decode({out_.data(), reply.size}).answer.size(), 1U);
}

TEST_F(SignedTest, KeepsSignatures) {
  ask("www.shop.test.", {});
  const std::uint64_t made = answerer_.signatures_made();
  ask("WWW.shop.test.", {});
  EXPECT_EQ(answerer_.signatures_made(), made);
}

// RFC 9824: a name that is not there is a name with nothing but NXNAME.
TEST_F(SignedTest, DeniesCompactly) {
  const Decoded found = ask("nope.shop.test.", {});
  EXPECT_EQ(found.rcode, rcode::no_error);
  ASSERT_EQ(found.authority.size(), 4U);
  EXPECT_TRUE(is_signature(found.authority[1], "shop.test. "));
  EXPECT_TRUE(found.authority[2].starts_with("nope.shop.test. 60 NSEC "));
  EXPECT_TRUE(is_signature(found.authority[3], "nope.shop.test. "));
  EXPECT_EQ(ask("nope.shop.test.", {.compact = true}).rcode, rcode::nx_domain);
}

// The bitmap of "no data" names what there is, and never what was asked for.
TEST_F(SignedTest, NamesTheOtherTypes) {
  const Decoded found = ask("www.shop.test.", {.type = type::mx});
  ASSERT_EQ(found.authority.size(), 4U);
  // \000.www.shop.test. and A, TXT, RRSIG, NSEC
  EXPECT_NE(found.authority[2].find("0006400080000003"), std::string::npos) << found.authority[2];
}

TEST_F(SignedTest, RefersWithoutSignatures) {
  const Decoded found = ask("x.sub.shop.test.", {});
  ASSERT_EQ(found.authority.size(), 3U);
  EXPECT_EQ(found.authority[0], "sub.shop.test. 300 NS ns1.shop.test.");
  EXPECT_TRUE(found.authority[1].starts_with("sub.shop.test. 60 NSEC "));  // no DS there
  EXPECT_TRUE(is_signature(found.authority[2], "sub.shop.test. "));
}

TEST_F(SignedTest, GivesItsKeys) {
  EXPECT_EQ(ask("shop.test.", {.type = type::dnskey}).answer.size(), 2U);
  EXPECT_EQ(ask("shop.test.", {.type = type::cds}).answer.size(), 2U);
  EXPECT_EQ(ask("www.shop.test.", {.type = type::dnskey}).answer.size(), 0U);
  EXPECT_EQ(ask("www.shop.test.", {.type = type::nsec}).answer.size(), 2U);
}

}  // namespace
}  // namespace securecart::traffic::dns::test
