#include <algorithm>

#include <fmt/format.h>

#include "cluster/topology/parts.hpp"
#include "cluster/topology/ports.hpp"

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;

// "{10,77,1,11}", an address as Erlang writes it.
std::string erlang_address(const Host& host) {
  std::string text = host.address;
  std::ranges::replace(text, '.', ',');
  return "{" + text + "}";
}

std::string node_lines(const Topology& topology) {
  std::vector<std::string> nodes;
  for (const Host* host : topology.hosts_with(Part::rabbitmq)) {
    nodes.push_back(fmt::format("cluster_formation.classic_config.nodes.{} = rabbit@{}",
                                nodes.size() + 1, host->name));
  }
  return lines(nodes);
}

std::string host_lines(const Topology& topology) {
  std::vector<std::string> hosts;
  for (const Host* host : topology.hosts_with(Part::rabbitmq)) {
    hosts.push_back(fmt::format("{{host, {}, [\"{}\"]}}.", erlang_address(*host), host->name));
  }
  return lines(hosts);
}

std::map<std::string, std::string> environment(const Planner& planner, const std::string& state) {
  const std::string folder = planner.paths.configuration + "/rabbitmq";
  return {{"PATH", "/usr/bin:/bin"},
          {"LANG", "C.UTF-8"},
          {"HOME", state},
          {"ERL_EPMD_ADDRESS", planner.host.address},
          {"ERL_EPMD_PORT", std::to_string(ports::epmd)},
          {"ERL_INETRC", folder + "/inetrc"},
          {"ERL_CRASH_DUMP_BYTES", "0"},
          {"HOSTNAME", planner.host.name},
          {"RABBITMQ_NODENAME", "rabbit@" + planner.host.name},
          {"RABBITMQ_DIST_PORT", std::to_string(ports::rabbitmq_distribution)},
          {"RABBITMQ_MNESIA_BASE", state + "/mnesia"},
          {"RABBITMQ_LOG_BASE", state},
          {"RABBITMQ_CONFIG_FILE", folder + "/rabbitmq.conf"},
          {"RABBITMQ_ENABLED_PLUGINS_FILE", folder + "/enabled_plugins"},
          // Not what Debian's package says about the machine.
          {"RABBITMQ_CONF_ENV_FILE", folder + "/none"},
          {"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
           fmt::format("+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none -start_epmd false "
                       "-kernel inet_dist_use_interface {}",
                       erlang_address(planner.host))}};
}

// Its own unit: a node that starts one leaves it behind.
void add_epmd(const Planner& planner, const std::string& state) {
  Unit unit;
  unit.name = "epmd";
  unit.command = {"/usr/bin/epmd", "-address", planner.host.address, "-port",
                  std::to_string(ports::epmd)};
  unit.user = "rabbitmq";
  unit.folder = state;
  unit.readiness = {.kind = Readiness::Kind::tcp,
                    .target = address_of(planner.host, ports::epmd),
                    .interval = 1s,
                    .start_time = 5s};
  unit.stop_time = 1s;
  planner.plan.units.push_back(std::move(unit));
}

}  // namespace

void plan_rabbitmq(const Planner& planner) {
  const std::string state = planner.paths.state + "/rabbitmq";
  const std::string folder = planner.paths.configuration + "/rabbitmq";
  planner.folder(state, "rabbitmq", 0700);
  planner.folder(state + "/mnesia", "rabbitmq", 0700);
  planner.folder(folder);
  planner.plan.files.push_back(
      {state + "/.erlang.cookie", secret_reference("erlang-cookie"), 0400, "rabbitmq", false});
  planner.file(folder + "/enabled_plugins", "templates/rabbitmq/enabled_plugins", {});
  planner.file(folder + "/inetrc", "templates/rabbitmq/inetrc",
               {{"hosts", host_lines(planner.topology)}});
  const RabbitmqSettings& settings = planner.topology.rabbitmq;
  constexpr std::int64_t share = 60;  // percent, then publishing stops (docs/rabbitmq.md)
  constexpr std::int64_t whole = 100;
  planner.file(folder + "/rabbitmq.conf", "templates/rabbitmq/rabbitmq.conf",
               {{"host", planner.host.name},
                {"address", planner.host.address},
                {"port", std::to_string(ports::rabbitmq)},
                {"region", planner.topology.region},
                {"nodes", node_lines(planner.topology)},
                {"memory_bytes", std::to_string(settings.memory_bytes / whole * share)},
                {"disk_free_bytes", std::to_string(settings.disk_free_bytes)}},
               "rabbitmq", 0600);
  add_epmd(planner, state);
  Unit unit;
  unit.name = "rabbitmq";
  unit.command = {"/usr/lib/rabbitmq/bin/rabbitmq-server"};
  unit.environment = environment(planner, state);
  unit.user = "rabbitmq";
  unit.folder = state;
  unit.after = {"epmd"};
  // It waits for the others when it starts after all were down.
  unit.readiness = {.kind = Readiness::Kind::tcp,
                    .target = address_of(planner.host, ports::rabbitmq),
                    .interval = 2s,
                    .failures = 30,
                    .start_time = 10min};
  unit.stop_time = 30s;
  unit.memory_bytes = settings.memory_bytes;
  unit.configuration_hash =
      hash_of({&planner.plan.files.back(), &planner.plan.files[planner.plan.files.size() - 2]});
  planner.plan.units.push_back(std::move(unit));
}

}  // namespace securecart::cluster
