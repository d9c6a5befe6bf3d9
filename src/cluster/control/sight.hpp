// What the leader believes of the region, from what it sees and for how long it has seen it. Kept
// in its memory only: a new leader waits anew before it believes that something is gone. Times are
// the leader's own; no clock of another host is compared with it.
//
// A zone may vanish, and hosts elsewhere may, and that is acted on. When more is gone than that, it
// is more likely the leader that does not see (etcd was away, a network is cut, leases ended
// together): then nothing is moved until sight has been back for a while.
#pragma once

#include <vector>

#include "cluster/control/fleet.hpp"
#include "cluster/control/settings.hpp"

namespace securecart::cluster {

class Sight {
 public:
  Sight(const Topology& topology, const ControlSettings& settings);

  // `patching` is the index of a host that may be silent because it is being patched; or -1.
  Fleet look(const RegionState& state, int patching, Timestamp now);

  bool blind() const { return blind_; }
  // Something is broken, or was a moment ago; nothing may be taken away.
  bool incident() const { return incident_; }
  // No incident since `calm`.
  bool calm(Timestamp now) const;
  // Something else that is an incident, decided by others this round.
  void add_incident(Timestamp now);
  // How long an instance has been ready; zero when it is not.
  Duration ready_for(int host, int slot, Timestamp now) const;
  // When the host was last found gone, or the epoch.
  Timestamp silent_since(int host) const { return hosts_[Fleet::to_size(host)].silent_since; }

 private:
  struct SlotMemory {
    std::string service;
    InstanceState state = InstanceState::stopped;
    Timestamp since{};    // of the state
    Timestamp unready{};  // since when it is not ready; the epoch when it is
  };
  struct HostMemory {
    Timestamp silent_since{};  // the epoch while it reports
    std::vector<SlotMemory> slots;
  };

  void see_hosts(const RegionState& state, Fleet& fleet, int patching, Timestamp now);
  bool cannot_be_true(const Fleet& fleet, int patching) const;
  void see_orders(const RegionState& state, Fleet& fleet, int host, Timestamp now);
  void see_strangers(Fleet& fleet, int host);
  Standing judge(const FleetHost& host, const Placed& placed, Timestamp now);
  SlotMemory& slot_memory(int host, int slot);

  const Topology& topology_;
  const ControlSettings& settings_;
  std::vector<HostMemory> hosts_;
  bool began_ = false;
  bool blind_ = false;
  bool incident_ = false;
  Timestamp last_blind_{};
  Timestamp last_incident_{};
};

}  // namespace securecart::cluster
