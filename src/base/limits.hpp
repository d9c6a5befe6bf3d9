// Every queue, retry, body, header, batch and loop has its limit here, with its unit in its name.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace securecart::limits {

using namespace std::chrono_literals;

// HTTP
inline constexpr std::size_t request_header_bytes = 16 * 1024;
inline constexpr std::size_t request_header_fields = 100;
inline constexpr std::size_t request_target_bytes = 4 * 1024;
inline constexpr std::size_t request_body_bytes = 256 * 1024;  // Between roles
inline constexpr std::size_t upstream_in_flight = 1'024;  // requests at all instances of one role
inline constexpr std::size_t upstream_instances = 64;     // of one role
inline constexpr auto upstream_attempt_timeout = 5s;      // of a request that may be repeated
inline constexpr std::size_t identity_bytes = 256 * 1024;

// JSON
inline constexpr std::size_t import_body_bytes = 32 * 1024 * 1024;    // CSV
inline constexpr std::size_t response_body_bytes = 64 * 1024 * 1024;  // as a client
inline constexpr std::size_t response_header_bytes = 64 * 1024;
inline constexpr std::size_t response_header_fields = 200;
inline constexpr std::size_t interim_answers = 8;  // 1xx before the answer
inline constexpr auto client_idle_timeout = 30s;   // below idle_timeout: the client closes first
inline constexpr std::size_t connections_per_core = 8'192;
inline constexpr auto header_timeout = 10s;
inline constexpr auto body_timeout = 30s;  // and a second more for each body_bytes_per_second sent
inline constexpr std::size_t body_bytes_per_second = 64 * 1024;
inline constexpr auto idle_timeout = 60s;
inline constexpr auto write_timeout = 30s;
inline constexpr auto drain_timeout = 25s;
inline constexpr auto request_deadline = 15s;
inline constexpr auto linger_timeout = 2s;  // reading on after a refusal, so that it is not lost
inline constexpr std::size_t linger_bytes = 4 * 1024 * 1024;
inline constexpr std::size_t read_buffer_bytes =
    64 * 1024;  // of one connection, while a body comes
inline constexpr std::size_t listen_backlog = 4'096;
inline constexpr std::size_t blocking_queue = 1'024;  // jobs waiting for a worker thread

// JSON
inline constexpr std::size_t json_depth = 32;

// Configuration
inline constexpr std::size_t config_bytes = 1024 * 1024;
inline constexpr std::size_t config_list_items = 1'000;
inline constexpr std::size_t config_problems = 100;  // shown at once
inline constexpr std::size_t path_bytes = 4'096;

// Rate limits
inline constexpr std::size_t rate_limiter_keys = 65'536;

// API
inline constexpr std::size_t page_default = 20;
inline constexpr std::size_t page_max = 100;
inline constexpr std::size_t cursor_bytes = 2'048;
inline constexpr std::size_t path_parameter_bytes = 255;
inline constexpr std::size_t query_parameter_bytes = 1'024;  // a text without its own maximum
inline constexpr std::size_t schema_errors = 20;             // named in one problem
inline constexpr std::size_t idempotency_key_bytes = 255;
inline constexpr auto idempotency_key_lifetime = 24h * 30;
inline constexpr std::size_t search_query_bytes = 200;

inline constexpr long requests_at_once = 2'048;        // of one process, answered at the same time
inline constexpr long requests_at_once_first = 1'024;  // until the process knows itself better
inline constexpr long requests_at_once_least = 16;
inline constexpr long writes_per_second = 500;  // of one client
inline constexpr long writes_burst = 2'000;

// Shop
inline constexpr std::size_t cart_lines = 100;
inline constexpr long line_quantity = 10'000;
inline constexpr std::size_t product_variants = 200;
inline constexpr std::size_t product_options = 3;
inline constexpr std::size_t product_images = 100;
inline constexpr std::size_t product_tags = 250;
inline constexpr std::size_t product_collections = 50;
inline constexpr std::size_t seo_description_bytes = 1024;
inline constexpr std::size_t image_alt_bytes = 1024;
inline constexpr std::size_t url_bytes = 2048;
inline constexpr std::int64_t variant_grams = 1'000'000'000;
inline constexpr std::int64_t variant_units = 10'000;
inline constexpr std::size_t html_depth = 32;             // open elements of a description
inline constexpr std::size_t search_words = 16;           // of a query
inline constexpr std::int64_t search_candidates = 5'000;  // matches that are ranked
inline constexpr auto catalog_page_lifetime = 10min;      // in the cache; changes drop it at once
inline constexpr auto catalog_page_fresh = 1min;          // older ones are made anew when read
inline constexpr auto catalog_absence_lifetime = 10s;     // of "there is no such product"
inline constexpr std::size_t recommended_products = 8;    // shown with a product
inline constexpr std::size_t paired_products = 12;   // of one order, counted as bought together
inline constexpr auto recommendations_fresh = 5min;  // in the cache
inline constexpr auto recommendations_lifetime = 1h;
inline constexpr int upsert_attempts = 5;  // against writers of the same product
inline constexpr std::size_t text_bytes = 255;
inline constexpr std::size_t long_text_bytes = 64 * 1024;
inline constexpr std::size_t metadata_bytes = 8 * 1024;

// Accounts
inline constexpr std::size_t email_bytes = 254;  // RFC 5321 section 4.5.3.1.3, without the brackets
inline constexpr std::size_t password_bytes_least = 10;
inline constexpr std::size_t password_bytes_most = 256;
inline constexpr std::size_t password_hashes_at_once = 2;   // 64 MiB each
inline constexpr std::size_t password_hashes_waiting = 64;  // for one of those
inline constexpr auto customer_session_lifetime = 24h * 30;
inline constexpr auto staff_session_lifetime = 12h;
inline constexpr std::int64_t login_failures_by_email = 5;   // before the first wait
inline constexpr std::int64_t login_failures_by_peer = 100;  // many shoppers share one address
inline constexpr auto login_wait_first = 2s;                 // doubles with each further failure
inline constexpr auto login_wait_most = 15min;
inline constexpr auto login_failures_forgotten = 24h;  // after the last one
inline constexpr std::size_t session_token_bytes = 32;
inline constexpr std::size_t customer_addresses = 50;
inline constexpr std::size_t api_keys = 100;  // of a shop, not revoked
inline constexpr std::size_t shop_staff = 200;
inline constexpr std::size_t shop_hosts = 20;
inline constexpr std::size_t shop_currencies = 50;
inline constexpr std::size_t shop_countries = 250;
inline constexpr std::size_t cached_sessions = 65'536;
inline constexpr auto cached_session_lifetime = 1h;  // in the shared cache; changes drop it at once
inline constexpr auto cached_session_fresh = 5min;
inline constexpr std::size_t cached_keys = 16'384;
inline constexpr std::size_t cached_hosts = 16'384;
inline constexpr std::size_t cached_unknown_hosts = 1'024;
inline constexpr std::size_t cached_shops = 4'096;
inline constexpr std::size_t purged_rows = 500;  // in one batch

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
inline constexpr std::size_t postgres_point_connections = 4;    // for reads that decide
inline constexpr std::size_t postgres_listing_connections = 2;  // for long reads, at each place
inline constexpr std::size_t postgres_reads_in_flight = 8;      // on one connection
inline constexpr std::size_t postgres_hosts = 16;               // of one connection string
inline constexpr auto postgres_connect_timeout = 2s;            // of one host
inline constexpr auto postgres_open_timeout = 10s;              // of one host, at start
inline constexpr auto postgres_open_patience = 15s;             // for a primary, at start
inline constexpr auto postgres_answer_timeout = 3s;  // silence after which a connection is dead
inline constexpr auto postgres_retry_pause = 50ms;   // after every host was tried
inline constexpr auto postgres_standby_pause = 2s;   // before a standby is looked for again
inline constexpr auto postgres_lock_timeout = 2s;    // before a writer asks who holds the others up
inline constexpr auto postgres_stalled_writer = 2s;  // silence of a client that holds it
inline constexpr auto postgres_marker_lifetime = 1h;  // longer than any batch is tried
inline constexpr auto postgres_marker_pruning = 1min;
inline constexpr auto migration_lock_timeout = 100ms;  // nobody waits longer behind a migration
inline constexpr auto migration_patience = 60s;        // trying again for such a lock

// Events
inline constexpr std::size_t event_payload_bytes = 64 * 1024;
inline constexpr std::size_t event_page = 500;
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

// Payments
inline constexpr std::size_t reaper_page = 100;  // payments asked about in one round
inline constexpr std::size_t stripe_pages = 50;  // of 100 intents, walked to find one

// Functions
inline constexpr std::size_t function_source_bytes = 64 * 1024;
inline constexpr std::size_t function_input_bytes = 256 * 1024;  // JSON of an order
inline constexpr std::size_t function_output_bytes = 16 * 1024;  // JSON of a verdict
inline constexpr std::size_t function_log_bytes = 8 * 1024;
inline constexpr std::size_t function_log_lines = 100;
inline constexpr std::size_t function_reasons = 10;  // of a verdict
inline constexpr std::size_t function_message_bytes = 1024 * 1024;
inline constexpr std::size_t function_heap_bytes = 16 * 1024 * 1024;      // of the interpreter
inline constexpr std::size_t function_process_bytes = 512 * 1024 * 1024;  // address space
inline constexpr std::int64_t function_timeout_least_ms = 10;
inline constexpr std::int64_t function_timeout_most_ms = 2'000;
inline constexpr std::int64_t function_timeout_default_ms = 250;
inline constexpr int function_worker_runs = 1'000;    // then the process is replaced
inline constexpr std::size_t function_queue = 1'024;  // runs waiting for a worker
inline constexpr std::size_t shop_functions = 20;
inline constexpr std::int64_t function_versions = 1'000;
inline constexpr auto function_run_lifetime = 24h * 90;
inline constexpr auto function_inline_budget = 3s;  // of all functions before one completion

// Import
inline constexpr std::size_t csv_field_bytes = 1024 * 1024;
inline constexpr std::size_t csv_columns = 300;
inline constexpr std::size_t csv_rows = 500'000;
inline constexpr std::size_t import_errors = 1'000;

// Lab: load from outside, histories and their check
inline constexpr std::size_t history_line_bytes = 1024 * 1024;
inline constexpr std::size_t history_queue = 65'536;     // entries waiting to become durable
inline constexpr std::size_t shoppers_at_once = 20'000;  // of one load run
inline constexpr std::size_t load_variants = 2'000;      // a load run picks from at most these
inline constexpr std::size_t replay_orders_at_once = 16;
inline constexpr std::size_t check_requests_at_once = 16;
inline constexpr std::size_t check_findings = 10'000;  // told one by one; all are counted
inline constexpr std::size_t retail_file_bytes = 128 * 1024 * 1024;
inline constexpr std::size_t retail_rows = 2'000'000;

// DNS
inline constexpr std::size_t dns_name_bytes = 255;  // RFC 1035 section 3.1, as the four below
inline constexpr std::size_t dns_label_bytes = 63;
inline constexpr std::size_t dns_name_labels = 127;
inline constexpr std::size_t dns_message_bytes = 65'535;
inline constexpr std::size_t dns_udp_bytes = 512;              // without EDNS
inline constexpr std::size_t dns_zone_file_bytes = 1UL << 30;  // of one file, includes apart
inline constexpr std::size_t dns_include_depth = 8;
inline constexpr std::size_t dns_include_files = 1'000;        // of one zone
inline constexpr std::size_t dns_zone_bytes = 0xf000'0000;     // in memory; offsets have 32 bits
inline constexpr std::size_t dns_rrset_bytes = 60'000;         // so that it fits an answer over TCP
inline constexpr std::size_t dns_signatures_kept = 1UL << 16;  // a thread's, 80 bytes each
inline constexpr std::size_t dns_limited_subjects = 1UL << 16;  // a thread's, 16 bytes each
inline constexpr std::size_t dns_journal_records = 100'000;     // of one zone, for IXFR
inline constexpr std::size_t dns_batch = 64;                    // packets of one system call
inline constexpr std::size_t dns_batches_in_a_row = 8;          // before TCP has its turn
inline constexpr std::size_t dns_udp_answer_bytes = 4'096;      // the most that can be configured
inline constexpr std::size_t dns_connections = 1'024;           // of one thread
inline constexpr std::size_t dns_connections_of_client = 32;    // of one thread
inline constexpr std::size_t dns_unsent_bytes = 256 * 1024;     // reading waits beyond it
inline constexpr auto dns_tcp_idle_timeout = 10s;               // RFC 7766 section 6.2.3
inline constexpr std::size_t dns_transfers = 16;                // at once, of one thread
inline constexpr std::size_t dns_zone_counters = 1'000;         // zones with a metric of their own
inline constexpr int dns_notify_attempts = 6;                   // within a minute or so
inline constexpr std::size_t dns_chain_hops = 8;       // CNAME and ALIAS, one after another
inline constexpr std::size_t dns_zone_problems = 100;  // told at once

// Routing policies and geography
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
inline constexpr std::size_t query_threads = 257;    // of the server, and one that explains
inline constexpr std::size_t rtt_networks = 65'536;  // with learned round-trip times
inline constexpr auto rtt_lifetime = 24h * 7;
inline constexpr std::size_t leases = 65'536;
inline constexpr std::size_t leases_per_service = 64;
inline constexpr auto lease_most = 1h;
inline constexpr auto steering_most = 24h * 30;  // an override without an end is forgotten at last

// Health checks
inline constexpr std::size_t health_checks = 8'192;
inline constexpr auto check_interval_least = 250ms;
inline constexpr auto check_interval_most = 1h;
inline constexpr int check_threshold = 100;              // rise, fall
inline constexpr int check_fall_most = 60;               // however lossy the path is
inline constexpr std::size_t check_expression = 64;      // checks one calculated check looks at
inline constexpr std::size_t check_body_bytes = 65'536;  // of an answer, read for a body match
inline constexpr std::size_t vantage_points = 16;
inline constexpr std::size_t vote_message_bytes = 256 * 1024;
inline constexpr std::size_t health_state_bytes = 8 * 1024 * 1024;

}  // namespace securecart::limits
