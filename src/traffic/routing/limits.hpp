// Limits of traffic/routing/: what base/limits.hpp says of units and names holds here as well.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace securecart::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t geo_file_bytes = 512UL * 1024 * 1024;
inline constexpr std::size_t geo_nodes = 64UL * 1024 * 1024;
inline constexpr std::size_t geo_walk_steps = 256UL * 1024 * 1024;
inline constexpr std::size_t geo_places = 1UL << 22;
inline constexpr unsigned geo_data_depth = 16;
inline constexpr std::size_t geo_data_values = 4'096;  // of one place
inline constexpr std::size_t routing_regions = 64;
inline constexpr std::size_t routing_targets = 4'096;
inline constexpr std::size_t routing_policies = 4'096;
inline constexpr std::size_t policy_members = 64;
inline constexpr unsigned policy_depth = 8;
inline constexpr std::size_t policy_answers = 8;     // targets of one answer
inline constexpr std::size_t target_addresses = 16;  // of one target
inline constexpr std::int64_t policy_weight = 1'000'000;
inline constexpr std::size_t rtt_networks = 65'536;  // with learned round-trip times
inline constexpr auto rtt_lifetime = 24h * 7;
inline constexpr std::size_t leases = 65'536;
inline constexpr std::size_t leases_per_service = 64;
inline constexpr auto lease_most = 1h;
inline constexpr auto steering_most = 24h * 30;  // an override without an end is forgotten at last

}  // namespace securecart::limits
