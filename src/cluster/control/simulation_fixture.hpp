// A region in memory with faults, and what must hold in it whatever happens: for the unit tests and
// for bench/control_bench.cpp. Agents, instances, load, etcd and two candidates for the seat are
// played; the controller, its shell, records, elections and fences are the real ones.
#pragma once

#include <algorithm>
#include <cassert>
#include <exception>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/prng.hpp"
#include "cluster/control/shell.hpp"
#include "cluster/store/memory_store.hpp"

namespace securecart::cluster::simulation {

using namespace std::chrono_literals;

// Each switches one protection off: the invariant it keeps must be seen broken then.
enum class Sabotage : std::uint8_t {
  none,
  fencing,        // a leader's writes depend on nothing, neither its seat nor what it read
  provision,      // the controller provides for the loss of no zone
  sight,          // the leader believes in whatever it sees
  move_limit,     // any number of moves in a round
  incident,       // nothing counts as an incident
  bake,           // zones are not baked
  rollback,       // breaches are not seen
  drain_reports,  // agents say "stopped" while the instance still runs
  hysteresis,     // instances are given up as soon as they are not needed
};

struct Shape {
  int zones = 3;
  int hosts = 2;  // of a zone, with instances
  int slots = 8;  // of a host
  int minimum = 4;
  int maximum = 30;
  Duration scale_in = 5min;
};

inline Topology make_topology(const Shape& shape) {
  Topology topology;
  topology.name = "simulated";
  topology.region = "sim";
  for (int zone = 0; zone < shape.zones; ++zone) {
    const std::string name = fmt::format("z{:03}", zone);
    topology.zones.push_back({name});
    for (int host = 0; host < shape.hosts; ++host) {
      Host one;
      one.name = fmt::format("{}-{}", name, host);
      one.zone = name;
      one.address = fmt::format("10.{}.{}.1", zone, host);
      one.parts = {Part::instances};
      one.slots = shape.slots;
      topology.hosts.push_back(std::move(one));
    }
  }
  for (const char* name : {"catalog", "orders"}) {
    Service service;
    service.name = name;
    service.minimum = shape.minimum;
    service.maximum = shape.maximum;
    service.port = 9000;
    service.cores = 1.0;
    service.scaling.cpu = 0.6;
    service.scaling.latency_p99 = 200ms;
    service.scaling.warm_up = 5s;
    service.scaling.scale_out_cooldown = 5s;
    service.scaling.scale_in_cooldown = shape.scale_in;
    topology.services.push_back(std::move(service));
  }
  return topology;
}

// Runs a task that a MemoryStore answers at once; what it throws is thrown here.
inline void run(Task<void> task) {
  std::exception_ptr error;
  bool done = false;
  start(std::move(task), [&](const std::exception_ptr& what) {
    error = what;
    done = true;
  });
  assert(done);
  if (error) {
    std::rethrow_exception(error);
  }
}

// One candidate's way to the store: it can be cut, and its commits can be held back and arrive when
// nobody expects them any more.
class Path final : public Store {
 public:
  Path(Store& store, bool without_fence) : store_(store), without_fence_(without_fence) {}

  Task<Snapshot> range(std::string prefix) override {
    check();
    co_return co_await store_.range(std::move(prefix));
  }
  Task<std::optional<Entry>> get(std::string key) override {
    check();
    co_return co_await store_.get(std::move(key));
  }
  Task<Committed> commit(std::vector<Condition> conditions, std::vector<Write> writes) override {
    check();
    const bool takes_seat = writes.size() == 1 && writes[0].key.ends_with("/controller");
    if (without_fence_ && !takes_seat) {
      conditions.clear();
    }
    if (hold && !takes_seat) {
      held_.emplace_back(std::move(conditions), std::move(writes));
      throw Unavailable("held back", true);
    }
    co_return co_await store_.commit(std::move(conditions), std::move(writes));
  }
  Task<Lease> grant(Duration ttl) override {
    check();
    co_return co_await store_.grant(ttl);
  }
  Task<bool> keep_alive(LeaseId lease) override {
    check();
    co_return co_await store_.keep_alive(lease);
  }
  Task<void> revoke(LeaseId lease) override {
    check();
    co_await store_.revoke(lease);
  }
  std::unique_ptr<Watch> watch(std::string prefix, Changed changed) override {
    return store_.watch(std::move(prefix), std::move(changed));
  }

  // What was held back arrives; how many of them were applied.
  int release() {
    int applied = 0;
    for (auto& [conditions, writes] : held_) {
      run(arrive(std::move(conditions), std::move(writes), applied));
    }
    held_.clear();
    return applied;
  }

  bool cut = false;
  bool hold = false;

 private:
  void check() const {
    if (cut) {
      throw Unavailable("cut off");
    }
  }
  Task<void> arrive(std::vector<Condition> conditions, std::vector<Write> writes, int& applied) {
    const Committed committed = co_await store_.commit(std::move(conditions), std::move(writes));
    applied += committed.applied ? 1 : 0;
  }

  Store& store_;
  bool without_fence_;
  std::vector<std::pair<std::vector<Condition>, std::vector<Write>>> held_;
};

struct Instance {
  std::string service;
  std::string version;
  InstanceState state = InstanceState::stopped;
  bool withdrawn = false;
  int age = 0;  // rounds in this state
};

// A host with its agent.
struct Agent {
  const Host* host = nullptr;
  bool up = true;         // the machine
  bool reporting = true;  // its agent reaches the store
  bool breaks = false;    // what runs here hangs
  double slow = 1.0;      // factor on latency: grey
  HostOrder order;
  std::int64_t order_revision = 0;
  std::vector<Instance> slots;
  LeaseId lease = 0;
};

inline bool serves(const Agent& agent, const Instance& instance) {
  return agent.up && instance.state == InstanceState::ready && !instance.withdrawn;
}

class Region {
 public:
  // `round`: seconds of the region in one tick().
  Region(Shape shape, std::uint64_t seed, Sabotage sabotage, ControlSettings settings = {},
         Duration round = 1s)
      : sabotage_(sabotage),
        round_(round),
        random_(seed),
        truth_(make_topology(shape)),
        believed_(truth_),
        store_(clock_) {
    apply_sabotage(settings);
    for (const Host& host : truth_.hosts) {
      Agent agent;
      agent.host = &host;
      agent.slots.resize(static_cast<std::size_t>(host.slots));
      agents.push_back(std::move(agent));
    }
    for (const char* name : {"one", "two"}) {
      paths.push_back(std::make_unique<Path>(store_, sabotage == Sabotage::fencing));
      shells_.push_back(
          std::make_unique<ControllerShell>(believed_, *paths.back(), clock_, metrics_,
                                            ControllerShell::Options{name, 5 * round, settings}));
    }
    for (const Service& service : truth_.services) {
      requests[service.name] = 50.0;  // two instances carry it: the minimum is more
    }
  }

  // One round: agents first, then the candidates.
  void tick() {
    for (Agent& agent : agents) {
      work(agent);
    }
    serve();
    for (Agent& agent : agents) {
      report(agent);
    }
    for (std::size_t i = 0; i < shells_.size(); ++i) {
      try {
        run(shells_[i]->step());
      } catch (const Unavailable&) {
        // It goes on when it reaches the store again.
      }
    }
    clock_.advance(round_);
    store_.expire();
    ++now;
    read();
  }

  void write(const std::string& key, const std::string& value) { run(put_now(key, value)); }
  const Keys& keys() const { return keys_; }
  Timestamp time() const { return clock_.now(); }
  // All keys, as a leader reads them.
  Snapshot snapshot() {
    Snapshot all;
    run(copy_to(all));
    return all;
  }
  const RegionState& state() const { return reader_.state(); }
  const Topology& topology() const { return truth_; }
  Prng& random() { return random_; }
  // The candidate with the seat; -1 when none has it.
  int leader() const {
    for (std::size_t i = 0; i < shells_.size(); ++i) {
      if (shells_[i]->leading()) {
        return static_cast<int>(i);
      }
    }
    return -1;
  }
  // In a zone, or in all of them.
  int serving(std::string_view service, std::string_view zone = "") const {
    int count = 0;
    for (const Agent& agent : agents) {
      if (!zone.empty() && agent.host->zone != zone) {
        continue;
      }
      for (const Instance& instance : agent.slots) {
        count += serves(agent, instance) && instance.service == service ? 1 : 0;
      }
    }
    return count;
  }
  // Instances that run a version in a zone, whatever they are doing.
  int running(std::string_view version, std::string_view zone) const {
    int count = 0;
    for (const Agent& agent : agents) {
      for (const Instance& instance : agent.slots) {
        count += agent.host->zone == zone && instance.version == version &&
                         instance.state != InstanceState::stopped
                     ? 1
                     : 0;
      }
    }
    return count;
  }
  Sabotage sabotage() const { return sabotage_; }

  std::vector<Agent> agents;
  std::vector<std::unique_ptr<Path>> paths;
  std::map<std::string, double> requests;  // a second, by service
  std::string bad_version;                 // its instances answer every fifth request with an error
  bool bad_crashes = false;                // or never become ready
  std::int64_t now = 0;                    // rounds
  std::vector<std::string> changed_in_place;
  std::map<std::string, std::string> patched;  // by host

 private:
  void apply_sabotage(ControlSettings& settings) {
    switch (sabotage_) {
      case Sabotage::provision:
        for (Service& service : believed_.services) {
          service.minimum = service.minimum / 2;
        }
        break;
      case Sabotage::sight:
        settings.trusted_share = 0;
        settings.trusted_loss = 1;
        settings.blind_rest = 0s;
        break;
      case Sabotage::move_limit:
        settings.moves_least = 1'000;
        settings.replacements_least = 1'000;
        break;
      case Sabotage::incident:
        settings.incident_most = 0s;
        settings.calm = 0s;
        break;
      case Sabotage::bake:
        settings.bake = 0s;
        break;
      case Sabotage::rollback:
        settings.breach_patience = 24h;
        break;
      case Sabotage::hysteresis:
        settings.scale_in_room = 0.5;
        settings.scale_in_most = 0.5;
        for (Service& service : believed_.services) {
          service.scaling.scale_in_cooldown = 0s;
        }
        break;
      default:
        break;
    }
  }

  Task<void> put_now(std::string key, std::string value, LeaseId lease = 0) {
    std::vector<Write> writes;
    writes.push_back(put(std::move(key), std::move(value), lease));
    co_await store_.commit(std::vector<Condition>(), std::move(writes));
  }

  Task<void> read_now() {
    const Snapshot snapshot = co_await store_.range(keys_.root);
    reader_.read(snapshot);
  }
  void read() { run(read_now()); }
  Task<void> copy_to(Snapshot& all) { all = co_await store_.range(keys_.root); }

  // What the agent does in a second.
  void work(Agent& agent) {
    if (!agent.up) {
      return;
    }
    if (agent.reporting) {
      const auto order = reader_.state().orders.find(agent.host->name);
      if (order != reader_.state().orders.end()) {
        agent.order = order->second.value;
        agent.order_revision = order->second.revision;
      }
    }
    for (std::size_t slot = 0; slot < agent.slots.size(); ++slot) {
      work(agent, agent.slots[slot], ordered(agent.order, static_cast<int>(slot)));
    }
  }

  static const InstanceOrder* ordered(const HostOrder& order, int slot) {
    const auto found = std::ranges::find(order.instances, slot, &InstanceOrder::slot);
    return found == order.instances.end() ? nullptr : &*found;
  }

  void work(Agent& agent, Instance& instance, const InstanceOrder* order) {
    ++instance.age;
    const bool runs = instance.state != InstanceState::stopped;
    if (runs && order != nullptr && !order->drain &&
        (order->service != instance.service || order->version != instance.version)) {
      changed_in_place.push_back(fmt::format("{} of {}", instance.service, agent.host->name));
    }
    const bool end = order == nullptr || order->drain;
    switch (instance.state) {
      case InstanceState::stopped:
        if (!end) {
          instance = {order->service, order->version, InstanceState::starting, false, 0};
        }
        break;
      case InstanceState::draining:
        if (instance.age >= 3) {
          become(instance, InstanceState::stopped);
        }
        break;
      default:
        if (end) {
          become(instance, InstanceState::draining);
        } else {
          instance.withdrawn = order->withdrawn;
          live(agent, instance);
        }
    }
  }

  void live(const Agent& agent, Instance& instance) {
    const bool bad = bad_crashes && !bad_version.empty() && instance.version == bad_version;
    if (instance.state == InstanceState::starting && instance.age >= 3) {
      become(instance, bad ? InstanceState::crash_loop : InstanceState::ready);
    } else if (instance.state == InstanceState::ready && agent.breaks) {
      become(instance, InstanceState::sick);
    } else if (instance.state == InstanceState::sick && !agent.breaks && instance.age >= 2) {
      become(instance, InstanceState::starting);
    }
  }

  static void become(Instance& instance, InstanceState state) {
    instance.state = state;
    instance.age = 0;
  }

  // Spreads the load over what serves.
  void serve() {
    load_.clear();
    for (const auto& [service, rate] : requests) {
      const int count = serving(service);
      load_[service] = count == 0 ? 0 : rate / count;
    }
  }

  InstanceReport report_of(const Agent& agent, int slot) const {
    const Instance& instance = agent.slots[static_cast<std::size_t>(slot)];
    InstanceReport report;
    report.id = instance_id(instance.service, agent.host->name, slot);
    report.service = instance.service;
    report.slot = slot;
    report.version = instance.version;
    report.state = instance.state;
    if (serves(agent, instance)) {
      constexpr double carries = 50;  // requests a second, at most
      report.requests = load_.at(instance.service);
      report.cpu = std::min(report.requests / carries, 1.0);
      const double idle = std::max(1.0 - report.requests / carries, 0.02);
      report.latency_p99 = Duration(static_cast<std::int64_t>(20e6 * agent.slow / idle));
      report.errors = !bad_version.empty() && instance.version == bad_version ? 0.2 : 0.0;
    }
    return report;
  }

  void report(Agent& agent) {
    if (!agent.up || !agent.reporting) {
      return;
    }
    HostReport report;
    report.host = agent.host->name;
    report.zone = agent.host->zone;
    report.order_revision = agent.order_revision;
    report.patched = patched[agent.host->name];
    bool empty = true;
    for (int slot = 0; slot < agent.host->slots; ++slot) {
      const Instance& instance = agent.slots[static_cast<std::size_t>(slot)];
      const InstanceOrder* const order = ordered(agent.order, slot);
      const bool lies = sabotage_ == Sabotage::drain_reports && order != nullptr && order->drain;
      if (instance.state != InstanceState::stopped) {
        empty = false;
        if (!lies) {
          report.instances.push_back(report_of(agent, slot));
        }
      }
    }
    if (!agent.order.patch.empty() && empty) {
      patched[agent.host->name] = agent.order.patch;
    }
    run(beat(agent, to_json(report)));
  }

  Task<void> beat(Agent& agent, std::string report) {
    if (agent.lease == 0 || !co_await store_.keep_alive(agent.lease)) {
      const Lease lease = co_await store_.grant(3 * round_);
      agent.lease = lease.id;
    }
    std::vector<Write> writes;
    writes.push_back(put(keys_.hosts() + agent.host->name, std::move(report), agent.lease));
    co_await store_.commit(std::vector<Condition>(), std::move(writes));
  }

  const Sabotage sabotage_;
  const Duration round_;
  Prng random_;
  const Topology truth_;
  Topology believed_;  // what the controller is told; differs only when sabotaged
  ManualClock clock_;
  MemoryStore store_;
  observe::Metrics metrics_;
  const Keys keys_{"sim"};
  RegionReader reader_{"sim"};
  std::vector<std::unique_ptr<ControllerShell>> shells_;
  std::map<std::string, double> load_;  // of one instance
};

}  // namespace securecart::cluster::simulation
