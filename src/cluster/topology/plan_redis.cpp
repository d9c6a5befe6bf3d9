#include <fmt/format.h>

#include "cluster/topology/parts.hpp"
#include "cluster/topology/ports.hpp"

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;

// Until Sentinels say otherwise.
const Host& first_master(const Topology& topology) {
  return *topology.hosts_with(Part::redis).front();
}

const RenderedFile& redis_files(const Planner& planner, const std::string& state) {
  const std::string base = planner.paths.configuration + "/redis/redis.conf";
  planner.file(base, "templates/redis/redis.conf",
               {{"host", planner.host.name},
                {"address", planner.host.address},
                {"port", std::to_string(ports::redis)},
                {"state", state},
                {"cache_bytes", std::to_string(planner.topology.redis.cache_bytes)}},
               "redis", 0600);
  const Host& master = first_master(planner.topology);
  const std::string replica_of = master.name == planner.host.name
                                     ? "# The first master."
                                     : fmt::format("replicaof {} {}", master.address, ports::redis);
  planner.file(state + "/redis.conf", "templates/redis/node.conf",
               {{"base", base}, {"replica_of", replica_of}}, "redis", 0600);
  planner.plan.files.back().seed = true;
  return planner.plan.files.back();
}

void add_redis(const Planner& planner) {
  const std::string state = planner.paths.state + "/redis";
  planner.folder(state, "redis", 0700);
  planner.folder(planner.paths.configuration + "/redis");
  const std::string file = redis_files(planner, state).path;
  Unit unit;
  unit.name = "redis";
  unit.command = {"/usr/bin/redis-server", file};
  unit.user = "redis";
  unit.folder = state;
  unit.readiness = {.kind = Readiness::Kind::tcp,
                    .target = address_of(planner.host, ports::redis),
                    .interval = 1s,
                    .start_time = 10s};
  unit.stop_time = 5s;
  unit.memory_bytes = planner.topology.redis.memory_bytes;
  unit.configuration_hash = hash_of({&planner.plan.files[planner.plan.files.size() - 2]});
  planner.plan.units.push_back(std::move(unit));
}

void add_sentinel(const Planner& planner) {
  const std::string state = planner.paths.state + "/sentinel";
  planner.folder(state, "redis", 0700);
  const std::size_t sentinels = planner.topology.hosts_with(Part::redis).size();
  const RenderedFile& file = planner.file(
      state + "/sentinel.conf", "templates/redis/sentinel.conf",
      {{"address", planner.host.address},
       {"port", std::to_string(ports::sentinel)},
       {"state", state},
       {"master", first_master(planner.topology).address},
       {"redis_port", std::to_string(ports::redis)},
       {"quorum", std::to_string(sentinels / 2 + 1)},
       {"down_after_ms", std::to_string(milliseconds(planner.topology.redis.down_after))},
       {"failover_timeout_ms",
        std::to_string(milliseconds(planner.topology.redis.failover_timeout))}},
      "redis", 0600);
  planner.plan.files.back().seed = true;
  Unit unit;
  unit.name = "sentinel";
  unit.command = {"/usr/bin/redis-sentinel", file.path};
  unit.user = "redis";
  unit.folder = state;
  unit.readiness = {.kind = Readiness::Kind::tcp,
                    .target = address_of(planner.host, ports::sentinel),
                    .interval = 1s,
                    .start_time = 10s};
  unit.stop_time = 5s;
  constexpr std::int64_t sentinel_bytes = 64 * 1'024 * 1'024;
  unit.memory_bytes = sentinel_bytes;
  planner.plan.units.push_back(std::move(unit));
}

}  // namespace

void plan_redis(const Planner& planner) {
  add_redis(planner);
  add_sentinel(planner);
}

}  // namespace securecart::cluster
