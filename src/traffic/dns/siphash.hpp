// SipHash-2-4 (Aumasson, Bernstein 2012) with 64 and with 128 bits: for server cookies (RFC 9018)
// and as the key of what is cached, so that nobody outside can aim at a collision.
#pragma once

#include <array>
#include <cstdint>

#include "traffic/dns/name.hpp"

namespace securecart::traffic::dns {

struct SipKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

using Hash128 = std::array<std::uint64_t, 2>;

std::uint64_t siphash64(const SipKey& key, Bytes bytes);
Hash128 siphash128(const SipKey& key, Bytes bytes);

}  // namespace securecart::traffic::dns
