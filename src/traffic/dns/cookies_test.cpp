#include "traffic/dns/cookies.hpp"

#include "base/crypto.hpp"
#include "traffic/dns/dns_fixture.hpp"

namespace securecart::traffic::dns::test {
namespace {

// Reference vectors of the authors' implementation: key 00..0f, input 00..0e.
TEST(SipHash, MatchesItsAuthors) {
  const SipKey key{0x0706'0504'0302'0100U, 0x0f0e'0d0c'0b0a'0908U};
  Packet input;
  for (std::uint8_t i = 0; i < 15; ++i) {
    input.push_back(i);
  }
  EXPECT_EQ(siphash64(key, input), 0xa129'ca61'49be'45e5U);
  const Hash128 wide = siphash128(key, {});
  EXPECT_EQ(wide[0], 0xe6a8'25ba'047f'81a3U);
  EXPECT_EQ(wide[1], 0x9302'55c7'1472'f66dU);
}

// RFC 9018 appendix A.1: client 198.51.100.100, time 1559731985.
TEST(Cookies, MatchTheirRfc) {
  const std::string secret = from_hex("e5e973e5a6b2a43f48e7dc849e37bfcf").value();
  SipKey key;
  std::memcpy(&key, secret.data(), secret.size());
  const std::string client_cookie = from_hex("2464c4abcf10c957").value();
  Edns edns;
  edns.has_cookie = true;
  std::ranges::copy(client_cookie, edns.client_cookie.begin());
  const Address client = parse_address("198.51.100.100").value();
  const ServerCookie cookie = make_server_cookie(key, edns, client, 1'559'731'985);
  EXPECT_EQ(to_hex({reinterpret_cast<const char*>(cookie.data()), cookie.size()}),
            "010000005cf79f111f8130c3eee29480");

  std::ranges::copy(cookie, edns.server_cookie.begin());
  edns.server_cookie_size = server_cookie_bytes;
  EXPECT_TRUE(has_valid_cookie(key, edns, client, 1'559'731'985 + 3'600));
  EXPECT_FALSE(has_valid_cookie(key, edns, client, 1'559'731'985 + 3'601));
  EXPECT_TRUE(has_valid_cookie(key, edns, client, 1'559'731'985 - 300));
  EXPECT_FALSE(has_valid_cookie(key, edns, client, 1'559'731'985 - 301));
  edns.server_cookie[9] ^= 1;
  EXPECT_FALSE(has_valid_cookie(key, edns, client, 1'559'731'985));
}

}  // namespace
}  // namespace securecart::traffic::dns::test
