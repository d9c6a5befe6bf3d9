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
inline constexpr std::size_t request_body_bytes = 256 * 1024;         // JSON
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

inline constexpr std::size_t requests_at_once = 2'048;  // of one process, answered at the same time
inline constexpr std::size_t reads_at_once = 1'536;     // beyond it reads are refused before writes
inline constexpr long writes_per_second = 500;          // of one client
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
inline constexpr int upsert_attempts = 5;                 // against writers of the same product
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

}  // namespace securecart::limits
