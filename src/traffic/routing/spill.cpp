#include "traffic/routing/spill.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

namespace securecart::traffic::routing {
namespace {

constexpr double kept_least = 0.02;
constexpr double part_of_delay = 3.0;

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

void targets_below(const Snapshot& snapshot, const Member& member,
                   std::set<std::uint32_t>& targets) {
  if (member.is_target) {
    targets.insert(member.child);
    return;
  }
  const Node& node = snapshot.nodes[member.child];
  for (std::size_t i = 0; i < node.count; ++i) {
    targets_below(snapshot, snapshot.members_of(node)[i], targets);
  }
}

}  // namespace

std::uint32_t SpillController::step(double load, double capacity, Duration ttl, Duration passed) {
  if (capacity <= 0 || !std::isfinite(load) || !std::isfinite(capacity)) {
    kept_ = 1.0;
    return shed();
  }
  const double demand = std::max(load, 0.0) / kept_;
  const double wanted = demand <= capacity ? 1.0 : std::max(kept_least, capacity / demand);
  const double gain =
      std::clamp(seconds(passed) / (part_of_delay * std::max(seconds(ttl), 1.0)), 0.0, 1.0);
  kept_ += (wanted - kept_) * gain;
  return shed();
}

std::uint32_t SpillController::shed() const {
  return static_cast<std::uint32_t>(std::lround((1.0 - kept_) * shed_all));
}

void SpillController::keep(double kept) {
  kept_ = std::clamp(std::isfinite(kept) ? kept : 1.0, kept_least, 1.0);
}

SpillBalance::SpillBalance(const Snapshot& snapshot) : snapshot_(snapshot) {
  std::set<std::pair<bool, std::uint32_t>> known;
  for (const Node& node : snapshot.nodes) {
    if (node.kind != PolicyKind::spill) {
      continue;
    }
    ttl_ = std::max(ttl_, Duration(std::chrono::seconds(node.ttl_seconds)));
    for (std::size_t i = 0; i < node.count; ++i) {
      const Member& member = snapshot.members_of(node)[i];
      if (known.emplace(member.is_target, member.child).second) {
        std::set<std::uint32_t> targets;
        targets_below(snapshot, member, targets);
        shares_.push_back({member, {targets.begin(), targets.end()}, {}});
      }
    }
  }
}

SpillBalance::Sum SpillBalance::sum(const Share& share, const std::vector<double>& loads,
                                    const std::vector<TargetState>& states) const {
  Sum sum;
  for (const std::uint32_t target : share.targets) {
    if (!states[target].usable()) {
      continue;
    }
    const auto capacity = static_cast<double>(snapshot_.targets[target].capacity);
    sum.load += loads[target];
    sum.capacity += capacity;
    sum.limited = sum.limited && capacity > 0;
  }
  return sum;
}

bool SpillBalance::step(const std::vector<double>& loads, std::vector<TargetState>& states,
                        Duration passed) {
  bool changed = false;
  for (Share& share : shares_) {
    const Sum below = sum(share, loads, states);
    const std::uint32_t before = share.controller.shed();
    const std::uint32_t shed =
        share.controller.step(below.load, below.limited ? below.capacity : 0, ttl_, passed);
    changed = changed || shed != before;
    if (share.member.is_target) {
      states[share.member.child].shed = shed;
    }
  }
  return changed;
}

std::vector<std::uint32_t> SpillBalance::node_sheds() const {
  std::vector<std::uint32_t> sheds(snapshot_.nodes.size());
  for (const Share& share : shares_) {
    if (!share.member.is_target) {
      sheds[share.member.child] = share.controller.shed();
    }
  }
  return sheds;
}

// Targets and policies share their names.
json::value SpillBalance::save() const {
  json::object kept;
  for (const Share& share : shares_) {
    kept[snapshot_.name_of(share.member)] = share.controller.kept();
  }
  return kept;
}

void SpillBalance::restore(const json::value& saved, std::vector<TargetState>& states) {
  if (!saved.is_object()) {
    return;
  }
  for (Share& share : shares_) {
    const json::value* const kept = saved.as_object().if_contains(snapshot_.name_of(share.member));
    if (kept == nullptr || !kept->is_number()) {
      continue;
    }
    share.controller.keep(kept->to_number<double>());
    if (share.member.is_target) {
      states[share.member.child].shed = share.controller.shed();
    }
  }
}

}  // namespace securecart::traffic::routing
