#include <fmt/format.h>

#include "cluster/topology/parts.hpp"
#include "cluster/topology/ports.hpp"

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;

std::string zone_text(const Topology& topology) {
  std::vector<std::string> servers;
  for (const Host* host : topology.hosts_with(Part::dns)) {
    servers.push_back(fmt::format("@ IN NS {}", host->name));
  }
  std::vector<std::string> hosts;
  for (const Host& host : topology.hosts) {
    hosts.push_back(fmt::format("{} IN A {}", host.name, host.address));
  }
  return render_asset("templates/dns/region.zone",
                      {{"domain", topology.domain},
                       {"ttl", std::to_string(seconds(topology.dns.ttl))},
                       {"first", topology.hosts_with(Part::dns).front()->name},
                       {"servers", lines(servers)},
                       {"hosts", lines(hosts)}});
}

std::string etcd_addresses(const Topology& topology) {
  std::vector<std::string> addresses;
  for (const Host* host : topology.hosts_with(Part::etcd)) {
    addresses.push_back(fmt::format("\"http://{}\"", address_of(*host, ports::etcd_client)));
  }
  return fmt::format("{}", fmt::join(addresses, ", "));
}

}  // namespace

void plan_dns(const Planner& planner) {
  const std::string folder = planner.paths.configuration + "/dns";
  const std::string state = planner.paths.state + "/dns";
  planner.folder(folder);
  planner.folder(state, std::string(program_user), 0700);
  const Topology& topology = planner.topology;
  const std::string& address = planner.host.address;
  planner.file(folder + "/dns.toml", "templates/dns/dns.toml",
               {{"host", planner.host.name},
                {"address", address},
                {"port", std::to_string(ports::dns)},
                {"metrics_port", std::to_string(ports::dns_metrics)},
                {"domain", topology.domain}});
  planner.file(folder + "/policies.toml", "templates/dns/policies.toml",
               {{"domain", topology.domain},
                {"etcd", etcd_addresses(topology)},
                {"region", topology.region},
                {"state", state},
                {"address", address},
                {"admin_port", std::to_string(ports::dns_admin)}});
  planner.plan.files.push_back({fmt::format("{}/{}.zone", folder, topology.domain),
                                zone_text(topology), 0644, "root", false});
  const std::vector<RenderedFile>& files = planner.plan.files;
  Unit unit;
  unit.name = "dns";
  unit.command = {planner.paths.program, "dns", "serve", "--config", folder + "/dns.toml"};
  unit.user = program_user;
  unit.low_ports = true;
  unit.reload_signal = hang_up;
  unit.folder = state;
  unit.readiness = {
      .kind = Readiness::Kind::http,
      .target = fmt::format("http://{}/metrics", address_of(planner.host, ports::dns_metrics)),
      .interval = 1s,
      .start_time = 10s};
  unit.stop_time = 5s;
  unit.memory_bytes = topology.dns.memory_bytes;
  unit.configuration_hash =
      hash_of({&files[files.size() - 3], &files[files.size() - 2], &files[files.size() - 1]});
  planner.plan.units.push_back(std::move(unit));
}

}  // namespace securecart::cluster
