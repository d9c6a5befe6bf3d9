// Online signing with ECDSA P-256 (algorithm 13, RFC 6605) and denial by compact answers (RFC 9824,
// "black lies"): answers are signed when they are asked for, and signatures are kept.
//
// One key signs everything of a zone (a combined signing key, flags 257). Its life, step by step
// with `securecart dns key roll`:
//
//          generate          roll              roll (DNSKEY's TTL later)   roll (parent's DS
//          changed)
//   key A   active           active            old                         -
//   key B                    next              active                      active
//   DNSKEY  A                A B, both sign    A B, both sign              B
//   data    signed by A      by A              by B                        by B
//   CDS     A                A                 B                           B
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "traffic/dns/limits.hpp"
#include "traffic/dns/name.hpp"
#include "traffic/dns/rdata.hpp"
#include "traffic/dns/siphash.hpp"

struct evp_pkey_st;
struct evp_md_ctx_st;

namespace securecart::traffic::dns {

inline constexpr std::uint8_t algorithm_p256 = 13;  // RFC 6605

enum class KeyState : std::uint8_t { next, active, old };

struct ZoneKey {
  KeyState state = KeyState::active;
  Timestamp changed;           // when it entered this state
  std::uint16_t tag = 0;       // RFC 4034 appendix B
  std::string pem;             // PKCS #8
  RdataBytes dnskey;           // rdata
  std::uint64_t identity = 0;  // of the key itself; tags can clash
  std::shared_ptr<evp_pkey_st> secret;
};

// The keys of one zone, and their records ready to be copied into an answer.
class ZoneKeys {
 public:
  // Exactly one key is active.
  explicit ZoneKeys(const Name& zone, std::vector<ZoneKey> keys);
  // A key file: [[key]] with state, changed and private_key.
  static Result<std::shared_ptr<const ZoneKeys>> parse(const Name& zone, std::string_view file,
                                                       std::string_view text);
  std::string to_toml() const;

  const std::vector<ZoneKey>& keys() const { return keys_; }
  const ZoneKey& active() const;
  // Sets of the apex in the form of RrsetView::wire; empty for other types.
  Bytes apex_set(std::uint16_t type) const;
  // "shop.test. IN DS 12345 13 2 ...", of the active key (RFC 4509).
  std::string ds_text() const;

 private:
  void write_sets(const Name& zone);

  Name zone_;
  std::vector<ZoneKey> keys_;
  std::vector<std::uint8_t> dnskey_set_;
  std::vector<std::uint8_t> cds_set_;
  std::vector<std::uint8_t> cdnskey_set_;
};

// Throws Unavailable when OpenSSL cannot make one.
ZoneKey generate_key(KeyState state, Timestamp now);
Result<ZoneKey> load_key(std::string pem, KeyState state, Timestamp changed);

// The next step of a rollover, and what is to be done by hand after it.
struct RollStep {
  std::vector<ZoneKey> keys;
  std::string told;
};
// Fails when it is too early, which `force` overrides, or when the parent's DS has to change first
// and `ds_changed` does not say that it has.
Result<RollStep> roll_keys(const ZoneKeys& keys, Timestamp now, bool ds_changed, bool force);

inline constexpr std::size_t signature_bytes = 64;
using Signature = std::array<std::uint8_t, signature_bytes>;

// Of one thread. Keeps what it signed under a hash of the signed bytes, so a changed record, key or
// period never meets an old signature, and policy answers are kept as well as plain ones. A hash
// may lie in any of the four places of its set: a look-up is one cache line of hashes and one of
// the signature, and names that fall on one set do not drive each other out.
class Signer {
 public:
  explicit Signer(const SipKey& secret);
  ~Signer();
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;

  // False when OpenSSL fails.
  bool sign(const ZoneKey& key, Bytes data, Signature& signature);
  std::uint64_t made() const { return made_; }  // not from memory

 private:
  static constexpr std::size_t ways = 4;
  static constexpr std::size_t set_count = limits::dns_signatures_kept / ways;
  struct alignas(64) Set {
    std::array<Hash128, ways> hashes{};
    std::array<Signature, ways> signatures{};
  };
  bool make(const ZoneKey& key, Bytes data, Signature& signature);

  SipKey secret_;
  std::vector<Set> sets_;
  evp_md_ctx_st* context_;
  std::uint64_t made_ = 0;
};

// When a signature of this owner begins and ends, in seconds since 1970. The edges differ from name
// to name, so that not all are made anew in the same second.
struct Period {
  std::uint32_t inception = 0;
  std::uint32_t expiration = 0;
};
Period period_of(std::uint32_t unix_seconds, std::uint64_t owner_hash);

// Appends the type bitmap of an NSEC record (RFC 4034 section 4.1.2); `types` ascend. Returns the
// size, at most 8 KiB.
std::size_t write_type_bitmap(std::span<const std::uint16_t> types, std::uint8_t* out);

// The name right behind this one in canonical order that no query can be for: \000.name, or where
// that is too long, the name with its first label made larger. Returns the size.
std::size_t write_next_name(Bytes name, std::uint8_t* out);

}  // namespace securecart::traffic::dns
