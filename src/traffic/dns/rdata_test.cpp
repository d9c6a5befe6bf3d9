#include "traffic/dns/rdata.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "traffic/dns/types.hpp"

namespace securecart::traffic::dns {
namespace {

// Words as the zone file's scanner would cut simple ones: blanks part them, quotes hold together.
std::vector<Token> words_of(std::string_view text) {
  std::vector<Token> words;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      ++i;
      continue;
    }
    const std::size_t begin = i;
    bool inside = false;
    for (; i < text.size() && (inside || text[i] != ' '); ++i) {
      inside ^= text[i] == '"';
    }
    const std::string_view word = text.substr(begin, i - begin);
    const bool quoted = word.front() == '"';
    words.push_back({quoted ? word.substr(1, word.size() - 2) : word, quoted});
  }
  return words;
}

std::string round_trip(std::string_view kind, std::string_view text) {
  const Name origin = Name::parse("shop.test.").value();
  const std::uint16_t number = parse_type(kind).value();
  const auto rdata = parse_rdata(number, words_of(text), origin);
  return rdata ? rdata_text(number, *rdata) : "wrong: " + rdata.error().what;
}

TEST(Rdata, ReadsAndWritesEveryType) {
  const std::vector<std::array<std::string_view, 3>> cases = {
      {"A", "192.0.2.1", "192.0.2.1"},
      {"AAAA", "2001:DB8:0::1", "2001:db8::1"},
      {"NS", "ns1", "ns1.shop.test."},
      {"CNAME", "other.test.", "other.test."},
      {"MX", "10 mail", "10 mail.shop.test."},
      {"SOA", "ns1 admin 7 1h 15m 4w 300",
       "ns1.shop.test. admin.shop.test. 7 3600 900 2419200 300"},
      {"TXT", "one \"two words\" \"\"", "\"one\" \"two words\" \"\""},
      {"TXT", "\\\"\\001", "\"\\\"\\001\""},
      {"SRV", "0 5 443 web", "0 5 443 web.shop.test."},
      {"CAA", "0 issue \"ca.test; x=y\"", "0 \"issue\" \"ca.test; x=y\""},
      {"HTTPS", "1 . alpn=h2,h3 port=443 ipv4hint=192.0.2.1,192.0.2.2",
       "1 . alpn=\"h2,h3\" port=\"443\" ipv4hint=\"192.0.2.1,192.0.2.2\""},
      {"SVCB", "0 svc", "0 svc.shop.test."},
      {"SVCB", "1 . key667=hello mandatory=alpn alpn=h2",
       "1 . mandatory=\"alpn\" alpn=\"h2\" key667=\"hello\""},
      {"DS", "60485 13 2 00ff10", "60485 13 2 00ff10"},
      {"HINFO", "cpu os", "\"cpu\" \"os\""},
      {"NAPTR", "10 20 u sip \"!x!y!\" .", "10 20 \"u\" \"sip\" \"!x!y!\" ."},
      {"TLSA", "3 1 1 abcd", "3 1 1 abcd"},
      {"TYPE65280", "\\# 3 0a0b0c", "\\# 3 0a0b0c"},
      {"TYPE65280", "\\# 0", "\\# 0"},
      {"A", "\\# 4 c0000201", "192.0.2.1"},
  };
  for (const auto& [kind, text, wanted] : cases) {
    EXPECT_EQ(round_trip(kind, text), wanted) << kind << " " << text;
  }
}

TEST(Rdata, SaysWhatIsWrong) {
  const std::vector<std::array<std::string_view, 3>> cases = {
      {"A", "192.0.2", "not an IPv4 address"},
      {"A", "", "an address is missing"},
      {"A", "192.0.2.1 192.0.2.2", "too much"},
      {"AAAA", "192.0.2.1", "not an IPv6 address"},
      {"MX", "70000 mail", "not a number from 0 to 65535"},
      {"MX", "mail", "not a number"},
      {"NS", "a..b", "not a domain name"},
      {"TXT", "\\999", "a bad escape"},
      {"HTTPS", "1 . port=http", "a port is a number"},
      {"HTTPS", "1 . speed=9", "no service parameter"},
      {"HTTPS", "1 . alpn=h2 alpn=h3", "this key was there before"},
      {"HTTPS", "1 . mandatory=port", "a mandatory key is missing"},
      {"SOA", "ns1 admin 7 1h 15m", "a time in seconds is missing"},
      {"TYPE65280", "0a0b", "has no form here"},
      {"A", "\\# 3 0a0b0c", "does not fit type A"},
      {"TYPE65280", "\\# 2 0a0b0c", "says 2 bytes, but there are 3"},
  };
  for (const auto& [kind, text, wanted] : cases) {
    EXPECT_NE(round_trip(kind, text).find(wanted), std::string::npos)
        << kind << " " << text << ": " << round_trip(kind, text);
  }
}

TEST(Ttl, HasUnits) {
  std::uint32_t seconds = 0;
  EXPECT_TRUE(parse_ttl("1w2d3h4m5s", seconds));
  EXPECT_EQ(seconds, 604'800U + 2 * 86'400 + 3 * 3'600 + 4 * 60 + 5);
  EXPECT_TRUE(parse_ttl("0", seconds));
  for (const char* text : {"", "h", "1x", "-1", "2147483648", "99999w", "1h30", "A"}) {
    EXPECT_FALSE(parse_ttl(text, seconds)) << text;
  }
}

TEST(Rdata, KnowsTheNamesInside) {
  const Name origin = Name::parse("Shop.test.").value();
  RdataBytes srv = *parse_rdata(type::srv, words_of("0 5 443 Web"), origin);
  EXPECT_EQ(name_text(target_of(type::srv, srv)), "Web.Shop.test.");
  make_canonical(type::srv, srv);
  EXPECT_EQ(name_text(target_of(type::srv, srv)), "web.shop.test.");
  RdataBytes text = *parse_rdata(type::txt, words_of("CASE"), origin);
  make_canonical(type::txt, text);
  EXPECT_EQ(rdata_text(type::txt, text), "\"CASE\"");
}

}  // namespace
}  // namespace securecart::traffic::dns
