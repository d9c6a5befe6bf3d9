#include "events/backoff.hpp"

#include <algorithm>
#include <cassert>

namespace securecart::events {

Duration full_jitter(int attempt, Duration first, Duration most, Random& random) {
  assert(attempt >= 1);
  Duration bound = first;
  for (int i = 1; i < attempt && bound < most; ++i) {
    bound *= 2;
  }
  const double nanoseconds = static_cast<double>(std::min(bound, most).count()) * random.unit();
  return Duration(static_cast<Duration::rep>(nanoseconds));
}

}  // namespace securecart::events
