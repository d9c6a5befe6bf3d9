// Zones out of use: by an operator's word, or because their instances answer worse than the others'
// (a grey failure: nothing is down, and shoppers suffer).
//
//   suspicion ── grey_patience ──▶ shift until … ──▶ over, remembered for a day ──▶ forgotten
//        └── good again for grey_pause ──▶ none               └── again: twice as long
//
// A zone is never shifted away by the controller while another one is out, in trouble or suspected
// too, nor when the others have less ready than carries the load. An operator's shift holds unless
// it would take the last ready instance of a service.
#pragma once

#include <string>
#include <vector>

#include "cluster/control/fleet.hpp"
#include "cluster/control/settings.hpp"

namespace securecart::cluster {

// Which zones answer worse than the others by the margins of the settings, for one service at
// least.
std::vector<bool> worse_zones(const Fleet& fleet, const ControlSettings& settings);

// Times by zone; kept in the leader's memory.
struct GreyMemory {
  std::vector<Timestamp> bad_since;  // the epoch: not suspected
  std::vector<Timestamp> bad_last;
};

struct GreyInput {
  const Fleet& fleet;
  const KeptByName<ShiftRecord>& shifts;
  std::vector<int> wanted;  // by service: what carries its load
  bool incident = false;    // a host is gone, or the leader does not see
  int changing_zone = -1;   // a rollout is in this zone, and judges it
};

struct GreyDecision {
  std::vector<bool> shifted;        // by zone: out of use now
  std::vector<ShiftRecord> write;   // begun, or
  std::vector<std::string> forget;  // zones whose record can go
  std::vector<Alarm> alarms;        // `since` is left open
};

GreyDecision decide_shifts(const GreyInput& input, const ControlSettings& settings,
                           GreyMemory& memory, Timestamp now);

}  // namespace securecart::cluster
