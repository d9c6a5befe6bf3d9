#include <fmt/format.h>

#include "cluster/topology/parts.hpp"
#include "cluster/topology/ports.hpp"

namespace securecart::cluster {

using namespace std::chrono_literals;

void plan_etcd(const Planner& planner) {
  const std::string state = planner.paths.state + "/etcd";
  planner.folder(state, "etcd", 0700);
  planner.folder(planner.paths.configuration + "/etcd");
  std::vector<std::string> members;
  for (const Host* host : planner.topology.hosts_with(Part::etcd)) {
    members.push_back(fmt::format("{}=http://{}", host->name, address_of(*host, ports::etcd_peer)));
  }
  const EtcdSettings& settings = planner.topology.etcd;
  const RenderedFile& file =
      planner.file(planner.paths.configuration + "/etcd/etcd.yaml", "templates/etcd/etcd.yaml",
                   {{"host", planner.host.name},
                    {"data", state},
                    {"address", planner.host.address},
                    {"client_port", std::to_string(ports::etcd_client)},
                    {"peer_port", std::to_string(ports::etcd_peer)},
                    {"members", fmt::format("{}", fmt::join(members, ","))},
                    {"region", planner.topology.region},
                    {"heartbeat_ms", std::to_string(milliseconds(settings.heartbeat))},
                    {"election_ms", std::to_string(milliseconds(settings.election))},
                    {"quota_bytes", std::to_string(settings.quota_bytes)}});
  Unit unit;
  unit.name = "etcd";
  unit.command = {"/usr/bin/etcd", "--config-file", file.path};
  unit.user = "etcd";
  unit.folder = state;
  // Not its health, which is everybody's: a member that lost the others must go on trying.
  unit.readiness = {.kind = Readiness::Kind::tcp,
                    .target = address_of(planner.host, ports::etcd_client),
                    .interval = 1s,
                    .start_time = 30s};
  unit.stop_time = 5s;
  unit.memory_bytes = settings.memory_bytes;
  unit.configuration_hash = hash_of({&file});
  planner.plan.units.push_back(std::move(unit));
}

}  // namespace securecart::cluster
