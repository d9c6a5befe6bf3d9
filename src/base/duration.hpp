// Durations as the numbers that others want.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.hpp"

namespace securecart {

// Whole ones.
inline std::int64_t to_millis(Duration span) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
}

}  // namespace securecart
