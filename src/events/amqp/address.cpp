#include "events/amqp/address.hpp"

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/limits.hpp"
#include "events/limits.hpp"

namespace securecart::events::amqp {

namespace {

constexpr std::uint16_t plain_port = 5672;
constexpr std::uint16_t tls_port = 5671;

std::unexpected<Error> wrong(std::string_view what) {
  return fail(errc::invalid_request, fmt::format("the address of the broker {}", what));
}

std::optional<std::string> decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    unsigned value = 0;
    if (i + 2 >= text.size()) {
      return std::nullopt;
    }
    const std::string digits(text.substr(i + 1, 2));
    const char* const last = digits.data() + digits.size();
    const auto [end, error] = std::from_chars(digits.data(), last, value, 16);
    if (error != std::errc() || end != last || value == 0) {
      return std::nullopt;
    }
    result += static_cast<char>(value);
    i += 2;
  }
  return result;
}

// Cuts `text` at the first `mark`; what is behind it, or nothing when there is none.
std::optional<std::string_view> cut(std::string_view& text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view behind = text.substr(at + 1);
  text = text.substr(0, at);
  return behind;
}

// name, name:port, [v6] or [v6]:port
std::optional<Host> parse_host(std::string_view text, std::uint16_t port) {
  std::string_view name = text;
  std::optional<std::string_view> number;
  if (text.starts_with('[')) {
    const std::optional<std::string_view> behind = cut(name, ']');
    if (!behind || (!behind->empty() && !behind->starts_with(':'))) {
      return std::nullopt;
    }
    name.remove_prefix(1);
    number = behind->empty() ? std::nullopt : std::optional(behind->substr(1));
  } else {
    number = cut(name, ':');
  }
  if (number) {
    const auto [end, error] =
        std::from_chars(number->data(), number->data() + number->size(), port);
    if (error != std::errc() || end != number->data() + number->size() || port == 0) {
      return std::nullopt;
    }
  }
  if (name.empty() || name.size() > limits::dns_name_bytes) {
    return std::nullopt;
  }
  return Host{std::string(name), port};
}

Result<void> read_user(Address& address, std::string_view text) {
  const std::optional<std::string_view> password = cut(text, ':');
  const std::optional<std::string> name = decoded(text);
  const std::optional<std::string> secret = decoded(password.value_or(""));
  if (!name || !secret) {
    return wrong("has a wrong percent-encoding before the @");
  }
  address.user = *name;
  address.password = *secret;
  return {};
}

Result<void> read_hosts(Address& address, std::string_view list) {
  std::optional<std::string_view> rest = list;
  while (rest) {
    std::string_view one = *rest;
    rest = cut(one, ',');
    const std::optional<Host> host = parse_host(one, address.tls ? tls_port : plain_port);
    if (!host) {
      return wrong(fmt::format("names no host and port with '{}'", one));
    }
    address.hosts.push_back(*host);
    if (address.hosts.size() > limits::broker_hosts) {
      return wrong(fmt::format("names more than {} hosts", limits::broker_hosts));
    }
  }
  return {};
}

Result<void> read_options(Address& address, std::string_view query) {
  std::optional<std::string_view> rest = query;
  while (rest) {
    std::string_view name = *rest;
    rest = cut(name, '&');
    const std::optional<std::string> value = decoded(cut(name, '=').value_or(""));
    if (name != "cacertfile" || !value || value->empty() || !address.tls) {
      return wrong(
          fmt::format("has the option '{}'; the only one is cacertfile=FILE, with amqps", name));
    }
    address.ca_file = *value;
  }
  return {};
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  Address address;
  if (text.starts_with("amqps://")) {
    address.tls = true;
  } else if (!text.starts_with("amqp://")) {
    return wrong("must begin with amqp:// or amqps://");
  }
  text.remove_prefix(text.find("//") + 2);
  const std::optional<std::string_view> query = cut(text, '?');
  const std::optional<std::string_view> vhost = cut(text, '/');
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    if (Result<void> good = read_user(address, text.substr(0, at)); !good) {
      return std::unexpected(good.error());
    }
    text.remove_prefix(at + 1);
  }
  if (Result<void> good = read_hosts(address, text); !good) {
    return std::unexpected(good.error());
  }
  if (vhost && !vhost->empty()) {
    const std::optional<std::string> name = decoded(*vhost);
    if (!name || vhost->find('/') != std::string_view::npos) {
      return wrong("names no vhost behind the hosts; a / in its name is written %2F");
    }
    address.vhost = *name;
  }
  if (query) {
    if (Result<void> good = read_options(address, *query); !good) {
      return std::unexpected(good.error());
    }
  }
  return address;
}

}  // namespace securecart::events::amqp
