#include "traffic/dns/tsig.hpp"

#include "traffic/dns/dns_fixture.hpp"

namespace securecart::traffic::dns::test {
namespace {

constexpr std::uint32_t now = 1'800'000'000;

struct Signed {
  Packet packet;
  std::size_t at;  // of the TSIG record
};

Signed signed_query(const TsigKey& key) {
  Packet packet = make_query("shop.test.", {.type = type::axfr});
  const std::size_t at = packet.size();
  packet.resize(at + tsig_bytes_max);
  packet.resize(sign_request(key, packet, at, now));
  return {packet, at};
}

TEST(Tsig, AcceptsItsOwn) {
  for (const TsigAlgorithm algorithm :
       {TsigAlgorithm::sha1, TsigAlgorithm::sha256, TsigAlgorithm::sha384, TsigAlgorithm::sha512}) {
    const TsigKey key{name_of("xfr."), algorithm, "secret"};
    const Signed query = signed_query(key);
    const std::vector<TsigKey> keys{key};
    EXPECT_EQ(verify_tsig(query.packet, query.at, keys, now).error, 0);
    EXPECT_EQ(verify_tsig(query.packet, query.at, keys, now + 300).error, 0);
    EXPECT_EQ(verify_tsig(query.packet, query.at, keys, now + 301).error, rcode::bad_time);
    EXPECT_EQ(verify_tsig(query.packet, query.at, keys, now - 301).error, rcode::bad_time);
  }
}

TEST(Tsig, RefusesTheOthers) {
  const TsigKey key{name_of("xfr."), TsigAlgorithm::sha256, "secret"};
  const Signed query = signed_query(key);
  const std::vector<TsigKey> wrong_secret{{key.name, key.algorithm, "public"}};
  const std::vector<TsigKey> wrong_algorithm{{key.name, TsigAlgorithm::sha512, key.secret}};
  EXPECT_EQ(verify_tsig(query.packet, query.at, wrong_secret, now).error, rcode::bad_sig);
  EXPECT_EQ(verify_tsig(query.packet, query.at, wrong_algorithm, now).error, rcode::bad_key);
  EXPECT_EQ(verify_tsig(query.packet, query.at, {}, now).error, rcode::bad_key);
  const std::vector<TsigKey> keys{key};
  for (std::size_t i = 0; i < query.packet.size(); ++i) {
    Packet changed = query.packet;
    changed[i] ^= 1U;
    Query parsed;
    if (parse_query(changed, parsed) != Verdict::ok || parsed.tsig_at == 0) {
      continue;
    }
    const TsigState state = verify_tsig(changed, parsed.tsig_at, keys, now);
    EXPECT_TRUE(state.malformed || state.error != 0 || i < 2) << i;  // the id may change
  }
}

TEST(Tsig, SignsEachMessageOfATransfer) {
  const TsigKey key{name_of("xfr."), TsigAlgorithm::sha256, "secret"};
  const std::vector<TsigKey> keys{key};
  const Signed query = signed_query(key);
  TsigState state = verify_tsig(query.packet, query.at, keys, now);
  Packet message = make_query("shop.test.");
  const std::size_t plain = message.size();
  message.resize(plain + tsig_bytes_max);
  const std::size_t first = sign_tsig(state, message, plain, now);
  const std::vector<std::uint8_t> first_mac = state.mac;
  EXPECT_GT(first, plain);
  EXPECT_EQ(message[11], 1);
  message[11] = 0;
  EXPECT_GT(sign_tsig(state, message, plain, now), plain);
  EXPECT_NE(state.mac, first_mac);  // each covers the one before
  EXPECT_EQ(sign_tsig(state, std::span(message).first(plain + 4), plain, now), 0U);
}

}  // namespace
}  // namespace securecart::traffic::dns::test
