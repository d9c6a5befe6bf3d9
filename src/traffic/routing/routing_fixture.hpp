// A small world for tests of policies: a policy text, compiled, and its targets' states.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/mmdb_writer.hpp"
#include "traffic/routing/evaluation.hpp"
#include "traffic/routing/explain.hpp"

namespace securecart::traffic::routing {

// Documentation networks in countries: 192.0.2.0/24 DE, 198.51.100.0/24 US, 203.0.113.0/24 JP,
// 2001:db8::/32 FR, 100.64.0.0/10 BR.
inline std::shared_ptr<const GeoIndex> small_geo() {
  test::MmdbWriter writer;
  writer.add(parse_network("192.0.2.0/24").value(), "DE");
  writer.add(parse_network("198.51.100.0/24").value(), "US");
  writer.add(parse_network("203.0.113.0/24").value(), "JP");
  writer.add(parse_network("100.64.0.0/10").value(), "BR");
  writer.add(parse_network("2001:db8::/32").value(), "FR");
  return GeoIndex::load(writer.bytes()).value();
}

// Three regions with a target each, and a second one in eu.
inline const std::string three_regions = R"(
[[region]]
name = "eu"
location = "50.1, 8.7"
[[region]]
name = "us"
location = "39.0, -77.5"
[[region]]
name = "ap"
location = "35.7, 139.7"
[[target]]
name = "eu-1"
addresses = ["10.0.0.1", "fd00::1"]
region = "eu"
zone = "eu-a"
capacity = 100
[[target]]
name = "eu-2"
addresses = ["10.0.0.2"]
region = "eu"
zone = "eu-b"
[[target]]
name = "us-1"
addresses = ["10.0.1.1"]
region = "us"
zone = "us-a"
[[target]]
name = "ap-1"
addresses = ["10.0.2.1"]
region = "ap"
zone = "ap-a"
)";

class World {
 public:
  explicit World(const std::string& policies, std::shared_ptr<const GeoIndex> geo = small_geo()) {
    const auto no_checks = [](const std::string&) { return true; };
    const Result<RoutingConfig> config =
        parse_routing("policies.toml", three_regions + policies, no_checks);
    if (!config) {
      throw std::runtime_error(config.error().detail);
    }
    snapshot = compile(*config, std::move(geo));
    live = std::make_shared<Live>(snapshot, 0);
    states.resize(snapshot->targets.size());
  }

  TargetState& state(const std::string& target) {
    return states[snapshot->targets_by_name.at(target)];
  }
  void set(const std::string& target, Health health) {
    state(target).health = health;
    live->publish(states);
  }
  void publish() { live->publish(states); }

  Decision decision(const std::string& policy, const std::string& client) {
    Question question;
    question.client = parse_address(client).value();
    return decide(*snapshot, *live, snapshot->nodes_by_name.at(policy), question);
  }
  // The targets chosen, in order, with '!' in front when it failed open.
  std::string answer(const std::string& policy, const std::string& client = "192.0.2.1") {
    const Decision chosen = decision(policy, client);
    std::string names = chosen.failed_open ? "!" : "";
    for (std::size_t i = 0; i < chosen.count; ++i) {
      names.append(i > 0 ? " " : "").append(snapshot->targets[chosen.targets[i]].name);
    }
    return names;
  }
  std::map<std::string, int> answers(const std::string& policy, int count,
                                     const std::string& client = "192.0.2.1") {
    std::map<std::string, int> counts;
    for (int i = 0; i < count; ++i) {
      ++counts[answer(policy, client)];
    }
    return counts;
  }

  std::shared_ptr<const Snapshot> snapshot;
  std::shared_ptr<Live> live;
  std::vector<TargetState> states;
};

}  // namespace securecart::traffic::routing
