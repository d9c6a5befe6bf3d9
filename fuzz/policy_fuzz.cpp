// Any text as a policy file: refused with its problems, or policies that answer every client.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "traffic/health/config.hpp"
#include "traffic/routing/evaluation.hpp"
#include "traffic/routing/explain.hpp"

namespace securecart::traffic {
namespace {

void ask_all(const routing::RoutingConfig& config) {
  const auto snapshot = routing::compile(config, std::make_shared<const routing::GeoIndex>());
  routing::Live live(snapshot, 0);
  std::vector<routing::TargetState> states(snapshot->targets.size());
  for (const routing::Health health : {routing::Health::up, routing::Health::down}) {
    for (std::size_t i = 0; i < states.size(); i += 2) {
      states[i].health = health;
    }
    live.publish(states);
    for (std::uint32_t node = 0; node < snapshot->nodes.size(); ++node) {
      for (const char* client : {"192.0.2.1", "2001:db8::1"}) {
        routing::Question question;
        question.client = parse_address(client).value();
        question.wants_v6 = true;
        const routing::Decision decision = decide(*snapshot, live, node, question);
        if (decision.count > decision.targets.size()) {
          std::abort();
        }
        explain(*snapshot, live, states, node, question);
      }
    }
  }
}

}  // namespace
}  // namespace securecart::traffic

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securecart;
  using namespace securecart::traffic;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<ConfigReader> root = ConfigReader::parse("fuzz.toml", text);
  if (!root) {
    return 0;
  }
  const health::HealthConfig checks = health::read_health(*root);
  const auto has_check = [&checks](const std::string& name) {
    return checks.find(name) != nullptr;
  };
  const routing::RoutingConfig config = routing::read_routing(*root, has_check);
  if (root->finish()) {
    ask_all(config);
  }
  return 0;
}
