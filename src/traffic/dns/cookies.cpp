#include "traffic/dns/cookies.hpp"

#include <algorithm>

#include "traffic/dns/zone.hpp"

namespace securecart::traffic::dns {
namespace {

constexpr std::int32_t oldest_seconds = 3'600;
constexpr std::int32_t ahead_seconds = 300;
constexpr std::uint8_t version = 1;

}  // namespace

ServerCookie make_server_cookie(const SipKey& secret, const Edns& edns, const Address& client,
                                std::uint32_t unix_seconds) {
  std::array<std::uint8_t, client_cookie_bytes + 8 + 16> input{};
  std::ranges::copy(edns.client_cookie, input.begin());
  std::uint8_t* fixed = input.data() + client_cookie_bytes;
  fixed[0] = version;
  write32(fixed + 4, unix_seconds);
  std::ranges::copy(client.view(), fixed + 8);
  const std::uint64_t hash =
      siphash64(secret, {input.data(), client_cookie_bytes + 8 + client.size()});
  ServerCookie cookie{};
  std::copy_n(fixed, 8, cookie.begin());
  for (unsigned i = 0; i < 8; ++i) {  // little-endian, as in the vectors of RFC 9018
    cookie[8 + i] = static_cast<std::uint8_t>(hash >> (8 * i));
  }
  return cookie;
}

bool has_valid_cookie(const SipKey& secret, const Edns& edns, const Address& client,
                      std::uint32_t unix_seconds) {
  if (!edns.has_cookie || edns.server_cookie_size != server_cookie_bytes ||
      edns.server_cookie[0] != version) {
    return false;
  }
  const std::uint32_t made = read32(&edns.server_cookie[4]);
  // Serial number arithmetic (RFC 1982), as RFC 9018 section 4.3 asks.
  const auto age = static_cast<std::int32_t>(unix_seconds - made);
  if (age > oldest_seconds || age < -ahead_seconds) {
    return false;
  }
  const ServerCookie wanted = make_server_cookie(secret, edns, client, made);
  std::uint8_t difference = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    difference |= static_cast<std::uint8_t>(wanted[i] ^ edns.server_cookie[i]);
  }
  return difference == 0;
}

}  // namespace securecart::traffic::dns
