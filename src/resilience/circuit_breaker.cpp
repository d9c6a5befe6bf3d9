#include "resilience/circuit_breaker.hpp"

#include <algorithm>
#include <cassert>

namespace securecart::resilience {

CircuitBreaker::CircuitBreaker(Settings settings)
    : settings_(settings), buckets_(settings.buckets), open_span_(settings.open_for) {
  assert(settings.buckets > 0 &&
         settings.window >= Duration(static_cast<std::int64_t>(settings.buckets)));
  assert(settings.error_percent > 0 && settings.slow_percent > 0 && settings.least_calls > 0);
  assert(settings.probes > 0 && settings.open_for > Duration::zero() &&
         settings.open_most >= settings.open_for);
}

std::optional<CircuitBreaker::Permit> CircuitBreaker::allow(SteadyTime now) {
  if (state_ == State::open) {
    if (now < until_) {
      return std::nullopt;
    }
    begin_half_open(now);
  }
  if (state_ == State::half_open) {
    if (now >= until_) {
      // Probes whose callers never came back must not keep the circuit from being tried for ever.
      begin_half_open(now);
    }
    if (probes_out_ + probes_good_ >= settings_.probes) {
      return std::nullopt;
    }
    ++probes_out_;
  }
  return Permit(period_);
}

void CircuitBreaker::record(Permit permit, Outcome outcome, Duration latency, SteadyTime now) {
  if (permit.period_ != period_) {
    return;
  }
  const bool failed = outcome == Outcome::failure;
  const bool slow = latency >= settings_.slow;
  if (state_ == State::half_open) {
    --probes_out_;
    if (outcome != Outcome::ignored) {
      record_probe(!failed && !slow, now);
    }
    return;
  }
  if (outcome == Outcome::ignored) {
    return;
  }
  count(failed, slow, now);
  if (tripped(in_window(now))) {
    open(now);
  }
}

CircuitBreaker::State CircuitBreaker::state(SteadyTime now) const {
  return state_ == State::open && now >= until_ ? State::half_open : state_;
}

Duration CircuitBreaker::closed_to_calls_for(SteadyTime now) const {
  return state(now) == State::open ? until_ - now : Duration::zero();
}

std::int64_t CircuitBreaker::bucket_number(SteadyTime now) const {
  const Duration width = settings_.window / static_cast<std::int64_t>(settings_.buckets);
  return now.time_since_epoch() / width;
}

void CircuitBreaker::count(bool failed, bool slow, SteadyTime now) {
  const std::int64_t number = bucket_number(now);
  Bucket& bucket = buckets_[static_cast<std::size_t>(number) % buckets_.size()];
  if (bucket.number != number) {
    bucket = {number, {}};
  }
  ++bucket.counts.calls;
  bucket.counts.failures += failed ? 1 : 0;
  bucket.counts.slow += slow ? 1 : 0;
}

CircuitBreaker::Counts CircuitBreaker::in_window(SteadyTime now) const {
  const std::int64_t oldest = bucket_number(now) - static_cast<std::int64_t>(buckets_.size()) + 1;
  Counts sum;
  for (const Bucket& bucket : buckets_) {
    if (bucket.number >= oldest) {
      sum.calls += bucket.counts.calls;
      sum.failures += bucket.counts.failures;
      sum.slow += bucket.counts.slow;
    }
  }
  return sum;
}

bool CircuitBreaker::tripped(const Counts& counts) const {
  const auto reaches = [&counts](std::uint64_t part, int percent) {
    return part * 100 >= counts.calls * static_cast<std::uint64_t>(percent);
  };
  return counts.calls >= settings_.least_calls &&
         (reaches(counts.failures, settings_.error_percent) ||
          reaches(counts.slow, settings_.slow_percent));
}

void CircuitBreaker::record_probe(bool good, SteadyTime now) {
  if (!good) {
    open_span_ = std::min(open_span_ * 2, settings_.open_most);
    open(now);
  } else if (++probes_good_ == settings_.probes) {
    close();
  }
}

void CircuitBreaker::begin_half_open(SteadyTime now) {
  enter(State::half_open);
  until_ = now + std::max(open_span_, settings_.slow);
}

void CircuitBreaker::open(SteadyTime now) {
  enter(State::open);
  until_ = now + open_span_;
  ++times_opened_;
}

void CircuitBreaker::close() {
  enter(State::closed);
  open_span_ = settings_.open_for;
  std::fill(buckets_.begin(), buckets_.end(), Bucket());
}

void CircuitBreaker::enter(State state) {
  state_ = state;
  ++period_;
  probes_out_ = 0;
  probes_good_ = 0;
}

}  // namespace securecart::resilience
