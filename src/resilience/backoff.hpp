// How long to wait before trying again: exponential with full jitter, so that callers who failed
// together do not come back together (M. Brooker, "Exponential Backoff And Jitter", AWS 2015).
#pragma once

#include "base/clock.hpp"
#include "base/prng.hpp"

namespace securecart::resilience {

struct Backoff {
  Duration first = std::chrono::milliseconds(50);
  Duration most = std::chrono::seconds(5);

  // The longest wait before retry number `retry` (from 0): first * 2^retry, at most `most`.
  Duration ceiling(int retry) const;
  // Uniform in [0, ceiling(retry)].
  Duration wait(int retry, Random& random) const;
};

}  // namespace securecart::resilience
