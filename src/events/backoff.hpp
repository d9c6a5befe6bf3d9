// How long to wait before trying again.
#pragma once

#include "base/clock.hpp"
#include "base/prng.hpp"

namespace securecart::events {

// Full jitter: uniform between nothing and first * 2^(attempt - 1), at most `most`. `attempt`
// counts from 1. (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.)
Duration full_jitter(int attempt, Duration first, Duration most, Random& random);

}  // namespace securecart::events
