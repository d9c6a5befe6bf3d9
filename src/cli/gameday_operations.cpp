#include "cli/gameday_operations.hpp"

#include <stdexcept>

#include <fmt/format.h>

#include "base/text.hpp"

namespace securecart::cli {
namespace {

using lab::RegionLab;

// Patroni makes a synchronous standby the primary, by plan.
std::string switchover(const RegionLab& region) {
  const Result<std::string> primary = region.holder_of("primary");
  if (!primary) {
    throw std::runtime_error(primary.error().detail);
  }
  const lab::Ran ran = region.lab().run_in(
      *primary, {"timeout", "30", "patronictl", "-c", "/etc/securecart/patroni/patroni.yaml",
                 "switchover", region.topology().name, "--master", *primary, "--force"});
  if (!ran.ok()) {
    throw std::runtime_error("patronictl switchover: " + ran.output);
  }
  return fmt::format("switchover from {} to {}", *primary,
                     region.holder_of("primary").value_or("nobody"));
}

// For the check of the check: from now on commits wait for no standby. `on` puts the protection
// back.
std::string synchronous_replication(const RegionLab& region, bool on) {
  const Result<std::string> primary = region.holder_of("primary");
  if (!primary) {
    throw std::runtime_error(primary.error().detail);
  }
  const lab::Ran ran = region.lab().run_in(
      *primary,
      {"timeout", "30", "patronictl", "-c", "/etc/securecart/patroni/patroni.yaml", "edit-config",
       "--force", "--quiet", "-s", fmt::format("synchronous_mode={}", on ? "true" : "false")});
  if (!ran.ok()) {
    throw std::runtime_error("patronictl edit-config: " + ran.output);
  }
  return on ? "commits wait for a standby again" : "SABOTAGE: commits wait for no standby";
}

// As systemd would after an update of the agent itself.
std::string restart_agents(const RegionLab& region) {
  int restarted = 0;
  for (const cluster::Host& host : region.topology().hosts) {
    restarted +=
        region.lab().run_in(host.name, {"pkill", "-TERM", "-f", "^/usr/bin/securecart agent"}).ok()
            ? 1
            : 0;
  }
  return fmt::format("{} agents ended and were started again", restarted);
}

}  // namespace

std::string operate(const RegionLab& region, const std::string& operation) {
  if (operation == "switchover") {
    return switchover(region);
  }
  if (operation == "restart-agents") {
    return restart_agents(region);
  }
  if (operation == "sabotage-replication" || operation == "restore-replication") {
    return synchronous_replication(region, operation == "restore-replication");
  }
  throw std::runtime_error("nobody knows how to do: " + operation);
}

}  // namespace securecart::cli
