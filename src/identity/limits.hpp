// Limits of identity/: what base/limits.hpp says of units and names holds here as well.
#pragma once

#include <cstddef>

namespace securecart::limits {

inline constexpr std::size_t identity_bytes = 256 * 1024;

}  // namespace securecart::limits
