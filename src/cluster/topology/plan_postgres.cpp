#include <fmt/format.h>

#include "cluster/topology/parse.hpp"
#include "cluster/topology/parts.hpp"
#include "cluster/topology/ports.hpp"

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;

// PostgreSQL knows the same units, in powers of 1024.
std::string size_text(std::int64_t bytes) {
  const std::string text = format_bytes(bytes);
  return text.ends_with("KB") ? text.substr(0, text.size() - 2) + "kB" : text;
}

std::string host_rule(std::string_view database, std::string_view user, const Host& host) {
  return fmt::format("    - host {} {} {}/32 scram-sha-256", database, user, host.address);
}

// Who may come from where. Balancers bring who asks for the primary of whatever they are.
std::string access_rules(const Topology& topology) {
  std::vector<std::string> rules;
  for (const Host* host : topology.hosts_with(Part::postgres)) {
    rules.push_back(host_rule("replication", "replicator", *host));
    rules.push_back(host_rule("postgres", "rewinder", *host));
    rules.push_back(host_rule("all", "postgres", *host));
  }
  for (const Part part : {Part::instances, Part::balancer}) {
    for (const Host* host : topology.hosts_with(part)) {
      rules.push_back(host_rule("shop", "shop", *host));
    }
  }
  return lines(rules);
}

TemplateValues patroni_values(const Planner& planner, const std::string& file) {
  const Topology& topology = planner.topology;
  const PostgresSettings& settings = topology.postgres;
  const std::string state = planner.paths.state + "/postgres";
  return {{"host", planner.host.name},
          {"file", file},
          {"scope", topology.name},
          {"address", planner.host.address},
          {"port", std::to_string(ports::postgres)},
          {"api_port", std::to_string(ports::patroni)},
          {"etcd_hosts", addresses_of(topology, Part::etcd, ports::etcd_client)},
          {"ttl", std::to_string(seconds(settings.ttl))},
          {"loop_wait", std::to_string(seconds(settings.loop_wait))},
          {"retry_timeout", std::to_string(seconds(settings.retry_timeout))},
          {"stop_timeout", std::to_string(seconds(settings.stop_timeout))},
          {"network_timeout_ms", std::to_string(milliseconds(settings.network_timeout))},
          {"strict", settings.strict ? "true" : "false"},
          {"standbys", std::to_string(topology.hosts_with(Part::postgres).size() - 1)},
          {"connections", std::to_string(settings.connections)},
          {"post_bootstrap", planner.paths.configuration + "/patroni/post_bootstrap"},
          {"data", state + "/data"},
          {"passwords", planner.paths.runtime + "/postgres/pgpass"},
          {"sockets", planner.paths.runtime + "/postgres"},
          {"pg_hba", access_rules(topology)},
          {"buffers", size_text(settings.buffers_bytes)},
          {"wal", size_text(settings.wal_bytes)},
          {"wal_keep", size_text(settings.wal_bytes / 2)}};
}

}  // namespace

void plan_postgres(const Planner& planner) {
  const std::string state = planner.paths.state + "/postgres";
  const std::string folder = planner.paths.configuration + "/patroni";
  planner.folder(state, "postgres", 0700);
  planner.folder(planner.paths.runtime + "/postgres", "postgres", 0755);
  planner.folder(folder);
  planner.file(folder + "/post_bootstrap", "templates/patroni/post_bootstrap", {}, "postgres",
               0700);
  const RenderedFile& file =
      planner.file(folder + "/patroni.yaml", "templates/patroni/patroni.yaml",
                   patroni_values(planner, folder + "/patroni.yaml"), "postgres", 0600);
  Unit unit;
  unit.name = "postgres";
  unit.command = {"/usr/bin/patroni", file.path};
  unit.environment = {{"LANG", "C.UTF-8"}, {"PATH", "/usr/bin:/bin"}};
  unit.user = "postgres";
  unit.reload_signal = hang_up;  // what needs a restart waits for one that people plan
  unit.folder = state;
  // Of Patroni's own loop. Whether PostgreSQL is up, and as what, is Patroni's to mend.
  unit.readiness = {
      .kind = Readiness::Kind::http,
      .target = fmt::format("http://{}/liveness", address_of(planner.host, ports::patroni)),
      .interval = 1s,
      .failures = 10,
      .start_time = 2min};
  unit.stop_time = planner.topology.postgres.stop_timeout + 30s;
  unit.memory_bytes = planner.topology.postgres.memory_bytes;
  unit.configuration_hash = hash_of({&file});
  planner.plan.units.push_back(std::move(unit));
}

}  // namespace securecart::cluster
