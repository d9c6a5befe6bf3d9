#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "cluster/topology/limits.hpp"
#include "cluster/topology/parts.hpp"
#include "cluster/topology/ports.hpp"

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;

std::string upstreams_text(const Topology& topology) {
  std::vector<std::string> tables;
  for (const Service& service : topology.services) {
    for (const std::string& role : service.roles) {
      if (role != "web") {
        tables.push_back(fmt::format("[upstream.{}]\nsrv = \"_{}._tcp.{}\"\ntls = true", role,
                                     service.name, topology.domain));
      }
    }
  }
  return render_asset("templates/serve/upstreams.toml", {{"roles", lines(tables)}});
}

std::string database_address(const Topology& topology) {
  return fmt::format("postgres://shop:{}@{}/shop", secret_reference("postgres-shop"),
                     addresses_of(topology, Part::postgres, ports::postgres));
}

std::string cache_address(const Topology& topology) {
  return fmt::format("redis://:{0}@{1}/0?sentinel=shop&sentinel_password={0}",
                     secret_reference("redis"),
                     addresses_of(topology, Part::redis, ports::sentinel));
}

std::string broker_address(const Topology& topology) {
  return fmt::format("amqp://shop:{}@{}/shop", secret_reference("rabbitmq"),
                     addresses_of(topology, Part::rabbitmq, ports::rabbitmq));
}

void append(std::vector<std::string>& words, std::initializer_list<std::string> more) {
  words.insert(words.end(), more);
}

// The state, and the parts of the region that gateways have nothing to do with.
void append_inner(std::vector<std::string>& words, const Topology& topology,
                  const HostPaths& paths) {
  append(words, {"--database-file", database_path(paths), "--cache-file", cache_path(paths),
                 "--broker-file", broker_path(paths), "--webhook-url", topology.public_url});
  if (!topology.payments.stripe_url.empty()) {
    append(words, {"--stripe-url", topology.payments.stripe_url});
  }
  if (!topology.payments.test_provider_url.empty()) {
    append(words, {"--test-payments-url", topology.payments.test_provider_url,
                   "--test-payments-secret", paths.secrets + "/test-payments"});
  }
}

void append_gateway(std::vector<std::string>& words, const Topology& topology,
                    const HostPaths& paths) {
  append(words, {"--upstreams", upstreams_path(paths)});
  for (const Host* balancer : topology.hosts_with(Part::balancer)) {
    append(words, {"--trusted-proxy", balancer->address});
  }
}

std::vector<std::string> serve_words(const Topology& topology, const Host& host,
                                     const HostPaths& paths, const Service& service, int slot,
                                     std::string_view version, const std::string& state) {
  const std::string program =
      version.empty() ? paths.program : fmt::format("{}-{}", paths.program, version);
  const double cores = service.cores == 0.0 ? 1.0 : std::max(1.0, std::ceil(service.cores));
  std::vector<std::string> words{program,        "serve",
                                 "--roles",      fmt::format("{}", fmt::join(service.roles, ",")),
                                 "--data",       state,
                                 "--address",    host.address,
                                 "--port",       std::to_string(service.port + slot),
                                 "--cores",      std::to_string(static_cast<int>(cores)),
                                 "--public-url", topology.public_url};
  append(words, {"--identity", fmt::format("{}/{}.pem", paths.secrets, service.name),
                 "--secrets-key", paths.secrets + "/secrets.key", "--no-sample", "--log-json",
                 "--drain-notice-ms", std::to_string(milliseconds(service.drain_notice))});
  if (service.has_role("web")) {
    append_gateway(words, topology, paths);
  } else {
    append_inner(words, topology, paths);
  }
  return words;
}

}  // namespace

std::string upstreams_path(const HostPaths& paths) {
  return paths.configuration + "/serve/upstreams.toml";
}
std::string database_path(const HostPaths& paths) {
  return paths.configuration + "/serve/database";
}
std::string cache_path(const HostPaths& paths) {
  return paths.configuration + "/serve/cache";
}
std::string broker_path(const HostPaths& paths) {
  return paths.configuration + "/serve/broker";
}

void plan_instances(const Planner& planner) {
  const std::string user(program_user);
  planner.folder(planner.paths.configuration + "/serve");
  planner.folder(planner.paths.state + "/instances", user, 0700);
  planner.plan.files.push_back(
      {upstreams_path(planner.paths), upstreams_text(planner.topology), 0644, "root", false});
  planner.file(database_path(planner.paths), "templates/serve/address",
               {{"address", database_address(planner.topology)}}, user, 0600);
  planner.file(cache_path(planner.paths), "templates/serve/address",
               {{"address", cache_address(planner.topology)}}, user, 0600);
  planner.file(broker_path(planner.paths), "templates/serve/address",
               {{"address", broker_address(planner.topology)}}, user, 0600);
}

Unit instance_unit(const Topology& topology, const Host& host, const HostPaths& paths,
                   const Service& service, int slot, std::string_view version) {
  Unit unit;
  unit.name = fmt::format("{}-{}-{}", service.name, host.name, slot);
  const std::string state = fmt::format("{}/instances/{}", paths.state, unit.name);
  unit.command = serve_words(topology, host, paths, service, slot, version, state);
  unit.user = program_user;
  unit.folder = state;
  const bool is_gateway = service.has_role("web");
  const std::string address =
      fmt::format("{}://{}:{}", is_gateway ? "http" : "https", host.address, service.port + slot);
  unit.readiness = {.kind = Readiness::Kind::http,
                    .target = address + "/readyz",
                    .alive = address + "/livez",
                    .identity = is_gateway ? "" : paths.secrets + "/agent.pem",
                    .role = is_gateway ? "" : service.roles.front(),
                    .interval = 1s,
                    .start_time = 30s};
  unit.stop_time = service.drain_notice + limits::topology_drain;
  unit.memory_bytes = service.memory_bytes;
  unit.cores = service.cores;
  // Upstreams are read again when they change.
  const std::vector<RenderedFile> files{
      {database_path(paths), database_address(topology), 0, "", false},
      {cache_path(paths), cache_address(topology), 0, "", false},
      {broker_path(paths), broker_address(topology), 0, "", false}};
  unit.configuration_hash =
      is_gateway ? hash_of({}) : hash_of({files.data(), files.data() + 1, files.data() + 2});
  return unit;
}

}  // namespace securecart::cluster
