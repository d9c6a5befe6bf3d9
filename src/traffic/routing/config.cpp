#include "traffic/routing/config.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include <fmt/format.h>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "traffic/routing/limits.hpp"

namespace securecart::traffic::routing {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t bias_most = 99;
constexpr std::int64_t rtt_most_ms = 6'000;
constexpr std::int64_t capacity_most = 1'000'000'000;

struct NamedKind {
  std::string_view name;
  PolicyKind kind;
};
constexpr std::array<NamedKind, 9> kinds{{{"simple", PolicyKind::simple},
                                          {"weighted", PolicyKind::weighted},
                                          {"latency", PolicyKind::latency},
                                          {"geolocation", PolicyKind::geolocation},
                                          {"geoproximity", PolicyKind::geoproximity},
                                          {"failover", PolicyKind::failover},
                                          {"multivalue", PolicyKind::multivalue},
                                          {"cidr", PolicyKind::cidr},
                                          {"spill", PolicyKind::spill}}};

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= limits::dns_label_bytes &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  c == '.' || c == '@';
         });
}

std::string read_name(const ConfigReader& table) {
  std::string name = table.string("name", required);
  if (!name.empty() && !is_name(name)) {
    table.problem("name", "must be made of a-z, 0-9, '-', '_' and '.', at most 63 of them");
  }
  return name;
}

std::optional<double> parse_real(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value != value) {
    return std::nullopt;
  }
  return value;
}

std::optional<Location> read_location(const ConfigReader& table) {
  const std::string text = table.string("location", "");
  if (text.empty()) {
    return std::nullopt;
  }
  const std::vector<std::string_view> parts = split(text, ',');
  if (parts.size() == 2) {
    const std::optional<double> latitude = parse_real(trim(parts[0]));
    const std::optional<double> longitude = parse_real(trim(parts[1]));
    if (latitude && longitude && *latitude >= -90 && *latitude <= 90 && *longitude >= -180 &&
        *longitude <= 180) {
      return Location{*latitude, *longitude};
    }
  }
  table.problem("location", "must be latitude and longitude in degrees, as \"53.35, -6.26\"");
  return std::nullopt;
}

// A host name of letters, digits, '-' and '_', absolute, lower case.
std::string read_host(const ConfigReader& table, std::string_view key) {
  std::string alias = to_lower(table.string(key, ""));
  if (alias.empty()) {
    return alias;
  }
  bool good = alias.size() < limits::dns_name_bytes && alias.ends_with('.') && alias.size() > 1;
  const std::string_view inside = std::string_view(alias).substr(0, alias.size() - 1);
  for (const std::string_view label : split(inside, '.')) {
    good = good && is_name(label);
  }
  if (!good) {
    table.problem(key, "must be a name with a dot at its end, as \"eu.shop.test.\"");
  }
  return alias;
}

std::vector<Network> read_networks(const ConfigReader& table) {
  std::vector<Network> networks;
  for (const std::string& text : table.list("networks", std::vector<std::string>())) {
    if (const std::optional<Network> network = parse_network(text)) {
      networks.push_back(*network);
    } else {
      table.problem("networks", fmt::format("\"{}\" is not a network, as \"192.0.2.0/24\"", text));
    }
  }
  return networks;
}

std::vector<std::string> read_countries(const ConfigReader& table) {
  std::vector<std::string> codes = table.list("countries", std::vector<std::string>());
  for (const std::string& code : codes) {
    if (!find_country(code)) {
      table.problem("countries", fmt::format("\"{}\" is not a country, as \"DE\"", code));
    }
  }
  return codes;
}

std::vector<std::string> read_continents(const ConfigReader& table) {
  std::vector<std::string> codes = table.list("continents", std::vector<std::string>());
  for (const std::string& code : codes) {
    if (!find_continent(code)) {
      table.problem("continents",
                    fmt::format("\"{}\" is not one of AF, AN, AS, EU, NA, OC, SA", code));
    }
  }
  return codes;
}

class Reading {
 public:
  Reading(const ConfigReader& root, const std::function<bool(const std::string&)>& has_check)
      : root_(root), has_check_(has_check) {}

  RoutingConfig read() {
    read_regions();
    read_targets();
    read_policies();
    check_members();
    sort_policies();
    read_rtts();
    return std::move(config_);
  }

 private:
  // Each table of a list, at most so many of them.
  std::vector<ConfigReader> tables(std::string_view key, std::size_t most) const {
    std::vector<ConfigReader> all = root_.tables(key);
    if (all.size() > most) {
      root_.problem(key, fmt::format("at most {} are allowed, here are {}", most, all.size()));
      all.resize(most, root_);
    }
    return all;
  }

  void read_regions() {
    for (const ConfigReader& table : tables("region", limits::routing_regions)) {
      RegionConfig region{read_name(table), read_location(table)};
      if (!regions_.emplace(region.name, config_.regions.size()).second) {
        table.problem("name", "is the name of an earlier region");
      }
      config_.regions.push_back(std::move(region));
    }
  }

  std::string read_region_of(const ConfigReader& table) const {
    std::string region = table.string("region", "");
    if (!region.empty() && !regions_.contains(region)) {
      table.problem("region", fmt::format("there is no [[region]] \"{}\"", region));
    }
    return region;
  }

  void read_targets() {
    for (const ConfigReader& table : tables("target", limits::routing_targets)) {
      TargetConfig target;
      target.name = read_name(table);
      target.alias = read_host(table, "alias");
      target.is_cname = table.has("cname");
      if (target.is_cname) {
        target.alias = read_host(table, "cname");
      }
      read_addresses(table, target);
      target.region = read_region_of(table);
      target.zone = table.string("zone", "");
      target.check = table.string("check", "");
      target.location = read_location(table);
      target.capacity = table.integer("capacity", {0, capacity_most}, 0);
      if (!target.check.empty() && !has_check_(target.check)) {
        table.problem("check", fmt::format("there is no [[check]] \"{}\"", target.check));
      }
      if (!names_.insert(target.name).second) {
        table.problem("name", "is taken: targets and policies share their names");
      }
      config_.targets.push_back(std::move(target));
    }
  }

  static void read_addresses(const ConfigReader& table, TargetConfig& target) {
    for (const std::string& text :
         table.list("addresses", std::vector<std::string>(), limits::target_addresses)) {
      if (const std::optional<Address> address = parse_address(text)) {
        target.addresses.push_back(*address);
      } else {
        table.problem("addresses", fmt::format("\"{}\" is not an IP address", text));
      }
    }
    const int ways = (table.has("addresses") ? 1 : 0) + (table.has("alias") ? 1 : 0) +
                     (table.has("cname") ? 1 : 0);
    if (ways != 1 || (target.alias.empty() && target.addresses.empty())) {
      table.problem("name", "give the target addresses, an alias or a cname: one of them");
    }
  }

  void read_policies() {
    for (const ConfigReader& table : tables("policy", limits::routing_policies)) {
      PolicyConfig policy;
      policy.name = read_name(table);
      policy.kind = read_kind(table);
      policy.ttl_seconds = static_cast<std::uint32_t>(
          table.duration("ttl", {Duration(0s), Duration(24h * 7)}, Duration(30s)) / 1s);
      policy.fail_open = table.choice("when_all_down", {"answer", "nothing"}, "answer") == "answer";
      policy.answers = policy.kind == PolicyKind::multivalue
                           ? table.integer("answers", {1, limits::policy_answers},
                                           std::int64_t{limits::policy_answers})
                           : 1;
      if (policy.kind == PolicyKind::spill) {
        const std::string order =
            table.choice("order", {"listed", "latency", "distance"}, "listed");
        policy.order = order == "latency"    ? SpillOrder::latency
                       : order == "distance" ? SpillOrder::distance
                                             : SpillOrder::listed;
      }
      read_members(table, policy);
      if (!names_.insert(policy.name).second) {
        table.problem("name", "is taken: targets and policies share their names");
      }
      if (policy.name == discovery_policy) {
        table.problem("name", "is kept for service discovery");
      }
      by_name_.emplace(policy.name, config_.policies.size());
      config_.policies.push_back(std::move(policy));
      readers_.push_back(table);
    }
  }

  static PolicyKind read_kind(const ConfigReader& table) {
    const std::string type =
        table.choice("type",
                     {"simple", "weighted", "latency", "geolocation", "geoproximity", "failover",
                      "multivalue", "cidr", "spill"},
                     required);
    const auto found = std::ranges::find(kinds, type, &NamedKind::name);
    return found == kinds.end() ? PolicyKind::simple : found->kind;
  }

  void read_members(const ConfigReader& table, PolicyConfig& policy) const {
    for (std::string& use :
         table.list("members", std::vector<std::string>(), limits::policy_members)) {
      MemberConfig member;
      member.use = std::move(use);
      policy.members.push_back(std::move(member));
    }
    for (const ConfigReader& one : table.tables("member")) {
      policy.members.push_back(read_member(one, policy.kind));
    }
    if (policy.members.empty() || policy.members.size() > limits::policy_members) {
      table.problem("members", fmt::format("a policy has 1 to {} members, this one has {}",
                                           limits::policy_members, policy.members.size()));
    }
    if (policy.kind == PolicyKind::simple && policy.members.size() > 1) {
      table.problem("members", "a simple policy has one member");
    }
    const bool picks_by_rule =
        policy.kind == PolicyKind::geolocation || policy.kind == PolicyKind::cidr;
    if (picks_by_rule && table.has("members")) {
      table.problem("members", "use [[policy.member]] to say who goes where");
    }
  }

  MemberConfig read_member(const ConfigReader& one, PolicyKind kind) const {
    MemberConfig member;
    member.use = one.string("use", required);
    member.region = read_region_of(one);
    if (kind == PolicyKind::weighted) {
      member.weight = one.integer("weight", {0, limits::policy_weight}, 1);
    }
    if (kind == PolicyKind::geoproximity) {
      member.bias = one.integer("bias", {-bias_most, bias_most}, 0);
    }
    if (kind == PolicyKind::geolocation) {
      member.countries = read_countries(one);
      member.continents = read_continents(one);
    }
    if (kind == PolicyKind::cidr) {
      member.networks = read_networks(one);
    }
    if (kind == PolicyKind::geolocation || kind == PolicyKind::cidr) {
      member.is_default = one.boolean("default", false);
      if (!member.is_default && member.countries.empty() && member.continents.empty() &&
          member.networks.empty()) {
        one.problem("use", "says nobody goes here: add a rule, or default = true");
      }
    }
    return member;
  }

  void check_members() const {
    for (std::size_t i = 0; i < config_.policies.size(); ++i) {
      std::set<std::string> used;
      for (const MemberConfig& member : config_.policies[i].members) {
        if (!names_.contains(member.use)) {
          readers_[i].problem("members",
                              fmt::format("there is no target or policy \"{}\"", member.use));
        }
        if (!used.insert(member.use).second) {
          readers_[i].problem("members", fmt::format("\"{}\" is a member twice", member.use));
        }
      }
    }
  }

  // Those a policy uses come before it; a circle or too deep a nest is told.
  void sort_policies() {
    std::vector<PolicyConfig> sorted;
    depth_.assign(config_.policies.size(), -1);
    for (std::size_t i = 0; i < config_.policies.size(); ++i) {
      place(i, sorted, 1);
    }
    config_.policies = std::move(sorted);
  }

  // The depth of the policy; 0 while it is being placed.
  int place(std::size_t index, std::vector<PolicyConfig>& sorted, unsigned nested) {
    if (depth_[index] == 0) {
      readers_[index].problem("members", "the policy leads back to itself");
      return 1;
    }
    if (depth_[index] > 0 || nested > 2 * limits::policy_depth) {
      return std::max(depth_[index], 1);
    }
    depth_[index] = 0;
    int deepest = 0;
    for (const MemberConfig& member : config_.policies[index].members) {
      if (const auto child = by_name_.find(member.use); child != by_name_.end()) {
        deepest = std::max(deepest, place(child->second, sorted, nested + 1));
      }
    }
    depth_[index] = deepest + 1;
    if (depth_[index] > static_cast<int>(limits::policy_depth)) {
      readers_[index].problem("members",
                              fmt::format("policies nest {} deep at most", limits::policy_depth));
    }
    sorted.push_back(config_.policies[index]);
    return depth_[index];
  }

  void read_rtts() {
    for (const ConfigReader& table : tables("rtt", limits::rtt_networks)) {
      RttConfig rtt;
      rtt.networks = read_networks(table);
      rtt.countries = read_countries(table);
      rtt.continents = read_continents(table);
      rtt.milliseconds.resize(config_.regions.size());
      const ConfigReader values = table.table("ms");
      for (const std::string& region : values.keys()) {
        const std::int64_t ms = values.integer(region, {0, rtt_most_ms}, 0);
        if (const auto known = regions_.find(region); known != regions_.end()) {
          rtt.milliseconds[known->second] = static_cast<double>(ms);
        } else {
          values.problem(region, fmt::format("there is no [[region]] \"{}\"", region));
        }
      }
      if (rtt.networks.empty() && rtt.countries.empty() && rtt.continents.empty()) {
        table.problem("networks", "say for whom: networks, countries or continents");
      }
      config_.rtts.push_back(std::move(rtt));
    }
  }

  const ConfigReader& root_;
  const std::function<bool(const std::string&)>& has_check_;
  RoutingConfig config_;
  std::map<std::string, std::size_t> regions_;
  std::set<std::string> names_;
  std::map<std::string, std::size_t> by_name_;  // policies
  std::vector<ConfigReader> readers_;           // of the policies, in the order of the file
  std::vector<int> depth_;
};

}  // namespace

std::string_view to_text(PolicyKind kind) {
  return std::ranges::find(kinds, kind, &NamedKind::kind)->name;
}

RoutingConfig read_routing(const ConfigReader& root,
                           const std::function<bool(const std::string&)>& has_check) {
  return Reading(root, has_check).read();
}

Result<RoutingConfig> parse_routing(std::string_view file, std::string_view text,
                                    const std::function<bool(const std::string&)>& has_check) {
  const Result<ConfigReader> root = ConfigReader::parse(file, text);
  if (!root) {
    return std::unexpected(root.error());
  }
  RoutingConfig config = read_routing(*root, has_check);
  if (Result<void> good = root->finish(); !good) {
    return std::unexpected(good.error());
  }
  return config;
}

}  // namespace securecart::traffic::routing
