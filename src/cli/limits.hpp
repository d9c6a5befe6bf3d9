// Limits of cli/: what base/limits.hpp says of units and names holds here as well.
#pragma once

#include <chrono>
#include <cstddef>

namespace securecart::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t upstream_instances = 64;  // of one role

inline constexpr auto drain_timeout = 25s;

inline constexpr auto idempotency_key_lifetime = 24h * 30;

inline constexpr auto function_run_lifetime = 24h * 90;

inline constexpr std::size_t dns_zone_file_bytes = 1UL << 30;  // of one file, includes apart
inline constexpr std::size_t dns_zone_counters = 1'000;        // zones with a metric of their own

inline constexpr auto discovery_away = 4s;   // without a word of etcd's: what is known stays
inline constexpr auto discovery_hold = 15s;  // what is missing once it is back

inline constexpr std::size_t health_state_bytes = 8 * 1024 * 1024;
inline constexpr std::size_t leases_bytes = 64UL * 1024 * 1024;  // of all that can be registered

}  // namespace securecart::limits
