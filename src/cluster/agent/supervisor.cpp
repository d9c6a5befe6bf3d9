#include "cluster/agent/supervisor.hpp"

#include <algorithm>
#include <cassert>
#include <csignal>
#include <utility>

#include <fmt/format.h>

#include "base/config.hpp"
#include "base/crypto.hpp"
#include "base/json.hpp"
#include "cluster/agent/limits.hpp"

namespace securecart::cluster::agent {
namespace {

// Bound to be late on a host that is slow for everybody is what gets no more time after it was
// late: it would be started for ever, and keep the host slow.
Duration start_time_of(const Readiness& readiness, int failures) {
  return readiness.start_time * (1 << std::min(failures, limits::agent_start_doublings));
}

bool is_probed(const Readiness& readiness) {
  return readiness.kind != Readiness::Kind::none;
}

}  // namespace

std::string_view to_text(Phase phase) {
  switch (phase) {
    case Phase::waiting:
      return "waiting";
    case Phase::starting:
      return "starting";
    case Phase::ready:
      return "ready";
    case Phase::withdrawing:
      return "withdrawing";
    case Phase::stopping:
      return "stopping";
    case Phase::stopped:
      return "stopped";
  }
  return "";
}

std::string definition_hash(const Unit& unit) {
  json::array command(unit.command.begin(), unit.command.end());
  json::object environment;
  for (const auto& [name, value] : unit.environment) {
    environment[name] = value;
  }
  const json::object whole{
      {"command", std::move(command)},
      {"environment", std::move(environment)},
      {"user", unit.user},
      {"low_ports", unit.low_ports},
      {"folder", unit.folder},
      {"memory", unit.memory_bytes},
      {"millicores", static_cast<std::int64_t>(unit.cores * 1'000.0)},
  };
  return sha256_hex(canonical_json(whole));
}

Remembered remember(const WantedUnit& wanted) {
  return {.definition = definition_hash(wanted.unit),
          .configuration = wanted.unit.configuration_hash,
          .instance = wanted.instance,
          .stop_signal = wanted.unit.stop_signal,
          .stop_time = wanted.unit.stop_time,
          .after = wanted.unit.after};
}

// What happened ---------------------------------------------------------------------------------

void Supervisor::want(std::vector<WantedUnit> units, SteadyTime now) {
  std::map<std::string, WantedUnit, std::less<>> by_name;
  for (WantedUnit& wanted : units) {
    std::string name = wanted.unit.name;
    by_name.insert_or_assign(std::move(name), std::move(wanted));
  }
  for (auto& [name, state] : units_) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) {
      state.wanted.reset();
      continue;
    }
    state.wanted = std::move(found->second);
    by_name.erase(found);
    if (state.phase == Phase::stopped && !state.wanted->drain) {
      state.failures = 0;
      state.why.clear();
      enter(state, Phase::waiting, now);
    }
  }
  for (auto& [name, wanted] : by_name) {
    State state;
    state.phase = wanted.drain ? Phase::stopped : Phase::waiting;
    state.since = now;
    state.wanted = std::move(wanted);
    units_.emplace(name, std::move(state));
  }
}

void Supervisor::adopt(const std::string& name, Process process, Remembered remembered,
                       SteadyTime now) {
  State& state = units_[name];
  state.process = process;
  state.running = std::move(remembered);
  state.why = "found running";
  state.adopted = true;
  state.next_probe = now;
  enter(state, Phase::starting, now);
}

void Supervisor::started(const std::string& name, Process process, SteadyTime now) {
  const auto found = units_.find(name);
  assert(found != units_.end());
  State& state = found->second;
  state.process = process;
  state.start_asked = false;
  state.bad_probes = 0;
  state.probing = false;
  state.sick = false;
  state.adopted = false;
  state.undiscovered = false;
  state.next_probe = now;
  ++state.starts;
  if (state.why.empty()) {
    state.why = "just started";
  }
  enter(state, Phase::starting, now);
}

void Supervisor::not_started(const std::string& name, const std::string& why, SteadyTime now) {
  if (const auto found = units_.find(name); found != units_.end()) {
    found->second.start_asked = false;
    failed(found->second, "cannot be started: " + why, now);
    enter(found->second, Phase::waiting, now);
  }
}

void Supervisor::exited(const std::string& name, Process process, const std::string& how,
                        SteadyTime now) {
  const auto found = units_.find(name);
  if (found == units_.end() || found->second.process != process) {
    return;
  }
  State& state = found->second;
  state.process = {};
  if (state.phase != Phase::stopping && !ends(state)) {
    failed(state, "ended by itself: " + how, now);
  }
  enter(state, ends(state) ? Phase::stopped : Phase::waiting, now);
}

void Supervisor::probed(const std::string& name, Process process, bool good, const std::string& why,
                        SteadyTime now) {
  const auto found = units_.find(name);
  if (found == units_.end() || found->second.process != process || !found->second.probing) {
    return;
  }
  State& state = found->second;
  state.probing = false;
  if (good) {
    state.bad_probes = 0;
    if (state.phase == Phase::starting) {
      state.why.clear();
      enter(state, Phase::ready, now);
    }
    return;
  }
  state.why = why;
  state.adopted = false;
  if (state.phase != Phase::starting) {
    ++state.bad_probes;
  }
}

void Supervisor::undiscovered(const std::string& name, SteadyTime) {
  if (const auto found = units_.find(name); found != units_.end()) {
    found->second.undiscovered = true;
  }
}

// What to do ------------------------------------------------------------------------------------

std::vector<Action> Supervisor::step(SteadyTime now) {
  std::vector<Action> actions;
  for (auto& [name, state] : units_) {
    step_unit(name, state, now, actions);
  }
  std::erase_if(units_, [](const auto& unit) {
    const State& state = unit.second;
    return !state.wanted && !runs(state) && !state.start_asked;
  });
  return actions;
}

void Supervisor::step_unit(const std::string& name, State& state, SteadyTime now,
                           std::vector<Action>& actions) {
  switch (state.phase) {
    case Phase::waiting:
      step_waiting(name, state, now, actions);
      break;
    case Phase::starting:
    case Phase::ready:
    case Phase::withdrawing:
      step_running(name, state, now, actions);
      break;
    case Phase::stopping:
      step_stopping(name, state, now, actions);
      break;
    case Phase::stopped:
      break;
  }
}

void Supervisor::step_waiting(const std::string& name, State& state, SteadyTime now,
                              std::vector<Action>& actions) {
  if (!state.wanted) {
    return;
  }
  if (state.wanted->drain) {
    enter(state, Phase::stopped, now);
    return;
  }
  std::string missing;
  if (state.start_asked || now < state.not_before) {
    return;
  }
  if (!dependencies_ready(state, missing)) {
    if (state.failures == 0) {
      state.why = "waits for " + missing;
    }
    return;
  }
  state.start_asked = true;
  state.running = remember(*state.wanted);
  actions.push_back({.kind = Action::Kind::start, .name = name});
}

void Supervisor::step_running(const std::string& name, State& state, SteadyTime now,
                              std::vector<Action>& actions) {
  const bool has_to_end = ends(state) ? !others_need(name) : is_another(state);
  if (has_to_end && may_be_stopped(state, now)) {
    stop(name, state, now, actions);
    return;
  }
  if (has_to_end && (state.phase == Phase::ready || state.phase == Phase::starting)) {
    state.undiscovered = false;
    state.deadline = now + limits::agent_withdraw_patience;
    enter(state, Phase::withdrawing, now);
  } else if (!has_to_end && state.phase == Phase::withdrawing) {
    enter(state, Phase::ready, now);  // it is wanted again
  }
  if (state.wanted) {
    look_after(name, state, now, actions);
  }
}

// An instance that shoppers may be sent to is taken out of discovery first; for a while only, since
// nobody can when the store is away.
bool Supervisor::may_be_stopped(const State& state, SteadyTime now) {
  if (!state.running.instance || (state.phase == Phase::starting && !state.adopted)) {
    return true;
  }
  return state.phase == Phase::withdrawing &&
         ((state.undiscovered && now - state.since >= limits::agent_withdraw_pause) ||
          now >= state.deadline);
}

void Supervisor::look_after(const std::string& name, State& state, SteadyTime now,
                            std::vector<Action>& actions) {
  const Unit& unit = state.wanted->unit;
  const Readiness& readiness = unit.readiness;
  if (state.running.configuration != unit.configuration_hash && !is_another(state)) {
    reload(name, state, actions);
  }
  if (state.phase == Phase::starting && !is_probed(readiness) &&
      now - state.since >= limits::agent_unprobed_ready) {
    state.why.clear();
    enter(state, Phase::ready, now);
  }
  const Duration start_time = start_time_of(readiness, state.failures);
  const bool late =
      state.phase == Phase::starting && is_probed(readiness) && now - state.since > start_time;
  const bool sick = is_probed(readiness) && state.bad_probes >= std::max(readiness.failures, 1);
  if (late || sick) {
    failed(state,
           late ? fmt::format("not ready after {}: {}", format_duration(start_time), state.why)
                : "sick: " + state.why,
           now);
    state.sick = true;
    stop(name, state, now, actions);
    return;
  }
  if (state.phase == Phase::ready && now - state.since >= limits::agent_stable_time) {
    state.failures = 0;
  }
  if (is_probed(readiness) && !state.probing && now >= state.next_probe) {
    state.probing = true;
    // While it starts, the sooner it is known to be ready the better.
    const Duration pause = state.phase == Phase::starting
                               ? std::min<Duration>(readiness.interval, limits::agent_start_probe)
                               : readiness.interval;
    state.next_probe = now + pause;
    actions.push_back({.kind = Action::Kind::probe, .name = name, .process = state.process});
  }
}

void Supervisor::step_stopping(const std::string& name, State& state, SteadyTime now,
                               std::vector<Action>& actions) {
  if (now >= state.deadline && !state.killed) {
    state.killed = true;
    actions.push_back({.kind = Action::Kind::kill, .name = name, .process = state.process});
  }
}

void Supervisor::reload(const std::string& name, State& state, std::vector<Action>& actions) {
  state.running.configuration = state.wanted->unit.configuration_hash;
  actions.push_back({.kind = Action::Kind::signal,
                     .name = name,
                     .process = state.process,
                     .signal = state.wanted->unit.reload_signal,
                     .text = "reads its files again"});
}

void Supervisor::stop(const std::string& name, State& state, SteadyTime now,
                      std::vector<Action>& actions) {
  // What does not answer does not end either.
  state.deadline =
      now + (state.sick ? std::min<Duration>(state.running.stop_time, limits::agent_sick_stop_time)
                        : state.running.stop_time);
  state.killed = false;
  actions.push_back({.kind = Action::Kind::signal,
                     .name = name,
                     .process = state.process,
                     .signal = state.running.stop_signal,
                     .text = state.sick      ? state.why
                             : !state.wanted ? "is not wanted any more"
                             : ends(state)   ? "is drained"
                                             : "is to become another"});
  enter(state, Phase::stopping, now);
}

// Decisions -------------------------------------------------------------------------------------

// It shall not run any more.
bool Supervisor::ends(const State& state) {
  return !state.wanted || state.wanted->drain;
}

// It has to be started anew to become what is wanted.
bool Supervisor::is_another(const State& state) {
  const Unit& unit = state.wanted->unit;
  return state.running.definition != definition_hash(unit) ||
         (state.running.configuration != unit.configuration_hash && unit.reload_signal == 0);
}

// What was started after it ends before it.
bool Supervisor::others_need(const std::string& name) const {
  return std::ranges::any_of(units_, [&name](const auto& unit) {
    return runs(unit.second) && ends(unit.second) &&
           std::ranges::count(unit.second.running.after, name) > 0;
  });
}

bool Supervisor::dependencies_ready(const State& state, std::string& missing) const {
  for (const std::string& name : state.wanted->unit.after) {
    const auto found = units_.find(name);
    if (found != units_.end() && found->second.phase != Phase::ready) {
      missing = name;
      return false;
    }
  }
  return true;
}

void Supervisor::failed(State& state, const std::string& why, SteadyTime now) {
  state.why = why;
  state.not_before =
      now + backoff_.wait(std::min(state.failures, limits::agent_crash_loop * 4), random_);
  ++state.failures;
}

void Supervisor::enter(State& state, Phase phase, SteadyTime now) {
  state.phase = phase;
  state.since = now;
}

bool Supervisor::runs(const State& state) {
  return state.process.pid != 0;
}

// What is -----------------------------------------------------------------------------------------

std::vector<Supervisor::View> Supervisor::units() const {
  std::vector<View> views;
  for (const auto& [name, state] : units_) {
    View view;
    view.name = name;
    view.wanted = state.wanted ? &*state.wanted : nullptr;
    view.phase = state.phase;
    view.since = state.since;
    view.process = state.process;
    view.sick = state.sick;
    view.crash_loop = state.failures >= limits::agent_crash_loop && state.phase != Phase::ready;
    // One that was found running was discoverable all along.
    view.discoverable =
        (state.phase == Phase::ready || (state.phase == Phase::starting && state.adopted)) &&
        state.wanted && state.wanted->instance && !state.wanted->drain && !state.wanted->withdrawn;
    view.why = state.phase == Phase::ready ? std::string() : state.why;
    view.starts = state.starts;
    views.push_back(std::move(view));
  }
  return views;
}

const WantedUnit& Supervisor::wanted(const std::string& name) const {
  const auto found = units_.find(name);
  assert(found != units_.end() && found->second.wanted);
  return *found->second.wanted;
}

Readiness Supervisor::probe_of(const std::string& name) const {
  Readiness probe = wanted(name).unit.readiness;
  if (!probe.alive.empty() && units_.at(name).phase != Phase::starting) {
    probe.target = probe.alive;
  }
  return probe;
}

bool Supervisor::ended() const {
  return std::ranges::none_of(
      units_, [](const auto& unit) { return runs(unit.second) || unit.second.start_asked; });
}

}  // namespace securecart::cluster::agent
