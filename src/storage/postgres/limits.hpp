// How often what talks to PostgreSQL looks around.
#pragma once

#include <chrono>

namespace securecart::limits {

inline constexpr auto postgres_short_pause = std::chrono::milliseconds(20);  // something waits
inline constexpr auto postgres_long_pause = std::chrono::milliseconds(200);  // nothing does

// After which another host is asked beside one that nothing was heard of (RFC 8305 waits 250 ms).
inline constexpr auto postgres_next_host = std::chrono::milliseconds(250);

// Between two questions to the standbys whether one was promoted, while there is no primary.
inline constexpr auto postgres_look_for_primary = std::chrono::milliseconds(200);

}  // namespace securecart::limits
