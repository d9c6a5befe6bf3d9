#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "cluster/topology/parts.hpp"
#include "cluster/topology/ports.hpp"

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;

constexpr int other_zone_weight = 100;  // of an instance; local_share is counted in these

const Service& default_service(const Topology& topology) {
  return *std::ranges::find_if(topology.services, [](const Service& service) {
    return std::ranges::find(service.paths, "/") != service.paths.end();
  });
}

std::string nameservers(const Topology& topology) {
  std::vector<std::string> servers;
  for (const Host* host : topology.hosts_with(Part::dns)) {
    servers.push_back(fmt::format("  nameserver {} {}", host->name, address_of(*host, ports::dns)));
  }
  return lines(servers);
}

// The longest path first, for the first rule that fits decides.
std::string routes(const Topology& topology) {
  struct Route {
    std::string path;
    std::string service;
  };
  std::vector<Route> found;
  for (const Service& service : topology.services) {
    for (const std::string& path : service.paths) {
      if (path != "/") {
        found.push_back({path, service.name});
      }
    }
  }
  std::ranges::sort(found, [](const Route& a, const Route& b) {
    return std::pair(b.path.size(), a.path) < std::pair(a.path.size(), b.path);
  });
  std::vector<std::string> rules;
  for (const Route& route : found) {
    rules.push_back(fmt::format("  use_backend {0} if {{ path {1} }} or {{ path_beg {1}/ }}",
                                route.service, route.path));
  }
  rules.push_back("  default_backend " + default_service(topology).name);
  return lines(rules);
}

// As many servers as instances fit into the zone; DNS fills them in.
int slots_of(const Topology& topology, std::string_view zone) {
  int slots = 0;
  for (const Host& host : topology.hosts) {
    slots += host.zone == zone ? host.slots : 0;
  }
  return slots;
}

std::string servers_of(const Topology& topology, const Service& service, const Host& balancer) {
  std::vector<std::string> servers;
  for (const Zone& zone : topology.zones) {
    const int slots = slots_of(topology, zone.name);
    if (slots > 0) {
      servers.push_back(fmt::format(
          "  server-template {0}- {1} _{2}._tcp.zone-{0}.{3} weight {4}", zone.name,
          std::min(slots, service.maximum), service.name, topology.domain,
          zone.name == balancer.zone ? topology.balancer.local_share : other_zone_weight));
    }
  }
  return lines(servers);
}

std::string backends(const Topology& topology, const Host& balancer) {
  std::vector<std::string> found;
  for (const Service& service : topology.services) {
    if (!service.paths.empty()) {
      found.push_back(render_asset(
          "templates/haproxy/backend.cfg",
          {{"service", service.name},
           {"domain", topology.domain},
           {"slow_start_ms", std::to_string(milliseconds(topology.balancer.slow_start))},
           {"servers", servers_of(topology, service, balancer)}}));
    }
  }
  return lines(found);
}

std::string postgres_servers(const Topology& topology) {
  std::vector<std::string> servers;
  for (const Host* host : topology.hosts_with(Part::postgres)) {
    servers.push_back(
        fmt::format("  server {} {}", host->name, address_of(*host, ports::postgres)));
  }
  return lines(servers);
}

void add_haproxy(const Planner& planner) {
  const Topology& topology = planner.topology;
  const std::string folder = planner.paths.configuration + "/haproxy";
  const std::string runtime = planner.paths.runtime + "/haproxy";
  planner.folder(folder);
  planner.folder(runtime, "haproxy", 0750);
  const RenderedFile& file =
      planner.file(folder + "/haproxy.cfg", "templates/haproxy/haproxy.cfg",
                   {{"host", planner.host.name},
                    {"connections", std::to_string(topology.balancer.connections)},
                    {"runtime", runtime},
                    {"nameservers", nameservers(topology)},
                    {"reserved_address", topology.reserved_address},
                    {"http_port", std::to_string(ports::http)},
                    {"https_port", std::to_string(ports::https)},
                    {"certificate", planner.paths.secrets + "/shop.pem"},
                    {"routes", routes(topology)},
                    {"address", planner.host.address},
                    {"status_port", std::to_string(ports::balancer_status)},
                    {"default_service", default_service(topology).name},
                    {"backends", backends(topology, planner.host)},
                    {"postgres_port", std::to_string(ports::postgres_primary)},
                    {"patroni_port", std::to_string(ports::patroni)},
                    {"postgres_servers", postgres_servers(topology)}});
  Unit unit;
  unit.name = "haproxy";
  unit.command = {"/usr/sbin/haproxy", "-W", "-db", "-f", file.path};
  unit.folder = runtime;  // becomes the user haproxy by itself, once it has its ports
  unit.readiness = {
      .kind = Readiness::Kind::http,
      .target = fmt::format("http://{}/healthz", address_of(planner.host, ports::balancer_status)),
      .interval = 500ms,
      .start_time = 10s};
  constexpr int soft_stop = 10;    // SIGUSR1: no new connections, and what there is goes on
  constexpr int next_worker = 12;  // SIGUSR2: another worker listens, this one finishes
  unit.stop_signal = soft_stop;
  unit.reload_signal = next_worker;
  unit.stop_time = 35s;
  unit.memory_bytes = topology.balancer.memory_bytes;
  unit.configuration_hash = hash_of({&file});
  planner.plan.units.push_back(std::move(unit));
}

std::string peers(const Topology& topology, const Host& self) {
  std::vector<std::string> others;
  for (const Host* host : topology.hosts_with(Part::balancer)) {
    if (host->name != self.name) {
      others.push_back("    " + host->address);
    }
  }
  return lines(others);
}

// keepalived's advert_int, in seconds with two digits.
std::string advert_text(Duration advert) {
  constexpr std::int64_t unit_ms = 10;
  constexpr std::int64_t units = 100;
  const std::int64_t count = milliseconds(advert) / unit_ms;
  return fmt::format("{}.{:02}", count / units, count % units);
}

void add_keepalived(const Planner& planner) {
  const Topology& topology = planner.topology;
  const std::string folder = planner.paths.configuration + "/keepalived";
  const std::string runtime = planner.paths.runtime + "/keepalived";
  planner.folder(folder);
  planner.folder(runtime);
  planner.file(folder + "/ask_haproxy", "templates/keepalived/ask_haproxy", {}, "root", 0755);
  const RenderedFile& file =
      planner.file(folder + "/keepalived.conf", "templates/keepalived/keepalived.conf",
                   {{"host", planner.host.name},
                    {"check", folder + "/ask_haproxy"},
                    {"address", planner.host.address},
                    {"status_port", std::to_string(ports::balancer_status)},
                    {"interface", planner.host.interface},
                    {"router_id", std::to_string(topology.balancer.router_id)},
                    {"advert", advert_text(topology.balancer.advert)},
                    {"peers", peers(topology, planner.host)},
                    {"reserved_address", topology.reserved_address}});
  Unit unit;
  unit.name = "keepalived";
  unit.command = {"/usr/sbin/keepalived",
                  "--dont-fork",
                  "--log-console",
                  "--vrrp",
                  "--use-file",
                  file.path,
                  "--pid",
                  runtime + "/keepalived.pid",
                  "--vrrp_pid",
                  runtime + "/vrrp.pid"};
  unit.folder = runtime;
  unit.after = {"haproxy"};
  unit.reload_signal = hang_up;
  unit.stop_time = 5s;
  constexpr std::int64_t keepalived_bytes = 64 * 1'024 * 1'024;
  unit.memory_bytes = keepalived_bytes;
  unit.configuration_hash = hash_of({&file});
  planner.plan.units.push_back(std::move(unit));
}

}  // namespace

void plan_balancer(const Planner& planner) {
  add_haproxy(planner);
  add_keepalived(planner);
}

}  // namespace securecart::cluster
