#include "cluster/agent/report.hpp"

#include <fmt/format.h>

namespace securecart::cluster::agent {
namespace {

std::string what_is_wrong(const Supervisor::View& unit) {
  return fmt::format("{}: {}{}{}{}", unit.name, unit.crash_loop ? "crash loop, " : "",
                     to_text(unit.phase), unit.why.empty() ? "" : ", ", unit.why);
}

}  // namespace

InstanceState state_of(const Supervisor::View& unit) {
  const bool ends = unit.wanted == nullptr || unit.wanted->drain;
  if (unit.phase == Phase::stopped) {
    return InstanceState::stopped;
  }
  if (ends) {
    return InstanceState::draining;
  }
  if (unit.phase == Phase::ready) {
    return InstanceState::ready;
  }
  if (unit.crash_loop) {
    return InstanceState::crash_loop;
  }
  if (unit.sick) {
    return InstanceState::sick;
  }
  return unit.phase == Phase::withdrawing || unit.phase == Phase::stopping
             ? InstanceState::draining
             : InstanceState::starting;
}

void describe_units(HostReport& report, const ReportInput& input) {
  for (const Supervisor::View& unit : input.units) {
    const auto order = input.orders.find(unit.name);
    if (order == input.orders.end()) {
      if (unit.phase != Phase::ready) {
        report.units_down.push_back(what_is_wrong(unit));
      }
      continue;
    }
    InstanceReport instance;
    instance.id = instance_id(order->second.service, report.host, order->second.slot);
    instance.service = order->second.service;
    instance.slot = order->second.slot;
    instance.version = order->second.version;
    instance.state = state_of(unit);
    instance.since = std::chrono::time_point_cast<std::chrono::milliseconds>(
        input.now - (input.steady - unit.since));
    if (const auto found = input.measured.find(unit.name); found != input.measured.end()) {
      const Measured& measured = found->second;
      instance.cpu = measured.cpu;
      instance.memory_bytes = measured.memory_bytes;
      instance.requests = measured.load.requests;
      instance.errors = measured.load.errors;
      instance.latency_p99 = measured.load.latency_p99;
      instance.queue = measured.load.queue;
    }
    report.instances.push_back(std::move(instance));
  }
}

}  // namespace securecart::cluster::agent
