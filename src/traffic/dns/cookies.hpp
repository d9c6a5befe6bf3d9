// DNS cookies (RFC 7873) as RFC 9018 has them, so that several servers behind one address agree:
//   version 1 | 3 bytes zero | time (32 bits) | SipHash-2-4 of client cookie, the 8 before, address
#pragma once

#include <array>
#include <cstdint>

#include "traffic/dns/message.hpp"
#include "traffic/dns/siphash.hpp"

namespace securecart::traffic::dns {

using ServerCookie = std::array<std::uint8_t, server_cookie_bytes>;

ServerCookie make_server_cookie(const SipKey& secret, const Edns& edns, const Address& client,
                                std::uint32_t unix_seconds);
// Made by this secret for this client, not older than an hour and not more than five minutes ahead.
bool has_valid_cookie(const SipKey& secret, const Edns& edns, const Address& client,
                      std::uint32_t unix_seconds);

}  // namespace securecart::traffic::dns
