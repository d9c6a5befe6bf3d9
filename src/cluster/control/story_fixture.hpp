// Seeded stories of failures in a simulated region, and the invariants that are checked every
// second of them.
#pragma once

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "cluster/control/simulation_fixture.hpp"

namespace securecart::cluster::simulation {

// Faster than in a region, so that a story is some minutes long.
inline ControlSettings story_settings() {
  ControlSettings settings;
  settings.calm = 30s;
  settings.bake = 20s;
  settings.rebalance_pause = 5s;
  settings.grey_patience = 15s;
  settings.grey_shift = 40s;
  return settings;
}

struct Violation {
  std::string invariant;
  std::string what;
  std::int64_t at = 0;  // second of the story
};

// What the story has done to the region, as far as a promise depends on it.
struct Weather {
  bool booted = false;
  bool blackout = false;     // most agents do not reach the store
  bool fault = false;        // something is broken, and has been for long enough to be seen
  bool late_writes = false;  // a commit that was held back arrived in this second
  std::string bad_version;
};

class Invariants {
 public:
  explicit Invariants(ControlSettings settings) : settings_(settings) {}

  void check(Region& region, const Weather& weather) {
    now_ = region.now;
    const RegionState& state = region.state();
    check_slots(region);
    check_minimum(region, weather);
    check_moves(region, weather);
    check_scaling(region, weather);
    check_rollout(region, weather);
    if (weather.blackout && was_blackout_ && seconds_dark_ > 2 && moves_ > 0) {
      fail("static stability", fmt::format("{} orders changed while nothing was seen", moves_));
    }
    seconds_dark_ = weather.blackout ? seconds_dark_ + 1 : 0;
    was_blackout_ = weather.blackout;
    orders_ = state.orders;
    scaling_ = state.scaling;
  }

  void late_write_landed(int applied) {
    fail("fencing", fmt::format("{} transactions of a deposed leader were applied", applied));
  }

  const std::vector<Violation>& violations() const { return violations_; }
  int most_moves() const { return most_moves_; }
  int moves() const { return moves_; }  // in the last second

 private:
  void fail(std::string invariant, std::string what) {
    if (violations_.size() < 20) {
      violations_.push_back({std::move(invariant), std::move(what), now_});
    }
  }

  void check_slots(Region& region) {
    for (const auto& [key, what] : region.state().broken) {
      fail("one order a slot", key + ": " + what);
    }
    for (const std::string& what : region.changed_in_place) {
      fail("one order a slot", "changed under a running instance: " + what);
    }
    region.changed_in_place.clear();
    for (const Agent& agent : region.agents) {
      const auto order = region.state().orders.find(agent.host->name);
      for (const InstanceOrder& one : order == region.state().orders.end()
                                          ? std::vector<InstanceOrder>()
                                          : order->second.value.instances) {
        if (one.slot >= agent.host->slots) {
          fail("one order a slot", "beyond the slots of " + agent.host->name);
        }
      }
    }
  }

  void check_minimum(Region& region, const Weather& weather) {
    if (!weather.booted) {
      return;
    }
    for (const Service& service : region.topology().services) {
      const int serving = region.serving(service.name);
      if (serving < service.minimum) {
        fail("minimum", fmt::format("{} instances of {} serve, {} must", serving, service.name,
                                    service.minimum));
      }
    }
  }

  static const InstanceOrder* find(const HostOrder& order, int slot) {
    const auto found = std::ranges::find(order.instances, slot, &InstanceOrder::slot);
    return found == order.instances.end() ? nullptr : &*found;
  }

  void check_moves(Region& region, const Weather& weather) {
    moves_ = 0;
    int all = 0;
    for (const auto& [host, kept] : region.state().orders) {
      const auto before = orders_.find(host);
      const HostOrder& old = before == orders_.end() ? empty_ : before->second.value;
      for (const InstanceOrder& order : kept.value.instances) {
        ++all;
        const InstanceOrder* const was = find(old, order.slot);
        const std::pair<std::string, int> place{host, order.slot};
        if (was == nullptr || (was->drain && !order.drain)) {
          ++moves_;
          added_[place] = region.now;
        } else if (order.drain && !was->drain) {
          ++moves_;
          check_churn(region, host, order, place);
        }
      }
    }
    most_moves_ = std::max(most_moves_, moves_);
    const int most = std::max(settings_.moves_least, static_cast<int>(settings_.moves_share * all));
    if (moves_ > most * (weather.late_writes ? 2 : 1)) {
      fail("bounded moves", fmt::format("{} orders changed in a round, {} may", moves_, most));
    }
  }

  // A healthy instance of the right build that was just added is not taken away again.
  void check_churn(Region& region, const std::string& host, const InstanceOrder& order,
                   const std::pair<std::string, int>& place) {
    const RolloutRecord& rollout = region.state().rollout.value;
    const auto report = region.state().reports.find(host);
    bool healthy = false;
    if (report != region.state().reports.end()) {
      for (const InstanceReport& instance : report->second.value.instances) {
        healthy =
            healthy || (instance.slot == order.slot && instance.state == InstanceState::ready);
      }
    }
    if (healthy && rollout.phase == RolloutPhase::idle && rollout.refused.empty() &&
        region.now - added_[place] < 30) {
      fail("no flapping", fmt::format("{} of {} was drained {} s after it was added", order.service,
                                      host, region.now - added_[place]));
    }
  }

  void check_scaling(Region& region, const Weather& weather) {
    for (const auto& [name, kept] : region.state().scaling) {
      const auto before = scaling_.find(name);
      if (before == scaling_.end()) {
        continue;
      }
      const int was = before->second.value.wanted;
      if (kept.value.wanted < was && weather.fault) {
        fail("no scale-in during an incident",
             fmt::format("{} went from {} to {}", name, was, kept.value.wanted));
      }
      const auto service = std::ranges::find(region.topology().services, name, &Service::name);
      if (kept.value.wanted < was && kept.value.scaled_in - before->second.value.scaled_out <
                                         service->scaling.scale_in_cooldown) {
        fail("no flapping", fmt::format("{} was scaled in from {} to {} right after it was "
                                        "scaled out",
                                        name, was, kept.value.wanted));
      }
      if (kept.value.wanted > service->maximum) {
        fail("maximum", fmt::format("{} of {} are wanted", kept.value.wanted, name));
      }
    }
  }

  void check_rollout(Region& region, const Weather& weather) {
    const RolloutRecord& record = region.state().rollout.value;
    if (!weather.bad_version.empty()) {
      check_bad_version(region, weather);
    }
    if (record.phase == RolloutPhase::idle || record.target.empty()) {
      changed_at_.clear();
      return;
    }
    const auto& [service, build] = *record.target.begin();
    for (std::size_t i = 0; i < record.zones.size(); ++i) {
      const auto [fresh, old] = builds_in(region, record.zones[i], service, build.version);
      if (record.phase == RolloutPhase::rolling && fresh > 0 && i > 0 && !changed_at_.contains(i) &&
          !changed_at_.contains(i - 1)) {
        fail("a zone at a time", record.zones[i] + " changes before the one before it has");
      }
      if (record.phase == RolloutPhase::rolling && fresh > 0 && i > 0 &&
          changed_at_.contains(i - 1) && !began_.contains(i)) {
        began_.insert(i);
        const auto baked = region.now - changed_at_[i - 1];
        if (baked + 2 < settings_.bake / 1s) {
          fail("a zone at a time",
               fmt::format("{} changes {} s after the one before it has", record.zones[i], baked));
        }
      }
      const bool taken = i <= static_cast<std::size_t>(record.current);
      if (taken && old == 0 && !changed_at_.contains(i)) {
        changed_at_[i] = region.now;
      }
    }
    if (record.current == 0) {
      began_.clear();
    }
  }

  // Instances in a zone with this version, and others; of those that are not to end.
  static std::pair<int, int> builds_in(const Region& region, const std::string& zone,
                                       const std::string& service, const std::string& version) {
    int fresh = 0;
    int old = 0;
    for (const Agent& agent : region.agents) {
      const auto order = region.state().orders.find(agent.host->name);
      if (agent.host->zone != zone || order == region.state().orders.end()) {
        continue;
      }
      for (const InstanceOrder& one : order->second.value.instances) {
        if (one.service == service && !one.drain) {
          ++(one.version == version ? fresh : old);
        }
      }
    }
    return {fresh, old};
  }

  void check_bad_version(Region& region, const Weather& weather) {
    const std::string& version = weather.bad_version;
    bool harms = false;
    for (const Agent& agent : region.agents) {
      for (const Instance& instance : agent.slots) {
        if (instance.version == version && instance.state != InstanceState::stopped) {
          bad_zones_[version].insert(agent.host->zone);
          // An agent that hears of nothing cannot go back: its time begins when it does.
          // Nor can it be judged by its answers while its zone is out of use.
          harms =
              harms || (agent.reporting && !weather.blackout &&
                        (serves(agent, instance) || instance.state == InstanceState::crash_loop));
        }
      }
    }
    if (bad_zones_[version].size() > 1) {
      fail("a bad version stays in one zone", version);
    }
    std::int64_t& since = bad_since_[version];
    since = !harms ? 0 : (since == 0 ? region.now : since);
    if (harms && region.now - since > 60) {
      fail("rolled back within 60 s", version);
    }
  }

  const ControlSettings settings_;
  std::vector<Violation> violations_;
  std::int64_t now_ = 0;
  KeptByName<HostOrder> orders_;
  KeptByName<ScalingRecord> scaling_;
  HostOrder empty_;
  std::map<std::pair<std::string, int>, std::int64_t> added_;
  std::map<std::size_t, std::int64_t> changed_at_;  // zones of the rollout
  std::set<std::size_t> began_;
  std::map<std::string, std::set<std::string>> bad_zones_;
  std::map<std::string, std::int64_t> bad_since_;
  int moves_ = 0;
  int most_moves_ = 0;
  bool was_blackout_ = false;
  int seconds_dark_ = 0;
};

struct StoryResult {
  std::vector<std::string> told;
  std::vector<Violation> violations;
  int most_moves = 0;
  std::int64_t seconds = 0;
};

class Story {
 public:
  using Watcher = std::function<void(const Region&)>;  // called each second

  Story(std::uint64_t seed, Sabotage sabotage, Watcher watcher = {})
      : watcher_(std::move(watcher)),
        random_(seed),
        shape_{3 + pick(2), 1 + pick(3), 0, 2 + pick(3), 30, 1min},
        region_(with_slots(shape_), seed + 1, sabotage, story_settings()),
        invariants_(story_settings()) {}

  StoryResult tell() {
    pass(45);
    weather_.booted = true;
    const int events = 2 + pick(3);
    for (int i = 0; i < events && invariants_.violations().empty(); ++i) {
      if (pick(3) == 0) {
        roll_out(pick(2) == 0);
      }
      one_event(pick(11));
      // Long enough that what was lost is made up for before the next thing is lost.
      pass(60 + pick(60));
    }
    pass(120);
    return {told_, invariants_.violations(), invariants_.most_moves(), region_.now};
  }

 private:
  int pick(int bound) { return static_cast<int>(random_.below(static_cast<std::uint64_t>(bound))); }
  // Room for both services in any two zones, and one instance more on each host.
  static Shape with_slots(Shape shape) {
    const int zone = 2 * (shape.minimum + 4);
    shape.slots = (zone + shape.hosts - 1) / shape.hosts + 3;
    return shape;
  }
  void say(std::string what) { told_.push_back(fmt::format("{} s: {}", region_.now, what)); }

  void pass(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      region_.tick();
      invariants_.check(region_, weather_);
      weather_.late_writes = false;
      if (watcher_) {
        watcher_(region_);
      }
    }
  }

  Agent& some_host() {
    return region_.agents[static_cast<std::size_t>(pick(int(region_.agents.size())))];
  }
  const std::string& some_zone() { return some_host().host->zone; }
  void in_zone(const std::string& zone, const std::function<void(Agent&)>& change) {
    for (Agent& agent : region_.agents) {
      if (agent.host->zone == zone) {
        change(agent);
      }
    }
  }
  static void power(Agent& agent, bool up) {
    agent.up = up;
    if (!up) {
      for (Instance& instance : agent.slots) {
        instance = {};
      }
      agent.lease = 0;
    }
  }
  // Nobody can know at once: reports are there until their lease is over, and then a host is given
  // the benefit of the doubt.
  void fault(int seconds) {
    const int unseen = std::min(seconds, 8);
    pass(unseen);
    weather_.fault = true;
    pass(seconds - unseen);
    weather_.fault = false;
  }

  void one_event(int which) {
    const std::string zone = some_zone();
    switch (which) {
      case 0: {
        Agent& agent = some_host();
        say("host dies: " + agent.host->name);
        power(agent, false);
        fault(30 + pick(90));
        power(agent, true);
        break;
      }
      case 1:
        say("zone dies: " + zone);
        in_zone(zone, [](Agent& agent) { power(agent, false); });
        fault(30 + pick(120));
        in_zone(zone, [](Agent& agent) { power(agent, true); });
        break;
      case 2:
        say("zone is cut off from the store: " + zone);
        in_zone(zone, [](Agent& agent) { agent.reporting = false; });
        fault(20 + pick(60));
        in_zone(zone, [](Agent& agent) { agent.reporting = true; });
        break;
      case 3: {
        Agent& agent = some_host();
        say("everything on a host hangs: " + agent.host->name);
        agent.breaks = true;
        const int seconds = 20 + pick(60);
        // Where nothing runs, nothing hangs.
        const bool harms = std::ranges::any_of(agent.slots, [](const Instance& instance) {
          return instance.state != InstanceState::stopped;
        });
        if (harms) {
          fault(seconds);
        } else {
          pass(seconds);
        }
        agent.breaks = false;
        break;
      }
      case 4:
        black_out();
        break;
      case 5:
      case 6:
        depose();
        break;
      case 7: {
        const double factor = 2 + pick(9);
        say(fmt::format("load times {}", factor));
        region_.requests["orders"] *= factor;
        pass(60 + pick(60));
        region_.requests["orders"] /= factor;
        break;
      }
      case 8:
        say("zone answers slowly: " + zone);
        in_zone(zone, [](Agent& agent) { agent.slow = 20; });
        pass(30 + pick(60));
        in_zone(zone, [](Agent& agent) { agent.slow = 1; });
        break;
      case 9:
        shift(zone);
        break;
      case 10: {
        Agent& agent = some_host();
        say("agent comes and goes: " + agent.host->name);
        for (int i = 0; i < 4; ++i) {
          agent.reporting = false;
          fault(6 + pick(10));
          agent.reporting = true;
          pass(6 + pick(10));
        }
        break;
      }
      default:
        break;
    }
  }

  void black_out() {
    say("most reports vanish at once");
    for (Agent& agent : region_.agents) {
      agent.reporting = false;
    }
    // One of many is still heard: who believed that, would put everything there.
    if (region_.agents.size() > 4) {
      some_host().reporting = true;
    }
    weather_.blackout = true;
    fault(20 + pick(60));
    weather_.blackout = false;
    for (Agent& agent : region_.agents) {
      agent.reporting = true;
    }
  }

  // The leader decides, its writes are on their way, and it is cut off; another leads; then they
  // arrive.
  void depose() {
    const int leader = region_.leader();
    if (leader < 0) {
      return;
    }
    Path& path = *region_.paths[static_cast<std::size_t>(leader)];
    say("leader is deposed while a host dies");
    Agent& agent = some_host();
    power(agent, false);
    path.hold = true;
    fault(6);
    path.cut = true;
    fault(8 + pick(10));
    path.hold = false;
    const bool deposed = region_.leader() != leader;
    const int applied = path.release();
    weather_.late_writes = true;
    if (deposed && applied > 0) {
      invariants_.late_write_landed(applied);
    }
    fault(10);
    path.cut = false;
    power(agent, true);
  }

  void shift(const std::string& zone) {
    say("an operator shifts a zone away: " + zone);
    ShiftRecord record;
    record.zone = zone;
    record.by = "operator";
    record.reason = "drill";
    record.until = Timestamp::max();
    const std::string key = region_.keys().shifts() + zone;
    record.until = from_millis(4'000'000'000'000);
    region_.write(key, to_json(record));
    pass(30 + pick(40));
    record.until = from_millis(1);
    region_.write(key, to_json(record));
  }

  void roll_out(bool bad) {
    ServiceOrder order;
    order.service = pick(2) == 0 ? "orders" : "catalog";
    order.version = fmt::format("v{}{}", ++version_, bad ? "-bad" : "");
    say(fmt::format("{} of {} is rolled out", order.version, order.service));
    if (bad) {
      region_.bad_version = weather_.bad_version = order.version;
      region_.bad_crashes = pick(2) == 0;
    }
    region_.write(region_.keys().services() + order.service, to_json(order));
    pass(pick(60));
  }

  const Watcher watcher_;
  Prng random_;
  Shape shape_;
  Region region_;
  Invariants invariants_;
  Weather weather_;
  std::vector<std::string> told_;
  int version_ = 0;
};

// A month of trade without a fault: quiet nights, busy noons, busier weekends, noise.
struct MonthResult {
  int scale_outs = 0;
  int scale_ins = 0;
  int reversals = 0;  // out after in, in after out
  int moves = 0;
  std::vector<Violation> violations;
  int least_serving = 1'000'000;
};

inline MonthResult play_month(std::uint64_t seed, Sabotage sabotage, int days) {
  constexpr Duration round = 30s;
  ControlSettings settings;  // an instance of the region starts in three rounds
  settings.start_patience = 6 * round;
  Region region({3, 2, 20, 4, 60, 5min}, seed, sabotage, settings, round);
  Prng random(seed + 1);
  Invariants invariants{ControlSettings{}};
  Weather weather;
  MonthResult result;
  int wanted = 0;
  int direction = 0;
  for (std::int64_t i = 0; i < days * (24h / round); ++i) {
    const double day = static_cast<double>(i) / static_cast<double>(24h / round);
    const double weekend = static_cast<int>(day) % 7 >= 5 ? 1.5 : 1.0;
    const double rate = 60 + 400 * weekend * std::pow(std::sin(day * 3.14159265), 4);
    region.requests["orders"] = rate * (0.85 + 0.3 * random.unit());
    region.tick();
    weather.booted = i > 10;
    invariants.check(region, weather);
    result.moves += invariants.moves();
    if (weather.booted) {
      result.least_serving = std::min(result.least_serving, region.serving("orders"));
    }
    const auto record = region.state().scaling.find("orders");
    const int next = record == region.state().scaling.end() ? wanted : record->second.value.wanted;
    if (next != wanted && wanted != 0) {
      const int turn = next > wanted ? 1 : -1;
      ++(turn > 0 ? result.scale_outs : result.scale_ins);
      result.reversals += direction == -turn ? 1 : 0;
      direction = turn;
    }
    wanted = next;
  }
  result.violations = invariants.violations();
  return result;
}

}  // namespace securecart::cluster::simulation
