// When to probe, and what a run of answers means: one check as seen from one place. Pure; the shell
// (monitor.hpp) sends the probes and the time.
//
//              silent or wrong `fall` times in a row
//        up ──────────────────────────────────────────▶ down
//         ▲ ▲                                            │
//         │ └──────────── right `rise` times in a row ───┘
//     unknown (counts as up: unknown is not down)
//
// A round is one look: a probe, and further ones (hedges) while no answer comes, until `timeout`.
//
//   round      ├─probe──hedge──────┤ timeout
//   interval   ├───────────────────────────────┤ next round
//   suspicious ├─probe──hedge──────┤├─probe──hedge──────┤   after a bad one the next begins at once
//
// Silence and a wrong answer are not the same. A refused connection or a status 500 is evidence: it
// counts in full. Silence may be the path: when this path has lost rounds lately, more silent
// rounds in a row are needed, so many that chance alone would bring them about once in a million.
// On a path that loses less than one round in a hundred, `fall` is enough.
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
  int attempts = 2;        // probes of one round, the first included
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
  int failures = 0;         // bad rounds in a row
  int evidence = 0;         // of these, with an answer that was wrong
  int successes = 0;        // good rounds in a row
  double lost = 1.2;        // silent rounds, and all rounds, fading with age; begins cautiously
  double rounds = 4.0;
  std::array<SteadyTime, 8> falls{};  // when it went down lately, a ring
  std::uint32_t fall_count = 0;
  Duration latency{};   // moving average of good answers
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
  bool probe = false;  // send one for state.round, with `probe_timeout`
  Duration probe_timeout{};
  bool changed = false;  // the status is another now
  SteadyTime wake{};     // send a Tick then, at the latest
};

CheckActions step(CheckState& state, const CheckSettings& settings, const CheckEvent& event,
                  SteadyTime now, Random& random);

// How many silent rounds in a row mean down, on a path that lost so much lately.
int silent_rounds_needed(const CheckState& state, const CheckSettings& settings);
// Good rounds in a row before a target that went down again and again is believed.
int good_rounds_needed(const CheckState& state, const CheckSettings& settings, SteadyTime now);

}  // namespace securecart::traffic::health
