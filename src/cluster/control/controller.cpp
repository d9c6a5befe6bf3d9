#include "cluster/control/controller.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <tuple>

#include <fmt/format.h>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "cluster/control/limits.hpp"
#include "cluster/control/spread.hpp"

namespace securecart::cluster {

class Controller::Round {
 public:
  Round(Controller& controller, const RegionState& state, Timestamp now)
      : my_(controller),
        state_(state),
        now_(now),
        record_(state.rollout.value),
        patching_(patching_host(record_, state, controller.topology_)),
        fleet_(controller.sight_.look(state, patching_, now)) {}

  Decision run() {
    tell_broken();
    tell_hosts();
    if (my_.sight_.blind()) {
      alarm("blind", "", "Most reports are gone at once: nothing is moved until they are back.");
    } else if (!state_.broken.contains(my_.keys_.rollout())) {
      decide();
    }
    count();
    write_alarms();
    return std::move(decision_);
  }

 private:
  void alarm(std::string what, std::string subject, std::string text) {
    decision_.alarms.push_back({std::move(what), std::move(subject), std::move(text), {}});
  }

  void write(std::string key, std::string value, std::int64_t revision) {
    decision_.writes.push_back({put(std::move(key), std::move(value)), revision});
  }

  void tell_broken() {
    for (const auto& [key, what] : state_.broken) {
      alarm("broken_record", key, what);
    }
  }

  void tell_hosts() {
    std::vector<int> silent(fleet_.hosts_of_zone.size());
    for (const FleetHost& host : fleet_.hosts) {
      if (host.presence == Presence::gone) {
        ++silent[Fleet::to_size(host.zone)];
        ++decision_.figures.hosts_gone;
        alarm("host_gone", host.host->name, "Its agent does not report.");
      }
      if (host.report != nullptr && !host.report->units_down.empty()) {
        alarm("units_down", host.host->name, host.report->units_down.front());
      }
    }
    for (std::size_t zone = 0; zone < silent.size(); ++zone) {
      if (silent[zone] > 0 && silent[zone] == static_cast<int>(fleet_.hosts_of_zone[zone].size())) {
        alarm("zone_gone", fleet_.zone_name(static_cast<int>(zone)), "None of its hosts reports.");
      }
    }
  }

  void decide() {
    read_wanted();
    decide_shifts();
    quotas_ = quotas_of(fleet_, wanted_, shifted_, patching_);
    scale_services();
    quotas_ = quotas_of(fleet_, wanted_, shifted_, patching_);
    tell_shortage();
    roll_out();
    const PlacementInput input{my_.sight_,           record_, wanted_, shifted_, quotas_, patching_,
                               my_.sight_.calm(now_)};
    place(fleet_, input, my_.settings_, my_.placement_, decision_.alarms, now_);
    write_orders();
  }

  void read_wanted() {
    for (const Service& service : my_.topology_.services) {
      const auto record = state_.scaling.find(service.name);
      const int kept = record == state_.scaling.end() ? 0 : record->second.value.wanted;
      wanted_.push_back(std::max(kept, service.minimum));
    }
  }

  void decide_shifts() {
    const GreyInput input{fleet_, state_.shifts, wanted_, my_.sight_.incident(),
                          changing_zone(record_, fleet_)};
    GreyDecision shifts = cluster::decide_shifts(input, my_.settings_, my_.grey_, now_);
    shifted_ = std::move(shifts.shifted);
    for (const ShiftRecord& record : shifts.write) {
      write(my_.keys_.shifts() + record.zone, to_json(record), shift_revision(record.zone));
      decision_.events.push_back(fmt::format("shift zone {} away until {}: {}", record.zone,
                                             format_rfc3339(record.until), record.reason));
    }
    for (const std::string& zone : shifts.forget) {
      decision_.writes.push_back({remove(my_.keys_.shifts() + zone), shift_revision(zone)});
    }
    std::ranges::move(shifts.alarms, std::back_inserter(decision_.alarms));
    if (std::ranges::find(shifted_, true) != shifted_.end() ||
        (record_.phase == RolloutPhase::rolling_back && record_.wrong)) {
      my_.sight_.add_incident(now_);
    }
  }

  std::int64_t shift_revision(const std::string& zone) const {
    const auto found = state_.shifts.find(zone);
    return found == state_.shifts.end() ? 0 : found->second.revision;
  }

  // The slots by zone that the other services leave to this one.
  std::vector<int> room_for(int service) const {
    std::vector<int> room = room_of(fleet_, shifted_, patching_);
    for (int other = 0; other < fleet_.services(); ++other) {
      for (int zone = 0; zone < fleet_.zones() && other != service; ++zone) {
        room[Fleet::to_size(zone)] -= quotas_[Fleet::to_size(other * fleet_.zones() + zone)];
      }
    }
    for (int& free : room) {
      free = std::max(free, 0);
    }
    return room;
  }

  std::vector<ServiceLoad> loads() const {
    std::vector<ServiceLoad> loads(my_.topology_.services.size());
    std::vector<std::vector<std::pair<Duration, double>>> latencies(loads.size());
    for (const Placed& placed : fleet_.placed) {
      if (placed.service == no_service || !is_live(placed) || placed.withdrawn) {
        continue;
      }
      const std::size_t service = Fleet::to_size(placed.service);
      ServiceLoad& load = loads[service];
      const bool warm = my_.sight_.ready_for(placed.host, placed.slot, now_) >=
                        my_.topology_.services[service].scaling.warm_up;
      if (placed.standing != Standing::ready || placed.report == nullptr) {
        ++load.warming;
        continue;
      }
      ++(warm ? load.ready : load.warming);
      load.cores += placed.report->cpu;
      load.requests += placed.report->requests;
      load.queue += placed.report->queue;
      latencies[service].emplace_back(placed.report->latency_p99, placed.report->requests);
    }
    for (std::size_t service = 0; service < loads.size(); ++service) {
      loads[service].latency_p99 = median(latencies[service], loads[service].requests);
    }
    return loads;
  }

  // By requests: an instance that answers nothing has no say.
  static Duration median(std::vector<std::pair<Duration, double>>& latencies, double requests) {
    std::ranges::sort(latencies);
    double seen = 0;
    for (const auto& [latency, share] : latencies) {
      seen += share;
      if (share > 0 && seen >= requests / 2) {
        return latency;
      }
    }
    return {};
  }

  void scale_services() {
    my_.scaling_.resize(my_.topology_.services.size());
    my_.capacity_.resize(my_.topology_.services.size());
    std::vector<ServiceLoad> all = loads();
    for (std::size_t i = 0; i < all.size(); ++i) {
      const Service& service = my_.topology_.services[i];
      if (state_.broken.contains(my_.keys_.scaling() + service.name)) {
        continue;
      }
      const auto kept = state_.scaling.find(service.name);
      const auto order = state_.services.find(service.name);
      ScalingRecord record = kept == state_.scaling.end() ? ScalingRecord() : kept->second.value;
      record.service = service.name;
      record.capacity = my_.capacity_[i] > 0 ? my_.capacity_[i] : record.capacity;
      const int before = record.wanted;
      all[i].incident = !my_.sight_.calm(now_);
      all[i].most = most_wanted(service.maximum, room_for(static_cast<int>(i)));
      all[i].pinned = order == state_.services.end() ? 0 : order->second.value.pinned;
      if (scale(service, my_.settings_, my_.scaling_[i], record, all[i], now_)) {
        write(my_.keys_.scaling() + service.name, to_json(record),
              kept == state_.scaling.end() ? 0 : kept->second.revision);
      }
      if (record.wanted != before) {
        decision_.events.push_back(
            fmt::format("scale {} from {} to {}", service.name, before, record.wanted));
      }
      my_.capacity_[i] = record.capacity;
      wanted_[i] = record.wanted;
    }
  }

  void tell_shortage() {
    const std::size_t zones = fleet_.hosts_of_zone.size();
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      const std::span<const int> mine(quotas_.data() + i * zones, zones);
      if (const int left = left_after_loss(mine); left < wanted_[i]) {
        alarm("short", fleet_.service(static_cast<int>(i)).name,
              fmt::format("The loss of a zone would leave {} of {}: there are too few slots, or "
                          "its maximum is too low.",
                          left, wanted_[i]));
      }
    }
  }

  void roll_out() {
    const RolloutPhase phase = record_.phase;
    const int current = record_.current;
    const std::vector<Tally> tallies = fleet_.tally();
    const RolloutInput input{fleet_, tallies, quotas_, state_, my_.sight_.incident()};
    if (!step_rollout(record_, my_.rollout_, input, my_.settings_, decision_.alarms, now_)) {
      return;
    }
    record_.reason = utf8_prefix(record_.reason, limits::text_bytes);
    // Before the orders that follow from it.
    write(my_.keys_.rollout(), to_json(record_), state_.rollout.revision);
    if (record_.phase != phase || record_.current != current) {
      const bool idle = record_.phase == RolloutPhase::idle;
      decision_.events.push_back(
          fmt::format("rollout: {} {}{}{}", to_text(record_.phase),
                      idle ? "" : record_.zones[Fleet::to_size(record_.current)],
                      record_.reason.empty() ? "" : ": ", record_.reason));
    }
  }

  void write_orders() {
    for (std::size_t i = 0; i < fleet_.hosts.size(); ++i) {
      const FleetHost& host = fleet_.hosts[i];
      if (host.changed) {
        write(my_.keys_.desired() + host.host->name, to_json(fleet_.order(static_cast<int>(i))),
              host.revision);
      }
    }
    if (fleet_.moves() > 0) {
      decision_.events.push_back(fmt::format("{} orders added or drained", fleet_.moves()));
    }
  }

  void count() {
    RoundFigures& figures = decision_.figures;
    figures.blind = my_.sight_.blind();
    figures.incident = my_.sight_.incident();
    figures.moves = fleet_.moves();
    const std::vector<Tally> tallies = fleet_.tally();
    for (int service = 0; service < fleet_.services(); ++service) {
      RoundFigures::OfService one{fleet_.service(service).name, 0, 0, 0};
      one.wanted = wanted_.empty() ? 0 : wanted_[Fleet::to_size(service)];
      for (int zone = 0; zone < fleet_.zones(); ++zone) {
        one.live += fleet_.of(tallies, service, zone).live;
        one.ready += fleet_.of(tallies, service, zone).ready;
      }
      figures.services.push_back(std::move(one));
    }
  }

  // Alarms keep the time they began; they are written when one came, went or says something else.
  void write_alarms() {
    std::vector<Alarm>& alarms = decision_.alarms;
    if (alarms.size() > limits::region_alarms) {
      alarms.resize(limits::region_alarms);
    }
    const std::vector<Alarm>& before = state_.alarms.value.alarms;
    for (Alarm& alarm : alarms) {
      alarm.subject = utf8_prefix(alarm.subject, limits::text_bytes);
      alarm.text = utf8_prefix(alarm.text, limits::text_bytes);
      const auto same = std::ranges::find_if(before, [&](const Alarm& old) {
        return old.what == alarm.what && old.subject == alarm.subject;
      });
      alarm.since = same == before.end() ? now_ : same->since;
    }
    std::ranges::sort(alarms, {}, [](const Alarm& one) { return std::tie(one.what, one.subject); });
    if (alarms != before) {
      write(my_.keys_.alarms(), to_json(AlarmList{alarms}), state_.alarms.revision);
    }
  }

  Controller& my_;
  const RegionState& state_;
  const Timestamp now_;
  RolloutRecord record_;
  const int patching_;
  Fleet fleet_;
  std::vector<int> wanted_;    // by service
  std::vector<bool> shifted_;  // by zone
  std::vector<int> quotas_;
  Decision decision_;
};

Controller::Controller(const Topology& topology, ControlSettings settings)
    : topology_(topology),
      settings_(settings),
      keys_(topology.region),
      sight_(topology, settings_) {}

Decision Controller::decide(const RegionState& state, Timestamp now) {
  return Round(*this, state, now).run();
}

}  // namespace securecart::cluster
