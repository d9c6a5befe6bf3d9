// Limits of traffic/model/: what base/limits.hpp says of units and names holds here as well.
#pragma once

#include <cstddef>

namespace securecart::limits {

inline constexpr std::size_t query_threads = 1'025;  // that ask policies, and one that explains

}  // namespace securecart::limits
