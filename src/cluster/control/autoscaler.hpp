// How many instances of a service carry its load: target tracking, with the forecast as a floor.
//
//   need = the most of   cores used      / (cores of an instance * target)
//                        events waiting  / target
//                        what there is   * p99 / target, when p99 is above it and the cores are
//                        busy forecast        / what one instance carries
//
// Up at once (after a cool-down, at most three-fold a step, and not again because of latency while
// those that were added warm up); down only when one and a half cool-downs without an incident
// needed less (chance makes a single one look calm now and then, right after what made it grow), a
// tenth a step. The number carries the load alone: placement adds what makes it survive a zone.
#pragma once

#include <array>

#include "cluster/control/forecast.hpp"
#include "cluster/control/settings.hpp"
#include "cluster/topology/model.hpp"

namespace securecart::cluster {

// A service as it is now: sums over its ready instances, unless said otherwise.
struct ServiceLoad {
  int ready = 0;    // and warm: for at least ScalingTargets::warm_up
  int warming = 0;  // ordered and not yet warm
  double cores = 0.0;
  double requests = 0.0;  // a second
  double queue = 0.0;
  Duration latency_p99{};  // median of the instances, by requests
  bool incident = false;   // now, or a moment ago
  int most = 0;            // that placement could make survive, by slots and Service::maximum
  int pinned = 0;          // by an operator; 0: not
};

// Between rounds, of one service; not kept over a change of the leader.
struct ScalingMemory {
  double peak = 0.0;              // most that was needed in the window that is being filled
  std::array<double, 3> peaks{};  // in those before it
  Timestamp window{};  // begin of the current one, half a cool-down long; the epoch: none
  int windows = 0;     // that were filled without an incident, three at most
  double sum = 0.0;    // of requests, in this quarter
  int samples = 0;
  Timestamp quarter{};
  Timestamp first_sample{};
};

// Changes `record` when the number is to change or something was learned; true then.
bool scale(const Service& service, const ControlSettings& settings, ScalingMemory& memory,
           ScalingRecord& record, const ServiceLoad& load, Timestamp now);

}  // namespace securecart::cluster
