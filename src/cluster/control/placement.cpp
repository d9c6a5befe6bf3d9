#include "cluster/control/placement.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <span>
#include <tuple>

#include <fmt/format.h>

#include "cluster/control/spread.hpp"

namespace securecart::cluster {
namespace {

bool takes_instances(const FleetHost& host) {
  return host.presence == Presence::present || host.presence == Presence::doubtful;
}

int share_of(double share, int all, int least) {
  return std::max(least, static_cast<int>(share * all));
}

// One round's work on one fleet.
class Placement {
 public:
  Placement(Fleet& fleet, const PlacementInput& input, const ControlSettings& settings,
            PlacementMemory& memory, std::vector<Alarm>& alarms, Timestamp now)
      : fleet_(fleet),
        input_(input),
        settings_(settings),
        memory_(memory),
        alarms_(alarms),
        now_(now),
        all_(static_cast<int>(fleet.placed.size())),
        most_moves_(share_of(settings.moves_share, all_, settings.moves_least)) {
    memory_.moved.resize(Fleet::to_size(fleet.services()));
    if (memory_.replacements < 0) {
      memory_.replacements = most_replacements();
    } else {
      const double passed = std::chrono::duration<double>(now - memory_.refilled) /
                            std::chrono::duration<double>(settings.replacements_refill);
      memory_.replacements = std::min(
          most_replacements(), memory_.replacements + most_replacements() * std::max(passed, 0.0));
    }
    memory_.refilled = now;
    std::erase_if(memory_.avoid, [now](const auto& entry) { return entry.second <= now; });
    for (int service = 0; service < fleet_.services(); ++service) {
      for (int zone = 0; zone < fleet_.zones(); ++zone) {
        builds_.push_back(build_of(input_.rollout, fleet_, service, zone));
      }
    }
  }

  void run() {
    fleet_.remove_stopped();
    drain_unknown();
    withdraw_shifted();
    drain_sick();
    close_host();
    add_missing();
    renew();
    give_back();
  }

 private:
  double most_replacements() const {
    return share_of(settings_.replacements_share, all_, settings_.replacements_least);
  }
  bool may_move() const { return fleet_.moves() < most_moves_; }
  int index(int service, int zone) const { return service * fleet_.zones() + zone; }
  Tally& at(int service, int zone) { return tallies_[Fleet::to_size(index(service, zone))]; }
  int quota(int service, int zone) const {
    return input_.quotas[Fleet::to_size(index(service, zone))];
  }
  const Build& build(int service, int zone) const {
    return builds_[Fleet::to_size(index(service, zone))];
  }
  bool usable(int zone) const { return !input_.shifted[Fleet::to_size(zone)]; }

  // Instances on the host that is being emptied serve, and do not count any more.
  void count() {
    tallies_ = fleet_.tally();
    for (const Placed& placed : fleet_.placed) {
      if (placed.service != no_service && is_live(placed) && is_closed(placed)) {
        --at(placed.service, placed.zone).live;
      }
    }
  }
  bool is_closed(const Placed& placed) const {
    return fleet_.hosts[Fleet::to_size(placed.host)].closed;
  }
  // What fills the quota: also what is sick and left where it is for a reason.
  int filled(int service, int zone) const {
    const Tally& tally = fleet_.of(tallies_, service, zone);
    return tally.live + tally.sick;
  }
  std::vector<int> filled_by_zone(int service) const {
    std::vector<int> counts;
    for (int zone = 0; zone < fleet_.zones(); ++zone) {
      counts.push_back(usable(zone) ? filled(service, zone) : 0);
    }
    return counts;
  }

  std::vector<int> by_zone(int service, int Tally::* field) const {
    std::vector<int> counts;
    for (int zone = 0; zone < fleet_.zones(); ++zone) {
      counts.push_back(usable(zone) ? fleet_.of(tallies_, service, zone).*field : 0);
    }
    return counts;
  }

  void drain_unknown() {
    for (std::size_t i = 0; i < fleet_.placed.size() && may_move(); ++i) {
      const Placed& placed = fleet_.placed[i];
      const FleetHost& host = fleet_.hosts[Fleet::to_size(placed.host)];
      const bool known = placed.service != no_service && placed.slot < host.slots;
      if (placed.slot >= 0 && !known && !placed.drain && takes_instances(host)) {
        fleet_.drain(static_cast<int>(i));
      }
    }
  }

  // A shift is one zone's, so it is not counted as moves: half a shift helps nobody.
  void withdraw_shifted() {
    for (std::size_t i = 0; i < fleet_.placed.size(); ++i) {
      const Placed& placed = fleet_.placed[i];
      if (placed.slot >= 0 &&
          fleet_.hosts[Fleet::to_size(placed.host)].presence != Presence::gone) {
        fleet_.withdraw(static_cast<int>(i), !usable(placed.zone));
      }
    }
  }

  // In the zone of a rollout, the rollout judges the builds it brought.
  bool is_judged_elsewhere(const Placed& placed) const {
    return placed.zone == changing_zone(input_.rollout, fleet_) && !is_outdated(placed) &&
           input_.rollout.target.contains(fleet_.service(placed.service).name) &&
           input_.rollout.phase != RolloutPhase::rolling_back;
  }

  void drain_sick() {
    count();
    for (int service = 0; service < fleet_.services(); ++service) {
      int sick = 0;
      int seen = 0;
      for (int zone = 0; zone < fleet_.zones(); ++zone) {
        sick += at(service, zone).sick;
        seen += at(service, zone).live + at(service, zone).sick;
      }
      if (sick == 0) {
        continue;
      }
      alarms_.push_back({"sick",
                         fleet_.service(service).name,
                         fmt::format("{} of {} instances are sick.", sick, seen),
                         {}});
      if (sick > 1 && sick > settings_.sick_share * seen) {
        alarms_.push_back({"sick_everywhere",
                           fleet_.service(service).name,
                           "Most instances are sick at once: replacing them would not help.",
                           {}});
        continue;
      }
      for (std::size_t i = 0; i < fleet_.placed.size() && may_move(); ++i) {
        const Placed& placed = fleet_.placed[i];
        if (placed.slot >= 0 && placed.service == service && !placed.drain &&
            placed.standing == Standing::sick && !is_judged_elsewhere(placed) &&
            memory_.replacements >= 1) {
          memory_.avoid[{service, placed.host}] =
              now_ + std::chrono::duration_cast<std::chrono::milliseconds>(settings_.avoid_host);
          fleet_.drain(static_cast<int>(i));
          --memory_.replacements;
        }
      }
    }
  }

  // The host that is patched is emptied once the others carry the load, then told to begin.
  void close_host() {
    count();
    if (input_.patching < 0) {
      return;
    }
    FleetHost& host = fleet_.hosts[Fleet::to_size(input_.patching)];
    host.closed = true;
    count();
    bool empty = true;
    for (std::size_t slot = 0; slot < host.placed.size(); ++slot) {
      const int placed = host.placed[slot];
      empty = empty && placed < 0 && !host.foreign[slot];
      if (placed < 0) {
        continue;
      }
      const Placed& one = fleet_.placed[Fleet::to_size(placed)];
      if (one.drain || one.service == no_service) {
        continue;
      }
      if (may_move() && (one.standing != Standing::ready || can_spare(one))) {
        drain(placed);
      }
    }
    if (empty) {
      fleet_.patch(input_.patching, input_.rollout.patch);
    }
  }

  // Without this ready instance, what is wanted is still ready; after the loss of a zone too, where
  // the quotas provide for that.
  bool can_spare(const Placed& placed) {
    std::vector<int> ready = by_zone(placed.service, &Tally::ready);
    if (placed.standing == Standing::ready && usable(placed.zone)) {
      --ready[Fleet::to_size(placed.zone)];
    }
    const int wanted = input_.wanted[Fleet::to_size(placed.service)];
    return left_after_loss(ready) >= std::min(wanted, quota_left(placed.service)) &&
           std::accumulate(ready.begin(), ready.end(), 0) >=
               std::min(wanted, quota_sum(placed.service));
  }

  int quota_left(int service) const {
    return left_after_loss(
        std::span(input_.quotas)
            .subspan(Fleet::to_size(index(service, 0)), Fleet::to_size(fleet_.zones())));
  }
  int quota_sum(int service) const {
    const auto begin = input_.quotas.begin() + index(service, 0);
    return std::accumulate(begin, begin + fleet_.zones(), 0);
  }

  void drain(int index) {
    const Placed& placed = fleet_.placed[Fleet::to_size(index)];
    Tally& tally = at(placed.service, placed.zone);
    tally.live -= is_live(placed) && !is_closed(placed) ? 1 : 0;
    tally.ready -= is_live(placed) && placed.standing == Standing::ready ? 1 : 0;
    tally.sick -= placed.standing == Standing::sick ? 1 : 0;
    ++tally.draining;
    fleet_.drain(index);
  }

  // The host of the zone with the fewest of this service, then with the fewest instances at all.
  std::optional<int> best_host(int service, int zone) const {
    std::optional<int> best;
    std::tuple<bool, int, int> least;
    for (const int index : fleet_.hosts_of_zone[Fleet::to_size(zone)]) {
      const FleetHost& host = fleet_.hosts[Fleet::to_size(index)];
      if (host.presence != Presence::present || host.closed || fleet_.free_slot(index) < 0) {
        continue;
      }
      const auto [same, all] = crowd(host, service);
      const std::tuple<bool, int, int> cost{memory_.avoid.contains({service, index}), same, all};
      if (!best || cost < least) {
        best = index;
        least = cost;
      }
    }
    return best;
  }

  // Instances of the service on the host, and all of them.
  std::pair<int, int> crowd(const FleetHost& host, int service) const {
    int same = 0;
    int all = 0;
    for (const int placed : host.placed) {
      if (placed >= 0) {
        const Placed& one = fleet_.placed[Fleet::to_size(placed)];
        same += one.service == service && !one.drain ? 1 : 0;
        ++all;
      }
    }
    return {same, all};
  }

  bool add(int service, int zone) {
    const std::optional<int> host = best_host(service, zone);
    if (!host || !may_move()) {
      return false;
    }
    fleet_.add(*host, fleet_.free_slot(*host), service, build(service, zone));
    ++at(service, zone).live;
    return true;
  }

  int live(int service) const {
    const std::vector<int> counts = by_zone(service, &Tally::live);
    return std::accumulate(counts.begin(), counts.end(), 0);
  }
  // Those in zones that are shifted away count as well: they run.
  bool has_room(int service) const {
    int all = 0;
    for (int zone = 0; zone < fleet_.zones(); ++zone) {
      all += fleet_.of(tallies_, service, zone).live;
    }
    return all < fleet_.service(service).maximum;
  }

  // Moves of this service that nothing hurries; 0 while it is too early for any.
  int slow_moves(int service) const {
    if (now_ - memory_.moved[Fleet::to_size(service)] < settings_.rebalance_pause) {
      return 0;
    }
    return share_of(settings_.rebalance_share, live(service), 1);
  }
  void moved_slowly(int service) { memory_.moved[Fleet::to_size(service)] = now_; }

  bool is_urgent(int service) const {
    const int wanted = std::min(input_.wanted[Fleet::to_size(service)], quota_left(service));
    const std::vector<int> counts = filled_by_zone(service);
    return left_after_loss(counts) < wanted ||
           std::accumulate(counts.begin(), counts.end(), 0) <
               std::min(input_.wanted[Fleet::to_size(service)], quota_sum(service));
  }

  void add_missing() {
    std::vector<int> order(Fleet::to_size(fleet_.services()));
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(order, {},
                      [this](int service) { return std::pair(!is_urgent(service), service); });
    for (const int service : order) {
      add_missing(service);
    }
  }

  // Since when all hosts of a zone are gone; nothing while one of them is there.
  std::optional<Timestamp> dark_since(int zone) const {
    std::optional<Timestamp> last;
    for (const int host : fleet_.hosts_of_zone[Fleet::to_size(zone)]) {
      if (fleet_.hosts[Fleet::to_size(host)].presence != Presence::gone) {
        return std::nullopt;
      }
      last = std::max(last.value_or(Timestamp{}), input_.sight.silent_since(host));
    }
    return last;
  }

  // What a whole zone had is made up for a little later: the other zones carry the load, the quotas
  // saw to that, and the first seconds after such a loss belong to those that elect, connect and
  // answer. Not where something else is lost as well.
  bool may_wait(int service) const {
    const std::vector<int> counts = filled_by_zone(service);
    if (std::accumulate(counts.begin(), counts.end(), 0) < input_.wanted[Fleet::to_size(service)]) {
      return false;
    }
    for (int zone = 0; zone < fleet_.zones(); ++zone) {
      const std::optional<Timestamp> dark = dark_since(zone);
      const bool patient = dark && now_ - *dark < settings_.lost_zone_patience;
      if (fleet_.of(tallies_, service, zone).lost > 0 && !patient) {
        return false;
      }
    }
    return true;
  }

  void add_missing(int service) {
    int lost = 0;
    for (int zone = 0; zone < fleet_.zones(); ++zone) {
      lost += at(service, zone).lost;
    }
    int slow = input_.patching >= 0 ? most_moves_ : slow_moves(service);
    bool blocked = false;
    // Zones take turns, the emptiest first, so that a loss in the middle finds them even.
    while (!blocked && may_move() && has_room(service)) {
      const int zone = neediest_zone(service);
      const bool urgent = zone >= 0 && is_urgent(service);
      const bool replaces = urgent && lost > 0;
      if (zone < 0 || (!urgent && slow == 0) ||
          (replaces && (memory_.replacements < 1 || may_wait(service)))) {
        return;
      }
      blocked = !add(service, zone);
      if (!blocked && replaces) {
        --memory_.replacements;
        --lost;
      } else if (!blocked && !urgent) {
        --slow;
        moved_slowly(service);
      }
    }
  }

  // The usable zone with the fewest of the service that lacks some and has a host for it; or -1.
  int neediest_zone(int service) const {
    int best = -1;
    for (int zone = 0; zone < fleet_.zones(); ++zone) {
      if (usable(zone) && filled(service, zone) < quota(service, zone) &&
          (best < 0 || filled(service, zone) < filled(service, best)) && best_host(service, zone)) {
        best = zone;
      }
    }
    return best;
  }

  // The zone in which instances of another build are renewed: that of the rollout; without one, the
  // first that has some (a host came back with what it was told long ago).
  int renewed_zone() const {
    const int changing = changing_zone(input_.rollout, fleet_);
    if (changing >= 0) {
      return changing;
    }
    int first = -1;
    for (const Placed& placed : fleet_.placed) {
      if (is_outdated(placed) && placed.standing != Standing::lost &&
          (first < 0 || placed.zone < first)) {
        first = placed.zone;
      }
    }
    return first;
  }

  bool is_outdated(const Placed& placed) const {
    return placed.slot >= 0 && placed.service != no_service && !placed.drain &&
           placed.build != build(placed.service, placed.zone);
  }

  void renew() {
    const int zone = renewed_zone();
    // What does harm goes in bad times, too.
    const bool harm = input_.rollout.phase == RolloutPhase::rolling_back && input_.rollout.wrong;
    if (zone < 0 || ((!usable(zone) || input_.sight.incident()) && !harm)) {
      return;
    }
    std::vector<std::vector<int>> outdated(Fleet::to_size(fleet_.services()));
    for (std::size_t i = 0; i < fleet_.placed.size(); ++i) {
      const Placed& placed = fleet_.placed[i];
      if (placed.zone == zone && placed.standing != Standing::lost && is_outdated(placed)) {
        outdated[Fleet::to_size(placed.service)].push_back(static_cast<int>(i));
      }
    }
    for (int service = 0; service < fleet_.services(); ++service) {
      if (!outdated[Fleet::to_size(service)].empty()) {
        renew(service, zone, outdated[Fleet::to_size(service)], harm);
      }
    }
  }

  void renew(int service, int zone, std::vector<int>& outdated, bool harm) {
    // Those that do not serve go first.
    std::ranges::sort(outdated, {}, [this](int placed) {
      return std::pair(fleet_.placed[Fleet::to_size(placed)].standing == Standing::ready, placed);
    });
    const int wanted = quota(service, zone);
    const double share = harm ? 1.0 : settings_.rollout_batch;
    const int batch = std::max(1, static_cast<int>(std::ceil(share * wanted)));
    std::size_t next = 0;
    for (; next < outdated.size() && may_move(); ++next) {
      const Placed& one = fleet_.placed[Fleet::to_size(outdated[next])];
      const bool serves = one.standing == Standing::ready;
      // A build that does harm is taken away at once where the others carry the load, even if
      // another zone is lost meanwhile.
      const bool spare = at(service, zone).ready > wanted || (harm && others_carry(service, zone));
      if (serves && !spare) {
        break;
      }
      drain(outdated[next]);
    }
    const int left = static_cast<int>(outdated.size() - next);
    if (left == 0) {
      return;
    }
    const int fresh = filled(service, zone) - left;
    int surge = std::min({batch, wanted - fresh, wanted + batch - filled(service, zone)});
    bool added = false;
    while (surge > 0 && has_room(service) && add(service, zone)) {
      --surge;
      added = true;
    }
    // No slot is free for a new one first: one batch makes room, when everything else is ready.
    if (!added && at(service, zone).draining == 0 &&
        at(service, zone).ready == at(service, zone).live) {
      for (int i = 0;
           i < batch && next < outdated.size() && may_move() && may_make_room(service, i == 0);
           ++i, ++next) {
        drain(outdated[next]);
      }
    }
  }

  bool others_carry(int service, int zone) const {
    std::vector<int> ready = by_zone(service, &Tally::ready);
    ready[Fleet::to_size(zone)] = 0;
    return left_after_loss(ready) >= input_.wanted[Fleet::to_size(service)];
  }

  // One fewer still carries the load; where all never could, the first one may go all the same.
  bool may_make_room(int service, bool first) const {
    const std::vector<int> ready = by_zone(service, &Tally::ready);
    const int all = std::accumulate(ready.begin(), ready.end(), 0);
    const int wanted = input_.wanted[Fleet::to_size(service)];
    return all - 1 >= wanted || (first && all > 1 && quota_sum(service) <= wanted);
  }

  // What is too much goes, and hosts of a zone become even.
  void give_back() {
    if (!input_.calm || input_.patching >= 0 || input_.rollout.phase != RolloutPhase::idle) {
      return;
    }
    for (int service = 0; service < fleet_.services(); ++service) {
      const int moves = slow_moves(service);
      if (moves == 0 || !is_settled(service)) {
        continue;
      }
      bool gave = false;
      for (int i = 0; i < moves && may_move(); ++i) {
        gave = give_back_one(service) || gave;
      }
      if (gave || even_out(service)) {
        moved_slowly(service);
      }
    }
  }

  // Every zone has what it should have, ready, and nothing is on its way.
  bool is_settled(int service) const {
    for (int zone = 0; zone < fleet_.zones(); ++zone) {
      const Tally& tally = fleet_.of(tallies_, service, zone);
      if (usable(zone) && (tally.ready < std::max(quota(service, zone), tally.live) ||
                           tally.sick > 0 || tally.draining > 0)) {
        return false;
      }
    }
    return true;
  }

  bool give_back_one(int service) {
    int zone = -1;
    int most = 0;
    for (int one = 0; one < fleet_.zones(); ++one) {
      const int extra = at(service, one).ready - quota(service, one);
      if (usable(one) && extra > most) {
        zone = one;
        most = extra;
      }
    }
    const int placed = zone < 0 ? -1 : most_crowded(service, zone);
    if (placed < 0 || !can_spare(fleet_.placed[Fleet::to_size(placed)])) {
      return false;
    }
    drain(placed);
    return true;
  }

  bool is_young(const Placed& placed) const {
    return input_.sight.ready_for(placed.host, placed.slot, now_) < settings_.young;
  }

  // The instance in the last slot, ready for a while, of the host of the zone with the most of the
  // service; or -1.
  int most_crowded(int service, int zone) const {
    int best = -1;
    int most = 0;
    for (const int index : fleet_.hosts_of_zone[Fleet::to_size(zone)]) {
      const FleetHost& host = fleet_.hosts[Fleet::to_size(index)];
      const int same = crowd(host, service).first;
      if (host.presence != Presence::present || same <= most) {
        continue;
      }
      for (const int placed : host.placed) {
        if (placed >= 0 && fleet_.placed[Fleet::to_size(placed)].service == service &&
            fleet_.placed[Fleet::to_size(placed)].standing == Standing::ready &&
            !is_young(fleet_.placed[Fleet::to_size(placed)])) {
          best = placed;
          most = same;
        }
      }
    }
    return best;
  }

  // One more where a host has two fewer than another one of its zone; the surplus goes later.
  bool even_out(int service) {
    if (!has_room(service)) {
      return false;
    }
    for (int zone = 0; zone < fleet_.zones(); ++zone) {
      const int crowded = usable(zone) ? most_crowded(service, zone) : -1;
      const std::optional<int> host = crowded < 0 ? std::nullopt : best_host(service, zone);
      if (!host || at(service, zone).live > quota(service, zone) ||
          memory_.avoid.contains({service, *host})) {
        continue;
      }
      const int from = fleet_.placed[Fleet::to_size(crowded)].host;
      const int fewest = crowd(fleet_.hosts[Fleet::to_size(*host)], service).first;
      if (crowd(fleet_.hosts[Fleet::to_size(from)], service).first >= fewest + 2) {
        return add(service, zone);
      }
    }
    return false;
  }

  Fleet& fleet_;
  const PlacementInput& input_;
  const ControlSettings& settings_;
  PlacementMemory& memory_;
  std::vector<Alarm>& alarms_;
  const Timestamp now_;
  const int all_;
  const int most_moves_;
  std::vector<Build> builds_;  // by service and zone
  std::vector<Tally> tallies_;
};

}  // namespace

std::vector<int> room_of(const Fleet& fleet, const std::vector<bool>& shifted, int patching) {
  std::vector<int> room(Fleet::to_size(fleet.zones()));
  for (std::size_t i = 0; i < fleet.hosts.size(); ++i) {
    const FleetHost& host = fleet.hosts[i];
    if (takes_instances(host) && !shifted[Fleet::to_size(host.zone)] &&
        static_cast<int>(i) != patching) {
      room[Fleet::to_size(host.zone)] += host.slots;
    }
  }
  return room;
}

std::vector<int> quotas_of(const Fleet& fleet, const std::vector<int>& wanted,
                           const std::vector<bool>& shifted, int patching) {
  const std::size_t zones = Fleet::to_size(fleet.zones());
  const std::vector<Tally> tallies = fleet.tally();
  std::vector<int> room = room_of(fleet, shifted, patching);
  std::vector<int> quotas(wanted.size() * zones);
  for (const bool minimum_only : {true, false}) {
    for (std::size_t service = 0; service < wanted.size(); ++service) {
      const std::span<int> mine(quotas.data() + service * zones, zones);
      std::vector<int> current(zones);
      for (std::size_t zone = 0; zone < zones; ++zone) {
        room[zone] += mine[zone];
        current[zone] = fleet.of(tallies, static_cast<int>(service), static_cast<int>(zone)).live;
      }
      const Service& one = fleet.service(static_cast<int>(service));
      const int carry = minimum_only ? std::min(one.minimum, wanted[service]) : wanted[service];
      const std::vector<int> counts = spread(carry, one.maximum, room, current);
      for (std::size_t zone = 0; zone < zones; ++zone) {
        mine[zone] = counts[zone];
        room[zone] -= counts[zone];
      }
    }
  }
  return quotas;
}

void place(Fleet& fleet, const PlacementInput& input, const ControlSettings& settings,
           PlacementMemory& memory, std::vector<Alarm>& alarms, Timestamp now) {
  Placement(fleet, input, settings, memory, alarms, now).run();
}

}  // namespace securecart::cluster
