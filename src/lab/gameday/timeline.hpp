// What a drill looked like from outside: samples of requests, marks of faults, and the figures and
// pictures made of them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "lab/history.hpp"

namespace securecart::lab {

// One request, or one checkout with all its tries.
struct Sample {
  enum class Kind : std::uint8_t { order, read };
  enum class Outcome : std::uint8_t {
    good,
    refused,  // a proper answer, and no order: sold out, declined
    failed,   // no answer in the client's time, or an error of the server's
  };
  Kind kind = Kind::read;
  Outcome outcome = Outcome::good;
  Duration at{};       // when it was due, since the beginning
  Duration latency{};  // until its last answer
  Duration end() const { return at + latency; }
};

// A fault, or what an operator did, from its injection to its healing.
struct Mark {
  std::string label;
  Duration at{};
  std::optional<Duration> until;
};

// Checkouts as a history recorded them, `began` being zero. Only those that reached their last step
// are in it.
std::vector<Sample> order_samples(const History& history, Timestamp began);

struct KindFigures {
  std::int64_t count = 0;
  std::int64_t refused = 0;
  std::int64_t failed = 0;
  Duration median{};
  Duration p99{};
  Duration slowest{};  // of the good ones
  // The longest time without a good answer, from the first mark to the end; a gap that a mark falls
  // into begins with the mark. nullopt: there was no good answer after it.
  std::optional<Duration> gap;
  Duration gap_before{};  // the longest one before the first mark: what the load itself leaves
};

struct Figures {
  KindFigures orders;
  KindFigures reads;
};

// `samples` in any order, `marks` by time. Samples due after `end` are left out; a gap that is open
// at the end counts up to it.
Figures figures_of(std::span<const Sample> samples, std::span<const Mark> marks, Duration end);

// Seconds of a drill, for the picture.
struct Interval {
  Duration at{};
  double good = 0;    // a second, by the time of the answer
  double failed = 0;  // a second
  Duration median{};  // of those answered in it; zero when there are none
  Duration slowest{};
};
std::vector<Interval> intervals_of(std::span<const Sample> samples, Sample::Kind kind,
                                   Duration width, Duration end);

// Rate, failures and latency over time, with the marks; a whole <svg> element.
std::string timeline_picture(std::span<const Sample> samples, std::span<const Mark> marks,
                             Duration end);

}  // namespace securecart::lab
