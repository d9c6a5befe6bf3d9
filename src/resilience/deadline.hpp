// The moment by which an answer is worth nothing any more. It is set once, where a request enters,
// and handed down: every wait below takes what is left of it, never a fresh timeout of its own.
#pragma once

#include <algorithm>

#include "base/clock.hpp"

namespace securecart::resilience {

class Deadline {
 public:
  explicit constexpr Deadline(SteadyTime at) : at_(at) {}
  static constexpr Deadline never() { return Deadline(SteadyTime::max()); }
  // `span` from now; a span that would overflow is never. A negative span has expired.
  static constexpr Deadline after(SteadyTime now, Duration span) {
    return span > SteadyTime::max() - now ? never() : Deadline(now + span);
  }

  constexpr SteadyTime at() const { return at_; }
  constexpr bool is_never() const { return at_ == SteadyTime::max(); }
  constexpr bool expired(SteadyTime now) const { return now >= at_; }
  // Zero once expired; Duration::max() when it never expires.
  constexpr Duration remaining(SteadyTime now) const {
    if (is_never()) {
      return Duration::max();
    }
    return expired(now) ? Duration::zero() : at_ - now;
  }
  constexpr Deadline min(Deadline other) const { return Deadline(std::min(at_, other.at_)); }
  // For one step below: this deadline, or `span` from now when that is sooner.
  constexpr Deadline within(SteadyTime now, Duration span) const { return min(after(now, span)); }
  friend constexpr auto operator<=>(Deadline, Deadline) = default;

 private:
  SteadyTime at_;
};

}  // namespace securecart::resilience
