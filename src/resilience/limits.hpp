// Limits of resilience/: what base/limits.hpp says of units and names holds here as well.
#pragma once

#include <cstddef>

namespace securecart::limits {

inline constexpr std::size_t rate_limiter_keys = 65'536;

}  // namespace securecart::limits
