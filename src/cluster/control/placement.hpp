// Which instance runs where: what a round adds, drains and withdraws.
//
// In this order, each as far as the moves of a round go:
//   1. what ended leaves its slot; what no file knows any more is drained
//   2. sick instances are drained (their slot counts as empty), unless most of a service is sick
//   3. what is missing is added: at once when a loss would leave too few, else slowly; what a whole
//      zone had, after a moment, where the others carry the load
//   4. instances of another build are renewed in the zone that is being changed: a new one first,
//      where there is a slot for it
//   5. what is too much is drained: slowly, when everything else is well and has been
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "cluster/control/fleet.hpp"
#include "cluster/control/rollout.hpp"
#include "cluster/control/settings.hpp"
#include "cluster/control/sight.hpp"

namespace securecart::cluster {

struct PlacementMemory {
  double replacements = -1.0;  // that may be made now; below 0: not begun
  Timestamp refilled{};
  std::vector<Timestamp> moved;                    // slowly, by service
  std::map<std::pair<int, int>, Timestamp> avoid;  // service and host, until then
};

struct PlacementInput {
  const Sight& sight;
  const RolloutRecord& rollout;
  std::vector<int> wanted;    // by service: what must be left after the loss of any zone
  std::vector<bool> shifted;  // by zone
  std::vector<int> quotas;    // by service * zones + zone, from quotas_of()
  int patching = -1;          // host
  bool calm = false;          // nothing is broken, and has not been for a while
};

// Instances by service * zones + zone. A service gets its minimum before another gets more.
std::vector<int> quotas_of(const Fleet& fleet, const std::vector<int>& wanted,
                           const std::vector<bool>& shifted, int patching);
// Slots by zone that could be used.
std::vector<int> room_of(const Fleet& fleet, const std::vector<bool>& shifted, int patching);

void place(Fleet& fleet, const PlacementInput& input, const ControlSettings& settings,
           PlacementMemory& memory, std::vector<Alarm>& alarms, Timestamp now);

}  // namespace securecart::cluster
