// Limits of storage/: what base/limits.hpp says of units and names holds here as well.
#pragma once

#include <chrono>
#include <cstddef>

namespace securecart::limits {

using namespace std::chrono_literals;

// Storage
inline constexpr std::size_t page_cache_bytes = 128 * 1024 * 1024;  // rendered catalog answers
inline constexpr std::size_t batch_statements = 1'000;
inline constexpr std::size_t batch_queue = 4'096;       // batches waiting for the writer
inline constexpr std::size_t group_commit = 256;        // batches in one transaction
inline constexpr std::size_t group_statements = 4'096;  // no batch joins a group beyond this
inline constexpr auto commit_deadline = 10s;            // waiting for the writer
inline constexpr std::size_t read_queue = 4'096;        // reads waiting for a reader thread
inline constexpr auto read_time_limit = 5s;
inline constexpr std::size_t prepared_statements = 2'048;  // kept by a connection
inline constexpr auto lock_wait = 2s;                      // for a lock of the database file
inline constexpr std::size_t prune_slice = 500;            // rows deleted by one batch
inline constexpr std::size_t wal_checkpoint_bytes = 8 * 1024 * 1024;  // copied back beside commits
inline constexpr std::size_t wal_bytes = 64 * 1024 * 1024;            // commits wait for the copy

// Cache
inline constexpr std::size_t cache_entry_bytes = 1024 * 1024;  // larger answers are not kept
inline constexpr std::size_t cache_loads_at_once = 32;         // of one process, from the database
inline constexpr std::size_t cache_loads_waiting = 4'096;
inline constexpr auto cache_load_patience = 5s;  // waiting for one of those places

// Redis
inline constexpr std::size_t redis_hosts = 16;  // of one address
inline constexpr std::size_t redis_reply_bytes = 2 * 1024 * 1024;
inline constexpr std::size_t redis_reply_items = 10'000;        // of one array
inline constexpr std::size_t redis_commands_in_flight = 1'024;  // of one connection
inline constexpr std::size_t redis_unsent_bytes = 8 * 1024 * 1024;
inline constexpr auto redis_connect_timeout = 1s;
inline constexpr auto redis_command_timeout = 250ms;  // silence after which a connection is dead
inline constexpr auto redis_slow_command = 100ms;     // slow for the breaker
inline constexpr auto redis_retry_first = 50ms;       // upper bound of the first pause; doubles
inline constexpr auto redis_retry_most = 1s;
inline constexpr auto redis_breaker_open = 1s;  // at first; doubles
inline constexpr auto redis_breaker_open_most = 10s;
inline constexpr std::size_t redis_undelivered = 65'536;  // invalidations; past it all is dropped
inline constexpr std::size_t redis_invalidation_batch = 256;
inline constexpr std::size_t redis_name_bytes = 200;   // of a key; longer names are hashed
inline constexpr auto redis_space_lifetime = 24h * 7;  // of a shop's invalidations, without any
inline constexpr auto sentinel_ping = 1s;
inline constexpr auto sentinel_silence = 3s;  // after which another sentinel is asked

// PostgreSQL
inline constexpr std::size_t postgres_group = 128;              // batches in one transaction
inline constexpr std::size_t postgres_point_connections = 2;    // for reads that decide
inline constexpr std::size_t postgres_listing_connections = 2;  // for long reads, at each place
inline constexpr std::size_t postgres_reads_in_flight = 8;      // on one connection
inline constexpr std::size_t postgres_hosts = 16;               // of one connection string
inline constexpr auto postgres_connect_timeout = 2s;            // of one host, each of its steps
inline constexpr auto postgres_slow_rest_most = 16s;    // before a slow host is asked once more
inline constexpr auto postgres_connect_patience = 60s;  // of one that was reached, in its queue
inline constexpr auto postgres_open_patience = 20s;     // for a primary, at start
inline constexpr auto postgres_answer_timeout = 3s;     // silence after which a connection is dead
inline constexpr auto postgres_retry_pause = 50ms;      // after every host was tried; doubles
inline constexpr auto postgres_retry_pause_most = 1s;
inline constexpr auto postgres_standby_pause = 2s;  // before a standby is looked for again; doubles
inline constexpr auto postgres_standby_pause_most = 30s;
inline constexpr auto postgres_lock_timeout = 2s;    // before a writer asks who holds the others up
inline constexpr auto postgres_stalled_writer = 2s;  // silence of a client that holds it
inline constexpr auto postgres_marker_lifetime = 1h;  // longer than any batch is tried
inline constexpr auto postgres_marker_pruning = 1min;
inline constexpr auto migration_lock_timeout = 100ms;  // nobody waits longer behind a migration
inline constexpr auto migration_patience = 60s;        // trying again for such a lock

// Events
inline constexpr std::size_t event_payload_bytes = 64 * 1024;
inline constexpr std::size_t event_page = 500;

}  // namespace securecart::limits
