// Limits of what hosts and controller write to each other.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace securecart::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t store_writes = 100;  // of one commit; etcd takes 128 operations

}  // namespace securecart::limits
