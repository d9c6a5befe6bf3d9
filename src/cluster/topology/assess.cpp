#include "cluster/topology/assess.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "base/config.hpp"
#include "base/json.hpp"

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;

// What the engines of Debian 12 take, whatever they are set to; measured in drills.
constexpr Duration patroni_probe = 2s;      // of the other members, before one is promoted
constexpr Duration promotion = 1s;          // until the new primary answers
constexpr Duration sentinel_election = 2s;  // from "down" to the new master
constexpr Duration etcd_settling = 1s;      // until calls reach the new leader
constexpr Duration attempt = 4500ms;        // templates/haproxy/backend.cfg
constexpr Duration connect_timeout = 1s;    // templates/haproxy/haproxy.cfg
constexpr int vrrp_adverts_missed = 4;      // three, and the skew

using Gone = std::function<bool(const Host&)>;

std::size_t left(const Topology& topology, Part part, const Gone& gone) {
  return static_cast<std::size_t>(std::ranges::count_if(
      topology.hosts, [&](const Host& host) { return host.carries(part) && !gone(host); }));
}

bool lost_majority(const Topology& topology, Part part, const Gone& gone) {
  return left(topology, part, gone) * 2 <= topology.hosts_with(part).size();
}

// What does not go on without these hosts.
std::vector<std::string> broken_without(const Topology& topology, const Gone& gone) {
  std::vector<std::string> broken;
  if (lost_majority(topology, Part::etcd, gone)) {
    broken.emplace_back("etcd has no majority: nothing is decided any more");
  }
  if (left(topology, Part::postgres, gone) == 0) {
    broken.emplace_back("there is no database: no orders");
  } else if (topology.postgres.strict && left(topology, Part::postgres, gone) == 1) {
    broken.emplace_back("the database has no standby, and commits wait for one (strict)");
  }
  if (lost_majority(topology, Part::rabbitmq, gone)) {
    broken.emplace_back("RabbitMQ pauses: work is taken from the log, some seconds later");
  }
  if (lost_majority(topology, Part::redis, gone)) {
    broken.emplace_back("no Sentinel can move the cache's master");
  }
  if (left(topology, Part::balancer, gone) == 0) {
    broken.emplace_back("nobody holds the reserved address: the shop is closed");
  }
  if (left(topology, Part::dns, gone) == 0) {
    broken.emplace_back("nobody answers DNS: new instances are not found");
  }
  if (left(topology, Part::controller, gone) == 0) {
    broken.emplace_back("there is no controller: dead instances are not replaced elsewhere");
  }
  int slots = 0;
  int minimum = 0;
  for (const Host& host : topology.hosts) {
    slots += gone(host) ? 0 : host.slots;
  }
  for (const Service& service : topology.services) {
    minimum += service.minimum;
  }
  if (slots < minimum) {
    broken.push_back(fmt::format("{} slots are left for {} instances", slots, minimum));
  }
  return broken;
}

std::string joined(const std::vector<std::string>& items) {
  return fmt::format("{}", fmt::join(items, "; "));
}

void add_computed_points(const Topology& topology, std::vector<SinglePoint>& points) {
  for (const Host& host : topology.hosts) {
    const std::vector<std::string> broken =
        broken_without(topology, [&](const Host& one) { return one.name == host.name; });
    if (!broken.empty()) {
      points.push_back({"host " + host.name, joined(broken), "put its parts on other hosts too"});
    }
  }
  for (const Zone& zone : topology.zones) {
    const std::vector<std::string> broken =
        broken_without(topology, [&](const Host& one) { return one.zone == zone.name; });
    if (!broken.empty()) {
      points.push_back({"zone " + zone.name, joined(broken), "spread its parts over other zones"});
    }
  }
}

// What one region has one of, however many hosts.
void add_inherent_points(const Topology& topology, std::vector<SinglePoint>& points) {
  points.push_back({"the region " + topology.region, "the shop is closed until it is back",
                    "a second region (recovery)"});
  points.push_back({"the network that carries " + topology.reserved_address,
                    "shoppers reach nobody, though everything works",
                    "anycast, or the addresses of two networks behind one name"});
  points.push_back({"the name in " + topology.public_url,
                    "shoppers do not find the address once their caches forget it",
                    "name servers of two operators"});
  points.push_back({"the primary database", "orders wait while a standby takes over (below)",
                    "none: one writer at a time"});
  points.push_back({"the payment provider", "orders are accepted as \"payment pending\"",
                    "none needed: they are charged when it is back"});
  points.push_back({"the authority's key (securecart ca)",
                    "certificates of processes run out within their lifetime",
                    "keep a copy of its folder offline; renew well before"});
  points.push_back({"the program", "a fault in every instance at once",
                    "roll out a zone at a time, which goes back by itself"});
}

// Times that follow from what the file says.
struct Times {
  Duration takeover;          // of the reserved address
  Duration new_instance_way;  // a request that found a dead host behind the balancer
  Duration database_killed;   // PostgreSQL alone
  Duration lease_over;        // PostgreSQL with its Patroni, or its host
  Duration etcd;
  Duration cache;
};

Times times_of(const Topology& topology) {
  const PostgresSettings& postgres = topology.postgres;
  const Duration taken = postgres.ttl + patroni_probe + postgres.loop_wait + promotion;
  return {.takeover = vrrp_adverts_missed * topology.balancer.advert,
          .new_instance_way = connect_timeout,
          .database_killed = postgres.loop_wait + patroni_probe + promotion,
          .lease_over = taken,
          .etcd = 2 * topology.etcd.election + etcd_settling,
          .cache = topology.redis.down_after + sentinel_election};
}

constexpr std::string_view nothing_lost = "nothing";

void add_processes(const Times& times, std::vector<Disruption>& all) {
  all.push_back({"process",
                 "an instance of a service",
                 "a moment longer: it is asked elsewhere",
                 times.new_instance_way,
                 0s,
                 std::string(nothing_lost),
                 {"instance-killed", "orders-killed"}});
  all.push_back({"process",
                 "an instance hangs",
                 "requests in its hands are sent again",
                 attempt,
                 attempt,
                 std::string(nothing_lost),
                 {"instance-paused"}});
  all.push_back({"process",
                 "HAProxy, keepalived",
                 "open connections break, new ones work",
                 times.takeover,
                 times.takeover,
                 std::string(nothing_lost),
                 {"balancer-killed", "balancer-paused", "keepalived-killed"}});
  all.push_back({"process",
                 "PostgreSQL's primary",
                 "orders wait",
                 times.database_killed,
                 0s,
                 std::string(nothing_lost),
                 {}});
  all.push_back({"process",
                 "the primary with its Patroni",
                 "orders wait",
                 times.lease_over,
                 0s,
                 std::string(nothing_lost),
                 {"postgres-killed", "postgres-paused"}});
  all.push_back({"process",
                 "a member of etcd",
                 "nothing",
                 0s,
                 0s,
                 std::string(nothing_lost),
                 {"etcd-killed"}});
  all.push_back({"process",
                 "Redis's master",
                 "nothing, or 250 ms once",
                 0s,
                 0s,
                 "cached answers, made anew",
                 {"redis-killed"}});
  all.push_back({"process",
                 "a member of RabbitMQ",
                 "nothing",
                 0s,
                 0s,
                 std::string(nothing_lost),
                 {"rabbitmq-killed"}});
  all.push_back(
      {"process", "a DNS server", "nothing", 0s, 0s, std::string(nothing_lost), {"dns-killed"}});
  all.push_back({"process",
                 "an agent, the controller",
                 "nothing",
                 0s,
                 0s,
                 std::string(nothing_lost),
                 {"agent-killed", "controller-killed"}});
}

void add_hosts(const Topology& topology, const Times& times, std::vector<Disruption>& all) {
  // Hosts with the same parts are the same here.
  std::map<std::vector<Part>, std::vector<std::string_view>> kinds;
  for (const Host& host : topology.hosts) {
    kinds[host.parts].push_back(host.name);
  }
  for (const auto& [parts, names] : kinds) {
    const auto has = [&parts](Part part) { return std::ranges::find(parts, part) != parts.end(); };
    Disruption disruption{"host",
                          fmt::format("{}", fmt::join(names, ", ")),
                          "a moment longer",
                          times.new_instance_way,
                          times.new_instance_way,
                          std::string(nothing_lost),
                          {"host-cut", "host-powered-off"}};
    if (has(Part::balancer)) {
      disruption.effect = "open connections break when it held the address";
      disruption.write_gap = disruption.read_gap = times.takeover;
      disruption.drills = {"balancers-in-turn"};
    }
    if (has(Part::postgres)) {
      disruption.effect = "orders wait when it had the primary";
      disruption.write_gap = times.lease_over;
      disruption.drills = {"data-host-cut"};
    }
    all.push_back(std::move(disruption));
  }
}

void add_zones(const Topology& topology, const Times& times, std::vector<Disruption>& all) {
  for (const Zone& zone : topology.zones) {
    const std::vector<std::string> broken =
        broken_without(topology, [&](const Host& one) { return one.zone == zone.name; });
    Disruption disruption{"zone",
                          "zone " + zone.name,
                          "orders wait when it had the primary",
                          times.lease_over,
                          std::max(times.takeover, times.new_instance_way),
                          std::string(nothing_lost),
                          {"zone-cut", "primary-zone-cut", "primary-zone-powered-off"}};
    if (!broken.empty()) {
      disruption.effect = joined(broken);
      disruption.write_gap.reset();
      disruption.read_gap.reset();
    }
    all.push_back(std::move(disruption));
  }
  all.push_back({"zone",
                 "the primary's zone with etcd's leader",
                 "orders wait",
                 times.lease_over + times.etcd,
                 std::max(times.takeover, times.new_instance_way),
                 std::string(nothing_lost),
                 {"primary-zone-with-etcd-leader"}});
}

void add_engines(std::vector<Disruption>& all) {
  all.push_back({"engine",
                 "all of etcd",
                 "nothing: the primary goes on while it hears the other database hosts",
                 0s,
                 0s,
                 std::string(nothing_lost),
                 {"etcd-quorum-lost"}});
  all.push_back({"engine",
                 "all of PostgreSQL",
                 "no orders until one host of it is back",
                 std::nullopt,
                 std::nullopt,
                 "nothing, while a disk with the last commits is left",
                 {}});
  all.push_back({"engine",
                 "all of Redis",
                 "nothing: each instance has a memory of its own",
                 0s,
                 0s,
                 "cached answers, made anew",
                 {"redis-lost"}});
  all.push_back({"engine",
                 "all of RabbitMQ",
                 "payments some seconds later",
                 0s,
                 0s,
                 std::string(nothing_lost),
                 {"rabbitmq-lost"}});
  all.push_back({"engine",
                 "all of DNS",
                 "nothing: those found last go on",
                 0s,
                 0s,
                 std::string(nothing_lost),
                 {"dns-lost"}});
  all.push_back({"engine",
                 "every agent and controller",
                 "nothing: what runs goes on, unwatched",
                 0s,
                 0s,
                 std::string(nothing_lost),
                 {"control-plane-lost"}});
}

void add_region(const Topology& topology, std::vector<Disruption>& all) {
  all.push_back({"region",
                 "region " + topology.region,
                 "the shop is closed",
                 std::nullopt,
                 std::nullopt,
                 "nothing when its disks come back, else all of it",
                 {}});
}

// ---- Page ----

std::string gap_text(std::optional<Duration> gap) {
  return gap ? "<= " + format_duration(*gap) : "by people";
}

std::string measured_gap(std::optional<Duration> gap) {
  return gap ? format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(*gap)) : "-";
}

const Drill* last_of(const std::vector<Drill>& drills, std::string_view name) {
  const Drill* last = nullptr;
  for (const Drill& drill : drills) {
    // RFC 3339 in UTC sorts as it stands.
    if (drill.name == name && (last == nullptr || drill.at > last->at)) {
      last = &drill;
    }
  }
  return last;
}

std::string measured_line(const Drill& drill) {
  constexpr std::size_t day = 10;  // of RFC 3339
  constexpr std::size_t revision_digits = 12;
  return fmt::format("    measured {}: orders {}, browsing {}, failed orders {}{}  ({}, {})\n",
                     drill.name, measured_gap(drill.write_gap), measured_gap(drill.read_gap),
                     drill.failed_orders, drill.passed ? "" : ", NOT as expected",
                     drill.at.substr(0, day), drill.revision.substr(0, revision_digits));
}

std::string disruption_text(const Disruption& disruption, const std::vector<Drill>& drills) {
  std::string out = fmt::format("  {}\n    {}\n    RTO: orders {}, browsing {}; RPO: {}\n",
                                disruption.what, disruption.effect, gap_text(disruption.write_gap),
                                gap_text(disruption.read_gap), disruption.lost);
  bool any = false;
  for (const std::string_view name : disruption.drills) {
    if (const Drill* const drill = last_of(drills, name)) {
      out += measured_line(*drill);
      any = true;
    }
  }
  return any ? out : out + "    not measured\n";
}

}  // namespace

Assessment assess(const Topology& topology) {
  Assessment assessment;
  add_computed_points(topology, assessment.single_points);
  add_inherent_points(topology, assessment.single_points);
  const Times times = times_of(topology);
  add_processes(times, assessment.disruptions);
  add_hosts(topology, times, assessment.disruptions);
  add_zones(topology, times, assessment.disruptions);
  add_engines(assessment.disruptions);
  add_region(topology, assessment.disruptions);
  return assessment;
}

std::string assessment_text(const Topology& topology, const Assessment& assessment,
                            const std::vector<Drill>& drills) {
  std::string out = fmt::format("{}: single points of failure\n", topology.name);
  for (const SinglePoint& point : assessment.single_points) {
    out += fmt::format("  {}\n    {}\n    mend: {}\n", point.what, point.effect, point.mend);
  }
  std::string_view kind;
  for (const Disruption& disruption : assessment.disruptions) {
    if (disruption.kind != kind) {
      kind = disruption.kind;
      out += fmt::format("\nLosing a {}\n", kind);
    }
    out += disruption_text(disruption, drills);
  }
  return out;
}

Result<std::vector<Drill>> parse_drills(std::string_view text) {
  const Result<json::value> parsed = parse_json(text);
  if (!parsed) {
    return std::unexpected(parsed.error());
  }
  const auto wrong = [] {
    return fail(errc::invalid_request, "this is no list of drills, as `gameday results` writes it");
  };
  if (!parsed->is_array()) {
    return wrong();
  }
  std::vector<Drill> drills;
  for (const json::value& value : parsed->get_array()) {
    const json::object* const run = value.if_object();
    if (run == nullptr) {
      return wrong();
    }
    const auto string_of = [run](std::string_view name) {
      const json::value* const member = run->if_contains(name);
      return member != nullptr && member->is_string() ? std::string(member->get_string())
                                                      : std::string();
    };
    const auto int_of = [run](std::string_view name) {
      const json::value* const member = run->if_contains(name);
      return member != nullptr && member->is_int64() ? std::optional(member->get_int64())
                                                     : std::nullopt;
    };
    const auto gap_of = [&int_of](std::string_view name) {
      const std::optional<std::int64_t> count = int_of(name);
      constexpr std::int64_t most = 1'000'000'000;  // milliseconds: no gap is a week long
      return count && *count >= 0 && *count < most
                 ? std::optional<Duration>(std::chrono::milliseconds(*count))
                 : std::nullopt;
    };
    Drill drill{string_of("name"),
                string_of("at"),
                string_of("revision"),
                false,
                int_of("failed_orders").value_or(0),
                gap_of("write_gap_ms"),
                gap_of("read_gap_ms")};
    const json::value* const passed = run->if_contains("passed");
    drill.passed = passed != nullptr && passed->is_bool() && passed->get_bool();
    if (drill.name.empty() || drill.at.empty()) {
      return wrong();
    }
    drills.push_back(std::move(drill));
  }
  return drills;
}

}  // namespace securecart::cluster
