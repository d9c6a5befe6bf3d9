// Limits of what the controller reads and decides.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace securecart::limits {

inline constexpr std::size_t region_zones = 256;
inline constexpr std::size_t region_services = 256;
inline constexpr std::int64_t region_instances = 100'000;
inline constexpr std::size_t region_alarms = 100;  // told at once
inline constexpr int pinned_instances = 10'000;
inline constexpr auto longest_shift = std::chrono::hours(24);  // of a zone, by hand, in one order
inline constexpr std::size_t host_slots = 256;
inline constexpr std::size_t host_units = 64;
inline constexpr std::size_t record_bytes = 512 * 1024;  // etcd takes 1.5 MiB
inline constexpr std::size_t quarters_of_day = 96;       // of an hour
inline constexpr std::size_t quarters_of_week = 672;

}  // namespace securecart::limits
