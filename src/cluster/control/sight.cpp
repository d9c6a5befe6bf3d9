#include "cluster/control/sight.hpp"

#include <algorithm>

namespace securecart::cluster {
namespace {

constexpr Timestamp never{};

const InstanceReport* report_of(const HostReport& report, int slot, std::string_view service) {
  for (const InstanceReport& instance : report.instances) {
    if (instance.slot == slot && instance.service == service) {
      return &instance;
    }
  }
  return nullptr;
}

}  // namespace

Sight::Sight(const Topology& topology, const ControlSettings& settings)
    : topology_(topology), settings_(settings), hosts_(topology.hosts.size()) {}

Sight::SlotMemory& Sight::slot_memory(int host, int slot) {
  std::vector<SlotMemory>& slots = hosts_[Fleet::to_size(host)].slots;
  if (slots.size() <= Fleet::to_size(slot)) {
    slots.resize(Fleet::to_size(slot) + 1);
  }
  return slots[Fleet::to_size(slot)];
}

void Sight::see_hosts(const RegionState& state, Fleet& fleet, int patching, Timestamp now) {
  for (std::size_t i = 0; i < fleet.hosts.size(); ++i) {
    FleetHost& host = fleet.hosts[i];
    HostMemory& memory = hosts_[i];
    const auto report = state.reports.find(host.host->name);
    if (report != state.reports.end()) {
      host.report = &report->second.value;
      host.presence = Presence::present;
      memory.silent_since = never;
      continue;
    }
    if (memory.silent_since == never) {
      memory.silent_since = now;
    }
    const bool patient =
        now - memory.silent_since < settings_.host_patience || static_cast<int>(i) == patching;
    host.presence = patient ? Presence::doubtful : Presence::gone;
  }
}

// More is silent than one zone and a few hosts elsewhere.
bool Sight::cannot_be_true(const Fleet& fleet, int patching) const {
  std::vector<int> silent(fleet.hosts_of_zone.size());
  int silent_in_all = 0;
  for (std::size_t i = 0; i < fleet.hosts.size(); ++i) {
    const bool gone = fleet.hosts[i].report == nullptr && static_cast<int>(i) != patching;
    silent[Fleet::to_size(fleet.hosts[i].zone)] += gone ? 1 : 0;
    silent_in_all += gone ? 1 : 0;
  }
  const auto all = static_cast<int>(fleet.hosts.size());
  const auto worst = static_cast<std::size_t>(std::ranges::max_element(silent) - silent.begin());
  const int elsewhere = silent_in_all - silent[worst];
  const int hosts_elsewhere = all - static_cast<int>(fleet.hosts_of_zone[worst].size());
  return all - silent_in_all < settings_.trusted_share * all ||
         (elsewhere > 1 && elsewhere > settings_.trusted_loss * hosts_elsewhere);
}

Standing Sight::judge(const FleetHost& host, const Placed& placed, Timestamp now) {
  if (host.presence != Presence::present) {
    return host.presence == Presence::gone ? Standing::lost : Standing::doubtful;
  }
  const std::string& service = placed.service == no_service
                                   ? placed.unknown
                                   : topology_.services[Fleet::to_size(placed.service)].name;
  SlotMemory& memory = slot_memory(placed.host, placed.slot);
  if (memory.service != service) {
    memory = {service, InstanceState::starting, now, now};
  }
  const bool follows = host.report->order_revision >= host.revision;
  const bool ended = placed.report == nullptr || placed.report->state == InstanceState::stopped;
  if (placed.drain) {
    memory = {};
    return follows && ended ? Standing::stopped : Standing::draining;
  }
  const InstanceState state =
      placed.report == nullptr ? InstanceState::starting : placed.report->state;
  if (state != memory.state) {
    memory.state = state;
    memory.since = now;
  }
  if (state == InstanceState::ready) {
    memory.unready = never;
    return Standing::ready;
  }
  if (memory.unready == never) {
    memory.unready = now;
  }
  const bool says_so = state == InstanceState::sick || state == InstanceState::crash_loop;
  const bool sick = (says_so && now - memory.since >= settings_.sick_patience) ||
                    now - memory.unready >= settings_.start_patience;
  return sick ? Standing::sick : Standing::starting;
}

void Sight::see_orders(const RegionState& state, Fleet& fleet, int index, Timestamp now) {
  FleetHost& host = fleet.hosts[Fleet::to_size(index)];
  const auto order = state.orders.find(host.host->name);
  if (order == state.orders.end()) {
    return;
  }
  host.revision = order->second.revision;
  host.patch = order->second.value.patch;
  for (const InstanceOrder& instance : order->second.value.instances) {
    Placed placed;
    placed.host = index;
    placed.zone = host.zone;
    placed.service = fleet.find_service(instance.service);
    placed.unknown = placed.service == no_service ? instance.service : std::string();
    placed.slot = instance.slot;
    placed.build = {instance.version, instance.restart};
    placed.drain = instance.drain;
    placed.withdrawn = instance.withdrawn;
    placed.report =
        host.report == nullptr ? nullptr : report_of(*host.report, instance.slot, instance.service);
    placed.standing = judge(host, placed, now);
    fleet.take(std::move(placed));
  }
}

void Sight::see_strangers(Fleet& fleet, int index) {
  FleetHost& host = fleet.hosts[Fleet::to_size(index)];
  if (host.report == nullptr) {
    return;
  }
  for (const InstanceReport& instance : host.report->instances) {
    const std::size_t slot = Fleet::to_size(instance.slot);
    if (instance.state == InstanceState::stopped || slot >= host.placed.size()) {
      continue;
    }
    const int placed = host.placed[slot];
    host.foreign[slot] = placed < 0 || fleet.placed[Fleet::to_size(placed)].report != &instance;
  }
}

Fleet Sight::look(const RegionState& state, int patching, Timestamp now) {
  Fleet fleet(topology_);
  see_hosts(state, fleet, patching, now);
  if (cannot_be_true(fleet, patching)) {
    blind_ = true;
    last_blind_ = now;
  } else if (blind_ && now - last_blind_ >= settings_.blind_rest) {
    blind_ = false;
  }
  if (!began_ || blind_) {
    // What is silent now is silent from now on.
    for (HostMemory& memory : hosts_) {
      memory.silent_since = memory.silent_since == never ? never : now;
    }
    began_ = true;
  }
  incident_ = blind_;
  for (std::size_t i = 0; i < fleet.hosts.size(); ++i) {
    const bool readable = std::ranges::none_of(state.broken, [&](const auto& broken) {
      return broken.first.ends_with("/desired/" + fleet.hosts[i].host->name);
    });
    if (!readable) {
      fleet.hosts[i].presence = Presence::unreadable;
      continue;
    }
    const int index = static_cast<int>(i);
    see_orders(state, fleet, index, now);
    see_strangers(fleet, index);
    incident_ = incident_ || (index != patching && fleet.hosts[i].presence != Presence::present &&
                              now - hosts_[i].silent_since < settings_.incident_most);
  }
  for (const Placed& placed : fleet.placed) {
    const SlotMemory& memory = slot_memory(placed.host, placed.slot);
    incident_ = incident_ || (placed.standing == Standing::sick &&
                              now - memory.unready < settings_.incident_most);
  }
  if (incident_) {
    last_incident_ = now;
  }
  return fleet;
}

void Sight::add_incident(Timestamp now) {
  incident_ = true;
  last_incident_ = now;
}

bool Sight::calm(Timestamp now) const {
  return !incident_ && (last_incident_ == never || now - last_incident_ >= settings_.calm);
}

Duration Sight::ready_for(int host, int slot, Timestamp now) const {
  const std::vector<SlotMemory>& slots = hosts_[Fleet::to_size(host)].slots;
  if (slots.size() <= Fleet::to_size(slot) ||
      slots[Fleet::to_size(slot)].state != InstanceState::ready) {
    return Duration::zero();
  }
  return now - slots[Fleet::to_size(slot)].since;
}

}  // namespace securecart::cluster
