// Limits of the event log, of brokers and of what moves events through them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace securecart::limits {

using namespace std::chrono_literals;

// The log and its consumers
inline constexpr int delivery_attempts = 10;
inline constexpr auto delivery_retry_first = 50ms;  // upper bound of the first pause; doubles
inline constexpr auto delivery_retry_most = 60s;
inline constexpr auto relay_retry_most = 1s;         // while the database is away
inline constexpr std::size_t recent_events = 8'192;  // kept in memory for consumers near the tail
inline constexpr std::size_t recent_event_bytes = 16 * 1024 * 1024;
inline constexpr std::size_t broker_queue = 1'024;     // events; publishing waits beyond it
inline constexpr std::size_t consumer_prefetch = 512;  // events taken and not acknowledged
inline constexpr std::int64_t cursor_stride = 256;     // events between two saved cursors
inline constexpr auto cursor_pause = 1s;               // a cursor at rest is saved after this
inline constexpr std::size_t park_reason_bytes = 1'024;

inline constexpr std::size_t parked_message_bytes = 16 * 1024;  // kept of one that is no event

// A broker outside the process
inline constexpr std::size_t broker_hosts = 16;                  // of one address
inline constexpr std::size_t broker_message_bytes = 512 * 1024;  // a payload, escaped, and some
inline constexpr int broker_frame_bytes = 128 * 1024;            // AMQP frames, both ways
inline constexpr std::size_t broker_commands = 100'000;          // waiting for its thread
inline constexpr std::int64_t broker_queue_messages = 100'000;   // it refuses beyond: log keeps
inline constexpr std::size_t broker_prefetch = 256;              // taken and not acknowledged
inline constexpr int broker_returns = 50;               // taken and given back so often: parked
inline constexpr int broker_delivery_limit = 60;        // the broker's own, above ours
inline constexpr auto broker_queue_lifetime = 24h * 7;  // of a queue nobody reads
inline constexpr auto broker_heartbeat = 5s;            // dead after twice this
inline constexpr auto broker_connect_timeout = 3s;      // of one host, each of its steps
inline constexpr auto broker_rpc_timeout = 10s;  // declaring a quorum queue waits for an election
inline constexpr auto broker_confirm_timeout = 10s;
inline constexpr auto broker_retry_first = 100ms;  // upper bound of the first pause; doubles
inline constexpr auto broker_retry_most = 5s;
inline constexpr auto broker_resubscribe_pause = 1s;  // while the queue is not there
inline constexpr auto broker_hold = 2min;  // an event tried for so long goes back to the log

// The relay to such a broker, and who looks after it
inline constexpr auto relay_beat = 1s;      // signs of life of the one that relays
inline constexpr auto relay_patience = 4s;  // without one another takes over
inline constexpr auto relay_check = 5s;     // between looks whether the queue is still there
inline constexpr int relay_stuck = 3;       // publications without a confirm: another queue
inline constexpr auto recheck_after = 5s;   // age at which an event is looked up before its handler
inline constexpr auto replay_pause = 5s;    // between looks for parked events to try again
inline constexpr auto sweep_pause = 1s;     // between two looks for events nobody settled
inline constexpr auto sweep_after = 30s;    // age at which they are taken from the log itself
inline constexpr auto sweep_after_away = 5s;      // the same while the broker is away
inline constexpr std::size_t sweep_pages = 20;    // of event_page positions, in one look
inline constexpr std::size_t sweep_events = 256;  // taken from the log and not settled

}  // namespace securecart::limits
