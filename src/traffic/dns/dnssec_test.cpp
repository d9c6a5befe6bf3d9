#include "traffic/dns/dnssec.hpp"

#include <algorithm>

#include <openssl/evp.h>

#include "traffic/dns/dns_fixture.hpp"

namespace securecart::traffic::dns::test {
namespace {

using namespace std::chrono_literals;

const Timestamp start = from_millis(1'800'000'000'000);

ZoneKeys ring_of(KeyState state = KeyState::active) {
  std::vector<ZoneKey> keys;
  keys.push_back(generate_key(state, start));
  return ZoneKeys(name_of("shop.test."), std::move(keys));
}

std::size_t in_state(const RollStep& step, KeyState state) {
  return static_cast<std::size_t>(std::ranges::count(step.keys, state, &ZoneKey::state));
}

TEST(Keys, ComeBackFromTheirFile) {
  const ZoneKeys ring = ring_of();
  const auto again = ZoneKeys::parse(name_of("shop.test."), "k", ring.to_toml());
  ASSERT_TRUE(again.has_value()) << again.error().detail;
  EXPECT_EQ((*again)->active().dnskey, ring.active().dnskey);
  EXPECT_EQ((*again)->active().tag, ring.active().tag);
  EXPECT_EQ((*again)->ds_text(), ring.ds_text());
  EXPECT_FALSE(ZoneKeys::parse(name_of("shop.test."), "k", "").has_value());
  EXPECT_FALSE(ZoneKeys::parse(name_of("shop.test."), "k",
                               "[[key]]\nstate = \"active\"\nchanged = \"x\"\nprivate_key = \"y\"")
                   .has_value());
}

TEST(Keys, RollStepByStep) {
  const ZoneKeys first = ring_of();
  const Result<RollStep> published = roll_keys(first, start, false, false);
  ASSERT_TRUE(published.has_value());
  EXPECT_EQ(in_state(*published, KeyState::next), 1U);
  const ZoneKeys second(name_of("shop.test."), published->keys);
  EXPECT_EQ(second.active().tag, first.active().tag);
  EXPECT_FALSE(roll_keys(second, start + 59min, false, false).has_value());
  const Result<RollStep> signing = roll_keys(second, start + 61min, false, false);
  ASSERT_TRUE(signing.has_value());
  const ZoneKeys third(name_of("shop.test."), signing->keys);
  EXPECT_NE(third.active().dnskey, first.active().dnskey);
  EXPECT_EQ(in_state(*signing, KeyState::old), 1U);
  EXPECT_FALSE(roll_keys(third, start + 48h, false, false).has_value());  // the DS first
  EXPECT_FALSE(roll_keys(third, start + 10h, true, false).has_value());   // and its TTL
  const Result<RollStep> done = roll_keys(third, start + 48h, true, false);
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->keys.size(), 1U);
}

// As any other implementation would: OpenSSL with the signature in DER.
bool verifies(const ZoneKey& key, const Packet& data, const Signature& signature) {
  Packet der{0x30, 0};
  for (const std::size_t half : {0U, 32U}) {
    Packet number(signature.begin() + static_cast<std::ptrdiff_t>(half),
                  signature.begin() + static_cast<std::ptrdiff_t>(half + 32));
    while (number.size() > 1 && number[0] == 0 && number[1] < 0x80) {
      number.erase(number.begin());
    }
    if (number[0] >= 0x80) {
      number.insert(number.begin(), 0);
    }
    der.push_back(2);
    der.push_back(static_cast<std::uint8_t>(number.size()));
    der.insert(der.end(), number.begin(), number.end());
  }
  der[1] = static_cast<std::uint8_t>(der.size() - 2);
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key.secret.get());
  const int good = EVP_DigestVerify(context, der.data(), der.size(), data.data(), data.size());
  EVP_MD_CTX_free(context);
  return good == 1;
}

TEST(Signer, SignsAndRemembers) {
  const ZoneKeys ring = ring_of();
  Signer signer({1, 2});
  Signature signature;
  Signature again;
  for (std::uint8_t i = 0; i < 200; ++i) {  // now and then a number is short
    const Packet data(40, i);
    ASSERT_TRUE(signer.sign(ring.active(), data, signature));
    EXPECT_TRUE(verifies(ring.active(), data, signature));
    ASSERT_TRUE(signer.sign(ring.active(), data, again));
    EXPECT_EQ(signature, again);
  }
  EXPECT_EQ(signer.made(), 200U);
  const ZoneKeys other = ring_of();
  ASSERT_TRUE(signer.sign(other.active(), Packet(40, 1), signature));
  EXPECT_TRUE(verifies(other.active(), Packet(40, 1), signature));
}

// As many names as fill a seventh of it: hardly one drives another out, whatever order they come
// in.
TEST(Signer, KeepsNamesThatShareAPlace) {
  const ZoneKeys ring = ring_of();
  Signer signer({3, 4});
  constexpr std::size_t names = limits::dns_signatures_kept / 7;
  Signature signature;
  const auto sign_all = [&] {
    for (std::size_t i = 0; i < names; ++i) {
      Packet data(8);
      std::memcpy(data.data(), &i, sizeof i);
      signer.sign(ring.active(), data, signature);
    }
  };
  sign_all();
  const std::uint64_t made = signer.made();
  EXPECT_EQ(made, names);
  sign_all();
  EXPECT_LT(signer.made() - made, names / 100);
}

TEST(Nsec, HasTheBitmapOfItsRfc) {  // RFC 4034 section 4.3
  const std::uint16_t types[] = {type::a, type::mx, type::rrsig, type::nsec, 1234};
  std::array<std::uint8_t, 600> out{};
  const std::size_t size = write_type_bitmap(types, out.data());
  Packet wanted{0, 6, 0x40, 1, 0, 0, 0, 3, 4, 0x1b};
  wanted.resize(wanted.size() + 26);
  wanted.push_back(0x20);
  EXPECT_EQ(Packet(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size)), wanted);
}

TEST(Nsec, GivesTheNextName) {
  std::array<std::uint8_t, 300> out{};
  const Name name = name_of("nope.shop.test.");
  const std::size_t size = write_next_name(name.wire(), out.data());
  EXPECT_EQ(name_text({out.data(), size}), "\\000.nope.shop.test.");
  // Too long for another label: behind it, and still right behind.
  const std::string label(63, 'a');
  const Name full = name_of(label + "." + label + "." + label + "." + std::string(61, '@') + ".");
  const std::size_t full_size = write_next_name(full.wire(), out.data());
  EXPECT_EQ(full_size, full.size());
  EXPECT_LT(canonical_order(full.wire(), {out.data(), full_size}), 0);
}

TEST(Period, CoversNowAndSpreadsItsEdges) {
  constexpr std::uint32_t now = 1'800'000'000;
  std::uint32_t edges = 0;
  for (std::uint64_t name = 0; name < 100; ++name) {
    const std::uint64_t hash = root_hash * (name + 1);
    const Period period = period_of(now, hash);
    EXPECT_LE(period.inception, now - 86'400);
    EXPECT_GE(period.expiration, now + 12 * 86'400);
    edges += period_of(now + 3'600, hash).inception != period.inception ? 1U : 0U;
  }
  EXPECT_LT(edges, 20U);  // about a 24th an hour
}

}  // namespace
}  // namespace securecart::traffic::dns::test
