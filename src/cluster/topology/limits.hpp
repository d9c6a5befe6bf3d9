#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace securecart::limits {

inline constexpr std::size_t topology_name_bytes = 40;  // of zones, hosts, services: parts of names
inline constexpr std::size_t topology_domain_bytes = 150;  // an instance's name is before it
inline constexpr std::size_t topology_zones = 100;
inline constexpr std::size_t topology_hosts = 2'000;
inline constexpr std::size_t topology_services = 50;
inline constexpr std::size_t topology_list = 32;            // roles, paths of a service
inline constexpr std::int64_t topology_slots = 64;          // of a host
inline constexpr std::int64_t topology_instances = 10'000;  // of a service
// With what a process may take to end once it was told to (net's drain_timeout, and some).
inline constexpr auto topology_drain = std::chrono::seconds(30);

}  // namespace securecart::limits
