// The region in one round: what is ordered, what of it is there, and what this round changes.
// Hosts, zones and services are indices into the topology.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cluster/control/records.hpp"
#include "cluster/control/region_state.hpp"
#include "cluster/topology/model.hpp"

namespace securecart::cluster {

enum class Standing : std::uint8_t {
  starting,
  ready,
  sick,      // for long enough to be believed
  draining,  // ordered to end, and not yet ended
  stopped,   // ordered to end, and has
  doubtful,  // its host says nothing, but not for long
  lost,      // its host is gone
};

enum class Presence : std::uint8_t {
  present,
  doubtful,  // silent, but not for long
  gone,
  unreadable,  // its order in the store cannot be read: left alone
};

constexpr int no_service = -1;  // of an order for a service that the topology does not have

struct Placed {
  int host = 0;
  int zone = 0;
  int service = no_service;
  std::string unknown;  // the name, of no_service
  int slot = 0;
  Build build;
  bool drain = false;
  bool withdrawn = false;
  Standing standing = Standing::starting;
  const InstanceReport* report = nullptr;  // of this instance, if there is one
};

struct FleetHost {
  const Host* host = nullptr;
  int zone = 0;
  Presence presence = Presence::gone;
  const HostReport* report = nullptr;
  std::int64_t revision = 0;  // of its order; 0: it has none
  std::string patch;          // of its order
  int slots = 0;              // to place in; there may be orders beyond them, of an older file
  std::vector<int> placed;    // by slot: index into Fleet::placed, or -1
  std::vector<bool> foreign;  // by slot: something runs there that nobody ordered
  bool changed = false;       // its order is to be written
  bool closed = false;        // takes no instances: it is being patched
};

// Instances of one service in one zone.
struct Tally {
  int live = 0;   // ordered and not to end, on hosts that are not gone, and not sick
  int ready = 0;  // of these
  int sick = 0;
  int lost = 0;
  int draining = 0;  // and stopped; not on hosts that are gone
};

class Fleet {
 public:
  explicit Fleet(const Topology& topology);

  const Topology& topology() const { return *topology_; }
  int zones() const { return static_cast<int>(topology_->zones.size()); }
  int services() const { return static_cast<int>(topology_->services.size()); }
  const Service& service(int index) const { return topology_->services[to_size(index)]; }
  const std::string& zone_name(int index) const { return topology_->zones[to_size(index)].name; }
  int find_service(std::string_view name) const;
  int find_zone(std::string_view name) const;

  // Counts anew, by service * zones() + zone.
  std::vector<Tally> tally() const;
  const Tally& of(const std::vector<Tally>& tallies, int service, int zone) const {
    return tallies[to_size(service * zones() + zone)];
  }
  // The first slot of a host that nothing is in; -1 when there is none.
  int free_slot(int host) const;
  // Puts an order of the store into its slot, which nothing is in.
  void take(Placed ordered);

  // What a round changes.
  void add(int host, int slot, int service, const Build& build);
  void drain(int placed);
  void withdraw(int placed, bool withdrawn);
  void patch(int host, std::string id);
  // Orders whose instance has ended leave the hosts.
  void remove_stopped();

  // The order of a host as this round leaves it.
  HostOrder order(int host) const;
  // How many orders were added or drained in this round.
  int moves() const { return moves_; }

  std::vector<FleetHost> hosts;  // as in the topology
  std::vector<Placed> placed;    // a removed one has slot -1
  std::vector<std::vector<int>> hosts_of_zone;

  static std::size_t to_size(int index) { return static_cast<std::size_t>(index); }

 private:
  const Topology* topology_;
  int moves_ = 0;
};

// Not to end, and on a host that may come back soon or is there.
bool is_live(const Placed& placed);

}  // namespace securecart::cluster
