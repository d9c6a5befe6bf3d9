// Limits of the agent of a host.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace securecart::limits {

using namespace std::chrono_literals;

inline constexpr int agent_crash_loop = 5;          // failures in a row that make one
inline constexpr auto agent_restart_first = 100ms;  // upper bound of the first pause; doubles
inline constexpr auto agent_restart_most = 15s;
inline constexpr auto agent_stable_time = 10s;       // ready that long: earlier failures are over
inline constexpr auto agent_unprobed_ready = 500ms;  // alive that long: ready, when nobody can ask
inline constexpr auto agent_start_probe = 250ms;     // between probes while it starts, at most
inline constexpr int agent_start_doublings = 2;   // of the time to start, after failures in a row
inline constexpr auto agent_sick_stop_time = 3s;  // for what did not do its work any more
inline constexpr auto agent_withdraw_pause = 1s;  // out of discovery, before it is stopped
inline constexpr auto agent_withdraw_patience = 5s;  // when the store is away
inline constexpr auto agent_probe_timeout = 2s;
inline constexpr auto agent_tick = 50ms;          // between two looks at its units
inline constexpr auto agent_heartbeat = 1s;       // between two reports
inline constexpr auto agent_lease = 5s;           // a host that was silent so long is gone
inline constexpr auto agent_store_pause = 500ms;  // before the store is tried again
inline constexpr auto agent_log_pause = 5s;       // between two looks at the logs' sizes
inline constexpr auto agent_patch_patience = 1h;
inline constexpr std::size_t agent_log_bytes = 16 * 1024 * 1024;  // of one unit, twice

}  // namespace securecart::limits
