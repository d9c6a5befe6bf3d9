// How much of the work that comes has to be turned away, by how late an executor's jobs run.
//
// A limit on requests at once does not see a thread that is never done: what it answers without
// waiting is never "at once". Its lateness does (as in WeChat's DAGOR and in CoDel: a queue that is
// not empty for a whole interval is standing). Pressure rises by steps while it lasts and falls
// more slowly, so that it settles just above what is needed.
//
// Pressure p of 0 .. classes: the lowest class is refused in the part p, the next in the part
// p - 1, and so on. Parts are spread evenly, without chance. Pure: the time is passed in; one
// object belongs to one thread, or to one lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/clock.hpp"

namespace securecart::resilience {

class Pressure {
 public:
  struct Settings {
    std::size_t classes = 5;
    Duration interval = std::chrono::milliseconds(100);
    Duration target = std::chrono::milliseconds(40);  // more, through a whole interval, is too late
    std::int64_t rise_percent = 20;                   // of a class, an interval
    std::int64_t fall_percent = 4;
  };

  Pressure() : Pressure(Settings()) {}
  explicit Pressure(Settings settings);

  // A job ran `lateness` after it was due.
  void note(Duration lateness, SteadyTime now);
  // Whether to let in a request of class `rank`; the highest rank is refused first, rank 0 never
  // whole.
  bool admit(std::size_t rank);
  // Hundredths of a class.
  std::int64_t percent() const { return percent_; }

 private:
  Settings settings_;
  SteadyTime interval_end_ = SteadyTime::min();
  Duration least_lateness_ = Duration::max();  // in this interval
  std::int64_t percent_ = 0;
  std::vector<std::int64_t> owed_;  // refusals owed by a class, in hundredths
};

}  // namespace securecart::resilience
