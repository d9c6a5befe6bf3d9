// How often what talks to PostgreSQL looks around.
#pragma once

#include <chrono>

namespace securecart::limits {

inline constexpr auto postgres_short_pause = std::chrono::milliseconds(20);  // something waits
inline constexpr auto postgres_long_pause = std::chrono::milliseconds(200);  // nothing does

}  // namespace securecart::limits
