#include "cluster/topology/check.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/config.hpp"
#include "base/text.hpp"
#include "cluster/topology/ports.hpp"

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t label_bytes = 63;       // of DNS
constexpr std::size_t zones_least = 3;        // one may go, and a majority is left
constexpr int sessions_per_process = 8;       // docs/postgres.md
constexpr int sessions_besides = 20;          // Patroni, replication, people
constexpr int election_heartbeats_least = 5;  // etcd refuses less
constexpr Duration vrrp_unit = 10ms;          // adverts are counted in these

// Roles of `securecart serve` that a region runs (cli/roles.hpp; a test compares them).
constexpr std::array<std::string_view, 9> service_roles{"accounts",  "catalog",  "events",
                                                        "functions", "imports",  "inventory",
                                                        "orders",    "payments", "web"};

struct FixedPort {
  std::uint16_t port;
  std::string_view what;
};
constexpr std::array<FixedPort, 14> fixed_ports{
    {{ports::etcd_client, "etcd"},
     {ports::etcd_peer, "etcd"},
     {ports::epmd, "RabbitMQ's port mapper"},
     {ports::postgres_primary, "the way to PostgreSQL's primary"},
     {ports::postgres, "PostgreSQL"},
     {ports::rabbitmq, "RabbitMQ"},
     {ports::redis, "Redis"},
     {ports::patroni, "Patroni"},
     {ports::dns_admin, "DNS"},
     {ports::balancer_status, "the balancer"},
     {ports::dns_metrics, "DNS"},
     {ports::rabbitmq_distribution, "RabbitMQ"},
     {ports::sentinel, "the Sentinel"},
     {ports::https, "shoppers"}}};

class Checker {
 public:
  explicit Checker(const Topology& topology) : topology_(topology) {}

  std::vector<TopologyProblem> run() {
    check_root();
    check_zones();
    check_hosts();
    check_parts();
    for (std::size_t i = 0; i < topology_.services.size(); ++i) {
      check_service(i);
    }
    check_roles();
    check_paths();
    check_ports();
    check_names();
    check_room();
    check_engines();
    return std::move(problems_);
  }

 private:
  void report(std::string_view table, std::size_t index, std::string_view key, std::string what) {
    problems_.push_back({table, index, key, std::move(what)});
  }

  void check_root() {
    const std::size_t begin = topology_.public_url.find("://");
    if (begin != std::string::npos &&
        topology_.public_url.find('/', begin + 3) != std::string::npos) {
      report("", 0, "public_url", "must end behind the host, without a path");
    }
    for (const Host& host : topology_.hosts) {
      if (host.address == topology_.reserved_address && !host.address.empty()) {
        report("", 0, "reserved_address",
               fmt::format("is the address of host {}; it must be free for the pair of balancers",
                           host.name));
      }
    }
  }

  // What a list of tables names must be unique.
  template <class Item>
  void check_unique(std::string_view table, const std::vector<Item>& items,
                    std::string Item::* member, std::string_view key) {
    std::map<std::string_view, std::size_t> seen;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::string& value = items[i].*member;
      const auto [first, is_new] = seen.emplace(value, i);
      if (!is_new && !value.empty()) {
        report(table, i, key,
               fmt::format("\"{}\" is taken by {} {} of this file; choose another", value, table,
                           first->second + 1));
      }
    }
  }

  void check_zones() {
    check_unique("zone", topology_.zones, &Zone::name, "name");
    if (topology_.zones.size() < zones_least) {
      report(
          "", 0, "zone",
          fmt::format("there are {} zones; with fewer than {} the loss of one takes the majority "
                      "of etcd with it: add zones",
                      topology_.zones.size(), zones_least));
    }
    for (std::size_t i = 0; i < topology_.zones.size(); ++i) {
      if (std::ranges::none_of(topology_.hosts, [&](const Host& host) {
            return host.zone == topology_.zones[i].name;
          })) {
        report("zone", i, "name", "has no host; add one or remove the zone");
      }
    }
  }

  void check_hosts() {
    check_unique("host", topology_.hosts, &Host::name, "name");
    check_unique("host", topology_.hosts, &Host::address, "address");
    for (std::size_t i = 0; i < topology_.hosts.size(); ++i) {
      const Host& host = topology_.hosts[i];
      if (!host.zone.empty() &&
          std::ranges::find(topology_.zones, host.zone, &Zone::name) == topology_.zones.end()) {
        report("host", i, "zone",
               fmt::format("there is no [[zone]] named \"{}\"; add it or correct the name",
                           host.zone));
      }
      if (host.carries(Part::instances) && host.slots == 0) {
        report("host", i, "slots",
               "must say how many instances fit here, since parts has "
               "\"instances\"");
      } else if (!host.carries(Part::instances) && host.slots != 0) {
        report("host", i, "slots", "has no meaning here without \"instances\" in parts; remove it");
      }
      const bool plain = std::ranges::all_of(host.interface, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.' || c == '@';
      });
      constexpr std::size_t interface_bytes = 15;
      if (!plain || host.interface.empty() || host.interface.size() > interface_bytes) {
        report("host", i, "interface", "must be the name of a network interface, as \"eth0\"");
      }
    }
  }

  struct Spread {
    std::size_t hosts = 0;
    std::map<std::string_view, std::size_t> of_zone;
    std::size_t most() const {
      std::size_t most = 0;
      for (const auto& [zone, count] : of_zone) {
        most = std::max(most, count);
      }
      return most;
    }
  };
  Spread spread(Part part) const {
    Spread spread;
    for (const Host& host : topology_.hosts) {
      if (host.carries(part)) {
        ++spread.hosts;
        ++spread.of_zone[host.zone];
      }
    }
    return spread;
  }
  // At the first host that carries it, or at the whole file when none does.
  void report_part(Part part, const std::string& what) {
    const auto first = std::ranges::find_if(
        topology_.hosts, [part](const Host& host) { return host.carries(part); });
    if (first == topology_.hosts.end()) {
      report("", 0, "host", fmt::format("{}: {}", part_name(part), what));
    } else {
      report("host", static_cast<std::size_t>(first - topology_.hosts.begin()), "parts",
             fmt::format("{}: {}", part_name(part), what));
    }
  }

  // Engines that decide by majority.
  void check_majority(Part part, bool only_odd, std::size_t most) {
    const Spread found = spread(part);
    if (found.hosts < zones_least || found.hosts > most || (only_odd && found.hosts % 2 == 0)) {
      report_part(part, fmt::format("{} hosts carry it; {} are needed for a majority that "
                                    "outlives one",
                                    found.hosts, only_odd ? "three or five" : "three or more"));
    } else if (found.most() * 2 >= found.hosts) {
      report_part(part, fmt::format("{} of {} hosts are in one zone, and a majority is lost with "
                                    "it; spread them over the zones",
                                    found.most(), found.hosts));
    }
  }

  void check_two_zones(Part part, std::size_t least, std::size_t most) {
    const Spread found = spread(part);
    if (found.hosts < least || found.hosts > most) {
      report_part(part, fmt::format("{} hosts carry it; there must be {}{}", found.hosts, least,
                                    most == least ? "" : " or more"));
    } else if (found.of_zone.size() < 2) {
      report_part(part, "all of it is in one zone and is lost with it; put some into another");
    }
  }

  void check_parts() {
    constexpr std::size_t any = 1'000;
    constexpr std::size_t voters = 5;
    check_majority(Part::etcd, true, voters);
    check_majority(Part::rabbitmq, true, voters);
    check_majority(Part::redis, false, any);  // each has a Sentinel with a vote
    check_two_zones(Part::postgres, topology_.postgres.strict ? 3 : 2, any);
    check_two_zones(Part::balancer, 2, 2);
    check_two_zones(Part::controller, 2, any);
    check_two_zones(Part::dns, 2, any);
    check_two_zones(Part::instances, 2, any);
  }

  void check_service(std::size_t i) {
    const Service& service = topology_.services[i];
    if (service.roles.empty()) {
      report("service", i, "roles", "names none; say what these instances do");
    }
    for (const std::string& role : service.roles) {
      if (std::ranges::find(service_roles, role) == service_roles.end()) {
        report("service", i, "roles",
               fmt::format("\"{}\" is no role of a region's services; there are {}", role,
                           fmt::join(service_roles, ", ")));
      }
    }
    if (service.has_role("web") && service.roles.size() > 1) {
      report("service", i, "roles",
             "\"web\" must stand alone: others could not ask the roles in its process");
    }
    if (service.maximum < service.minimum) {
      report("service", i, "maximum",
             fmt::format("is below the minimum of {}; raise it", service.minimum));
    }
    const int needed = provisioned(service.minimum, topology_.zones.size());
    if (service.maximum >= service.minimum && service.maximum < needed) {
      report("service", i, "maximum",
             fmt::format("must be at least {}: so many are placed, that {} are left without the "
                         "fullest zone",
                         needed, service.minimum));
    }
  }

  // Each role is in one service, for gateways ask for it by the service's name.
  void check_roles() {
    check_unique("service", topology_.services, &Service::name, "name");
    std::map<std::string_view, std::size_t> holder;
    for (std::size_t i = 0; i < topology_.services.size(); ++i) {
      std::set<std::string_view> own;
      for (const std::string& role : topology_.services[i].roles) {
        if (!own.insert(role).second) {
          report("service", i, "roles", fmt::format("\"{}\" stands there twice", role));
          continue;
        }
        const auto [first, is_new] = holder.emplace(role, i);
        if (!is_new && role != "web") {
          report("service", i, "roles",
                 fmt::format("\"{}\" is already in service {}; a role belongs to one", role,
                             topology_.services[first->second].name));
        }
      }
    }
    for (const std::string_view role : service_roles) {
      if (!holder.contains(role)) {
        report("", 0, "service",
               fmt::format("no service has the role \"{}\"; put it into one", role));
      }
    }
  }

  void check_paths() {
    std::map<std::string_view, std::size_t> taken;
    for (std::size_t i = 0; i < topology_.services.size(); ++i) {
      const Service& service = topology_.services[i];
      if (!service.paths.empty() && !service.has_role("web")) {
        report("service", i, "paths",
               "only services with the role \"web\" are asked by the balancer; remove it");
      }
      for (const std::string& path : service.paths) {
        check_path(i, path);
        if (!taken.emplace(path, i).second) {
          report("service", i, "paths",
                 fmt::format("\"{}\" is there twice; requests go one way", path));
        }
      }
    }
    if (!taken.contains("/")) {
      report("", 0, "service",
             "no service has \"/\" in its paths; give it to the one with the "
             "role \"web\"");
    }
  }

  void check_path(std::size_t i, const std::string& path) {
    const bool plain = path.starts_with('/') && std::ranges::all_of(path, [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
                                c == '~' || c == '/';
                       });
    if (!plain || (path.size() > 1 && path.ends_with('/'))) {
      report("service", i, "paths",
             fmt::format("\"{}\" must begin with a slash, be made of a-z, A-Z, 0-9, '-', '_', "
                         "'.', '~' and end without one",
                         path));
    }
  }

  int most_slots() const {
    int most = 0;
    for (const Host& host : topology_.hosts) {
      most = std::max(most, host.slots);
    }
    return most;
  }

  // The instance in slot k listens on port + k.
  void check_ports() {
    const int slots = std::max(1, most_slots());
    for (std::size_t i = 0; i < topology_.services.size(); ++i) {
      const int first = topology_.services[i].port;
      const int last = first + slots - 1;
      for (const FixedPort& fixed : fixed_ports) {
        if (first != 0 && fixed.port >= first && fixed.port <= last) {
          report("service", i, "port",
                 fmt::format("{} to {} (a port a slot) holds {}, the port of {}; move it", first,
                             last, fixed.port, fixed.what));
        }
      }
      for (std::size_t k = 0; k < i; ++k) {
        const int other = topology_.services[k].port;
        if (first != 0 && other != 0 && std::abs(first - other) < slots) {
          report("service", i, "port",
                 fmt::format("{} to {} (a port a slot) meets the ports of service {}, which begin "
                             "at {}; keep {} apart",
                             first, last, topology_.services[k].name, other, slots));
        }
      }
    }
  }

  // Names of instances and of what DNS answers must be unique, and fit.
  void check_names() {
    std::map<std::string, std::size_t> instances;
    for (std::size_t i = 0; i < topology_.services.size(); ++i) {
      const std::string& name = topology_.services[i].name;
      if (topology_.host(name) != nullptr) {
        report("service", i, "name",
               fmt::format("\"{}\" is a host's name too, and DNS knows one of them; choose another",
                           name));
      }
      for (const Host& host : topology_.hosts) {
        if (!host.carries(Part::instances)) {
          continue;
        }
        const std::string instance = name + "-" + host.name;
        constexpr std::size_t slot_bytes = 3;
        if (instance.size() + slot_bytes > label_bytes) {
          report(
              "service", i, "name",
              fmt::format("instances would be named {}-0: too long for DNS; shorten it", instance));
          break;
        }
        const auto [first, is_new] = instances.emplace(instance, i);
        if (!is_new && first->second != i) {
          report("service", i, "name",
                 fmt::format("instances of {} would be named {}-0 as well; choose another name",
                             topology_.services[first->second].name, instance));
          break;
        }
      }
    }
  }

  // Without any one zone, every minimum must still find its slots; and with all of them, what is
  // placed ahead of that.
  void check_room() {
    int minimum = 0;
    int ahead = 0;
    for (const Service& service : topology_.services) {
      minimum += service.minimum;
      ahead += provisioned(service.minimum, topology_.zones.size());
    }
    std::map<std::string_view, int> slots;
    int all = 0;
    for (const Host& host : topology_.hosts) {
      slots[host.zone] += host.slots;
      all += host.slots;
    }
    for (std::size_t i = 0; i < topology_.zones.size(); ++i) {
      const int left = all - slots[topology_.zones[i].name];
      if (left < minimum) {
        report("zone", i, "name",
               fmt::format("without this zone {} slots are left for the {} instances that the "
                           "minima of all services ask for; add slots or lower minima",
                           left, minimum));
      }
    }
    if (all < ahead) {
      report("", 0, "host",
             fmt::format("there are {} slots; {} are needed to have every minimum left when a zone "
                         "is gone; add slots",
                         all, ahead));
    }
  }

  void check_whole_seconds(std::string_view key, Duration duration) {
    if (duration % 1s != 0s) {
      report("postgres", 0, key, "must be whole seconds");
    }
  }

  void check_engines() {
    const PostgresSettings& postgres = topology_.postgres;
    check_whole_seconds("ttl", postgres.ttl);
    check_whole_seconds("loop_wait", postgres.loop_wait);
    check_whole_seconds("retry_timeout", postgres.retry_timeout);
    check_whole_seconds("stop_timeout", postgres.stop_timeout);
    if (postgres.loop_wait + 2 * postgres.retry_timeout > postgres.ttl) {
      report("postgres", 0, "ttl",
             fmt::format("must be at least loop_wait + 2 * retry_timeout, {}: a primary would lose "
                         "its seat while it tries again",
                         format_duration(postgres.loop_wait + 2 * postgres.retry_timeout)));
    }
    const int needed = connections_needed(topology_);
    if (postgres.connections != 0 && postgres.connections < needed) {
      report("postgres", 0, "connections",
             fmt::format("must be at least {}: {} for each of the instances there may be, and {} "
                         "besides",
                         needed, sessions_per_process, sessions_besides));
    }
    check_within("postgres", "buffers", postgres.buffers_bytes, postgres.memory_bytes);
    check_within("redis", "cache", topology_.redis.cache_bytes, topology_.redis.memory_bytes);
    if (topology_.etcd.election < election_heartbeats_least * topology_.etcd.heartbeat) {
      report("etcd", 0, "election",
             fmt::format("must be at least {} heartbeats", election_heartbeats_least));
    }
    if (topology_.balancer.advert % vrrp_unit != 0ms) {
      report("balancer", 0, "advert", "must be in steps of 10ms");
    }
  }

  void check_within(std::string_view table, std::string_view key, std::int64_t part,
                    std::int64_t whole) {
    if (whole != 0 && part * 4 > whole * 3) {
      report(table, 0, key, "must be at most three quarters of memory");
    }
  }

  const Topology& topology_;
  std::vector<TopologyProblem> problems_;
};

}  // namespace

int provisioned(int minimum, std::size_t zones) {
  if (zones < 2) {
    return minimum;
  }
  const int count = static_cast<int>(zones);
  for (int placed = minimum;; ++placed) {
    const int fullest = (placed + count - 1) / count;
    if (placed - fullest >= minimum) {
      return placed;
    }
  }
}

int connections_needed(const Topology& topology) {
  std::int64_t processes = 0;
  for (const Service& service : topology.services) {
    processes += service.has_role("web") ? 0 : service.maximum;
  }
  return static_cast<int>(
      std::min<std::int64_t>(processes * sessions_per_process + sessions_besides, INT32_MAX));
}

std::vector<TopologyProblem> check_topology(const Topology& topology) {
  return Checker(topology).run();
}

}  // namespace securecart::cluster
