// The agent of a host: makes its files, keeps its units running, follows the controller's order,
// and says in the store how it goes.
//
//   plan, order ──▶ Supervisor ──actions──▶ Launcher, UnitProber ──▶ processes
//                        ▲ what happened ───────────┘
//                        └─ who is ready ──▶ Registrar ──▶ store: instances/…, hosts/…
//   store: desired/HOST ──▶ order, kept on disk: it is followed when the store is away, too
//
// Units outlive it. A new agent finds them again and goes on.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/prng.hpp"
#include "cluster/agent/launcher.hpp"
#include "cluster/agent/limits.hpp"
#include "cluster/agent/probe.hpp"
#include "cluster/agent/registrar.hpp"
#include "cluster/agent/report.hpp"
#include "cluster/agent/supervisor.hpp"
#include "cluster/store/store.hpp"

namespace securecart::cluster::agent {

struct PlannedInstance {
  Unit unit;
  std::uint16_t port = 0;
};

struct AgentOptions {
  std::string region;
  std::string host;
  std::string zone;
  std::string address;
  std::filesystem::path state;    // orders, logs
  std::filesystem::path runtime;  // who runs
  std::filesystem::path secrets;
  std::filesystem::path configuration;  // `patch` in it is the host's own script
  std::filesystem::path cgroups = "/sys/fs/cgroup";
  std::string boot;  // of this run of the machine
  std::function<HostPlan()> plan;
  // The Error says why there is no such instance here.
  std::function<Result<PlannedInstance>(const InstanceOrder&)> instance;
  Duration lease = limits::agent_lease;
  Duration heartbeat = limits::agent_heartbeat;
};

class Agent {
 public:
  // `home` is the store's executor and one of `runtime`; all members are called there. What is
  // passed by reference outlives it. Throws std::runtime_error when its folders cannot be made.
  Agent(net::Runtime& runtime, Executor& home, const Clock& clock, Random& random, Store& store,
        AgentOptions options);
  ~Agent();

  void start();
  // Takes the plan anew: options.plan and options.instance say another one now.
  void replan();
  // Drains and stops everything; ended() once nothing runs.
  void stop_units();
  bool ended() const { return supervisor_.ended(); }
  // Does nothing any more; units go on. idle() once nothing is under way.
  void leave();
  bool idle() const { return under_way_ == 0; }

 private:
  struct Sample {
    Scrape scrape;
    SteadyTime scraped{};
    Duration processor_time{};
    SteadyTime looked{};
    bool scraping = false;
  };

  void tick();
  void apply_plan();
  void want_units();
  void perform(const Action& action);
  void start_unit(const std::string& name);
  void probe(const Action& action);
  void scrape(const Supervisor::View& unit);
  void look_at_process(const Supervisor::View& unit);
  void follow(const Snapshot& snapshot);
  void keep_order() const;
  void recall_order();
  void tell_of_units(const std::vector<Supervisor::View>& units);
  void heartbeat(const std::vector<Supervisor::View>& units);
  void register_all(const std::vector<Supervisor::View>& units);
  void step_registrar();
  void patch_when_due(const std::vector<Supervisor::View>& units);
  void run_patch(const std::string& id);
  void keep_patch() const;
  void recall_patch();
  std::string instance_key(const std::string& unit) const;
  template <class T, class Done>
  void go(Task<T> task, Done done);

  net::Runtime& runtime_;
  Executor& home_;
  const Clock& clock_;
  Store& store_;
  const AgentOptions options_;
  const Keys keys_;
  Launcher launcher_;
  Supervisor supervisor_;
  UnitProber prober_;
  Registrar registrar_;
  std::unique_ptr<Store::Watch> watch_;

  HostPlan plan_;
  std::vector<std::string> file_problems_;
  SteadyTime files_tried_{};
  HostOrder order_;
  std::int64_t order_revision_ = 0;
  std::map<std::string, InstanceOrder> orders_;  // by unit
  std::map<std::string, std::uint16_t> ports_;   // by unit
  std::vector<std::string> refused_;             // orders that cannot be followed
  std::map<std::string, Sample> samples_;
  std::map<std::string, Measured> measured_;
  std::map<std::string, Phase> told_;
  std::string report_;
  bool report_due_ = true;
  SteadyTime reported_{};
  SteadyTime trimmed_{};
  SteadyTime store_not_before_{};
  bool registering_ = false;
  bool stopping_ = false;
  bool leaving_ = false;
  bool patching_ = false;
  std::string patched_;
  std::string patch_failed_;
  std::size_t under_way_ = 0;
};

}  // namespace securecart::cluster::agent
