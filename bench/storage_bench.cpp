// What storage costs: a checkout-like batch of 12 statements through SqliteDatabase beside the same
// SQL straight into SQLite, point reads, the way of an event to its consumer, and cache hits.
//
//   storage_bench [FOLDER]   a folder on the disk to measure; default: the temporary folder
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "base/prng.hpp"
#include "base/task.hpp"
#include "events/workers.hpp"
#include "observe/metrics.hpp"
#include "storage/cache/memory_cache.hpp"
#include "storage/sqlite/sqlite_database.hpp"
#include "tests/support/thread_executor.hpp"

namespace securecart::storage {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t batches_in_all = 20'000;
constexpr std::size_t batches_one_by_one = 1'000;  // each waits for a disk flush of its own
constexpr std::size_t products = 1'000;
constexpr std::size_t lines = 4;

constexpr const char* sql_tables =
    "CREATE TABLE bench_carts (id TEXT PRIMARY KEY, status TEXT NOT NULL);"
    "CREATE TABLE bench_stock (id TEXT PRIMARY KEY, granted BIGINT, sold BIGINT, "
    "CHECK (sold <= granted));"
    "CREATE TABLE bench_orders (id TEXT PRIMARY KEY, cart TEXT UNIQUE, body TEXT);"
    "CREATE TABLE bench_lines (order_id TEXT, line BIGINT, product TEXT, quantity BIGINT, "
    "PRIMARY KEY (order_id, line));";
constexpr std::string_view sql_cart = "INSERT INTO bench_carts (id, status) VALUES ($1, 'open')";
constexpr std::string_view sql_complete =
    "UPDATE bench_carts SET status = 'completed' WHERE id = $1 AND status = 'open'";
constexpr std::string_view sql_sell = "UPDATE bench_stock SET sold = sold + $2 WHERE id = $1";
constexpr std::string_view sql_order =
    "INSERT INTO bench_orders (id, cart, body) VALUES ($1, $2, $3)";
constexpr std::string_view sql_line =
    "INSERT INTO bench_lines (order_id, line, product, quantity) VALUES ($1, $2, $3, $4)";
constexpr std::string_view sql_product = "SELECT granted, sold FROM bench_stock WHERE id = $1";

std::string product(std::size_t i) {
  return "variant_" + std::to_string(i % products);
}

Batch checkout(std::size_t i) {
  const std::string id = "ord_" + std::to_string(i * 7'919 % 1'000'003) + "_" + std::to_string(i);
  Batch batch;
  batch.key = BatchKey{
      "shop_1", "complete_cart", "key_" + id, std::string(64, 'f'), {201, std::string(600, 'b')}};
  batch.add(sql_cart, {"cart_" + id});
  batch.add(sql_complete, {"cart_" + id});
  batch.add(sql_order, {id, "cart_" + id, std::string(600, 'o')});
  for (std::size_t line = 0; line < lines; ++line) {
    batch.add(sql_sell, {product(i * 31 + line), std::int64_t{1}});
    batch.add(sql_line,
              {id, static_cast<std::int64_t>(line), product(i * 31 + line), std::int64_t{1}});
  }
  batch.event("order.placed", "shop_1", id, std::string(400, 'e'));
  return batch;
}

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

void make_tables(SqliteDatabase& database) {
  const std::string_view all = sql_tables;
  for (std::size_t begin = 0; begin < all.size();) {
    const std::size_t end = all.find(';', begin);
    Batch batch;
    batch.add(all.substr(begin, end - begin));
    run_ready(database.commit(std::move(batch)));
    begin = end + 1;
  }
  Batch stock;
  for (std::size_t i = 0; i < products; ++i) {
    stock.add("INSERT INTO bench_stock (id, granted, sold) VALUES ($1, 1000000000, 0)",
              {product(i)});
  }
  run_ready(database.commit(std::move(stock)));
}

// `waiting` tasks at a time on each of `executors`, each committing one batch after the other.
Task<void> commit_range(SqliteDatabase& database, std::atomic<std::size_t>& next, std::size_t all) {
  for (std::size_t i = next++; i < all; i = next++) {
    Task<Commit> committing = database.commit(checkout(i));
    const Commit outcome = co_await committing;
    if (!std::holds_alternative<Committed>(outcome)) {
      std::abort();
    }
  }
}

std::size_t batches_for(std::size_t together) {
  return together == 1 ? batches_one_by_one : batches_in_all;
}

double through_database(SqliteDatabase& database, std::size_t waiting) {
  const std::size_t all = batches_for(waiting);
  test::ThreadExecutor executor;
  std::atomic<std::size_t> next = 0;
  std::vector<std::future<void>> tasks;
  const auto start = SteadyClock::now();
  const double cpu = cpu_seconds();
  for (std::size_t i = 0; i < waiting; ++i) {
    tasks.push_back(executor.spawn<void>([&] { return commit_range(database, next, all); }));
  }
  for (auto& task : tasks) {
    task.get();
  }
  const double rate = static_cast<double>(all) / seconds_since(start);
  fmt::print("  {:5} waiting  {:9.0f} batches/s  {:6.1f} us CPU a batch (both threads)\n", waiting,
             rate, (cpu_seconds() - cpu) / static_cast<double>(all) * 1e6);
  return rate;
}

// The limit: one thread, no queue, no answers, the same statements in transactions of `group`.
double straight(const std::filesystem::path& folder, std::size_t group) {
  const std::size_t all = batches_for(group);
  SystemClock clock;
  observe::Metrics metrics;
  SqliteOptions options;
  options.inline_execution = true;
  {
    const auto database = sqlite::open_files(folder, clock, metrics, options);
    make_tables(*database);
  }
  sqlite::Connection connection(folder / "securecart.db", sqlite::Connection::Mode::read_write,
                                clock);
  connection.execute("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-65536");
  const auto start = SteadyClock::now();
  const double cpu = cpu_seconds();
  std::int64_t position = 0;
  for (std::size_t i = 0; i < all;) {
    connection.change("BEGIN IMMEDIATE", {});
    for (std::size_t n = 0; n < group && i < all; ++n, ++i) {
      const Batch batch = checkout(i);
      connection.change(
          "INSERT INTO idempotency_keys (shop_id, scope, key, fingerprint, status, body, "
          "created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
          {batch.key->shop_id, batch.key->scope, batch.key->key, batch.key->fingerprint,
           std::int64_t{201}, batch.key->response.body, std::int64_t{0}});
      for (const Statement& statement : batch.statements) {
        connection.change(statement.sql, statement.parameters);
      }
      const EventDraft& event = batch.events[0];
      connection.change(
          "INSERT INTO event_log (origin, position, shop_id, type, subject, payload, at, trace) "
          "VALUES ('local', $1, $2, $3, $4, $5, 0, '')",
          {++position, event.shop_id, event.type, event.subject, event.payload});
    }
    connection.change("COMMIT", {});
  }
  const double rate = static_cast<double>(all) / seconds_since(start);
  fmt::print("  {:5} a commit {:9.0f} batches/s  {:6.1f} us CPU a batch\n", group, rate,
             (cpu_seconds() - cpu) / static_cast<double>(all) * 1e6);
  return rate;
}

void point_reads(SqliteDatabase& database) {
  constexpr std::size_t reads = 200'000;
  std::vector<double> micros;
  micros.reserve(reads);
  for (std::size_t i = 0; i < reads; ++i) {
    const auto start = SteadyClock::now();
    const Rows rows = run_ready(database.read(Query{sql_product, {product(i)}}));
    micros.push_back(seconds_since(start) * 1e6);
    if (rows.size() != 1) {
      std::abort();
    }
  }
  std::ranges::sort(micros);
  fmt::print("point read on the calling thread: p50 {:.1f} us, p99 {:.1f} us\n", micros[reads / 2],
             micros[reads * 99 / 100]);
}

// From the answer to a commit until a consumer's handler runs, one event at a time.
void consumer_delay(const std::filesystem::path& folder) {
  constexpr std::size_t events = 1'000;
  SystemClock clock;
  observe::Metrics metrics;
  SecureRandom random;
  test::ThreadExecutor home;
  const auto database = sqlite::open_files(folder, clock, metrics);
  events::Log log(*database);
  events::Workers workers({*database, log, clock, random, metrics});
  std::atomic<std::size_t> handled = 0;
  std::atomic<std::int64_t> handled_at = 0;
  const auto now = [] { return SteadyClock::now().time_since_epoch().count(); };
  const events::Handler handler = [&](const events::Event&) {
    handled_at = now();
    ++handled;
    return [] -> Task<events::ConsumerOutcome> { co_return Batch{}; }();
  };
  workers.add({"bench", {{"order.placed"}}, 8}, handler, home, random);
  workers.start();
  std::vector<double> micros;
  for (std::size_t i = 1; i <= events; ++i) {
    Batch batch;
    batch.event("order.placed", "shop_1", "ord_" + std::to_string(i), "{}");
    run_ready(database->commit(std::move(batch)));
    const std::int64_t answered = now();
    while (handled < i) {
      std::this_thread::yield();
    }
    micros.push_back(static_cast<double>(handled_at - answered) / 1e3);
  }
  workers.stop();
  std::ranges::sort(micros);
  fmt::print("commit answered until handler runs: p50 {:.0f} us, p99 {:.0f} us\n",
             micros[events / 2], micros[events * 99 / 100]);
}

void cache_hits() {
  SystemClock clock;
  observe::Metrics metrics;
  MemoryCache cache(64U << 20, clock, metrics);
  const std::vector<std::string> tags{"prod_1", "shop_1"};
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < products; ++i) {
    keys.push_back("product/" + product(i));
    const Cache::Found missed = run_ready(cache.get({"shop_1", keys.back()}));
    CacheEntry entry{std::make_shared<const std::string>(2'000, 'x'), false, tags,
                     std::chrono::seconds(60)};
    run_ready(cache.put({"shop_1", keys.back()}, std::move(entry), *missed.ticket));
  }
  constexpr std::size_t gets = 5'000'000;
  const auto start = SteadyClock::now();
  std::size_t found = 0;
  for (std::size_t i = 0; i < gets; ++i) {
    found += run_ready(cache.get({"shop_1", keys[i * 31 % products]})).bytes ? 1 : 0;
  }
  fmt::print("cache hit: {:.0f} ns ({} of {} found)\n", seconds_since(start) / gets * 1e9, found,
             gets);
}

int run(const std::filesystem::path& base) {
  const std::filesystem::path folder = base / fmt::format("storage_bench_{}", getpid());
  std::filesystem::create_directories(folder);
  fmt::print("straight into SQLite, one thread:\n");
  double best = 0;
  for (const std::size_t group : {1U, 64U, 256U}) {
    best = straight(folder / fmt::format("straight_{}", group), group);
  }
  fmt::print("through SqliteDatabase:\n");
  double rate = 0;
  for (const std::size_t waiting : {1U, 64U, 512U}) {
    SystemClock clock;
    observe::Metrics metrics;
    const auto database =
        sqlite::open_files(folder / fmt::format("database_{}", waiting), clock, metrics);
    make_tables(*database);
    rate = through_database(*database, waiting);
    if (waiting == 512U) {
      point_reads(*database);
    }
  }
  fmt::print("ratio to the bare batch at 256 a commit: {:.0f} %\n", rate / best * 100);
  consumer_delay(folder / "consumer");
  cache_hits();
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace securecart::storage

int main(int argc, char** argv) {
  securecart::initialise_crypto();
  securecart::log::configure(securecart::log::Level::warn, securecart::log::Format::text);
  return securecart::storage::run(argc > 1 ? std::filesystem::path(argv[1])
                                           : std::filesystem::temp_directory_path());
}
