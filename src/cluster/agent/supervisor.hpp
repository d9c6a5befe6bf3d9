// What of the wanted units has to be started, signalled, reloaded and looked at now: a pure state
// machine over what happened and the time. The shell (host.hpp) does it and says how it went.
//
//             after ready, pause over            good probe
//   waiting ─────────────────────────▶ starting ───────────▶ ready
//      ▲                                   │ exit, too slow    │ exit, bad probes   │ not wanted,
//      │                                   ▼                   ▼                    ▼ changed
//      └──── exit ──── stopping ◀──────────┴───────────────────┘◀───── withdrawing ─┘
//                         │ exit, not wanted
//                         ▼
//                     stopped, or forgotten
//
// `withdrawing` is for instances: out of discovery first, then the signal.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "cluster/agent/limits.hpp"
#include "cluster/topology/host_plan.hpp"
#include "resilience/backoff.hpp"

namespace securecart::cluster::agent {

struct WantedUnit {
  Unit unit;
  bool instance = false;   // of a service: taken out of discovery before it is stopped
  bool drain = false;      // it shall end and stay down
  bool withdrawn = false;  // out of discovery, and kept running
};

// A process, so that another one that got the same pid later is not taken for it.
struct Process {
  std::int64_t pid = 0;
  std::int64_t start_ticks = 0;  // /proc/<pid>/stat, field 22
  bool operator==(const Process&) const = default;
};

enum class Phase : std::uint8_t { waiting, starting, ready, withdrawing, stopping, stopped };
std::string_view to_text(Phase phase);

struct Action {
  enum class Kind : std::uint8_t {
    start,   // `unit`
    signal,  // `signal` to `process`
    kill,    // `process` and everything it started
    probe,   // whether `process` is ready; the answer comes by probed()
  };
  Kind kind;
  std::string name;
  Process process = {};
  int signal = 0;
  std::string text = {};  // of a signal: why, for people
};

// What is known of a process without the plan it was started by.
struct Remembered {
  std::string definition;     // definition_hash() of its unit
  std::string configuration;  // its configuration_hash
  bool instance = false;
  int stop_signal = 15;
  Duration stop_time{};
  std::vector<std::string> after;
  bool operator==(const Remembered&) const = default;
};
Remembered remember(const WantedUnit& wanted);

// The parts of a unit that make a running process another one than is wanted.
std::string definition_hash(const Unit& unit);

class Supervisor {
 public:
  explicit Supervisor(Random& random) : random_(random) {}

  // All that shall run from now on; what is not named is stopped and forgotten. Units of a name
  // stay themselves.
  void want(std::vector<WantedUnit> units, SteadyTime now);

  // A process of an earlier agent. Before or after want(): what is not wanted is stopped.
  void adopt(const std::string& name, Process process, Remembered remembered, SteadyTime now);
  void started(const std::string& name, Process process, SteadyTime now);
  void not_started(const std::string& name, const std::string& why, SteadyTime now);
  // `how`: "exit status 1", "signal 9".
  void exited(const std::string& name, Process process, const std::string& how, SteadyTime now);
  void probed(const std::string& name, Process process, bool good, const std::string& why,
              SteadyTime now);
  // Nobody finds this instance by discovery any more.
  void undiscovered(const std::string& name, SteadyTime now);

  // What to do now; each action once. Call it after each of the above, and every 100 ms.
  std::vector<Action> step(SteadyTime now);

  struct View {
    std::string name;
    const WantedUnit* wanted = nullptr;  // null: it ends and is forgotten
    Phase phase = Phase::waiting;
    SteadyTime since{};
    Process process;
    bool sick = false;        // it is being replaced because it did not do its work
    bool crash_loop = false;  // it failed again and again
    bool discoverable = false;
    std::string why;  // it is not ready; empty when it is
    int starts = 0;
  };
  std::vector<View> units() const;  // by name
  // What a start or probe action means. Asserts that it is wanted.
  const WantedUnit& wanted(const std::string& name) const;
  // What a probe action asks: whether it is ready, or, once it was, whether it is alive.
  Readiness probe_of(const std::string& name) const;
  // Whether nothing runs any more.
  bool ended() const;

 private:
  struct State {
    std::optional<WantedUnit> wanted;
    Remembered running;  // what the process was started as
    Phase phase = Phase::waiting;
    SteadyTime since{};
    Process process;
    bool start_asked = false;
    SteadyTime not_before{};
    int failures = 0;  // in a row
    int starts = 0;
    std::string why;
    bool sick = false;
    bool adopted = false;  // found running, and not yet seen at its work
    bool undiscovered = false;
    SteadyTime deadline{};  // stopping: of the signal; withdrawing: of its patience
    bool killed = false;
    bool probing = false;
    SteadyTime next_probe{};
    int bad_probes = 0;  // in a row, since it was ready
  };
  using Units = std::map<std::string, State, std::less<>>;

  void step_unit(const std::string& name, State& state, SteadyTime now,
                 std::vector<Action>& actions);
  void step_waiting(const std::string& name, State& state, SteadyTime now,
                    std::vector<Action>& actions);
  void step_running(const std::string& name, State& state, SteadyTime now,
                    std::vector<Action>& actions);
  static void step_stopping(const std::string& name, State& state, SteadyTime now,
                            std::vector<Action>& actions);
  static bool ends(const State& state);
  static bool is_another(const State& state);
  bool others_need(const std::string& name) const;
  bool dependencies_ready(const State& state, std::string& missing) const;
  static void reload(const std::string& name, State& state, std::vector<Action>& actions);
  void look_after(const std::string& name, State& state, SteadyTime now,
                  std::vector<Action>& actions);
  static bool may_be_stopped(const State& state, SteadyTime now);
  static void stop(const std::string& name, State& state, SteadyTime now,
                   std::vector<Action>& actions);
  void failed(State& state, const std::string& why, SteadyTime now);
  static void enter(State& state, Phase phase, SteadyTime now);
  static bool runs(const State& state);

  Random& random_;
  const resilience::Backoff backoff_{.first = limits::agent_restart_first,
                                     .most = limits::agent_restart_most};
  Units units_;
};

}  // namespace securecart::cluster::agent
