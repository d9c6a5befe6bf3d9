#include "cluster/control/fleet.hpp"

#include <algorithm>
#include <cassert>

namespace securecart::cluster {
namespace {

template <class Items>
int find_by_name(const Items& items, std::string_view name) {
  const auto found = std::ranges::find_if(items, [&](const auto& one) { return one.name == name; });
  return found == items.end() ? -1 : static_cast<int>(found - items.begin());
}

}  // namespace

bool is_live(const Placed& placed) {
  return placed.slot >= 0 && !placed.drain &&
         (placed.standing == Standing::starting || placed.standing == Standing::ready ||
          placed.standing == Standing::doubtful);
}

Fleet::Fleet(const Topology& topology) : topology_(&topology) {
  hosts.resize(topology.hosts.size());
  hosts_of_zone.resize(topology.zones.size());
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    FleetHost& host = hosts[i];
    host.host = &topology.hosts[i];
    host.zone = find_zone(topology.hosts[i].zone);
    assert(host.zone >= 0);
    host.slots = std::max(topology.hosts[i].slots, 0);
    host.placed.assign(to_size(host.slots), -1);
    host.foreign.assign(host.placed.size(), false);
    hosts_of_zone[to_size(host.zone)].push_back(static_cast<int>(i));
  }
}

int Fleet::find_service(std::string_view name) const {
  return find_by_name(topology_->services, name);
}

int Fleet::find_zone(std::string_view name) const {
  return find_by_name(topology_->zones, name);
}

std::vector<Tally> Fleet::tally() const {
  std::vector<Tally> tallies(to_size(services() * zones()));
  for (const Placed& one : placed) {
    if (one.slot < 0 || one.service == no_service) {
      continue;
    }
    Tally& tally = tallies[to_size(one.service * zones() + one.zone)];
    tally.live += is_live(one) ? 1 : 0;
    tally.ready += is_live(one) && one.standing == Standing::ready ? 1 : 0;
    tally.sick += !one.drain && one.standing == Standing::sick ? 1 : 0;
    tally.lost += !one.drain && one.standing == Standing::lost ? 1 : 0;
    tally.draining += one.drain && one.standing != Standing::lost ? 1 : 0;
  }
  return tallies;
}

int Fleet::free_slot(int host) const {
  const FleetHost& one = hosts[to_size(host)];
  for (int slot = 0; slot < one.slots; ++slot) {
    if (one.placed[to_size(slot)] < 0 && !one.foreign[to_size(slot)]) {
      return slot;
    }
  }
  return -1;
}

void Fleet::take(Placed ordered) {
  FleetHost& host = hosts[to_size(ordered.host)];
  const std::size_t slot = to_size(ordered.slot);
  if (host.placed.size() <= slot) {
    host.placed.resize(slot + 1, -1);
    host.foreign.resize(slot + 1, false);
  }
  assert(host.placed[slot] < 0);
  host.placed[slot] = static_cast<int>(placed.size());
  placed.push_back(std::move(ordered));
}

void Fleet::add(int host, int slot, int service, const Build& build) {
  FleetHost& one = hosts[to_size(host)];
  assert(one.placed[to_size(slot)] < 0);
  one.placed[to_size(slot)] = static_cast<int>(placed.size());
  one.changed = true;
  ++moves_;
  Placed added;
  added.host = host;
  added.zone = one.zone;
  added.service = service;
  added.slot = slot;
  added.build = build;
  placed.push_back(std::move(added));
}

void Fleet::drain(int index) {
  Placed& one = placed[to_size(index)];
  if (!one.drain) {
    one.drain = true;
    one.standing = one.standing == Standing::lost ? Standing::lost : Standing::draining;
    hosts[to_size(one.host)].changed = true;
    ++moves_;
  }
}

void Fleet::withdraw(int index, bool withdrawn) {
  Placed& one = placed[to_size(index)];
  if (one.withdrawn != withdrawn) {
    one.withdrawn = withdrawn;
    hosts[to_size(one.host)].changed = true;
  }
}

void Fleet::patch(int host, std::string id) {
  FleetHost& one = hosts[to_size(host)];
  if (one.patch != id) {
    one.patch = std::move(id);
    one.changed = true;
  }
}

void Fleet::remove_stopped() {
  for (Placed& one : placed) {
    if (one.slot >= 0 && one.standing == Standing::stopped) {
      FleetHost& host = hosts[to_size(one.host)];
      host.placed[to_size(one.slot)] = -1;
      host.changed = true;
      one.slot = -1;
    }
  }
}

HostOrder Fleet::order(int host) const {
  const FleetHost& one = hosts[to_size(host)];
  HostOrder order;
  order.patch = one.patch;
  for (const int index : one.placed) {
    if (index >= 0) {
      const Placed& instance = placed[to_size(index)];
      InstanceOrder ordered;
      ordered.service =
          instance.service == no_service ? instance.unknown : service(instance.service).name;
      ordered.slot = instance.slot;
      ordered.version = instance.build.version;
      ordered.restart = instance.build.restart;
      ordered.drain = instance.drain;
      ordered.withdrawn = instance.withdrawn;
      order.instances.push_back(std::move(ordered));
    }
  }
  return order;
}

}  // namespace securecart::cluster
