// What the controller's decisions hang on. One value for all regions: what differs between regions
// is in the topology file.
#pragma once

#include "base/clock.hpp"

namespace securecart::cluster {

struct ControlSettings {
  // Seeing (sight.hpp)
  Duration host_patience = std::chrono::seconds(2);  // without a report, before it counts as gone
  Duration sick_patience = std::chrono::seconds(3);
  Duration start_patience = std::chrono::seconds(45);  // until an instance is ready
  double trusted_share = 0.5;                          // hosts that must be seen
  double trusted_loss = 0.25;                      // hosts gone outside of the zone that lost most
  Duration blind_rest = std::chrono::seconds(10);  // after sight returned, before anything moves
  // An incident keeps instances from being taken away, and for so long after it.
  Duration calm = std::chrono::minutes(2);
  // What is gone this long is how things are, no incident any more.
  Duration incident_most = std::chrono::minutes(30);

  // Moving (placement.hpp)
  int moves_least = 8;        // orders changed in a round, whatever the size of the region
  double moves_share = 0.05;  // of all instances, in a round
  int replacements_least = 16;
  double replacements_share = 0.1;                          // of all instances, at once ...
  Duration replacements_refill = std::chrono::seconds(30);  // ... and again after this
  // Until what a whole zone had is made up for, where the others carry the load.
  Duration lost_zone_patience = std::chrono::seconds(15);
  Duration rebalance_pause = std::chrono::seconds(10);  // of one service
  double rebalance_share = 0.02;                        // of its instances, at a time
  Duration young = std::chrono::seconds(30);            // so long ready: not given back yet
  double sick_share = 0.5;  // more of a service sick at once has a common cause: nothing to replace
  Duration avoid_host = std::chrono::minutes(5);  // for a service that was sick there

  // Scaling (autoscaler.hpp)
  double scale_out_most = 3.0;       // times what there is, in a step
  double scale_in_most = 0.1;        // of what there is, in a step
  double scale_in_room = 1.1;        // over the load, before an instance is given up
  double saturated = 0.95;           // of the cores: more may be asked for than can be seen
  double forecast_error_most = 0.5;  // worse forecasts are not believed
  Duration forecast_ahead = std::chrono::minutes(30);

  // Rollouts (rollout.hpp)
  double rollout_batch = 0.25;  // of a zone's instances of a service, at once
  Duration bake = std::chrono::minutes(2);
  Duration breach_patience = std::chrono::seconds(10);
  double breach_errors = 0.01;        // of the requests, and ...
  double breach_errors_factor = 2.0;  // ... times those of the others
  double breach_latency_factor = 2.0;
  Duration breach_latency_least = std::chrono::milliseconds(100);
  double breach_sick_share = 0.2;                      // of the new instances in a zone
  double breach_requests = 1.0;                        // a second, before a zone is judged
  Duration zone_patience = std::chrono::minutes(10);   // for a zone to change
  Duration patch_patience = std::chrono::minutes(15);  // for a host

  // Grey failures (grey.hpp)
  bool grey_shifts = true;  // false: only an alarm
  double grey_errors = 0.02;
  double grey_errors_factor = 3.0;
  double grey_latency_factor = 3.0;
  Duration grey_latency_least = std::chrono::milliseconds(100);
  double grey_requests = 5.0;  // a second, in the zone
  Duration grey_patience = std::chrono::seconds(30);
  Duration grey_pause = std::chrono::seconds(5);  // of good answers, that ends a suspicion
  Duration grey_shift = std::chrono::minutes(30);
  Duration grey_shift_most = std::chrono::hours(8);
  Duration grey_memory = std::chrono::hours(24);
};

}  // namespace securecart::cluster
