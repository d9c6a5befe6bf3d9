// Changes of the region, a zone at a time: other versions of services, restarts, patches of hosts.
// Where it stands is a RolloutRecord in the store, so that the next leader goes on with it.
//
//   idle ──an order differs──▶ rolling a ──all ready──▶ baking a ──bake──▶ rolling b ──▶ … ──▶ idle
//                                  └─────── breach ─────────┘                     all zones:
//                                  settled
//                                             ▼
//                                   rolling_back, last zone first ──▶ idle, the build is refused
//
// A service is proven when instances of its new build were ready in a zone at the end of its bake.
// Until then only the zone that is being changed gets the new build: a zone that was passed because
// it had none of the service would otherwise be the second one.
//
// A breach is judged against the instances of the other zones: what is bad everywhere is no fault
// of the new build. During an incident nothing new is begun and no zone counts as baked.
#pragma once

#include <string>
#include <vector>

#include "cluster/control/fleet.hpp"
#include "cluster/control/settings.hpp"

namespace securecart::cluster {

struct RolloutMemory {
  Timestamp breach_since{};  // the epoch: none
  Timestamp disturbed{};     // the last incident, or when this leader began
  std::string step;          // what the two belong to
};

struct RolloutInput {
  const Fleet& fleet;
  const std::vector<Tally>& tallies;
  const std::vector<int>& quotas;  // by service * zones + zone
  const RegionState& state;
  bool incident = false;
};

// Moves `record` on; true when it changed. Appends to `alarms`.
bool step_rollout(RolloutRecord& record, RolloutMemory& memory, const RolloutInput& input,
                  const ControlSettings& settings, std::vector<Alarm>& alarms, Timestamp now);

// What instances of a service in a zone should be.
Build build_of(const RolloutRecord& record, const Fleet& fleet, int service, int zone);
// The zone that is being changed; -1 when there is none.
int changing_zone(const RolloutRecord& record, const Fleet& fleet);
// The host that is to be patched now, or is being patched; -1 when there is none.
int patching_host(const RolloutRecord& record, const RegionState& state, const Topology& topology);

}  // namespace securecart::cluster
