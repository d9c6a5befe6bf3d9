// A circuit breaker: stops calling a dependency that fails or crawls, and finds out with a few
// probes when it is back (M. Nygard, "Release It!"; the rates as in resilience4j).
//
//              error rate or slow rate over the window reached
//    closed ───────────────────────────────────────────────────▶ open
//      ▲                                                        │   ▲
//      │ `probes` good answers                     open_for over│   │ one bad probe: stays open
//      └──────────────────────────── half_open ◀────────────────┘   │ twice as long, up to
//      open_most
//                                        └──────────────────────────┘
//
// Pure: the time is passed in; one breaker belongs to one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.hpp"

namespace securecart::resilience {

class CircuitBreaker {
 public:
  enum class State { closed, open, half_open };
  enum class Outcome {
    success,
    failure,  // the dependency is at fault: no connection, timeout, 5xx
    ignored,  // says nothing about it: cancelled by us
  };
  struct Settings {
    Duration window = std::chrono::seconds(10);
    std::size_t buckets = 10;
    std::uint64_t least_calls = 20;  // in the window before its rates mean anything
    int error_percent = 50;
    Duration slow = std::chrono::seconds(1);  // a call this long or longer is slow
    int slow_percent = 80;
    Duration open_for = std::chrono::seconds(2);
    Duration open_most = std::chrono::seconds(30);
    int probes = 3;  // at once, and good answers needed to close
  };
  // Leave to make one call; goes back with its outcome. It remembers the state it was given in, so
  // an answer from before the breaker opened is never taken for a probe's.
  class Permit {
    friend class CircuitBreaker;
    explicit Permit(std::uint64_t period) : period_(period) {}
    std::uint64_t period_;
  };

  CircuitBreaker() : CircuitBreaker(Settings()) {}
  explicit CircuitBreaker(Settings settings);

  // nullopt: do not call now. Every Permit has to be given back with record().
  std::optional<Permit> allow(SteadyTime now);
  void record(Permit permit, Outcome outcome, Duration latency, SteadyTime now);

  // As it is at `now`: open turns half_open by time alone.
  State state(SteadyTime now) const;
  // How long allow() keeps refusing; zero unless open. For Retry-After.
  Duration closed_to_calls_for(SteadyTime now) const;
  std::uint64_t times_opened() const { return times_opened_; }

 private:
  struct Counts {
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;
    std::uint64_t slow = 0;
  };
  struct Bucket {
    std::int64_t number = -1;  // which slice of time since the steady clock's epoch
    Counts counts;
  };

  std::int64_t bucket_number(SteadyTime now) const;
  void count(bool failed, bool slow, SteadyTime now);
  Counts in_window(SteadyTime now) const;
  bool tripped(const Counts& counts) const;
  void record_probe(bool good, SteadyTime now);
  void begin_half_open(SteadyTime now);
  void open(SteadyTime now);
  void close();
  void enter(State state);

  Settings settings_;
  std::vector<Bucket> buckets_;
  State state_ = State::closed;
  std::uint64_t period_ = 0;  // counts changes of state
  SteadyTime until_;          // open: the first probe; half_open: lost probes are given up
  Duration open_span_;
  int probes_out_ = 0;
  int probes_good_ = 0;
  std::uint64_t times_opened_ = 0;
};

}  // namespace securecart::resilience
