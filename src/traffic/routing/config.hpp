// The policy file, as plain values. docs/dns-policies.md is its reference.
//
//   [[region]]   name, location
//   [[target]]   name, addresses | alias | cname, region, zone, check, location, capacity
//   [[policy]]   name, type, members or [[policy.member]], ttl, when_all_down, ...
//   [[rtt]]      networks, countries, continents, and [rtt.ms] region = milliseconds
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/config.hpp"
#include "traffic/model/address.hpp"
#include "traffic/routing/countries.hpp"

namespace securecart::traffic::routing {

// The name under which a zone reaches discovered instances; no policy can have it.
inline constexpr std::string_view discovery_policy = "discovery";

enum class PolicyKind : std::uint8_t {
  simple,
  weighted,
  latency,
  geolocation,
  geoproximity,
  failover,
  multivalue,
  cidr,
  spill,
};
std::string_view to_text(PolicyKind kind);

// In which order `spill` fills its members.
enum class SpillOrder : std::uint8_t { listed, latency, distance };

struct RegionConfig {
  std::string name;
  std::optional<Location> location;
};

struct TargetConfig {
  std::string name;
  std::vector<Address> addresses;
  std::string alias;      // instead of addresses: a name, lower case with a dot at its end
  bool is_cname = false;  // the client is told the name; else what our zones have for it
  std::string region;
  std::string zone;
  std::string check;  // empty: always healthy
  std::optional<Location> location;
  std::int64_t capacity = 0;  // what one second can carry, in the unit of its load; 0: any
};

struct MemberConfig {
  std::string use;  // a target or a policy
  std::int64_t weight = 1;
  std::string region;                  // of a nested policy
  std::vector<std::string> countries;  // geolocation
  std::vector<std::string> continents;
  std::vector<Network> networks;  // cidr
  bool is_default = false;
  std::int64_t bias = 0;  // geoproximity, -99 to 99
};

struct PolicyConfig {
  std::string name;
  PolicyKind kind = PolicyKind::simple;
  std::vector<MemberConfig> members;
  std::uint32_t ttl_seconds = 30;
  bool fail_open = true;
  std::int64_t answers = 1;  // multivalue
  SpillOrder order = SpillOrder::listed;
};

struct RttConfig {
  std::vector<Network> networks;
  std::vector<std::string> countries;
  std::vector<std::string> continents;
  std::vector<std::optional<double>> milliseconds;  // one a region
};

struct RoutingConfig {
  std::vector<RegionConfig> regions;
  std::vector<TargetConfig> targets;
  std::vector<PolicyConfig> policies;  // a policy comes after those it uses
  std::vector<RttConfig> rtts;
};

// Reads the tables above from the root of a file; `has_check` knows the names of checks. What is
// wrong is added to the reader's problems: use the result only when root.finish() is well.
RoutingConfig read_routing(const ConfigReader& root,
                           const std::function<bool(const std::string&)>& has_check);
// A whole file that holds nothing else.
Result<RoutingConfig> parse_routing(std::string_view file, std::string_view text,
                                    const std::function<bool(const std::string&)>& has_check);

}  // namespace securecart::traffic::routing
