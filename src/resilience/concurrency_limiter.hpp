// How many requests may be in work at once, found by trying: a gentle increase while answers come
// in time, a sharp decrease when they do not (as TCP's AIMD, and Netflix concurrency-limits).
// Beyond the limit a request is refused at once, which is kinder than a queue that makes everyone
// late.
//
// Judged once a window, so that one jam of many slow requests is one decrease. Pure: the time is
// passed in; one limiter belongs to one thread.
#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace securecart::resilience {

class ConcurrencyLimiter {
 public:
  enum class Outcome {
    answered,
    dropped,  // refused or timed out below: a sure sign of too much
    ignored,  // says nothing about load: cancelled, malformed
  };
  struct Settings {
    std::int64_t least = 4;
    std::int64_t most = 1'000;
    std::int64_t start = 20;
    Duration target = std::chrono::milliseconds(250);  // a mean latency above it is too much
    Duration window = std::chrono::milliseconds(500);
    std::int64_t least_samples = 10;  // in a window before it is judged
    int decrease_percent = 20;
  };

  ConcurrencyLimiter() : ConcurrencyLimiter(Settings()) {}
  explicit ConcurrencyLimiter(Settings settings);

  // False: refuse the request. True has to be followed by one release().
  bool acquire();
  void release(Outcome outcome, Duration latency, SteadyTime now);

  std::int64_t limit() const { return limit_; }
  std::int64_t in_flight() const { return in_flight_; }

 private:
  void judge();

  Settings settings_;
  std::int64_t limit_;
  std::int64_t in_flight_ = 0;
  SteadyTime window_end_ = SteadyTime::min();
  std::int64_t samples_ = 0;
  Duration latency_sum_ = Duration::zero();
  std::int64_t most_in_flight_ = 0;  // in this window
  bool dropped_ = false;
};

}  // namespace securecart::resilience
