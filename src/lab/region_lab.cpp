#include "lab/region_lab.hpp"

#include <algorithm>
#include <fcntl.h>
#include <map>
#include <set>
#include <stdexcept>
#include <unistd.h>

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "cluster/topology/parse.hpp"
#include "cluster/topology/ports.hpp"
#include "lab/fields.hpp"
#include "lab/hosts/command.hpp"

namespace securecart::lab {
namespace {

namespace fs = std::filesystem;
using cluster::Host;
using cluster::Part;

constexpr std::string_view topology_file = "topology.toml";
constexpr std::string_view secrets_file = "region.json";
constexpr const char* patience_seconds = "2";

void write_private(const fs::path& file, std::string_view text) {
  const Descriptor out(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!out.valid() ||
      ::write(out.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw std::runtime_error("cannot write " + file.string());
  }
}

std::string to_json(const RegionSecrets& secrets) {
  return to_string(json::value(json::object{{"shop_authority", secrets.shop_authority},
                                            {"test_payments", secrets.test_payments},
                                            {"postgres_shop", secrets.postgres_shop}}));
}

std::unexpected<Error> nobody(std::string_view seat) {
  return fail(errc::not_found, fmt::format("nobody holds the seat {} now", seat));
}

}  // namespace

RegionLab RegionLab::create(const fs::path& state, RegionPlan plan, std::string_view text) {
  Lab lab = Lab::create(state, std::move(plan.spec), plan.files);
  write_private(lab.state() / topology_file, text);
  write_private(lab.state() / secrets_file, to_json(plan.secrets));
  return open(lab.state());
}

RegionLab RegionLab::open(const fs::path& state) {
  Lab lab = Lab::open(state);
  const fs::path file = lab.state() / topology_file;
  Result<cluster::Topology> topology = cluster::parse_topology(file.string(), read_if_there(file));
  const Result<json::value> kept = parse_json(read_if_there(lab.state() / secrets_file));
  if (!topology || !kept || !kept->is_object()) {
    throw std::runtime_error(fmt::format("the lab in {} has no region", state.string()));
  }
  const json::object& object = kept->get_object();
  RegionSecrets secrets{text_of(object, "shop_authority"), text_of(object, "test_payments"),
                        text_of(object, "postgres_shop")};
  RegionLab region(std::move(lab), std::move(*topology), std::move(secrets));
  write_private(region.shop_authority_file(), region.secrets_.shop_authority);
  return region;
}

Result<std::string> RegionLab::holder_of(std::string_view seat) const {
  try {
    return seat == "primary"      ? primary()
           : seat == "etcd"       ? etcd_leader()
           : seat == "balancer"   ? balancer()
           : seat == "controller" ? controller()
           : seat == "redis"      ? redis_master()
                                  : nobody(seat);
  } catch (const std::runtime_error& error) {
    return fail(errc::not_found, error.what());
  }
}

// Status and body of an answer, from within the host's own network; empty when there is none.
std::string RegionLab::http(std::string_view host, std::string_view url) const {
  const Ran ran = run_command(lab_.in_network_of(
      host, {"curl", "-s", "-m", patience_seconds, "-w", "\n%{http_code}", std::string(url)}));
  return ran.ok() ? ran.output : std::string();
}

Result<std::string> RegionLab::primary() const {
  for (const Host* host : topology_.hosts_with(Part::postgres)) {
    const std::string answer = http(
        host->name, fmt::format("http://{}:{}/primary", host->address, cluster::ports::patroni));
    if (answer.ends_with("\n200")) {
      return host->name;
    }
  }
  return nobody("primary");
}

Result<std::string> RegionLab::etcd_leader() const {
  for (const Host* host : topology_.hosts_with(Part::etcd)) {
    const Ran ran = run_command(lab_.in_network_of(
        host->name,
        {"env", "ETCDCTL_API=3", "etcdctl", "--command-timeout=2s", "-w", "json",
         fmt::format("--endpoints=http://{}:{}", host->address, cluster::ports::etcd_client),
         "endpoint", "status"}));
    const Result<json::value> parsed = parse_json(trim(ran.output));
    if (!parsed || !parsed->is_array() || parsed->get_array().empty()) {
      continue;
    }
    const json::object& status = object_of(as_object(parsed->get_array()[0]), "Status");
    const json::value* leader = status.if_contains("leader");
    const json::value* self = object_of(status, "header").if_contains("member_id");
    if (leader != nullptr && self != nullptr && *leader == *self) {
      return host->name;
    }
  }
  return nobody("etcd");
}

Result<std::string> RegionLab::balancer() const {
  for (const Host* host : topology_.hosts_with(Part::balancer)) {
    const Ran ran = run_command(lab_.in_network_of(host->name, {"ip", "-o", "-4", "addr", "show"}));
    if (ran.output.find(fmt::format("inet {}/", topology_.reserved_address)) != std::string::npos) {
      return host->name;
    }
  }
  return nobody("balancer");
}

std::string RegionLab::ask_etcd(const Arguments& words) const {
  for (const Host* host : topology_.hosts_with(Part::etcd)) {
    Arguments command{
        "env", "ETCDCTL_API=3", "etcdctl", "--command-timeout=2s",
        fmt::format("--endpoints=http://{}:{}", host->address, cluster::ports::etcd_client)};
    command.insert(command.end(), words.begin(), words.end());
    const Ran ran = run_command(lab_.in_network_of(host->name, command));
    if (ran.ok()) {
      return std::string(trim(ran.output));
    }
  }
  throw std::runtime_error("no etcd answers");
}

Result<std::string> RegionLab::controller() const {
  const std::string name = ask_etcd(
      {"get", fmt::format("/securecart/{}/controller", topology_.region), "--print-value-only"});
  return topology_.host(name) != nullptr ? Result<std::string>(name) : nobody("controller");
}

Result<std::string> RegionLab::redis_master() const {
  for (const Host* host : topology_.hosts_with(Part::redis)) {
    const std::string command = fmt::format(
        "REDISCLI_AUTH=$(cat /etc/securecart/secrets/redis) timeout 2 redis-cli -h {} role",
        host->address);
    if (lab_.run_in(host->name, {"sh", "-c", command}).output.starts_with("master")) {
      return host->name;
    }
  }
  return nobody("redis");
}

std::vector<std::string> RegionLab::ailments() const {
  std::vector<std::string> ailments;
  try {
    look_at_etcd(ailments);
    look_at_postgres(ailments);
    if (!balancer()) {
      ailments.emplace_back("no balancer holds the reserved address");
    }
    look_at_services(ailments);
  } catch (const std::runtime_error& error) {
    ailments.emplace_back(error.what());
  }
  return ailments;
}

void RegionLab::look_at_etcd(std::vector<std::string>& ailments) const {
  for (const Host* host : topology_.hosts_with(Part::etcd)) {
    const std::string answer = http(
        host->name, fmt::format("http://{}:{}/health", host->address, cluster::ports::etcd_client));
    if (!answer.ends_with("\n200")) {
      ailments.push_back("etcd of " + host->name + " is not well");
    }
  }
}

// One primary, and every other host a standby that follows and is waited for.
void RegionLab::look_at_postgres(std::vector<std::string>& ailments) const {
  const Result<std::string> leader = primary();
  if (!leader) {
    ailments.emplace_back("PostgreSQL has no primary");
    return;
  }
  const Host* host = topology_.host(*leader);
  const std::string answer =
      http(*leader, fmt::format("http://{}:{}/cluster", host->address, cluster::ports::patroni));
  const Result<json::value> parsed = parse_json(answer.substr(0, answer.rfind('\n')));
  if (!parsed || !parsed->is_object()) {
    ailments.emplace_back("Patroni does not tell of its members");
    return;
  }
  const std::size_t hosts = topology_.hosts_with(Part::postgres).size();
  std::size_t streaming = 0;
  std::size_t synchronous = 0;
  for (const json::value& value : array_of(parsed->get_object(), "members")) {
    const json::object& member = as_object(value);
    const bool runs =
        text_of(member, "state") == "running" || text_of(member, "state") == "streaming";
    streaming += runs ? 1 : 0;
    synchronous += runs && text_of(member, "role") == "sync_standby" ? 1 : 0;
  }
  if (streaming < hosts) {
    ailments.push_back(fmt::format("PostgreSQL runs on {} of {} hosts", streaming, hosts));
  }
  if (synchronous + 1 < hosts) {
    ailments.push_back(
        fmt::format("PostgreSQL's primary waits for {} of {} standbys", synchronous, hosts - 1));
  }
}

std::filesystem::path RegionLab::operator_identity_file() const {
  const std::vector<const Host*> hosts = topology_.hosts_with(Part::instances);
  if (hosts.empty()) {
    throw std::runtime_error("no host of this region runs instances");
  }
  return lab_.files_of(hosts.front()->name).upper() / "etc/securecart/secrets/agent.pem";
}

std::vector<RegionInstance> RegionLab::instances() const {
  const std::string said =
      ask_etcd({"get", fmt::format("/securecart/{}/instances/", topology_.region), "--prefix",
                "--print-value-only"});
  std::vector<RegionInstance> instances;
  for (const std::string_view line : split(said, '\n')) {
    const Result<json::value> parsed = parse_json(trim(line));
    if (parsed && parsed->is_object()) {
      const json::object& record = parsed->get_object();
      instances.push_back(
          {text_of(record, "service"), text_of(record, "address"), int_of(record, "port")});
    }
  }
  return instances;
}

// One more than may be lost is what the controller keeps.
void RegionLab::look_at_services(std::vector<std::string>& ailments) const {
  std::map<std::string, int> counts;
  for (const RegionInstance& instance : instances()) {
    ++counts[instance.service];
  }
  for (const cluster::Service& service : topology_.services) {
    if (counts[service.name] <= service.minimum) {
      ailments.push_back(fmt::format("{} has {} instances", service.name, counts[service.name]));
    }
  }
}

}  // namespace securecart::lab
