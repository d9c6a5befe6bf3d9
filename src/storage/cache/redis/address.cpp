#include "storage/cache/redis/address.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <boost/url/decode_view.hpp>
#include <boost/url/encoding_opts.hpp>
#include <boost/url/pct_string_view.hpp>

#include "base/text.hpp"
#include "storage/limits.hpp"

namespace securecart::storage::redis {

namespace {

constexpr std::string_view plain_scheme = "redis://";
constexpr std::string_view tls_scheme = "rediss://";
constexpr std::uint16_t redis_port = 6379;
constexpr std::uint16_t sentinel_port = 26379;
constexpr std::int64_t most_databases = 1'000'000;

std::unexpected<Error> wrong(std::string what) {
  return fail(errc::invalid_request, "the address of Redis: " + std::move(what));
}

std::optional<std::string> decoded(std::string_view text) {
  const auto encoded = boost::urls::make_pct_string_view(text);
  if (!encoded) {
    return std::nullopt;
  }
  const boost::urls::decode_view view = **encoded;
  return std::string(view.begin(), view.end());
}

template <class Number>
std::optional<Number> number(std::string_view text, Number most) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0 || value > most) {
    return std::nullopt;
  }
  return value;
}

Result<bool> read_options(std::string_view text, Address& address) {
  if (text.empty()) {
    return true;
  }
  for (const std::string_view option : split(text, '&')) {
    const std::size_t equals = option.find('=');
    const std::string_view name = option.substr(0, equals);
    const std::optional<std::string> value =
        equals == std::string_view::npos ? std::string() : decoded(option.substr(equals + 1));
    if (!value || value->empty()) {
      return wrong("the option " + std::string(name) + " has no value that can be read");
    }
    if (name == "sentinel") {
      address.master = *value;
    } else if (name == "sentinel_password") {
      address.sentinel_password = *value;
    } else if (name == "prefix") {
      address.prefix = *value;
    } else {
      return wrong("there is no option " + std::string(name) +
                   " (sentinel, sentinel_password, prefix)");
    }
  }
  return true;
}

Result<bool> read_user(std::string_view text, Address& address) {
  const std::size_t colon = text.find(':');
  const std::optional<std::string> user = decoded(text.substr(0, colon));
  const std::optional<std::string> password =
      colon == std::string_view::npos ? std::string() : decoded(text.substr(colon + 1));
  if (!user || !password) {
    return wrong("user and password have to be percent-encoded");
  }
  address.user = *user;
  address.password = *password;
  return true;
}

Result<net::Peer> read_host(std::string_view text, std::uint16_t default_port, bool tls) {
  net::Peer peer{"", default_port, tls};
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) {
      return wrong("a bracket is open in " + std::string(text));
    }
    peer.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else {
    const std::size_t colon = text.find(':');
    peer.host = text.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  if (peer.host.empty()) {
    return wrong("a host is missing");
  }
  if (!port.empty()) {
    const std::optional<std::uint16_t> given =
        port.front() == ':' ? number<std::uint16_t>(port.substr(1), 65'535) : std::nullopt;
    if (!given || *given == 0) {
      return wrong("the port of " + peer.host + " is not a number from 1 to 65535");
    }
    peer.port = *given;
  }
  return peer;
}

}  // namespace

bool is_redis_url(std::string_view text) {
  return text.starts_with(plain_scheme) || text.starts_with(tls_scheme);
}

Result<Address> parse_address(std::string_view text) {
  if (!is_redis_url(text)) {
    return wrong("it must begin with redis:// or rediss://");
  }
  const bool tls = text.starts_with(tls_scheme);
  text.remove_prefix(tls ? tls_scheme.size() : plain_scheme.size());
  Address address;
  const std::size_t question = text.find('?');
  if (question != std::string_view::npos) {
    if (Result<bool> read = read_options(text.substr(question + 1), address); !read) {
      return std::unexpected(std::move(read.error()));
    }
    text = text.substr(0, question);
  }
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    if (Result<bool> read = read_user(text.substr(0, at), address); !read) {
      return std::unexpected(std::move(read.error()));
    }
    text.remove_prefix(at + 1);
  }
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    const std::string_view path = text.substr(slash + 1);
    const std::optional<std::int64_t> database =
        path.empty() ? std::int64_t{0} : number<std::int64_t>(path, most_databases);
    if (!database) {
      return wrong("the database behind '/' is not a number");
    }
    address.database = *database;
    text = text.substr(0, slash);
  }
  const std::uint16_t port = address.master.empty() ? redis_port : sentinel_port;
  for (const std::string_view host : split(text, ',')) {
    Result<net::Peer> peer = read_host(host, port, tls);
    if (!peer) {
      return std::unexpected(std::move(peer.error()));
    }
    address.hosts.push_back(std::move(*peer));
  }
  if (address.hosts.size() > limits::redis_hosts) {
    return wrong("it names more than " + std::to_string(limits::redis_hosts) + " hosts");
  }
  return address;
}

std::string label_of(const net::Peer& peer) {
  const bool v6 = peer.host.find(':') != std::string::npos;
  return (v6 ? "[" + peer.host + "]" : peer.host) + ":" + std::to_string(peer.port);
}

}  // namespace securecart::storage::redis
