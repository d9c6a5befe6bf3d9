#include "resilience/backoff.hpp"

#include <algorithm>
#include <cassert>

namespace securecart::resilience {

Duration Backoff::ceiling(int retry) const {
  assert(retry >= 0 && first >= Duration::zero() && first <= most);
  Duration span = first;
  for (int i = 0; i < retry && span < most; ++i) {
    span = span > most / 2 ? most : span * 2;
  }
  return span;
}

Duration Backoff::wait(int retry, Random& random) const {
  const auto bound = static_cast<std::uint64_t>(ceiling(retry).count()) + 1;
  return Duration(static_cast<std::int64_t>(random.below(bound)));
}

}  // namespace securecart::resilience
