#include "traffic/dns/config.hpp"

#include <algorithm>
#include <cstring>

#include "base/config.hpp"
#include "base/crypto.hpp"
#include "base/text.hpp"
#include "traffic/dns/limits.hpp"

namespace securecart::traffic::dns {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t nsid_bytes_max = 128;
constexpr std::size_t secret_bytes_max = 512;
constexpr std::int64_t threads_max = 256;

std::vector<Endpoint> read_endpoints(const ConfigReader& config, std::string_view key,
                                     std::vector<std::string> fallback) {
  std::vector<Endpoint> endpoints;
  for (const std::string& text : config.list(key, std::move(fallback))) {
    if (const std::optional<Endpoint> endpoint = parse_endpoint(text)) {
      endpoints.push_back(*endpoint);
    } else {
      config.problem(key, "'" + text + "' is not an address like 192.0.2.1:53 or [2001:db8::1]:53");
    }
  }
  return endpoints;
}

std::optional<Name> read_name(const ConfigReader& config, std::string_view key) {
  const std::string text = config.string(key, required);
  const Name root;
  const std::optional<Name> name = Name::parse(text, &root);
  if (!name && !text.empty()) {
    config.problem(key, "'" + text + "' is not a domain name");
  }
  return name ? std::optional(name->lowered()) : std::nullopt;
}

ResponseLimit read_limit(const ConfigReader& config) {
  ResponseLimit limit;
  limit.responses_per_second = config.integer("responses_per_second", {0, 1'000'000}, 0);
  limit.burst = config.integer("burst", {0, 1'000'000}, 0);
  limit.slip = static_cast<unsigned>(config.integer("slip", {0, 100}, limit.slip));
  limit.ipv4_prefix = static_cast<unsigned>(config.integer("ipv4_prefix", {1, 32}, 24));
  limit.ipv6_prefix = static_cast<unsigned>(config.integer("ipv6_prefix", {1, 128}, 56));
  return limit;
}

void read_cookie_secret(const ConfigReader& config, Config& to) {
  const std::string text = config.string("cookie_secret", "");
  if (text.empty()) {
    return;
  }
  const std::optional<std::string> bytes = from_hex(text);
  if (!bytes || bytes->size() != sizeof(SipKey)) {
    config.problem("cookie_secret",
                   "32 hexadecimal digits, the same on every server of an address");
    return;
  }
  std::memcpy(&to.settings.cookie_secret, bytes->data(), bytes->size());
  to.has_cookie_secret = true;
}

void read_server(const ConfigReader& config, Config& to) {
  to.server.listen = read_endpoints(config, "listen", {"127.0.0.1:53"});
  to.server.threads =
      static_cast<unsigned>(config.integer("threads", Range<std::int64_t>{0, threads_max}, 0));
  to.server.query_log_one_in =
      static_cast<std::uint32_t>(config.integer("query_log_one_in", {0, 1'000'000'000}, 0));
  to.server.tcp_idle_timeout =
      config.duration("tcp_idle_timeout", {100ms, 1h}, limits::dns_tcp_idle_timeout);
  to.server.limit = read_limit(config.table("rate_limit"));
  Settings& settings = to.settings;
  settings.nsid = config.string("nsid", "", nsid_bytes_max);
  settings.cookies = config.boolean("cookies", true);
  settings.udp_bytes = static_cast<std::uint16_t>(
      config.integer("udp_bytes", {512, limits::dns_udp_answer_bytes}, settings.udp_bytes));
  settings.keepalive_tenths = static_cast<std::uint16_t>(
      std::min<std::int64_t>(to.server.tcp_idle_timeout / 100ms, 0xffff));
  read_cookie_secret(config, to);
  to.zone_folder = config.string("zone_folder", "", limits::path_bytes);
  to.policies = config.string("policies", "", limits::path_bytes);
  const std::string metrics = config.string("metrics", "");
  to.metrics = metrics.empty() ? std::nullopt : parse_endpoint(metrics);
  if (!metrics.empty() && !to.metrics) {
    config.problem("metrics", "an address and a port, like 127.0.0.1:9153");
  }
}

void read_tsig(const ConfigReader& config, Settings& settings) {
  TsigKey key;
  const std::optional<Name> name = read_name(config, "name");
  const std::string algorithm = config.choice(
      "algorithm", {"hmac-sha1", "hmac-sha256", "hmac-sha384", "hmac-sha512"}, "hmac-sha256");
  const std::optional<std::string> secret =
      from_base64(config.string("secret", required, secret_bytes_max));
  if (!secret || secret->empty()) {
    config.problem("secret", "base64, as `openssl rand -base64 32` prints it");
  }
  key.name = name.value_or(Name());
  key.algorithm = parse_tsig_algorithm(algorithm).value_or(TsigAlgorithm::sha256);
  key.secret = secret.value_or("");
  settings.keys.push_back(std::move(key));
}

void read_zone(const ConfigReader& config, Config& to) {
  ZoneConfig zone;
  zone.name = read_name(config, "name").value_or(Name());
  zone.file = config.string("file", required, limits::path_bytes);
  zone.keys = config.string("keys", "", limits::path_bytes);
  for (const std::string& text : config.list("transfer_to", std::vector<std::string>())) {
    if (const std::optional<Network> network = parse_network(text)) {
      zone.transfer_to.push_back(*network);
    } else {
      config.problem("transfer_to", "'" + text + "' is not a network like 192.0.2.0/24");
    }
  }
  const std::string key = config.string("transfer_key", "");
  const Name root;
  const std::optional<Name> key_name = key.empty() ? std::nullopt : Name::parse(key, &root);
  zone.transfer_key = key_name ? key_name->lowered().to_text() : "";
  const bool known = std::ranges::any_of(to.settings.keys, [&key_name](const TsigKey& one) {
    return key_name && one.name == *key_name;
  });
  if (!key.empty() && !known) {
    config.problem("transfer_key", "there is no [[tsig]] of this name");
  }
  zone.notify = read_endpoints(config, "notify", {});
  const bool again = std::ranges::any_of(
      to.zones, [&zone](const ZoneConfig& one) { return one.name == zone.name; });
  if (again) {
    config.problem("name", zone.name.to_text() + " is a zone already");
  }
  to.zones.push_back(std::move(zone));
}

}  // namespace

Result<Config> parse_config(std::string_view file, std::string_view text) {
  const Result<ConfigReader> config = ConfigReader::parse(file, text);
  if (!config) {
    return std::unexpected(config.error());
  }
  Config result;
  read_server(*config, result);
  for (const ConfigReader& table : config->tables("tsig")) {
    read_tsig(table, result.settings);
  }
  for (const ConfigReader& table : config->tables("zone")) {
    read_zone(table, result);
  }
  if (result.zones.empty() && result.zone_folder.empty()) {
    config->problem("zone", "no zones: write [[zone]], or zone_folder");
  }
  if (const Result<void> good = config->finish(); !good) {
    return std::unexpected(good.error());
  }
  return result;
}

}  // namespace securecart::traffic::dns
