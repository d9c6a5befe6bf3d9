#include "traffic/dns/endpoint.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace securecart::traffic::dns {

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  Endpoint endpoint;
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) {
      return std::nullopt;
    }
    host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    if (!port.empty() && !port.starts_with(':')) {
      return std::nullopt;
    }
    port.remove_prefix(std::min<std::size_t>(1, port.size()));
  } else if (std::ranges::find(text, ':') != text.end() && text.find(':') == text.rfind(':')) {
    host = text.substr(0, text.find(':'));
    port = text.substr(text.find(':') + 1);
  }
  const std::optional<Address> address = parse_address(host);
  if (!address || (port.empty() && host.size() != text.size() && !text.ends_with(']'))) {
    return std::nullopt;
  }
  endpoint.address = *address;
  if (!port.empty()) {
    const auto [stop, error] = std::from_chars(port.begin(), port.end(), endpoint.port);
    if (error != std::errc() || stop != port.end()) {
      return std::nullopt;
    }
  }
  return endpoint;
}

std::string to_text(const Endpoint& endpoint) {
  const std::string host = to_text(endpoint.address);
  const bool brackets = endpoint.address.family == Family::v6;
  return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port);
}

SocketAddress to_socket_address(const Endpoint& endpoint) {
  SocketAddress result;
  if (endpoint.address.family == Family::v6) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, endpoint.address.bytes.data(), 16);
    std::memcpy(&result.storage, &v6, sizeof v6);
    result.size = sizeof v6;
    return result;
  }
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(endpoint.port);
  std::memcpy(&v4.sin_addr, endpoint.address.bytes.data(), 4);
  std::memcpy(&result.storage, &v4, sizeof v4);
  result.size = sizeof v4;
  return result;
}

Endpoint to_endpoint(const sockaddr_storage& storage) {
  Endpoint endpoint;
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof v6);
    endpoint.address.family = Family::v6;
    std::memcpy(endpoint.address.bytes.data(), &v6.sin6_addr, 16);
    endpoint.address = unmapped(endpoint.address);
    endpoint.port = ntohs(v6.sin6_port);
    return endpoint;
  }
  sockaddr_in v4{};
  std::memcpy(&v4, &storage, sizeof v4);
  endpoint.address.family = Family::v4;
  std::memcpy(endpoint.address.bytes.data(), &v4.sin_addr, 4);
  endpoint.port = ntohs(v4.sin_port);
  return endpoint;
}

}  // namespace securecart::traffic::dns
