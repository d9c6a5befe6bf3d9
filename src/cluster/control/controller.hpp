// The controller's decisions, composed: one round takes what the store says and the time, and gives
// what is to be written. Pure; its memory holds only how long things have been as they are, so that
// a new leader knows all that matters from the store and is at first a little slower to act.
//
//   reports ─▶ sight ─▶ shifts ─▶ scaling ─▶ quotas ─▶ rollout ─▶ placement ─▶ orders
//                └─ blind: nothing moves
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cluster/control/autoscaler.hpp"
#include "cluster/control/grey.hpp"
#include "cluster/control/placement.hpp"
#include "cluster/control/rollout.hpp"
#include "cluster/control/sight.hpp"
#include "cluster/store/store.hpp"

namespace securecart::cluster {

// A write that may happen only while the key is as it was read.
struct GuardedWrite {
  Write write;
  std::int64_t modified = 0;  // revision of the key when it was read; 0: it was not there
};

// What a round came to, for metrics and logs.
struct RoundFigures {
  bool blind = false;
  bool incident = false;
  int moves = 0;
  int hosts_gone = 0;
  struct OfService {
    std::string name;
    int wanted = 0;
    int live = 0;
    int ready = 0;
  };
  std::vector<OfService> services;
};

struct Decision {
  std::vector<GuardedWrite> writes;  // in the order in which they are to be made
  std::vector<Alarm> alarms;
  std::vector<std::string> events;  // what was decided, for people
  RoundFigures figures;
};

class Controller {
 public:
  // `topology` outlives this.
  explicit Controller(const Topology& topology, ControlSettings settings = {});

  // `now` never goes back as long as this object lives.
  Decision decide(const RegionState& state, Timestamp now);

 private:
  class Round;

  const Topology& topology_;
  const ControlSettings settings_;
  const Keys keys_;
  Sight sight_;
  PlacementMemory placement_;
  RolloutMemory rollout_;
  GreyMemory grey_;
  std::vector<ScalingMemory> scaling_;  // by service
  std::vector<double> capacity_;        // by service; 0: as the record says
};

}  // namespace securecart::cluster
