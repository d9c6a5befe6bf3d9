#include "traffic/health/check_machine.hpp"

#include <algorithm>
#include <cmath>

#include "traffic/health/limits.hpp"

namespace securecart::traffic::health {
namespace {

using namespace std::chrono_literals;

constexpr double memory_probes = 128;      // how far back the loss of a path is remembered
constexpr double steady_loss = 0.02;       // unanswered probes that do not make a path rough
constexpr double begin_alarm = 1e-7;       // chance of a burst unanswered when loss begins
constexpr double rough_alarm = 1e-10;      // chance of a run of probes that are only loss
constexpr double rough_loss_least = 0.45;  // of probes, presumed of a rough path
constexpr double loss_doubt = 2;           // standard deviations added to what was learned
constexpr double latency_weight = 0.2;     // of a new sample
constexpr double wobble_weight = 0.25;     // RFC 6298's
constexpr int wobble_part = 8;             // of the timeout; more is a rough path
constexpr int burst_part = 8;              // of the silence, within which a burst leaves
constexpr int burst_steps = 8;             // a short pause meets only the first of them
constexpr Duration rough_pause = 160ms;    // between probes in doubt on a rough path
// What a resent packet and some jitter take; slower checks can wait a bit longer.
constexpr Duration silence_least = 645ms;
constexpr Duration silence_least_most = 1'250ms;
constexpr int rounds_of_least = 4;
constexpr Duration burst_after_least = 20ms;
constexpr int flapping_falls = 3;  // this many in the window are flapping
constexpr Duration flap_window_least = 60s;
constexpr int flap_window_intervals = 120;
constexpr int flap_doublings = 5;

// The path a burst is made for: it loses every fifth packet and delays each round trip by up to
// half a second.
constexpr double begin_loss = 0.2;
constexpr double begin_jitter = 0.5;
constexpr double begin_trips = 0.04;  // both round trips without it

void begin_round(CheckState& state, SteadyTime now) {
  ++state.round;
  state.looking = true;
  state.began = now;
  state.sent = 0;
}

Duration least_silence(const CheckSettings& settings) {
  return std::clamp(settings.interval * 5 / 4, silence_least, silence_least_most);
}

// Rounds that are shorter would only ask more often.
Duration round_span(const CheckSettings& settings) {
  return std::max(settings.timeout, least_silence(settings) / rounds_of_least);
}

// The first probe of a round leaves at once, then `step` of them every `pause`, from `from` on,
// until there are `most`.
struct Pace {
  Duration from;
  Duration pause;
  int step;
  int most;
};

Pace pace_of(const CheckState& state, const CheckSettings& settings) {
  const bool in_doubt = state.quiet > 0 && state.status != Status::down && !state.held;
  const bool steady = state.status != Status::down && !state.held && is_steady(state, settings);
  const int missing = steady ? burst_probes(settings) - (state.asked - state.sent) : 0;
  if (missing > settings.attempts) {
    const Duration usual = state.latency + 4 * state.wobble;
    const Duration from =
        in_doubt ? Duration{} : std::clamp(usual, burst_after_least, round_span(settings) / 2);
    return {from, silence_span(settings) / burst_part / burst_steps,
            (missing + burst_steps - 1) / burst_steps, missing};
  }
  // Evenly over the first half, so that even the last one has time for an answer.
  const auto in_pauses = static_cast<int>(round_span(settings) / rough_pause);
  const int most = in_doubt ? std::max(1, in_pauses) : settings.attempts;
  const Duration pause = round_span(settings) / 2 / most;
  return {pause, pause, 1, most};
}

int due_after(const Pace& pace, Duration elapsed) {
  if (elapsed < pace.from) {
    return 1;
  }
  const auto steps = pace.pause > Duration{} ? (elapsed - pace.from) / pace.pause + 1 : pace.most;
  return static_cast<int>(std::min<std::int64_t>(1 + steps * pace.step, pace.most));
}

SteadyTime next_probes(const CheckState& state, const Pace& pace) {
  const int steps = std::max(0, state.sent - 1) / pace.step;
  return state.began + pace.from + pace.pause * steps;
}

Duration jittered(const CheckSettings& settings, Random& random) {
  const double part = settings.jitter_percent / 100.0 * (2 * random.unit() - 1);
  return Duration(
      static_cast<std::int64_t>(static_cast<double>(settings.interval.count()) * (1 + part)));
}

void learn(CheckState& state, int lost, int probes) {
  const double fade = std::pow(1 - 1 / memory_probes, probes);
  state.lost = state.lost * fade + lost;
  state.rounds = state.rounds * fade + probes;
}

void learn_latency(CheckState& state, Duration latency) {
  const auto part = [](Duration whole, double share) {
    return Duration(static_cast<std::int64_t>(static_cast<double>(whole.count()) * share));
  };
  if (state.latency == Duration::zero()) {
    state.latency = latency;
    return;
  }
  const Duration off = latency - state.latency;
  state.wobble += part((off < Duration::zero() ? -off : off) - state.wobble, wobble_weight);
  state.latency += part(off, latency_weight);
}

void forget_silence(CheckState& state) {
  state.quiet = state.asked = state.unanswered = 0;
  state.held = false;
}

// Silence between two answers was the path's, also while the target is down. The one it fell by,
// and what is still under way of it, was its own.
void heard_something(CheckState& state) {
  if (state.heard) {
    learn(state, state.unanswered, state.unanswered + 1);
  } else {
    state.heard = true;
    state.learn_after = state.round;
  }
  forget_silence(state);
}

void change(CheckState& state, Status status, SteadyTime now, CheckActions& actions) {
  if (status == Status::down) {
    state.falls[state.fall_count++ % state.falls.size()] = now;
    state.heard = false;
    state.learn_after = state.round;
  }
  state.status = status;
  state.since = now;
  actions.changed = true;
}

bool silent_for_long(const CheckState& state, const CheckSettings& settings) {
  return state.quiet >= quiet_rounds_needed(settings);
}

bool is_dead_silent(const CheckState& state, const CheckSettings& settings) {
  return silent_for_long(state, settings) &&
         (is_steady(state, settings) ? state.asked >= burst_probes(settings)
                                     : state.unanswered >= unanswered_needed(state));
}

void schedule_next(CheckState& state, const CheckSettings& settings, SteadyTime now,
                   Random& random) {
  // A doubt is settled quickly; everything else goes at the usual pace.
  const bool doubt =
      (state.quiet > 0 || state.evidence > 0) && state.status != Status::down && !state.held;
  state.looking = false;
  state.next_round =
      std::max(now, state.began + (doubt ? round_span(settings) : jittered(settings, random)));
}

void end_silent_round(CheckState& state, const CheckSettings& settings, SteadyTime now,
                      Random& random, CheckActions& actions) {
  state.quiet_since = state.quiet == 0 ? state.began : state.quiet_since;
  ++state.quiet;
  state.reason = "no answer in time";
  if (silent_for_long(state, settings)) {
    state.successes = 0;
  }
  if (state.status != Status::down) {
    const bool dead = is_dead_silent(state, settings);
    state.held = dead && state.alone;
    if (dead && !state.held) {
      change(state, Status::down, now, actions);
    }
  } else if (silent_for_long(state, settings)) {
    state.heard = false;
    state.unanswered = 0;
  }
  // A vote that is not believed here is not told to others either: it grows old.
  state.judged = state.held ? state.judged : now;
  schedule_next(state, settings, now, random);
}

void end_wrong_round(CheckState& state, const CheckSettings& settings, const Probed& result,
                     SteadyTime now, Random& random, CheckActions& actions) {
  heard_something(state);
  state.answered = state.round;
  state.successes = 0;
  ++state.evidence;
  state.reason = result.reason;
  state.judged = now;
  if (state.evidence >= settings.fall && state.status != Status::down) {
    change(state, Status::down, now, actions);
  }
  schedule_next(state, settings, now, random);
}

void end_right_round(CheckState& state, const CheckSettings& settings, const Probed& result,
                     SteadyTime now, Random& random, CheckActions& actions) {
  heard_something(state);
  learn_latency(state, result.latency);
  state.answered = state.round;
  state.evidence = 0;
  ++state.successes;
  state.judged = now;
  if (state.status != Status::up && state.successes >= good_rounds_needed(state, settings, now)) {
    change(state, Status::up, now, actions);
  }
  schedule_next(state, settings, now, random);
}

// What a round's further answers say of the path, once the first has spoken for the target.
void sample(CheckState& state, const Probed& result) {
  const bool lost = result.answer == Answer::silent;
  if (!lost || result.round > state.learn_after) {
    learn(state, lost ? 1 : 0, 1);
  }
  if (result.answer == Answer::right) {
    learn_latency(state, result.latency);
  }
}

void probed(CheckState& state, const CheckSettings& settings, const Probed& result, SteadyTime now,
            Random& random, CheckActions& actions) {
  if (result.round <= state.answered) {
    sample(state, result);
  } else if (result.answer == Answer::silent) {
    // Silence of one probe is not silence of the round: that is for its deadline to say.
    state.unanswered += result.round > state.learn_after ? 1 : 0;
  } else if (result.answer == Answer::right) {
    end_right_round(state, settings, result, now, random, actions);
  } else if (state.looking && result.round == state.round) {
    end_wrong_round(state, settings, result, now, random, actions);
  }
}

void tick(CheckState& state, const CheckSettings& settings, SteadyTime now, Random& random,
          CheckActions& actions) {
  const SteadyTime deadline = state.began + round_span(settings);
  if (state.looking && now > deadline + std::max(settings.interval, Duration(1s))) {
    // We were asleep ourselves (a stopped process, a suspended machine): the silence says nothing.
    forget_silence(state);
    state.answered = state.learn_after = state.round;
    state.looking = false;
    state.next_round = now;
  } else if (state.looking && now >= deadline) {
    end_silent_round(state, settings, now, random, actions);
  }
  if (!state.looking && now >= state.next_round) {
    begin_round(state, now);
  }
  if (state.looking) {
    const int due = due_after(pace_of(state, settings), now - state.began);
    actions.probes = std::max(0, due - state.sent);
    actions.probe_timeout = std::max<Duration>(limits::check_patience, silence_span(settings));
    state.sent += actions.probes;
    state.asked += actions.probes;
  }
}

}  // namespace

void take_back(CheckState& state, int probes) {
  state.sent -= probes;
  state.asked -= probes;
}

int quiet_rounds_needed(const CheckSettings& settings) {
  const Duration span = round_span(settings);
  const auto rounds = (least_silence(settings) + span - Duration(1)) / span;
  return std::max(settings.fall, static_cast<int>(rounds));
}

Duration silence_span(const CheckSettings& settings) {
  return round_span(settings) * quiet_rounds_needed(settings);
}

bool is_steady(const CheckState& state, const CheckSettings& settings) {
  return state.lost < steady_loss * state.rounds &&
         state.wobble * wobble_part < round_span(settings);
}

int burst_probes(const CheckSettings& settings) {
  // The last of a burst leaves after an eighth of the silence. Its answer needs two round trips of
  // two packets: the sum of their jitters is spread like a triangle.
  const double left =
      std::chrono::duration<double>(silence_span(settings)).count() * (burst_part - 1) / burst_part;
  const double x = std::clamp((left - begin_trips) / (2 * begin_jitter), 0.0, 1.0);
  const double in_time = x < 0.5 ? 2 * x * x : 1 - 2 * (1 - x) * (1 - x);
  const double answered = std::pow(1 - begin_loss, 4) * in_time;
  return static_cast<int>(std::ceil(std::log(begin_alarm) / std::log(1 - answered)));
}

int unanswered_needed(const CheckState& state) {
  const double mean = state.lost / state.rounds;
  const double doubt = loss_doubt * std::sqrt(mean * (1 - std::min(mean, 1.0)) / state.rounds);
  const double loss = std::max(mean + doubt, rough_loss_least);
  if (loss >= 1) {
    return limits::check_unanswered_most;
  }
  const double needed = std::ceil(std::log(rough_alarm) / std::log(loss));
  return std::min(static_cast<int>(needed), limits::check_unanswered_most);
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
  if (const Probed* const result = std::get_if<Probed>(&event)) {
    probed(state, settings, *result, now, random, actions);
  } else {
    tick(state, settings, now, random, actions);
  }
  actions.wake = state.next_round;
  if (state.looking) {
    const SteadyTime deadline = state.began + round_span(settings);
    const Pace pace = pace_of(state, settings);
    actions.wake = state.sent < pace.most ? std::min(deadline, next_probes(state, pace)) : deadline;
  }
  return actions;
}

}  // namespace securecart::traffic::health
