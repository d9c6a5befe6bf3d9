// Limits of lab/: what base/limits.hpp says of units and names holds here as well.
#pragma once

#include <cstddef>

namespace securecart::limits {

inline constexpr std::size_t history_line_bytes = 1024 * 1024;
inline constexpr std::size_t history_queue = 65'536;     // entries waiting to become durable
inline constexpr std::size_t shoppers_at_once = 20'000;  // of one load run
inline constexpr std::size_t load_variants = 2'000;      // a load run picks from at most these
inline constexpr std::size_t wire_frames = 20'000;       // on their way through a slow cable
inline constexpr std::size_t game_day_faults = 100;
inline constexpr std::size_t reads_at_once = 2'000;  // of a game day's readers
inline constexpr std::size_t replay_orders_at_once = 16;
inline constexpr std::size_t check_requests_at_once = 16;
inline constexpr std::size_t check_findings = 10'000;  // told one by one; all are counted
inline constexpr std::size_t retail_file_bytes = 128 * 1024 * 1024;
inline constexpr std::size_t retail_rows = 2'000'000;

}  // namespace securecart::limits
