#include "cluster/control/rollout.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "cluster/control/answers.hpp"

namespace securecart::cluster {
namespace {

bool patches(const RolloutRecord& record) {
  return !record.patch.empty();
}

Build find(const std::map<std::string, Build>& builds, const std::string& service) {
  const auto found = builds.find(service);
  return found == builds.end() ? Build{} : found->second;
}

bool is_proven(const RolloutRecord& record, const std::string& service) {
  return std::ranges::find(record.proven, service) != record.proven.end();
}

// What the operator wants of a service now.
Build wish(const RegionState& state, const std::string& service) {
  const auto order = state.services.find(service);
  return order == state.services.end()
             ? Build{}
             : Build{order->second.value.version, order->second.value.restart};
}

// One move of the record.
class Step {
 public:
  Step(RolloutRecord& record, RolloutMemory& memory, const RolloutInput& input,
       const ControlSettings& settings, Timestamp now)
      : record_(record), memory_(memory), input_(input), settings_(settings), now_(now) {}

  bool run(std::vector<Alarm>& alarms) {
    remember();
    switch (record_.phase) {
      case RolloutPhase::idle:
        settle_new_services();
        begin();
        break;
      case RolloutPhase::rolling:
        roll();
        break;
      case RolloutPhase::baking:
        bake();
        break;
      case RolloutPhase::rolling_back:
        roll_back();
        break;
    }
    tell(alarms);
    return changed_;
  }

 private:
  void remember() {
    const std::string step =
        fmt::format("{} {} {}", to_text(record_.phase), record_.current, to_millis(record_.since));
    if (memory_.step != step) {
      memory_ = {{}, now_, step};
    }
    if (input_.incident) {
      memory_.disturbed = now_;
    }
  }

  void enter(RolloutPhase phase, int current) {
    record_.phase = phase;
    record_.current = current;
    record_.since = now_;
    changed_ = true;
  }

  // A service that nobody knew yet begins as it is wanted: there is nothing to be careful with.
  void settle_new_services() {
    for (const Service& service : input_.fleet.topology().services) {
      if (!record_.settled.contains(service.name)) {
        record_.settled[service.name] = wish(input_.state, service.name);
        changed_ = true;
      }
    }
    for (auto refused = record_.refused.begin(); refused != record_.refused.end();) {
      const bool over = refused->second != wish(input_.state, refused->first);
      refused = over ? record_.refused.erase(refused) : std::next(refused);
      changed_ = changed_ || over;
    }
  }

  void begin() {
    if (input_.incident) {
      return;
    }
    std::map<std::string, Build> target;
    for (const Service& service : input_.fleet.topology().services) {
      const Build wanted = wish(input_.state, service.name);
      if (wanted != find(record_.settled, service.name) &&
          (!record_.refused.contains(service.name) ||
           wanted != find(record_.refused, service.name))) {
        target[service.name] = wanted;
      }
    }
    const std::string& patch = input_.state.patch.value.id;
    if (!target.empty()) {
      record_.target = std::move(target);
    } else if (!patch.empty() && patch != record_.patched && patch != record_.patch_refused) {
      record_.patch = patch;
    } else {
      return;
    }
    record_.reason.clear();
    record_.proven.clear();
    record_.wrong = false;
    record_.zones.clear();
    for (const Zone& zone : input_.fleet.topology().zones) {
      record_.zones.push_back(zone.name);
    }
    enter(RolloutPhase::rolling, 0);
  }

  void roll() {
    if (goes_wrong()) {
      return;
    }
    const bool done = is_changed();
    if (done && !input_.incident) {
      enter(RolloutPhase::baking, record_.current);
    } else if (!input_.incident && !done && waited() >= patience()) {
      give_up(fmt::format("Zone {} did not change in time.", zone_name()));
    }
  }

  void bake() {
    if (goes_wrong() || input_.incident) {
      return;
    }
    if (!is_changed()) {
      memory_.disturbed = now_;  // what is added meanwhile is baked as long as the others
    }
    if (waited() < settings_.bake) {
      return;
    }
    prove();
    if (record_.current + 1 < static_cast<int>(record_.zones.size())) {
      enter(RolloutPhase::rolling, record_.current + 1);
      return;
    }
    for (const auto& [service, build] : record_.target) {
      record_.settled[service] = build;
    }
    if (patches(record_)) {
      record_.patched = record_.patch;
    }
    finish();
  }

  void prove() {
    const int zone = changing_zone(record_, input_.fleet);
    for (const auto& [name, unused] : record_.target) {
      const int service = input_.fleet.find_service(name);
      if (zone >= 0 && service >= 0 && !is_proven(record_, name) &&
          input_.fleet.of(input_.tallies, service, zone).ready > 0) {
        record_.proven.push_back(name);
        changed_ = true;
      }
    }
  }

  void roll_back() {
    if (!zone_has_changed()) {
      return;
    }
    if (record_.current > 0) {
      enter(RolloutPhase::rolling_back, record_.current - 1);
      return;
    }
    for (const auto& [service, build] : record_.target) {
      record_.refused[service] = build;
    }
    finish();
  }

  void finish() {
    record_.target.clear();
    record_.patch.clear();
    record_.zones.clear();
    record_.proven.clear();
    record_.wrong = false;
    enter(RolloutPhase::idle, 0);
  }

  void give_up(std::string why) {
    record_.reason = std::move(why);
    if (patches(record_)) {  // what is applied to a host stays there
      record_.patch_refused = record_.patch;
      finish();
    } else {
      enter(RolloutPhase::rolling_back, record_.current);
    }
  }

  bool goes_wrong() {
    for (const auto& [service, build] : record_.target) {
      if (wish(input_.state, service) != build) {
        give_up("The order of " + service + " changed.");
        return true;
      }
    }
    const std::string what = breach();
    if (what.empty()) {
      memory_.breach_since = {};
      return false;
    }
    if (memory_.breach_since == Timestamp()) {
      memory_.breach_since = now_;
    }
    if (now_ - memory_.breach_since < settings_.breach_patience) {
      return false;
    }
    record_.wrong = true;
    give_up(fmt::format("Zone {}: {}", zone_name(), what));
    return true;
  }

  // What is wrong with what was changed, compared to the rest; empty when nothing is.
  std::string breach() const {
    const int zone = changing_zone(record_, input_.fleet);
    if (zone < 0) {
      return {};
    }
    if (patches(record_)) {
      for (const int host : input_.fleet.hosts_of_zone[Fleet::to_size(zone)]) {
        const FleetHost& one = input_.fleet.hosts[Fleet::to_size(host)];
        if (one.report != nullptr && one.report->patch_failed == record_.patch) {
          return fmt::format("Host {} could not be patched.", one.host->name);
        }
      }
    }
    for (int service = 0; service < input_.fleet.services(); ++service) {
      const std::string& name = input_.fleet.service(service).name;
      if (patches(record_) || record_.target.contains(name)) {
        const std::string what = breach_of(service, zone);
        if (!what.empty()) {
          return name + " " + what;
        }
      }
    }
    return {};
  }

  std::string breach_of(int service, int zone) const {
    const std::string& name = input_.fleet.service(service).name;
    const Build target = find(patches(record_) ? record_.settled : record_.target, name);
    Answers here;
    Answers others;
    int changed = 0;
    int sick = 0;
    for (const Placed& placed : input_.fleet.placed) {
      if (placed.service != service || placed.slot < 0 || placed.drain) {
        continue;
      }
      const bool is_changed = placed.zone == zone && placed.build == target;
      if (placed.report != nullptr) {
        (is_changed ? here : others).add(*placed.report);
      }
      changed += is_changed ? 1 : 0;
      sick += is_changed && is_sick(placed) ? 1 : 0;
    }
    if (sick > 0 && sick >= std::ceil(settings_.breach_sick_share * changed)) {
      return fmt::format("does not become or stay ready ({} of {}).", sick, changed);
    }
    const AnswerMargins margins{settings_.breach_requests, settings_.breach_errors,
                                settings_.breach_errors_factor, settings_.breach_latency_factor,
                                settings_.breach_latency_least};
    return answer_worse(here, others, margins) ? "answers worse than in the other zones." : "";
  }

  static bool is_sick(const Placed& placed) {
    return placed.standing == Standing::sick ||
           (placed.standing == Standing::starting && placed.report != nullptr &&
            (placed.report->state == InstanceState::sick ||
             placed.report->state == InstanceState::crash_loop));
  }

  bool is_changed() const { return patches(record_) ? zone_is_patched() : zone_has_changed(); }

  // Every instance of the services that change is what it should be, ready, and enough.
  bool zone_has_changed() const {
    const int zone = changing_zone(record_, input_.fleet);
    if (zone < 0) {
      return true;  // the topology has no such zone any more
    }
    for (const auto& [name, unused] : record_.target) {
      const int service = input_.fleet.find_service(name);
      if (service < 0) {
        continue;
      }
      const Tally& tally = input_.fleet.of(input_.tallies, service, zone);
      const int quota = input_.quotas[Fleet::to_size(service * input_.fleet.zones() + zone)];
      if (tally.ready < std::max(quota, tally.live) || tally.draining > 0 || tally.sick > 0) {
        return false;
      }
      const Build wanted = build_of(record_, input_.fleet, service, zone);
      for (const Placed& placed : input_.fleet.placed) {
        if (placed.slot >= 0 && placed.service == service && placed.zone == zone &&
            placed.standing != Standing::lost && placed.build != wanted) {
          return false;
        }
      }
    }
    return true;
  }

  bool zone_is_patched() const {
    const int zone = changing_zone(record_, input_.fleet);
    if (zone < 0) {
      return true;
    }
    return std::ranges::all_of(input_.fleet.hosts_of_zone[Fleet::to_size(zone)], [this](int index) {
      const FleetHost& host = input_.fleet.hosts[Fleet::to_size(index)];
      return host.presence == Presence::gone ||
             (host.report != nullptr && host.report->patched == record_.patch &&
              host.report->units_down.empty());
    });
  }

  Duration waited() const { return now_ - std::max(record_.since, memory_.disturbed); }
  Duration patience() const {
    if (!patches(record_)) {
      return settings_.zone_patience;
    }
    const int zone = changing_zone(record_, input_.fleet);
    const auto hosts = zone < 0 ? 1 : input_.fleet.hosts_of_zone[Fleet::to_size(zone)].size();
    return settings_.patch_patience * static_cast<std::int64_t>(std::max<std::size_t>(hosts, 1));
  }
  const std::string& zone_name() const { return record_.zones[Fleet::to_size(record_.current)]; }

  void tell(std::vector<Alarm>& alarms) const {
    if (!record_.refused.empty()) {
      std::string names;
      for (const auto& [service, build] : record_.refused) {
        names += (names.empty() ? "" : ", ") + service + " " + build.version;
      }
      alarms.push_back({"rolled_back", names, record_.reason, {}});
    }
    if (!record_.patch_refused.empty() && record_.patch_refused == input_.state.patch.value.id) {
      alarms.push_back({"patch_refused", record_.patch_refused, record_.reason, {}});
    }
  }

  RolloutRecord& record_;
  RolloutMemory& memory_;
  const RolloutInput& input_;
  const ControlSettings& settings_;
  const Timestamp now_;
  bool changed_ = false;
};

}  // namespace

bool step_rollout(RolloutRecord& record, RolloutMemory& memory, const RolloutInput& input,
                  const ControlSettings& settings, std::vector<Alarm>& alarms, Timestamp now) {
  return Step(record, memory, input, settings, now).run(alarms);
}

Build build_of(const RolloutRecord& record, const Fleet& fleet, int service, int zone) {
  const std::string& name = fleet.service(service).name;
  Build settled = find(record.settled, name);
  const auto target = record.target.find(name);
  if (record.phase == RolloutPhase::idle || target == record.target.end()) {
    return settled;
  }
  const auto place = std::ranges::find(record.zones, fleet.zone_name(zone));
  const auto index = place - record.zones.begin();
  if (place == record.zones.end()) {
    return settled;
  }
  const bool changing = record.phase != RolloutPhase::rolling_back && index == record.current;
  const bool changed = index < record.current && is_proven(record, name);
  return changing || changed ? target->second : settled;
}

int changing_zone(const RolloutRecord& record, const Fleet& fleet) {
  return record.phase == RolloutPhase::idle
             ? -1
             : fleet.find_zone(record.zones[Fleet::to_size(record.current)]);
}

int patching_host(const RolloutRecord& record, const RegionState& state, const Topology& topology) {
  if (record.phase != RolloutPhase::rolling || !patches(record)) {
    return -1;
  }
  const std::string& zone = record.zones[Fleet::to_size(record.current)];
  int next = -1;
  for (std::size_t i = 0; i < topology.hosts.size(); ++i) {
    const Host& host = topology.hosts[i];
    const auto report = state.reports.find(host.name);
    const auto order = state.orders.find(host.name);
    const bool there = report != state.reports.end();
    if (host.zone != zone || (there && report->second.value.patched == record.patch &&
                              report->second.value.units_down.empty())) {
      continue;
    }
    if (order != state.orders.end() && order->second.value.patch == record.patch) {
      return static_cast<int>(i);  // it is being patched, whether it is there or not
    }
    next = next < 0 && there ? static_cast<int>(i) : next;
  }
  return next;
}

}  // namespace securecart::cluster
