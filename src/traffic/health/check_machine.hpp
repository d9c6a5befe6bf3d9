// When to probe, and what a run of answers means: one check as seen from one place. Pure; the shell
// (monitor.hpp) sends the probes and the time.
//
//              wrong `fall` times, or silent for long enough
//        up ──────────────────────────────────────────▶ down
//         ▲ ▲                                            │
//         │ └──────────────── right `rise` times ────────┘
//     unknown (counts as up: unknown is not down)
//
// A round is one look. A wrong answer (refused, status 500) is evidence and counts in full. Silence
// may be the path, so it is asked about again at once, over many connections of their own:
//
//   round      ├─probe────────────┤ timeout
//   interval   ├──────────────────────────────┤ next round
//   in doubt   ├─probe─burst of probes─────────┤├─probe──probe──────┤ down
//
// A living target leaves one probe unanswered by chance; that it leaves all of a burst is as
// unlikely as we wish. On a path that was steady so far the burst is so large that it would be
// answered even when loss of 20 % and 500 ms of jitter began this very moment. On one that is known
// to be rough no burst is needed: probes go on, a few a round, until so many ended unanswered that
// what the path lost lately does not explain it. Any right answer to a probe of the silence ends
// it, however late: a target that should answer sooner has a check with `slow`.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "traffic/health/status.hpp"

namespace securecart::traffic::health {

struct CheckSettings {
  Duration interval = std::chrono::seconds(1);
  Duration timeout = std::chrono::milliseconds(650);  // of a round, <= interval
  int rise = 2;
  int fall = 2;
  int attempts = 2;        // probes of one round while nothing is in doubt, the first included
  int jitter_percent = 5;  // of the interval, so that checks do not march in step

  bool operator==(const CheckSettings&) const = default;
};

struct CheckState {
  Status status = Status::unknown;
  SteadyTime since{};       // of the status
  std::uint32_t round = 0;  // which one is, or was last
  bool looking = false;     // a round is under way
  SteadyTime began{};       // of the round
  SteadyTime next_round{};  // when not looking
  int sent = 0;             // probes of this round
  // Since something was heard:
  SteadyTime quiet_since{};  // when the first round that nothing came of began
  int quiet = 0;             // rounds that nothing came of
  int asked = 0;             // probes sent
  int unanswered = 0;        // of them, those that ended without an answer
  int evidence = 0;          // wrong answers since the last right one
  int successes = 0;         // right ones since the last wrong one or long silence
  bool held = false;         // silent for long enough, but not believed (`alone`)
  bool alone = false;  // set by the board: nobody else was heard either, so this is our own silence
  std::uint32_t answered = 0;     // rounds up to this one are settled
  std::uint32_t learn_after = 0;  // silence of rounds up to this one was the target's
  bool heard = true;              // since it went down
  double lost = 2.4;              // unanswered probes, and all, fading with age; begins cautiously
  double rounds = 8.0;
  std::array<SteadyTime, 8> falls{};  // when it went down lately, a ring
  std::uint32_t fall_count = 0;
  Duration latency{};   // moving average of right answers
  Duration wobble{};    // how far they are from it, on average
  SteadyTime judged{};  // end of the last round that said something
  std::string reason;   // of the last bad round
};

enum class Answer : std::uint8_t {
  right,
  wrong,   // it answered, and not as it should: refused, bad status, body, too slow
  silent,  // nothing came
};

struct Tick {};
struct Probed {
  std::uint32_t round;
  Answer answer;
  Duration latency{};
  std::string reason = {};
};
using CheckEvent = std::variant<Tick, Probed>;

struct CheckActions {
  int probes = 0;            // send so many for state.round, each with `probe_timeout`
  Duration probe_timeout{};  // how long an answer is waited for
  bool changed = false;      // the status is another now
  SteadyTime wake{};         // send a Tick then, at the latest
};

CheckActions step(CheckState& state, const CheckSettings& settings, const CheckEvent& event,
                  SteadyTime now, Random& random);

// The shell could not send so many of the probes it was told to.
void take_back(CheckState& state, int probes);

// Silence is believed after so many rounds of it, at the least.
int quiet_rounds_needed(const CheckSettings& settings);
Duration silence_span(const CheckSettings& settings);  // how long they take
// Whether answers came steadily and in time lately, so that silence is worth a burst.
bool is_steady(const CheckState& state, const CheckSettings& settings);
// Probes of a silence on a steady path that must all be unanswered: by chance about once in ten
// million times that loss of 20 % and 500 ms of jitter begin.
int burst_probes(const CheckSettings& settings);
// Probes that must have ended unanswered, on a path that lost so many lately.
int unanswered_needed(const CheckState& state);
// Good rounds in a row before a target that went down again and again is believed.
int good_rounds_needed(const CheckState& state, const CheckSettings& settings, SteadyTime now);

}  // namespace securecart::traffic::health
