#include "traffic/routing/snapshot.hpp"

#include <algorithm>
#include <cassert>
#include <set>

#include "base/text.hpp"

namespace securecart::traffic::routing {
namespace {

std::vector<std::uint8_t> wire_name(std::string_view name) {
  std::vector<std::uint8_t> wire;
  if (name.empty()) {
    return wire;
  }
  for (const std::string_view label : split(name.substr(0, name.size() - 1), '.')) {
    wire.push_back(static_cast<std::uint8_t>(label.size()));
    wire.insert(wire.end(), label.begin(), label.end());
  }
  wire.push_back(0);
  return wire;
}

bool contains(const std::vector<std::string>& codes, std::string_view code) {
  return std::ranges::find(codes, code) != codes.end();
}

class Compiling {
 public:
  Compiling(const RoutingConfig& config, std::shared_ptr<const GeoIndex> geo) : config_(config) {
    out_.geo = std::move(geo);
  }

  std::shared_ptr<const Snapshot> compile() {
    for (const RegionConfig& region : config_.regions) {
      out_.regions.push_back(region.name);
      out_.region_locations.push_back(region.location);
    }
    for (const TargetConfig& target : config_.targets) {
      add_target(target);
    }
    for (const PolicyConfig& policy : config_.policies) {
      add_policy(policy);
    }
    add_stated_rtts();
    add_place_rtts();
    return std::make_shared<const Snapshot>(std::move(out_));
  }

 private:
  std::uint16_t region_index(const std::string& name) const {
    const auto found = std::ranges::find(out_.regions, name);
    return found == out_.regions.end() ? no_region
                                       : static_cast<std::uint16_t>(found - out_.regions.begin());
  }

  void add_target(const TargetConfig& config) {
    Target target;
    target.name = config.name;
    target.alias = wire_name(config.alias);
    target.is_cname = config.is_cname;
    for (const Address& address : config.addresses) {
      (address.family == Family::v4 ? target.v4 : target.v6).push_back(address);
    }
    target.region = region_index(config.region);
    target.zone = config.zone;
    target.check = config.check;
    target.location = config.location;
    if (!target.location && target.region != no_region) {
      target.location = out_.region_locations[target.region];
    }
    target.capacity = config.capacity;
    out_.targets_by_name.emplace(target.name, static_cast<std::uint32_t>(out_.targets.size()));
    out_.targets.push_back(std::move(target));
  }

  void add_policy(const PolicyConfig& config) {
    Node node;
    node.name = config.name;
    node.kind = config.kind;
    node.first = static_cast<std::uint32_t>(out_.members.size());
    node.count = static_cast<std::uint8_t>(config.members.size());
    node.answers = static_cast<std::uint8_t>(config.answers);
    node.order = config.order;
    node.ttl_seconds = config.ttl_seconds;
    node.fail_open = config.fail_open;
    for (const MemberConfig& member : config.members) {
      add_member(member);
    }
    if (config.kind == PolicyKind::geolocation) {
      node.rule = static_cast<std::uint32_t>(out_.geo_rules.size());
      out_.geo_rules.push_back(geo_rule(config));
    } else if (config.kind == PolicyKind::cidr) {
      node.rule = static_cast<std::uint32_t>(out_.cidr_rules.size());
      out_.cidr_rules.push_back(cidr_rule(config));
    }
    node.types = types_of(node);
    out_.nodes_by_name.emplace(node.name, static_cast<std::uint32_t>(out_.nodes.size()));
    out_.nodes.push_back(std::move(node));
  }

  void add_member(const MemberConfig& config) {
    Member member;
    member.weight = static_cast<std::uint32_t>(config.weight);
    member.bias = static_cast<int>(config.bias);
    const auto target = out_.targets_by_name.find(config.use);
    member.is_target = target != out_.targets_by_name.end();
    if (member.is_target) {
      member.child = target->second;
      member.region = out_.targets[member.child].region;
      member.location = out_.targets[member.child].location;
    } else {
      member.child = out_.nodes_by_name.at(config.use);
      member.region = common_region(out_.nodes[member.child]);
    }
    if (!config.region.empty()) {
      member.region = region_index(config.region);
    }
    if (!member.location && member.region != no_region) {
      member.location = out_.region_locations[member.region];
    }
    out_.members.push_back(member);
  }

  std::vector<std::uint16_t> types_of(const Node& node) const {
    std::set<std::uint16_t> types;
    for (std::size_t i = 0; i < node.count; ++i) {
      const Member& member = out_.members_of(node)[i];
      if (!member.is_target) {
        types.insert(out_.nodes[member.child].types.begin(), out_.nodes[member.child].types.end());
        continue;
      }
      const Target& target = out_.targets[member.child];
      if (!target.v4.empty() || !target.alias.empty()) {
        types.insert(rr_type_a);
      }
      if (!target.v6.empty() || !target.alias.empty()) {
        types.insert(rr_type_aaaa);
      }
      if (target.is_cname) {
        types.insert(rr_type_cname);
      }
    }
    return {types.begin(), types.end()};
  }

  // The region all of a nested policy is in, if there is one.
  std::uint16_t common_region(const Node& node) const {
    const Member* const members = out_.members_of(node);
    const bool same = std::all_of(members, members + node.count, [members](const Member& member) {
      return member.region == members->region;
    });
    return same ? members->region : no_region;
  }

  static GeoRule geo_rule(const PolicyConfig& config) {
    GeoRule rule;
    rule.by_country.assign(all_countries().size(), no_member);
    rule.by_continent.fill(no_member);
    for (std::size_t i = 0; i < config.members.size(); ++i) {
      const auto index = static_cast<std::uint8_t>(i);
      for (const std::string& code : config.members[i].countries) {
        rule.by_country[find_country(code).value()] = index;
      }
      for (const std::string& code : config.members[i].continents) {
        rule.by_continent[static_cast<std::size_t>(find_continent(code).value())] = index;
      }
      if (config.members[i].is_default) {
        rule.otherwise = index;
      }
    }
    return rule;
  }

  static CidrRule cidr_rule(const PolicyConfig& config) {
    CidrRule rule;
    NetworkMap::Builder builder;
    for (std::size_t i = 0; i < config.members.size(); ++i) {
      for (const Network& network : config.members[i].networks) {
        builder.add(network, static_cast<std::uint32_t>(i));
      }
      if (config.members[i].is_default) {
        rule.otherwise = static_cast<std::uint8_t>(i);
      }
    }
    rule.networks = builder.build();
    return rule;
  }

  static Rtt stated(const std::optional<double>& milliseconds) {
    return milliseconds ? static_cast<Rtt>(*milliseconds * 10) : unknown_rtt;
  }

  void add_stated_rtts() {
    if (out_.regions.empty()) {
      return;
    }
    RttTable::Builder builder(out_.regions.size());
    for (const RttConfig& rtt : config_.rtts) {
      std::vector<Rtt> row(out_.regions.size());
      std::ranges::transform(rtt.milliseconds, row.begin(), stated);
      for (const Network& network : rtt.networks) {
        builder.add(network, row);
      }
    }
    out_.stated_rtt = builder.build();
  }

  Rtt place_to_region(const Place& place, std::size_t region) const {
    Rtt by_continent = unknown_rtt;
    for (const RttConfig& rtt : config_.rtts) {
      const Rtt value = stated(rtt.milliseconds[region]);
      if (value == unknown_rtt) {
        continue;
      }
      if (place.country != no_country &&
          contains(rtt.countries, all_countries()[place.country].view())) {
        return value;
      }
      if (place.has_continent && contains(rtt.continents, to_text(place.continent))) {
        by_continent = value;
      }
    }
    const std::optional<Location>& location = out_.region_locations[region];
    if (by_continent == unknown_rtt && place.has_location && location) {
      return rtt_of_distance(distance_km(place.location, *location));
    }
    return by_continent;
  }

  void add_place_rtts() {
    out_.nowhere_rtt.assign(out_.regions.size(), unknown_rtt);
    out_.place_rtt.reserve(out_.geo->places().size() * out_.regions.size());
    for (const Place& place : out_.geo->places()) {
      for (std::size_t region = 0; region < out_.regions.size(); ++region) {
        out_.place_rtt.push_back(place_to_region(place, region));
      }
    }
  }

  const RoutingConfig& config_;
  Snapshot out_;
};

}  // namespace

std::shared_ptr<const Snapshot> compile(const RoutingConfig& config,
                                        std::shared_ptr<const GeoIndex> geo) {
  assert(geo != nullptr);
  return Compiling(config, std::move(geo)).compile();
}

}  // namespace securecart::traffic::routing
