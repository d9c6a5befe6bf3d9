// Addresses and networks of clients and targets, as plain values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace securecart::traffic {

enum class Family : std::uint8_t { none = 0, v4 = 1, v6 = 2 };  // numbers of RFC 7871 section 6

// An IPv4 address uses the first four bytes, the others are zero; bytes are in network order.
struct Address {
  Family family = Family::none;
  std::array<std::uint8_t, 16> bytes{};

  std::size_t size() const { return family == Family::v4 ? 4 : family == Family::v6 ? 16 : 0; }
  std::span<const std::uint8_t> view() const { return {bytes.data(), size()}; }
  unsigned bits() const { return static_cast<unsigned>(size()) * 8; }
  auto operator<=>(const Address&) const = default;
};

// The address with the bits behind `prefix` set to zero.
Address masked(const Address& address, unsigned prefix);
// An IPv4 address in an IPv6 coat (::ffff:a.b.c.d) becomes the IPv4 address it is.
Address unmapped(const Address& address);
// Four bytes or sixteen: the size says the family. Any other size fails.
std::optional<Address> address_from_bytes(std::span<const std::uint8_t> bytes);
// "192.0.2.1", "2001:db8::1" (RFC 5952); nothing else, no zone, no port.
std::optional<Address> parse_address(std::string_view text);
std::string to_text(const Address& address);

struct Network {
  Address address;  // masked
  std::uint8_t prefix = 0;

  bool contains(const Address& other) const;
  auto operator<=>(const Network&) const = default;
};

// "192.0.2.0/24" or an address alone; bits behind the prefix must be zero.
std::optional<Network> parse_network(std::string_view text);
std::string to_text(const Network& network);

}  // namespace securecart::traffic
