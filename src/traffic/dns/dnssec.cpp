#include "traffic/dns/dnssec.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include "base/config.hpp"
#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "traffic/dns/limits.hpp"
#include "traffic/dns/types.hpp"
#include "traffic/dns/zone.hpp"

namespace securecart::traffic::dns {
namespace {

constexpr std::uint16_t csk_flags = 257;
constexpr std::uint8_t dnskey_protocol = 3;
constexpr std::uint8_t digest_sha256 = 2;
constexpr std::size_t half_signature = 32;
constexpr std::uint32_t key_set_ttl = 3'600;
constexpr std::uint32_t ds_ttl_assumed = 86'400;  // of the parent
constexpr std::uint32_t validity_seconds = 14 * 86'400;
constexpr std::uint32_t period_seconds = 86'400;
constexpr std::uint32_t backdated_seconds = 2 * 86'400;  // for clocks that are wrong

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

std::string pem_of(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()), BIO_free);
  if (bio == nullptr ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    throw Unavailable("OpenSSL cannot write a key");
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

// RFC 4034 appendix B.
std::uint16_t tag_of(Bytes rdata) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < rdata.size(); ++i) {
    sum += (i % 2 == 0) ? static_cast<std::uint32_t>(rdata[i]) << 8U : rdata[i];
  }
  return static_cast<std::uint16_t>(sum + (sum >> 16U));
}

// The public key without the 0x04 of an uncompressed point (RFC 6605 section 4); false when the key
// is not of this curve.
bool append_public_key(EVP_PKEY* key, RdataBytes& out) {
  std::array<char, 32> curve{};
  std::array<std::uint8_t, 65> point{};
  std::size_t size = 0;
  const bool is_p256 = EVP_PKEY_get_group_name(key, curve.data(), curve.size(), &size) == 1 &&
                       std::string_view(curve.data(), size) == "prime256v1";
  if (!is_p256 || EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY,
                                                  point.data(), point.size(), &size) != 1) {
    return false;
  }
  if (size != point.size() || point[0] != 4) {
    return false;
  }
  out.insert(out.end(), point.begin() + 1, point.end());
  return true;
}

bool finish_key(ZoneKey& key) {
  key.dnskey = {csk_flags >> 8U, csk_flags & 0xffU, dnskey_protocol, algorithm_p256};
  if (!append_public_key(key.secret.get(), key.dnskey)) {
    return false;
  }
  key.tag = tag_of(key.dnskey);
  key.identity = siphash64({1, 2}, key.dnskey);
  return true;
}

std::string_view state_text(KeyState state) {
  return state == KeyState::next ? "next" : state == KeyState::active ? "active" : "old";
}

KeyState state_of(std::string_view text) {
  return text == "next" ? KeyState::next : text == "old" ? KeyState::old : KeyState::active;
}

void append_record(std::vector<std::uint8_t>& out, std::uint16_t type, Bytes rdata) {
  const std::size_t at = out.size();
  out.resize(at + record_header_bytes);
  write16(&out[at], 0xc00c);
  write16(&out[at + 2], type);
  write16(&out[at + 4], class_in);
  write32(&out[at + 6], key_set_ttl);
  write16(&out[at + 10], static_cast<std::uint16_t>(rdata.size()));
  out.insert(out.end(), rdata.begin(), rdata.end());
}

// RFC 4034 section 5.1 with SHA-256.
RdataBytes ds_of(const Name& zone, const ZoneKey& key) {
  const Name owner = zone.lowered();
  std::vector<std::uint8_t> input(owner.wire().begin(), owner.wire().end());
  input.insert(input.end(), key.dnskey.begin(), key.dnskey.end());
  RdataBytes ds(4 + SHA256_DIGEST_LENGTH);
  write16(ds.data(), key.tag);
  ds[2] = algorithm_p256;
  ds[3] = digest_sha256;
  SHA256(input.data(), input.size(), ds.data() + 4);
  return ds;
}

// A DER integer into 32 bytes, big-endian. `at` moves behind it; false when malformed.
bool take_integer(Bytes der, std::size_t& at, std::uint8_t* out) {
  if (at + 2 > der.size() || der[at] != 2 || der[at + 1] > der.size() - at - 2) {
    return false;
  }
  Bytes digits = der.subspan(at + 2, der[at + 1]);
  at += 2U + der[at + 1];
  while (!digits.empty() && digits[0] == 0) {
    digits = digits.subspan(1);
  }
  if (digits.size() > half_signature) {
    return false;
  }
  std::memset(out, 0, half_signature);
  std::ranges::copy(digits, out + (half_signature - digits.size()));
  return true;
}

Result<ZoneKey> read_key(const ConfigReader& table) {
  const KeyState state = state_of(table.choice("state", {"next", "active", "old"}, required));
  const std::string changed = table.string("changed", required);
  std::string pem = table.string("private_key", required, 2'000);
  const std::optional<Timestamp> time = parse_rfc3339(changed);
  if (!time) {
    return fail(errc::invalid_request, "'changed' is not a time like 2026-01-31T09:30:00.000Z");
  }
  return load_key(std::move(pem), state, *time);
}

Error too_early(Timestamp since, std::uint32_t seconds, std::string_view why) {
  const Timestamp when = since + std::chrono::seconds(seconds);
  return Error(errc::invalid_request,
               fmt::format("too early: {}. Run this again after {}, or with --force", why,
                           format_rfc3339(when)));
}

}  // namespace

ZoneKey generate_key(KeyState state, Timestamp now) {
  ZoneKey key;
  key.state = state;
  key.changed = now;
  key.secret.reset(EVP_EC_gen("P-256"), EVP_PKEY_free);
  if (key.secret == nullptr || !finish_key(key)) {
    throw Unavailable("OpenSSL cannot make a P-256 key");
  }
  key.pem = pem_of(key.secret.get());
  return key;
}

Result<ZoneKey> load_key(std::string pem, KeyState state, Timestamp changed) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  ZoneKey key;
  key.state = state;
  key.changed = changed;
  key.secret.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  if (key.secret == nullptr || !finish_key(key)) {
    return fail(errc::invalid_request, "'private_key' is not a P-256 key in PEM (PKCS #8)");
  }
  key.pem = std::move(pem);
  return key;
}

ZoneKeys::ZoneKeys(const Name& zone, std::vector<ZoneKey> keys)
    : zone_(zone.lowered()), keys_(std::move(keys)) {
  assert(std::ranges::count(keys_, KeyState::active, &ZoneKey::state) == 1);
  std::ranges::sort(keys_, {}, &ZoneKey::dnskey);  // the canonical order of the set
  write_sets(zone_);
}

void ZoneKeys::write_sets(const Name& zone) {
  for (const ZoneKey& key : keys_) {
    append_record(dnskey_set_, type::dnskey, key.dnskey);
  }
  append_record(cds_set_, type::cds, ds_of(zone, active()));
  append_record(cdnskey_set_, type::cdnskey, active().dnskey);
}

const ZoneKey& ZoneKeys::active() const {
  return *std::ranges::find(keys_, KeyState::active, &ZoneKey::state);
}

Bytes ZoneKeys::apex_set(std::uint16_t wanted) const {
  return wanted == type::dnskey    ? Bytes(dnskey_set_)
         : wanted == type::cds     ? Bytes(cds_set_)
         : wanted == type::cdnskey ? Bytes(cdnskey_set_)
                                   : Bytes();
}

std::string ZoneKeys::ds_text() const {
  return fmt::format("{} IN DS {}", zone_.to_text(), rdata_text(type::ds, ds_of(zone_, active())));
}

Result<std::shared_ptr<const ZoneKeys>> ZoneKeys::parse(const Name& zone, std::string_view file,
                                                        std::string_view text) {
  const Result<ConfigReader> config = ConfigReader::parse(file, text);
  if (!config) {
    return std::unexpected(config.error());
  }
  std::vector<ZoneKey> keys;
  for (const ConfigReader& table : config->tables("key")) {
    Result<ZoneKey> key = read_key(table);
    if (key) {
      keys.push_back(std::move(*key));
    } else {
      table.problem("private_key", key.error().detail);
    }
  }
  if (std::ranges::count(keys, KeyState::active, &ZoneKey::state) != 1) {
    config->problem("key", "exactly one key has to be active");
  }
  if (const Result<void> good = config->finish(); !good) {
    return std::unexpected(good.error());
  }
  return std::make_shared<const ZoneKeys>(zone, std::move(keys));
}

std::string ZoneKeys::to_toml() const {
  std::string text = fmt::format("# Keys of {} Keep this file secret.\n", zone_.to_text());
  for (const ZoneKey& key : keys_) {
    text += fmt::format(
        "\n[[key]]  # tag {}\nstate = \"{}\"\nchanged = \"{}\"\nprivate_key = \"\"\"\n{}\"\"\"\n",
        key.tag, state_text(key.state), format_rfc3339(key.changed), key.pem);
  }
  return text;
}

Result<RollStep> roll_keys(const ZoneKeys& ring, Timestamp now, bool ds_changed, bool force) {
  RollStep step{ring.keys(), {}};
  const auto in_state = [&step](KeyState state) {
    return std::ranges::find(step.keys, state, &ZoneKey::state);
  };
  const auto passed = [now](const ZoneKey& key, std::uint32_t seconds) {
    return now - key.changed >= std::chrono::seconds(seconds);
  };
  if (const auto old = in_state(KeyState::old); old != step.keys.end()) {
    if (!ds_changed && !force) {
      return fail(errc::invalid_request,
                  "the parent has to publish the new DS first; then say --ds-changed:\n  " +
                      ring.ds_text());
    }
    if (!force && !passed(*old, key_set_ttl + ds_ttl_assumed)) {
      return std::unexpected(too_early(old->changed, key_set_ttl + ds_ttl_assumed,
                                       "resolvers may still hold the old DS"));
    }
    step.keys.erase(old);
    step.told = "The old key is gone. The rollover is complete.";
    return step;
  }
  if (const auto next = in_state(KeyState::next); next != step.keys.end()) {
    if (!force && !passed(*next, key_set_ttl)) {
      return std::unexpected(
          too_early(next->changed, key_set_ttl, "resolvers may not have seen the new key"));
    }
    const auto active = in_state(KeyState::active);
    active->state = KeyState::old;
    next->state = KeyState::active;
    active->changed = next->changed = now;
    step.told =
        "The new key signs. Give the parent its DS, wait a day (the old DS's TTL), then roll again "
        "with --ds-changed.";
    return step;
  }
  step.keys.push_back(generate_key(KeyState::next, now));
  step.told =
      "A new key is published. Reload the server, wait an hour (the DNSKEY's TTL), then roll "
      "again.";
  return step;
}

Signer::Signer(const SipKey& secret) : secret_(secret), context_(EVP_MD_CTX_new()) {}

Signer::~Signer() {
  EVP_MD_CTX_free(context_);
}

bool Signer::sign(const ZoneKey& key, Bytes data, Signature& signature) {
  const Hash128 hash = siphash128({secret_.low ^ key.identity, secret_.high}, data);
  static_assert(std::has_single_bit(set_count));
  if (sets_.empty()) {
    sets_.resize(set_count);  // many threads never sign
  }
  Set& set = sets_[hash[0] & (set_count - 1)];
  std::size_t place = 0;
  for (; place < ways; ++place) {
    if (set.hashes[place] == hash) {
      signature = set.signatures[place];
      return true;
    }
  }
  if (!make(key, data, signature)) {
    return false;
  }
  // An empty place, or one of them in turn.
  const auto empty = std::ranges::find(set.hashes, Hash128{});
  place = empty != set.hashes.end() ? static_cast<std::size_t>(empty - set.hashes.begin())
                                    : made_ % ways;
  ++made_;
  set.hashes[place] = hash;
  set.signatures[place] = signature;
  return true;
}

bool Signer::make(const ZoneKey& key, Bytes data, Signature& signature) {
  std::array<std::uint8_t, 80> der;  // two integers of 33 bytes and their frames
  std::size_t size = der.size();
  EVP_MD_CTX_reset(context_);
  if (EVP_DigestSignInit(context_, nullptr, EVP_sha256(), nullptr, key.secret.get()) != 1 ||
      EVP_DigestSign(context_, der.data(), &size, data.data(), data.size()) != 1) {
    return false;
  }
  std::size_t at = 2;
  const Bytes whole(der.data(), size);
  return take_integer(whole, at, signature.data()) &&
         take_integer(whole, at, signature.data() + half_signature);
}

Period period_of(std::uint32_t unix_seconds, std::uint64_t owner_hash) {
  const auto shift = static_cast<std::uint32_t>((owner_hash >> 20U) % period_seconds);
  const std::uint32_t begin = (unix_seconds - shift) / period_seconds * period_seconds + shift;
  return {begin - backdated_seconds, begin + validity_seconds};
}

std::size_t write_type_bitmap(std::span<const std::uint16_t> types, std::uint8_t* out) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < types.size();) {
    const unsigned window = types[i] >> 8U;
    std::uint8_t* const bits = out + size + 2;
    std::memset(bits, 0, 32);
    unsigned last = 0;
    for (; i < types.size() && types[i] >> 8U == window; ++i) {
      last = (types[i] & 0xffU) / 8;
      bits[last] |= static_cast<std::uint8_t>(0x80U >> (types[i] % 8U));
    }
    out[size] = static_cast<std::uint8_t>(window);
    out[size + 1] = static_cast<std::uint8_t>(last + 1);
    size += 2 + last + 1;
  }
  return size;
}

std::size_t write_next_name(Bytes name, std::uint8_t* out) {
  if (name.size() + 2 <= limits::dns_name_bytes) {
    out[0] = 1;
    out[1] = 0;
    std::ranges::copy(name, out + 2);
    return name.size() + 2;
  }
  std::ranges::copy(name, out);
  std::size_t last = name[0];
  while (last > 1 && out[last] == 0xff) {
    --last;
  }
  // Upper case is read as lower case: the byte behind '@' is '['.
  out[last] = static_cast<std::uint8_t>(out[last] == '@' ? '[' : out[last] + 1);
  return name.size();
}

}  // namespace securecart::traffic::dns
