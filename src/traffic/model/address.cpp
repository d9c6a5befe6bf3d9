#include "traffic/model/address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace securecart::traffic {
namespace {

constexpr std::size_t longest_text = INET6_ADDRSTRLEN;

}  // namespace

Address masked(const Address& address, unsigned prefix) {
  Address result = address;
  for (unsigned bit = prefix; bit < 128; bit += 8 - bit % 8) {
    const unsigned keep = bit % 8;
    result.bytes[bit / 8] &= static_cast<std::uint8_t>(0xff00U >> keep);
  }
  return result;
}

Address unmapped(const Address& address) {
  constexpr std::array<std::uint8_t, 12> coat{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (address.family != Family::v6 ||
      !std::equal(coat.begin(), coat.end(), address.bytes.begin())) {
    return address;
  }
  Address result;
  result.family = Family::v4;
  std::copy_n(address.bytes.begin() + 12, 4, result.bytes.begin());
  return result;
}

std::optional<Address> address_from_bytes(std::span<const std::uint8_t> bytes) {
  if (bytes.size() != 4 && bytes.size() != 16) {
    return std::nullopt;
  }
  Address result;
  result.family = bytes.size() == 4 ? Family::v4 : Family::v6;
  std::ranges::copy(bytes, result.bytes.begin());
  return result;
}

std::optional<Address> parse_address(std::string_view text) {
  if (text.empty() || text.size() >= longest_text || text.contains('\0')) {
    return std::nullopt;
  }
  std::array<char, longest_text> terminated{};
  std::ranges::copy(text, terminated.begin());
  Address result;
  result.family = text.contains(':') ? Family::v6 : Family::v4;
  const int family = result.family == Family::v6 ? AF_INET6 : AF_INET;
  if (inet_pton(family, terminated.data(), result.bytes.data()) != 1) {
    return std::nullopt;
  }
  return result;
}

std::string to_text(const Address& address) {
  if (address.family == Family::none) {
    return "-";
  }
  std::array<char, longest_text> text{};
  const int family = address.family == Family::v6 ? AF_INET6 : AF_INET;
  inet_ntop(family, address.bytes.data(), text.data(), text.size());
  return text.data();
}

bool Network::contains(const Address& other) const {
  return other.family == address.family && masked(other, prefix) == address;
}

std::optional<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<Address> address = parse_address(text.substr(0, slash));
  if (!address) {
    return std::nullopt;
  }
  unsigned prefix = address->bits();
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (error != std::errc() || end != digits.data() + digits.size() || prefix > address->bits() ||
        (digits.size() > 1 && digits.front() == '0')) {
      return std::nullopt;
    }
  }
  if (masked(*address, prefix) != *address) {
    return std::nullopt;
  }
  return Network{*address, static_cast<std::uint8_t>(prefix)};
}

std::string to_text(const Network& network) {
  return to_text(network.address) + "/" + std::to_string(network.prefix);
}

}  // namespace securecart::traffic
