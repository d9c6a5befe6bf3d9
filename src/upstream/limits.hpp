// Limits of upstream/: what base/limits.hpp says of units and names holds here as well.
#pragma once

#include <chrono>
#include <cstddef>

namespace securecart::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t upstream_in_flight = 1'024;  // requests at all instances of one role
inline constexpr auto upstream_attempt_timeout = 5s;      // of a request that may be repeated

}  // namespace securecart::limits
