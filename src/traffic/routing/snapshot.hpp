// The policies as the query path reads them: arrays of plain numbers, immutable, shared by threads.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "traffic/routing/config.hpp"
#include "traffic/routing/geo.hpp"
#include "traffic/routing/network_map.hpp"
#include "traffic/routing/rtt.hpp"

namespace securecart::traffic::routing {

inline constexpr std::uint16_t rr_type_a = 1;  // RFC 1035 section 3.2.2
inline constexpr std::uint16_t rr_type_cname = 5;
inline constexpr std::uint16_t rr_type_aaaa = 28;  // RFC 3596
inline constexpr std::uint16_t rr_type_srv = 33;   // RFC 2782

inline constexpr std::uint16_t no_region = std::numeric_limits<std::uint16_t>::max();
inline constexpr std::uint8_t no_member = std::numeric_limits<std::uint8_t>::max();
inline constexpr std::uint32_t no_rule = std::numeric_limits<std::uint32_t>::max();

struct Target {
  std::string name;
  std::vector<Address> v4;
  std::vector<Address> v6;
  std::vector<std::uint8_t> alias;  // wire format; empty: it has addresses
  bool is_cname = false;
  std::uint16_t region = no_region;
  std::string zone;
  std::string check;
  std::optional<Location> location;
  std::int64_t capacity = 0;
};

struct Member {
  std::uint32_t child = 0;  // index of a target or of a node
  bool is_target = true;
  std::uint32_t weight = 1;
  std::uint16_t region = no_region;
  std::optional<Location> location;
  int bias = 0;
};

struct Node {
  std::string name;
  PolicyKind kind = PolicyKind::simple;
  std::uint32_t first = 0;  // of its members
  std::uint8_t count = 0;
  std::uint8_t answers = 1;
  SpillOrder order = SpillOrder::listed;
  std::uint32_t rule = no_rule;  // index of geo_rules or cidr_rules
  std::uint32_t ttl_seconds = 30;
  bool fail_open = true;
  std::vector<std::uint16_t> types;  // RR types it can answer, ascending
};

// Which member a client goes to, most telling first: country, continent, default.
struct GeoRule {
  std::vector<std::uint8_t> by_country;
  std::array<std::uint8_t, continent_count> by_continent{};
  std::uint8_t otherwise = no_member;
};

struct CidrRule {
  NetworkMap networks;
  std::uint8_t otherwise = no_member;
};

struct Snapshot {
  std::vector<std::string> regions;
  std::vector<std::optional<Location>> region_locations;
  std::vector<Target> targets;
  std::vector<Member> members;
  std::vector<Node> nodes;  // a node comes after those it uses
  std::vector<GeoRule> geo_rules;
  std::vector<CidrRule> cidr_rules;
  std::shared_ptr<const GeoIndex> geo;
  RttTable stated_rtt;           // by network
  std::vector<Rtt> place_rtt;    // [place * regions + region]
  std::vector<Rtt> nowhere_rtt;  // of a client whose place is unknown
  std::unordered_map<std::string, std::uint32_t> nodes_by_name;
  std::unordered_map<std::string, std::uint32_t> targets_by_name;

  const Member* members_of(const Node& node) const { return members.data() + node.first; }
  std::string_view name_of(const Member& member) const {
    return member.is_target ? targets[member.child].name : nodes[member.child].name;
  }
};

// `config` comes from read_routing and had no problems. `geo` is not null.
std::shared_ptr<const Snapshot> compile(const RoutingConfig& config,
                                        std::shared_ptr<const GeoIndex> geo);

}  // namespace securecart::traffic::routing
