#include "resilience/concurrency_limiter.hpp"

#include <algorithm>
#include <cassert>

namespace securecart::resilience {

ConcurrencyLimiter::ConcurrencyLimiter(Settings settings)
    : settings_(settings), limit_(settings.start) {
  assert(settings.least >= 1 && settings.least <= settings.start &&
         settings.start <= settings.most);
  assert(settings.decrease_percent > 0 && settings.decrease_percent < 100);
  assert(settings.least_samples >= 1 && settings.window > Duration::zero());
}

bool ConcurrencyLimiter::acquire() {
  if (in_flight_ >= limit_) {
    return false;
  }
  ++in_flight_;
  most_in_flight_ = std::max(most_in_flight_, in_flight_);
  return true;
}

void ConcurrencyLimiter::release(Outcome outcome, Duration latency, SteadyTime now) {
  assert(in_flight_ > 0);
  --in_flight_;
  if (outcome == Outcome::ignored) {
    return;
  }
  if (window_end_ == SteadyTime::min()) {
    window_end_ = now + settings_.window;
  }
  ++samples_;
  latency_sum_ += latency;
  dropped_ = dropped_ || outcome == Outcome::dropped;
  if (now < window_end_ || (samples_ < settings_.least_samples && !dropped_)) {
    return;
  }
  judge();
  window_end_ = now + settings_.window;
  samples_ = 0;
  latency_sum_ = Duration::zero();
  most_in_flight_ = in_flight_;
  dropped_ = false;
}

void ConcurrencyLimiter::judge() {
  if (dropped_ || latency_sum_ / samples_ > settings_.target) {
    const std::int64_t kept = limit_ * (100 - settings_.decrease_percent) / 100;
    limit_ = std::max(std::min(kept, limit_ - 1), settings_.least);
  } else if (most_in_flight_ * 2 >= limit_) {
    // Only a limit that was nearly used has been tried; an idle one would grow without meaning.
    limit_ = std::min(limit_ + std::max<std::int64_t>(limit_ / 20, 1), settings_.most);
  }
}

}  // namespace securecart::resilience
