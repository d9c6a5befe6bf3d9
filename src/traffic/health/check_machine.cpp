#include "traffic/health/check_machine.hpp"

#include <algorithm>
#include <cmath>

#include "traffic/health/limits.hpp"

namespace securecart::traffic::health {
namespace {

using namespace std::chrono_literals;

constexpr double memory_rounds = 128;   // how far back the loss of a path is remembered
constexpr double clean_path = 0.01;     // lost rounds that do not make a path lossy
constexpr double false_alarm = 1e-6;    // chance of a run of silent rounds that is only loss
constexpr double hopeless_path = 0.9;   // beyond it the limit of check_fall_most holds
constexpr double latency_weight = 0.2;  // of a new sample
constexpr int flapping_falls = 3;       // this many in the window are flapping
constexpr Duration flap_window_least = 60s;
constexpr int flap_window_intervals = 120;
constexpr int flap_doublings = 5;

void begin_round(CheckState& state, SteadyTime now) {
  ++state.round;
  state.looking = true;
  state.began = now;
  state.sent = 0;
}

// When the next probe of this round is due: evenly over the first half, so that even the last one
// has time for an answer.
SteadyTime next_attempt(const CheckState& state, const CheckSettings& settings) {
  return state.began + settings.timeout / 2 * state.sent / settings.attempts;
}

Duration jittered(const CheckSettings& settings, Random& random) {
  const double part = settings.jitter_percent / 100.0 * (2 * random.unit() - 1);
  return Duration(
      static_cast<std::int64_t>(static_cast<double>(settings.interval.count()) * (1 + part)));
}

// What a finished run of rounds says about the path: known only when it ends well, since silence at
// the end of a run may be the target's.
void learn_path(CheckState& state) {
  const int silent = state.failures - state.evidence;
  const double fade = std::pow(1 - 1 / memory_rounds, silent + 1);
  state.lost = state.lost * fade + silent;
  state.rounds = state.rounds * fade + silent + 1;
}

void change(CheckState& state, Status status, SteadyTime now, CheckActions& actions) {
  if (status == Status::down) {
    state.falls[state.fall_count++ % state.falls.size()] = now;
  }
  state.status = status;
  state.since = now;
  actions.changed = true;
}

void round_went_well(CheckState& state, const CheckSettings& settings, Duration latency,
                     SteadyTime now, CheckActions& actions) {
  if (state.status != Status::down) {
    learn_path(state);
  }
  const double share = state.latency == Duration::zero() ? 1.0 : latency_weight;
  state.latency += Duration(
      static_cast<std::int64_t>(static_cast<double>((latency - state.latency).count()) * share));
  state.failures = state.evidence = 0;
  ++state.successes;
  if (state.status != Status::up && state.successes >= good_rounds_needed(state, settings, now)) {
    change(state, Status::up, now, actions);
  }
}

void round_went_badly(CheckState& state, const CheckSettings& settings, bool answered,
                      SteadyTime now, CheckActions& actions) {
  state.successes = 0;
  ++state.failures;
  state.evidence += answered ? 1 : 0;
  const bool is_down =
      state.evidence >= settings.fall || state.failures >= silent_rounds_needed(state, settings);
  if (is_down && state.status != Status::down) {
    change(state, Status::down, now, actions);
  }
}

void end_round(CheckState& state, const CheckSettings& settings, const Probed& result,
               SteadyTime now, Random& random, CheckActions& actions) {
  state.looking = false;
  state.judged = now;
  if (result.answer == Answer::right) {
    round_went_well(state, settings, result.latency, now, actions);
  } else {
    state.reason = result.reason;
    round_went_badly(state, settings, result.answer == Answer::wrong, now, actions);
  }
  // A doubt is settled quickly; everything else goes at the usual pace.
  const bool doubt = result.answer != Answer::right && state.status != Status::down;
  state.next_round =
      std::max(now, state.began + (doubt ? settings.timeout : jittered(settings, random)));
}

void tick(CheckState& state, const CheckSettings& settings, SteadyTime now, Random& random,
          CheckActions& actions) {
  const SteadyTime deadline = state.began + settings.timeout;
  if (state.looking && now > deadline + std::max(settings.interval, Duration(1s))) {
    // We were asleep ourselves (a stopped process, a suspended machine): the round says nothing.
    state.looking = false;
    state.next_round = now;
  } else if (state.looking && now >= deadline) {
    const Probed silence{state.round, Answer::silent, {}, "no answer in time"};
    end_round(state, settings, silence, now, random, actions);
  }
  if (!state.looking && now >= state.next_round) {
    begin_round(state, now);
  }
  if (state.looking && state.sent < settings.attempts && now >= next_attempt(state, settings)) {
    ++state.sent;
    actions.probe = true;
    actions.probe_timeout = state.began + settings.timeout - now;
  }
}

}  // namespace

int silent_rounds_needed(const CheckState& state, const CheckSettings& settings) {
  const double loss = state.lost / state.rounds;
  if (loss < clean_path) {
    return settings.fall;
  }
  if (loss > hopeless_path) {
    return std::max(settings.fall, limits::check_fall_most);
  }
  const double needed = std::ceil(std::log(false_alarm) / std::log(loss));
  return std::max(settings.fall, std::min(static_cast<int>(needed), limits::check_fall_most));
}

int good_rounds_needed(const CheckState& state, const CheckSettings& settings, SteadyTime now) {
  const Duration window =
      std::max(flap_window_least, Duration(settings.interval * flap_window_intervals));
  const std::size_t kept = std::min<std::size_t>(state.fall_count, state.falls.size());
  const auto recent =
      std::count_if(state.falls.begin(), state.falls.begin() + static_cast<std::ptrdiff_t>(kept),
                    [&](SteadyTime fall) { return now - fall <= window; });
  if (recent < flapping_falls) {
    return settings.rise;
  }
  const int doublings = std::min(static_cast<int>(recent) - flapping_falls + 1, flap_doublings);
  return settings.rise << doublings;
}

CheckActions step(CheckState& state, const CheckSettings& settings, const CheckEvent& event,
                  SteadyTime now, Random& random) {
  CheckActions actions;
  if (const Probed* const probed = std::get_if<Probed>(&event)) {
    // Silence of one probe is not silence of the round: that is for its deadline to say.
    if (state.looking && probed->round == state.round && probed->answer != Answer::silent) {
      end_round(state, settings, *probed, now, random, actions);
    }
  } else {
    tick(state, settings, now, random, actions);
  }
  actions.wake = state.next_round;
  if (state.looking) {
    const SteadyTime deadline = state.began + settings.timeout;
    actions.wake = state.sent < settings.attempts
                       ? std::min(deadline, next_attempt(state, settings))
                       : deadline;
  }
  return actions;
}

}  // namespace securecart::traffic::health
