#include "cluster/topology/parse.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/config.hpp"
#include "base/text.hpp"
#include "cluster/topology/check.hpp"
#include "cluster/topology/limits.hpp"

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kilobyte = 1'024;
constexpr std::int64_t megabyte = kilobyte * kilobyte;
constexpr std::int64_t gigabyte = kilobyte * megabyte;
constexpr std::int64_t terabyte = kilobyte * gigabyte;

constexpr std::array<Part, 8> all_parts{Part::balancer, Part::controller, Part::dns,
                                        Part::etcd,     Part::instances,  Part::postgres,
                                        Part::rabbitmq, Part::redis};

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= limits::topology_name_bytes && text.front() != '-' &&
         text.back() != '-' && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

std::string read_label(const ConfigReader& table, std::string_view key) {
  std::string text = table.string(key, required);
  if (table.has(key) && !is_label(text)) {
    table.problem(key, fmt::format("must be made of a-z, 0-9 and '-' inside, at most {} of them",
                                   limits::topology_name_bytes));
  }
  return text;
}

std::string read_domain(const ConfigReader& table, std::string_view key) {
  std::string text = table.string(key, required);
  if (table.has(key) && (text.size() > limits::topology_domain_bytes ||
                         !std::ranges::all_of(split(text, '.'), is_label))) {
    table.problem(key, fmt::format("must be a domain name in small letters of at most {} bytes, as "
                                   "\"eu.shop.internal\"",
                                   limits::topology_domain_bytes));
  }
  return text;
}

bool is_ipv4(std::string_view text) {
  const std::vector<std::string_view> parts = split(text, '.');
  return parts.size() == 4 && std::ranges::all_of(parts, [](std::string_view part) {
           unsigned value = 0;
           const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
           return error == std::errc() && end == part.data() + part.size() && value <= 255 &&
                  (part.size() == 1 || part.front() != '0');
         });
}

std::string read_address(const ConfigReader& table, std::string_view key) {
  std::string text = table.string(key, required);
  if (table.has(key) && !is_ipv4(text)) {
    table.problem(key, "must be an IPv4 address, as \"10.77.1.11\"");
  }
  return text;
}

// As it can stand in a command and in a configuration file without quotes.
bool is_url(std::string_view text, bool tls_only) {
  const std::string_view scheme = text.substr(0, text.find("://"));
  const std::string_view rest =
      text.size() > scheme.size() ? text.substr(scheme.size() + 3) : std::string_view();
  return (scheme == "https" || (scheme == "http" && !tls_only)) && !rest.empty() &&
         std::ranges::all_of(rest, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == ':' || c == '_' || c == '~' || c == '/' ||
                  c == '[' || c == ']';
         });
}

std::string read_url(const ConfigReader& table, std::string_view key,
                     std::optional<std::string> fallback, bool tls_only) {
  std::string text = table.string(key, std::move(fallback));
  if (table.has(key) && !is_url(text, tls_only)) {
    table.problem(key, tls_only ? "must be as \"https://shop.example\""
                                : "must be as \"http://10.77.9.1:9100\"");
  }
  return text;
}

std::int64_t read_bytes(const ConfigReader& table, std::string_view key, Range<std::int64_t> range,
                        std::optional<std::int64_t> fallback) {
  if (!table.has(key) && fallback) {
    return *fallback;
  }
  const std::string text = table.string(key, required);
  const std::optional<std::int64_t> bytes = parse_bytes(text);
  if (!bytes && table.has(key)) {
    table.problem(key, "must be a size in quotes, as \"256MB\" or \"2GB\"");
  } else if (bytes && (*bytes < range.least || *bytes > range.most)) {
    table.problem(key, fmt::format("must be from {} to {}", format_bytes(range.least),
                                   format_bytes(range.most)));
  }
  return bytes.value_or(range.least);
}

std::int64_t read_memory(const ConfigReader& table, Range<std::int64_t> range) {
  return read_bytes(table, "memory", range, 0);
}

// Parts of a core, as a share: the reader knows whole numbers only, so they are written in percent.
double read_percent(const ConfigReader& table, std::string_view key, std::int64_t most) {
  constexpr double hundred = 100.0;
  return static_cast<double>(table.integer(key, {0, most}, 0)) / hundred;
}

Host read_host(const ConfigReader& table, const std::string& interface) {
  Host host;
  host.name = read_label(table, "name");
  host.zone = table.string("zone", required);
  host.address = read_address(table, "address");
  host.interface = table.string("interface", interface);
  for (const std::string& name : table.list("parts", required, all_parts.size())) {
    const auto part = std::ranges::find(all_parts, name, part_name);
    if (part == all_parts.end()) {
      std::vector<std::string_view> known;
      std::ranges::transform(all_parts, std::back_inserter(known), part_name);
      table.problem("parts", fmt::format("\"{}\" is no part of a host; there are {}", name,
                                         fmt::join(known, ", ")));
    } else if (host.carries(*part)) {
      table.problem("parts", fmt::format("\"{}\" stands there twice; once is enough", name));
    } else {
      host.parts.push_back(*part);
    }
  }
  std::ranges::sort(host.parts);
  host.slots = static_cast<int>(table.integer("slots", {0, limits::topology_slots}, 0));
  return host;
}

ScalingTargets read_scaling(const ConfigReader& table) {
  ScalingTargets scaling;
  scaling.latency_p99 = table.duration("latency_p99", {0s, 1min}, 0s);
  scaling.cpu = read_percent(table, "cpu_percent", 100);
  scaling.queue = static_cast<double>(table.integer("queue", {0, 1'000'000}, 0));
  scaling.warm_up = table.duration("warm_up", {0s, 1h}, 10s);
  scaling.scale_out_cooldown = table.duration("scale_out_cooldown", {0s, 1h}, 5s);
  scaling.scale_in_cooldown = table.duration("scale_in_cooldown", {0s, 24h}, 5min);
  return scaling;
}

Service read_service(const ConfigReader& table) {
  Service service;
  service.name = read_label(table, "name");
  service.roles = table.list("roles", required, limits::topology_list);
  service.minimum = static_cast<int>(table.integer("minimum", {1, limits::topology_instances}, 1));
  service.maximum =
      static_cast<int>(table.integer("maximum", {1, limits::topology_instances}, service.minimum));
  service.port = static_cast<std::uint16_t>(table.integer("port", {1'024, 65'000}, required));
  service.memory_bytes = read_memory(table, {32 * megabyte, terabyte});
  service.cores = read_percent(table, "cores_percent", 6'400);
  service.paths = table.list("paths", std::vector<std::string>(), limits::topology_list);
  service.drain_notice = table.duration("drain_notice", {0s, 1min}, 2s);
  service.scaling = read_scaling(table.table("scaling"));
  return service;
}

EtcdSettings read_etcd(const ConfigReader& table) {
  EtcdSettings etcd;
  etcd.heartbeat = table.duration("heartbeat", {10ms, 5s}, 100ms);
  etcd.election = table.duration("election", {100ms, 50s}, 1s);
  etcd.quota_bytes = read_bytes(table, "quota", {16 * megabyte, 8 * gigabyte}, 512 * megabyte);
  etcd.memory_bytes = read_memory(table, {64 * megabyte, terabyte});
  return etcd;
}

PostgresSettings read_postgres(const ConfigReader& table) {
  PostgresSettings postgres;
  postgres.ttl = table.duration("ttl", {5s, 5min}, 5s);
  postgres.loop_wait = table.duration("loop_wait", {1s, 1min}, 1s);
  postgres.retry_timeout = table.duration("retry_timeout", {2s, 1min}, 2s);
  postgres.stop_timeout = table.duration("stop_timeout", {1s, 5min}, 3s);
  postgres.network_timeout = table.duration("network_timeout", {1s, 1min}, 3s);
  postgres.strict = table.boolean("strict", false);
  postgres.connections = static_cast<int>(table.integer("connections", {20, 10'000}, 0));
  postgres.buffers_bytes = read_bytes(table, "buffers", {16 * megabyte, terabyte}, 128 * megabyte);
  postgres.wal_bytes = read_bytes(table, "wal", {64 * megabyte, terabyte}, gigabyte);
  postgres.memory_bytes = read_memory(table, {128 * megabyte, terabyte});
  return postgres;
}

RedisSettings read_redis(const ConfigReader& table) {
  RedisSettings redis;
  redis.down_after = table.duration("down_after", {100ms, 1min}, 1s);
  redis.failover_timeout = table.duration("failover_timeout", {1s, 10min}, 10s);
  redis.cache_bytes = read_bytes(table, "cache", {4 * megabyte, terabyte}, 64 * megabyte);
  redis.memory_bytes = read_memory(table, {16 * megabyte, terabyte});
  return redis;
}

RabbitmqSettings read_rabbitmq(const ConfigReader& table) {
  RabbitmqSettings rabbitmq;
  rabbitmq.disk_free_bytes = read_bytes(table, "disk_free", {megabyte, terabyte}, 2 * gigabyte);
  rabbitmq.memory_bytes = read_bytes(table, "memory", {128 * megabyte, terabyte}, gigabyte);
  return rabbitmq;
}

BalancerSettings read_balancer(const ConfigReader& table) {
  BalancerSettings balancer;
  balancer.advert = table.duration("advert", {10ms, 10s}, 100ms);
  balancer.router_id = static_cast<int>(table.integer("router_id", {1, 255}, 77));
  balancer.connections = static_cast<int>(table.integer("connections", {100, 1'000'000}, 4'000));
  balancer.local_share = static_cast<int>(table.integer("local_share_percent", {100, 250}, 200));
  balancer.slow_start = table.duration("slow_start", {0s, 10min}, 5s);
  balancer.memory_bytes = read_memory(table, {32 * megabyte, terabyte});
  return balancer;
}

DnsSettings read_dns(const ConfigReader& table) {
  DnsSettings dns;
  dns.ttl = table.duration("ttl", {1s, 1h}, 5s);
  dns.memory_bytes = read_memory(table, {32 * megabyte, terabyte});
  return dns;
}

PaymentSettings read_payments(const ConfigReader& table) {
  PaymentSettings payments;
  payments.test_provider_url = read_url(table, "test_provider_url", "", false);
  payments.stripe_url = read_url(table, "stripe_url", "", true);
  return payments;
}

// The tables of the file, to say where a problem is.
struct Tables {
  ConfigReader root;
  std::vector<ConfigReader> zones;
  std::vector<ConfigReader> hosts;
  std::vector<ConfigReader> services;

  ConfigReader of(const TopologyProblem& problem) const {
    if (problem.table == "zone") {
      return zones.at(problem.index);
    }
    if (problem.table == "host") {
      return hosts.at(problem.index);
    }
    if (problem.table == "service") {
      return services.at(problem.index);
    }
    return problem.table.empty() ? root : root.table(problem.table);
  }
};

Topology read_all(const Tables& tables) {
  const ConfigReader& root = tables.root;
  Topology topology;
  topology.name = read_label(root, "name");
  topology.region = read_label(root, "region");
  topology.domain = read_domain(root, "domain");
  topology.trust_domain = read_domain(root, "trust_domain");
  topology.public_url = read_url(root, "public_url", required, true);
  topology.reserved_address = read_address(root, "reserved_address");
  const std::string interface = root.string("interface", "eth0");
  for (const ConfigReader& table : tables.zones) {
    topology.zones.push_back({read_label(table, "name")});
  }
  for (const ConfigReader& table : tables.hosts) {
    topology.hosts.push_back(read_host(table, interface));
  }
  for (const ConfigReader& table : tables.services) {
    topology.services.push_back(read_service(table));
  }
  topology.etcd = read_etcd(root.table("etcd"));
  topology.postgres = read_postgres(root.table("postgres"));
  topology.redis = read_redis(root.table("redis"));
  topology.rabbitmq = read_rabbitmq(root.table("rabbitmq"));
  topology.balancer = read_balancer(root.table("balancer"));
  topology.dns = read_dns(root.table("dns"));
  topology.payments = read_payments(root.table("payments"));
  return topology;
}

// The sessions that processes of the shop hold on one server (docs/postgres.md), and some for
// Patroni, replication and people.
void settle_connections(Topology& topology) {
  if (topology.postgres.connections == 0) {
    topology.postgres.connections = connections_needed(topology);
  }
}

void sort_all(Topology& topology) {
  std::ranges::sort(topology.zones, {}, &Zone::name);
  std::ranges::sort(topology.hosts, {}, &Host::name);
  std::ranges::sort(topology.services, {}, &Service::name);
}

}  // namespace

std::optional<std::int64_t> parse_bytes(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::int64_t bytes;
  };
  constexpr std::array<Unit, 4> units{
      {{"KB", kilobyte}, {"MB", megabyte}, {"GB", gigabyte}, {"TB", terabyte}}};
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view number = text.substr(0, digits);
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(number.begin(), number.end(), count);
  const auto unit = std::ranges::find(units, text.substr(digits), &Unit::name);
  if (digits == 0 || error != std::errc() || unit == units.end() ||
      __builtin_mul_overflow(count, unit->bytes, &count)) {
    return std::nullopt;
  }
  return count;
}

std::string format_bytes(std::int64_t bytes) {
  struct Unit {
    const char* name;
    std::int64_t bytes;
  };
  constexpr std::array<Unit, 3> units{{{"TB", terabyte}, {"GB", gigabyte}, {"MB", megabyte}}};
  for (const Unit& unit : units) {
    if (bytes >= unit.bytes && bytes % unit.bytes == 0) {
      return fmt::format("{}{}", bytes / unit.bytes, unit.name);
    }
  }
  return fmt::format("{}KB", bytes / kilobyte);
}

Result<Topology> parse_topology(std::string_view file, std::string_view text) {
  Result<ConfigReader> root = ConfigReader::parse(file, text);
  if (!root) {
    return std::unexpected(std::move(root.error()));
  }
  const Tables tables{*root, root->tables("zone"), root->tables("host"), root->tables("service")};
  if (tables.zones.size() > limits::topology_zones ||
      tables.hosts.size() > limits::topology_hosts ||
      tables.services.size() > limits::topology_services) {
    root->problem(
        "", fmt::format("more than {} zones, {} hosts or {} services: that is no one "
                        "region",
                        limits::topology_zones, limits::topology_hosts, limits::topology_services));
    return std::unexpected(root->finish().error());
  }
  Topology topology = read_all(tables);
  for (const TopologyProblem& problem : check_topology(topology)) {
    tables.of(problem).problem(problem.key, problem.what);
  }
  if (Result<void> good = root->finish(); !good) {
    return std::unexpected(std::move(good.error()));
  }
  settle_connections(topology);
  sort_all(topology);
  return topology;
}

}  // namespace securecart::cluster
