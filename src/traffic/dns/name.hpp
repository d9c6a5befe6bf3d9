// Domain names in wire format (RFC 1035 section 3.1): labels, each behind its length, and a zero.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/limits.hpp"
#include "traffic/dns/limits.hpp"

namespace securecart::traffic::dns {

using Bytes = std::span<const std::uint8_t>;

inline std::uint8_t lower_byte(std::uint8_t byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<std::uint8_t>(byte | 0x20U) : byte;
}

// An absolute name, uncompressed, with the case it was written in.
class Name {
 public:
  Name() = default;  // the root
  // "www.shop.test." or, below `origin`, "www"; "@" is the origin. Escapes are \X and \DDD.
  // nullopt: an empty label, a label above 63 bytes, a name above 255, a bad escape, or a relative
  // name without an origin.
  static std::optional<Name> parse(std::string_view text, const Name* origin = nullptr);
  // From uncompressed wire format that is exactly one name.
  static std::optional<Name> from_wire(Bytes wire);

  Bytes wire() const { return {bytes_.data(), size_}; }
  std::size_t size() const { return size_; }
  bool is_root() const { return size_ == 1; }
  Name lowered() const;
  // With `label` in front; nullopt when that is too long.
  std::optional<Name> below(Bytes label) const;
  std::string to_text() const;
  // Without regard to case.
  bool operator==(const Name& other) const;

 private:
  bool append(Bytes bytes);

  std::array<std::uint8_t, limits::dns_name_bytes> bytes_{};
  std::uint8_t size_ = 1;
};

// Size of the uncompressed name at the start of `bytes`; 0 when there is none.
std::size_t name_size(Bytes bytes);
std::string name_text(Bytes wire);
unsigned label_count(Bytes wire);  // without the root
bool equal_names(Bytes a, Bytes b);
// `name` is `zone` or below it.
bool is_at_or_below(Bytes name, Bytes zone);
// RFC 4034 section 6.1: below 0, 0 or above, by labels from the right.
int canonical_order(Bytes a, Bytes b);

// A name made ready for look-ups: lower case, where its labels begin, and the hash of each suffix.
struct NameKey {
  std::array<std::uint8_t, limits::dns_name_bytes> bytes;
  std::array<std::uint8_t, limits::dns_name_labels + 1> at;       // of label i, from the left
  std::array<std::uint64_t, limits::dns_name_labels + 1> hashes;  // of the suffix that begins there
  std::uint8_t size = 0;
  std::uint8_t labels = 0;

  // From uncompressed wire format that is known to be a name.
  void set(Bytes wire);
  // From the start of `bytes`, where anything may stand; false when it is no uncompressed name.
  bool read(Bytes bytes);
  Bytes wire() const { return {bytes.data(), size}; }
  Bytes suffix(unsigned label) const { return wire().subspan(at[label]); }
  std::uint64_t hash() const { return hashes[0]; }

 private:
  void fold(Bytes wire);
  void hash_suffixes();
};

// Of a whole lower-case name; the same as NameKey::hashes of it.
std::uint64_t hash_below(std::uint64_t parent, Bytes label_with_length);
inline constexpr std::uint64_t root_hash = 0x9e37'79b9'7f4a'7c15U;

}  // namespace securecart::traffic::dns
