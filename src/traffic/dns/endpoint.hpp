// Where the server listens, and whom it tells of changes: an address and a port.
#pragma once

#include <cstdint>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>

#include "traffic/model/address.hpp"

namespace securecart::traffic::dns {

struct Endpoint {
  Address address;
  std::uint16_t port = 53;

  bool operator==(const Endpoint&) const = default;
};

// "192.0.2.1:53", "[2001:db8::1]:53", or an address alone, which means port 53.
std::optional<Endpoint> parse_endpoint(std::string_view text);
std::string to_text(const Endpoint& endpoint);

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress to_socket_address(const Endpoint& endpoint);
// IPv4 in an IPv6 coat becomes IPv4.
Endpoint to_endpoint(const sockaddr_storage& storage);

}  // namespace securecart::traffic::dns
