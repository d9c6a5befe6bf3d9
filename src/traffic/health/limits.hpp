// Limits of traffic/health/: what base/limits.hpp says of units and names holds here as well.
#pragma once

#include <chrono>
#include <cstddef>

namespace securecart::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t health_checks = 8'192;
inline constexpr auto check_interval_least = 250ms;
inline constexpr auto check_interval_most = 1h;
inline constexpr int check_threshold = 100;              // rise, fall
inline constexpr int check_unanswered_most = 240;        // in a row, however lossy the path is
inline constexpr auto check_patience = 2s;               // with one probe
inline constexpr std::size_t probes_in_doubt = 2'048;    // at once, beyond the first of each round
inline constexpr std::size_t check_expression = 64;      // checks one calculated check looks at
inline constexpr std::size_t check_body_bytes = 65'536;  // of an answer, read for a body match
inline constexpr std::size_t vantage_points = 16;
inline constexpr std::size_t vote_message_bytes = 256 * 1024;

}  // namespace securecart::limits
