#include "cluster/topology/host_plan.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/topology/parts.hpp"

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view reference_begin = "${secret:";
constexpr std::size_t password_bytes_least = 16;
constexpr std::size_t password_bytes_most = 128;

bool is_password(std::string_view text) {
  return text.size() >= password_bytes_least && text.size() <= password_bytes_most &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

}  // namespace

void plan_controller(const Planner& planner) {
  const std::string state = planner.paths.state + "/controller";
  planner.folder(state, std::string(program_user), 0700);
  Unit unit;
  unit.name = "controller";
  unit.command = {planner.paths.program, "controller", "--host",
                  planner.host.name,     "--topology", planner.paths.topology};
  unit.user = program_user;
  unit.folder = state;
  unit.stop_time = 5s;
  constexpr std::int64_t controller_bytes = 256 * 1'024 * 1'024;
  unit.memory_bytes = controller_bytes;
  planner.plan.units.push_back(std::move(unit));
}

HostPlan host_plan(const Topology& topology, const Host& host, const HostPaths& paths) {
  HostPlan plan;
  const Planner planner{topology, host, paths, plan};
  planner.folder(paths.configuration);
  planner.folder(paths.state);
  planner.folder(paths.runtime);
  struct Step {
    Part part;
    void (*plan)(const Planner&);
  };
  // The balancer's files name DNS, and so on: what others wait for is first.
  constexpr Step steps[] = {{Part::etcd, plan_etcd},
                            {Part::postgres, plan_postgres},
                            {Part::redis, plan_redis},
                            {Part::rabbitmq, plan_rabbitmq},
                            {Part::dns, plan_dns},
                            {Part::balancer, plan_balancer},
                            {Part::instances, plan_instances},
                            {Part::controller, plan_controller}};
  for (const Step& step : steps) {
    if (host.carries(step.part)) {
      step.plan(planner);
    }
  }
  return plan;
}

Result<std::string> fill_secrets(
    std::string_view text, const std::function<Result<std::string>(std::string_view)>& secret) {
  std::string out;
  for (;;) {
    const std::size_t begin = text.find(reference_begin);
    out.append(text.substr(0, begin));
    if (begin == std::string_view::npos) {
      return out;
    }
    text.remove_prefix(begin + reference_begin.size());
    const std::size_t end = text.find('}');
    if (end == std::string_view::npos) {
      return fail(errc::invalid_request, "a reference to a secret is not closed");
    }
    const std::string_view name = text.substr(0, end);
    Result<std::string> value = secret(name);
    if (!value) {
      return value;
    }
    if (!is_password(*value)) {
      return fail(errc::invalid_request,
                  fmt::format("the secret {} must be one line of a-z, A-Z, 0-9, '-' and '_', {} to "
                              "{} of them",
                              name, password_bytes_least, password_bytes_most));
    }
    out.append(*value);
    text.remove_prefix(end + 1);
  }
}

namespace {

void add_password(std::vector<Secret>& secrets, std::string name, std::string owner = "root") {
  secrets.push_back({std::move(name), Secret::Kind::password, {}, {}, std::move(owner)});
}

void add_instance_secrets(std::vector<Secret>& secrets, const Topology& topology,
                          const Host& host) {
  const std::string user(program_user);
  for (const Service& service : topology.services) {
    Secret& identity = secrets.emplace_back();
    identity = {service.name + ".pem", Secret::Kind::identity, service.roles, {}, user};
    for (int slot = 0; slot < host.slots; ++slot) {
      identity.names.push_back(
          fmt::format("{}-{}-{}.{}", service.name, host.name, slot, topology.domain));
    }
  }
  secrets.push_back({"agent.pem", Secret::Kind::identity, {"operator"}, {}, "root"});
  secrets.push_back({"secrets.key", Secret::Kind::secrets_key, {}, {}, user});
  add_password(secrets, "postgres-shop");
  add_password(secrets, "redis");
  add_password(secrets, "rabbitmq");
  if (!topology.payments.test_provider_url.empty()) {
    add_password(secrets, "test-payments", user);
  }
}

}  // namespace

std::vector<Secret> host_secrets(const Topology& topology, const Host& host) {
  std::vector<Secret> secrets;
  if (host.carries(Part::postgres)) {
    for (const char* name :
         {"postgres-superuser", "postgres-replication", "postgres-rewind", "postgres-shop"}) {
      add_password(secrets, name);
    }
  }
  if (host.carries(Part::redis)) {
    add_password(secrets, "redis");
  }
  if (host.carries(Part::rabbitmq)) {
    add_password(secrets, "erlang-cookie");
    add_password(secrets, "rabbitmq");
  }
  if (host.carries(Part::balancer)) {
    secrets.push_back({"shop.pem", Secret::Kind::certificate, {}, {}, "root"});
  }
  if (host.carries(Part::instances)) {
    add_instance_secrets(secrets, topology, host);
  }
  std::ranges::sort(secrets, {}, &Secret::name);
  const auto doubles = std::ranges::unique(secrets, {}, &Secret::name);
  secrets.erase(doubles.begin(), doubles.end());
  return secrets;
}

}  // namespace securecart::cluster
