// What storage costs on PostgreSQL: a checkout-like batch through PostgresDatabase beside pgbench
// sending the same statements in one pipeline round trip, with many SKUs and with one that
// everybody buys. The server is the package's, started for this on a free port, on the disk of the
// temporary folder, and shares the cores with whoever asks it.
//
//   postgres_bench [SECONDS]   of each measurement; default 5
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <future>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "base/task.hpp"
#include "observe/metrics.hpp"
#include "storage/postgres/postgres_database.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/thread_executor.hpp"

namespace securecart::storage {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr ErrorKind refused{"refused", 409, "Refused."};
constexpr std::size_t products = 10'000;
constexpr std::size_t lines = 2;
constexpr int clients = 16;  // of pgbench

constexpr std::string_view sql_tables[] = {
    "CREATE TABLE bench_carts (id TEXT PRIMARY KEY, status TEXT NOT NULL)",
    "CREATE TABLE bench_stock (id TEXT PRIMARY KEY, granted BIGINT, sold BIGINT, "
    "CHECK (sold <= granted))",
    "CREATE TABLE bench_orders (id TEXT PRIMARY KEY, cart TEXT UNIQUE, body TEXT)",
    "CREATE TABLE bench_lines (order_id TEXT, line BIGINT, product TEXT, quantity BIGINT, "
    "PRIMARY KEY (order_id, line))",
    "CREATE SEQUENCE bench_positions",
    "INSERT INTO bench_stock SELECT 'variant_' || n, 1000000000, 0 FROM "
    "generate_series(0, 9999) AS n"};

Batch checkout(std::size_t i, bool hot) {
  const std::string id = fmt::format("ord_{}_{}", i * 7'919 % 1'000'003, i);
  Batch batch;
  batch.key = BatchKey{
      "shop_1", "complete_cart", "key_" + id, std::string(64, 'f'), {201, std::string(600, 'b')}};
  batch.add("INSERT INTO bench_carts (id, status) VALUES ($1, 'completed')", {"cart_" + id});
  batch.add("INSERT INTO bench_orders (id, cart, body) VALUES ($1, $2, $3)",
            {id, "cart_" + id, std::string(600, 'o')});
  for (std::size_t line = 0; line < lines; ++line) {
    const std::string product =
        fmt::format("variant_{}", hot ? line : (i * 7'919 + line * 4'999) % products);
    batch.add("UPDATE bench_stock SET sold = sold + $2 WHERE id = $1", {product, std::int64_t{1}})
        .expect(1, refused);
    batch.add("INSERT INTO bench_lines (order_id, line, product, quantity) VALUES ($1, $2, $3, 1)",
              {id, static_cast<std::int64_t>(line), product});
  }
  batch.event("order.placed", "shop_1", id, std::string(400, 'e'));
  return batch;
}

// The same statements as pgbench sends them. Its events take a number from a sequence, which has
// gaps: the dense positions of the log are on top of what it does.
std::string pgbench_script(bool hot) {
  std::ostringstream script;
  script << "\\set n random(1, 1000000000000000)\n";
  for (std::size_t line = 0; line < lines; ++line) {
    script << "\\set p" << line
           << (hot ? fmt::format(" {}", line) : fmt::format(" random(0, {})", products - 1))
           << "\n";
  }
  script << "\\startpipeline\nBEGIN;\n"
         << "INSERT INTO idempotency_keys (shop_id, scope, key, fingerprint, status, body, "
            "created_at) VALUES ('shop_1', 'complete_cart', 'key_' || :n::text, '"
         << std::string(64, 'f') << "', 201, '" << std::string(600, 'b') << "', 0);\n"
         << "INSERT INTO bench_carts (id, status) VALUES ('cart_' || :n::text, 'completed');\n"
         << "INSERT INTO bench_orders (id, cart, body) VALUES ('ord_' || :n::text, 'cart_' || "
            ":n::text, '"
         << std::string(600, 'o') << "');\n";
  for (std::size_t line = 0; line < lines; ++line) {
    const std::string product = fmt::format("'variant_' || :p{}::text", line);
    script << "WITH changed AS (UPDATE bench_stock SET sold = sold + 1 WHERE id = " << product
           << " RETURNING 1) SELECT CASE WHEN count(*) = 1 THEN NULL ELSE "
              "storage_row_count(count(*), 1) END FROM changed;\n"
           << "INSERT INTO bench_lines (order_id, line, product, quantity) VALUES ('ord_' || "
              ":n::text, "
           << line << ", " << product << ", 1);\n";
  }
  script << "INSERT INTO event_log (origin, position, shop_id, type, subject, payload, at, trace) "
            "VALUES ('bench', nextval('bench_positions'), 'shop_1', 'order.placed', 'ord_' || "
            ":n::text, '"
         << std::string(400, 'e') << "', 0, '');\nCOMMIT;\n\\endpipeline\n";
  return script.str();
}

struct Figures {
  double rate = 0;
  double p50_ms = 0;
  double p99_ms = 0;
};

Task<void> commit_until(PostgresDatabase& database, std::atomic<std::size_t>& next, bool hot,
                        SteadyClock::time_point end, std::vector<double>& millis) {
  while (SteadyClock::now() < end) {
    const auto start = SteadyClock::now();
    Task<Commit> committing = database.commit(checkout(next++, hot));
    const Commit outcome = co_await committing;
    if (!std::holds_alternative<Committed>(outcome)) {
      std::abort();
    }
    millis.push_back(std::chrono::duration<double, std::milli>(SteadyClock::now() - start).count());
  }
}

Figures through_database(PostgresDatabase& database, std::atomic<std::size_t>& next,
                         std::size_t waiting, bool hot, int seconds) {
  test::ThreadExecutor executor;
  std::vector<double> millis;  // all tasks are on one thread
  std::vector<std::future<void>> tasks;
  const auto start = SteadyClock::now();
  const auto end = start + std::chrono::seconds(seconds);
  for (std::size_t i = 0; i < waiting; ++i) {
    tasks.push_back(
        executor.spawn<void>([&] { return commit_until(database, next, hot, end, millis); }));
  }
  for (auto& task : tasks) {
    task.get();
  }
  const double took = std::chrono::duration<double>(SteadyClock::now() - start).count();
  std::ranges::sort(millis);
  const Figures figures{static_cast<double>(millis.size()) / took, millis[millis.size() / 2],
                        millis[millis.size() * 99 / 100]};
  fmt::print("  {:4} waiting, {:10}  {:8.0f} batches/s  p50 {:6.2f} ms  p99 {:6.2f} ms\n", waiting,
             hot ? "hot SKUs" : "10000 SKUs", figures.rate, figures.p50_ms, figures.p99_ms);
  return figures;
}

double pgbench(const test::Postgres& server, const std::string& url, bool hot, int seconds) {
  const test::TempDir folder;
  const std::string script = (folder.path() / "checkout.sql").string();
  std::ofstream(script) << pgbench_script(hot);
  const std::string command = fmt::format(
      "/usr/lib/postgresql/15/bin/pgbench --no-vacuum --protocol=prepared --client={} --jobs=1 "
      "--time={} --file={} '{}' 2>&1",
      clients, seconds, script, url);
  FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  char buffer[4'096];
  while (pipe != nullptr && std::fgets(buffer, sizeof buffer, pipe) != nullptr) {
    output += buffer;
  }
  pclose(pipe);
  const std::size_t at = output.find("tps = ");
  if (at == std::string::npos) {
    throw std::runtime_error("pgbench failed: " + output + server.log());
  }
  const double rate = std::stod(output.substr(at + 6));
  fmt::print("  {:4} clients, {:10}  {:8.0f} transactions/s\n", clients,
             hot ? "hot SKUs" : "10000 SKUs", rate);
  return rate;
}

void point_reads(PostgresDatabase& database, int seconds) {
  constexpr std::size_t readers = 64;
  test::ThreadExecutor executor;
  std::atomic<std::size_t> reads = 0;
  const auto end = SteadyClock::now() + std::chrono::seconds(seconds);
  std::vector<std::future<void>> tasks;
  for (std::size_t i = 0; i < readers; ++i) {
    tasks.push_back(executor.spawn<void>([&, i] {
      return [](PostgresDatabase& used, std::atomic<std::size_t>& count, std::size_t n,
                SteadyClock::time_point until) -> Task<void> {
        while (SteadyClock::now() < until) {
          Task<Rows> reading = used.read({"SELECT granted, sold FROM bench_stock WHERE id = $1",
                                          {fmt::format("variant_{}", n++ % products)}});
          co_await reading;
          ++count;
        }
      }(database, reads, i * 100, end);
    }));
  }
  for (auto& task : tasks) {
    task.get();
  }
  fmt::print("point reads, {} waiting: {:.0f} reads/s\n", readers,
             static_cast<double>(reads) / seconds);
}

int run(int seconds) {
  test::Postgres server({"shared_buffers=512MB", "max_wal_size=4GB", "checkpoint_timeout=30min"},
                        false, std::filesystem::temp_directory_path());
  const std::string url = server.make_database();
  SystemClock clock;
  observe::Metrics metrics;
  PostgresOptions options;
  options.url = url;
  PostgresDatabase database(options, clock, metrics);
  for (const std::string_view sql : sql_tables) {
    Batch batch;
    batch.add(sql);
    run_ready(database.commit(std::move(batch)));
  }
  std::atomic<std::size_t> next = 0;
  fmt::print("pgbench, the same statements in one pipeline round trip:\n");
  const double bare = pgbench(server, url, false, seconds);
  pgbench(server, url, true, seconds);
  fmt::print("through PostgresDatabase:\n");
  through_database(database, next, 1, false, seconds);
  const Figures same = through_database(database, next, clients, false, seconds);
  const Figures many = through_database(database, next, 256, false, seconds);
  const Figures hot = through_database(database, next, 256, true, seconds);
  fmt::print("ratio to pgbench: {:.0f} % at {} waiting, {:.0f} % at 256\n", same.rate / bare * 100,
             clients, many.rate / bare * 100);
  fmt::print("hot SKUs beside many: {:.0f} %\n", hot.rate / many.rate * 100);
  point_reads(database, seconds);
  return 0;
}

}  // namespace
}  // namespace securecart::storage

int main(int argc, char** argv) {
  securecart::initialise_crypto();
  securecart::log::configure(securecart::log::Level::warn, securecart::log::Format::text);
  return securecart::storage::run(argc > 1 ? std::stoi(argv[1]) : 5);
}
