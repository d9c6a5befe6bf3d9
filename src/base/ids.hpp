// Ids are prefixed, time-ordered and unique without coordination: `ord_01KD2M…` is a prefix and a
// ULID (48 bits of milliseconds, 80 random bits, Crockford base32).
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/prng.hpp"

namespace securecart {

class Ids {
 public:
  Ids(const Clock& clock, Random& random) : clock_(clock), random_(random) {}

  // make("ord") -> "ord_" and 26 characters.
  std::string make(std::string_view prefix) const;
  // Ten characters without 0/O, 1/I/L doubts, as order numbers: "7K3F9-QX2MB".
  std::string order_number() const;
  // `bytes` random bytes as base64url without padding.
  std::string secret(std::size_t bytes) const;

 private:
  const Clock& clock_;
  Random& random_;
};

// True when `text` is `prefix` + '_' + a ULID. Anything else from outside is "not found", cheaply.
bool is_id(std::string_view text, std::string_view prefix);

}  // namespace securecart
