// A PostgreSQL database with many orders, somebody who goes on placing them, and a watch over the
// locks that keep shoppers out: for what a migration costs the shop while it sells.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "base/task.hpp"
#include "observe/metrics.hpp"
#include "storage/database.hpp"
#include "storage/migrations.hpp"
#include "tests/support/postgres.hpp"

namespace securecart::test {

inline constexpr std::string_view busy_shop = "shop_00000000000000000000000000";

// A shop and `count` orders of one line, paid, in slices that each fit into memory. The schema is
// there. `database` is its name.
inline void fill_with_orders(const Postgres& server, const std::string& database,
                             std::int64_t count) {
  constexpr std::int64_t slice = 50'000;
  server.execute(
      fmt::format("INSERT INTO shops (id, name, default_currency, currencies, countries, "
                  "created_at) VALUES ('{}', 'Busy', 'EUR', '[\"EUR\"]', '[\"DE\"]', 0)",
                  busy_shop),
      database);
  for (std::int64_t first = 0; first < count; first += slice) {
    const std::int64_t end = std::min(count, first + slice) - 1;
    server.execute(
        fmt::format(
            "INSERT INTO orders (shop_id, id, number, cart_id, token_hash, email, currency, "
            "status, "
            "payment_status, fulfilment_status, prices_include_tax, subtotal, shipping_total, "
            "tax_total, total, captured_total, tax_lines, receipt, home_region, placed_at, "
            "updated_at) SELECT '{0}', 'ord_' || lpad(i::text, 26, '0'), 'B' || lpad(i::text, 9, "
            "'0'), 'cart_' || lpad(i::text, 26, '0'), '', 'shopper-' || i % 5000 || "
            "'@busy.example', 'EUR', 'placed', 'paid', 'unfulfilled', 1, 1000, 0, 0, 1000, 1000, "
            "'[]', repeat('r', 400), 'local', 1600000000000 + i * 1000, 1600000000000 + i * 1000 "
            "FROM generate_series({1}::bigint, {2}::bigint) AS i; "
            "INSERT INTO order_lines (shop_id, order_id, id, position, product_id, variant_id, "
            "title, variant_title, sku, quantity, unit_price, total, tax, requires_shipping) "
            "SELECT "
            "'{0}', 'ord_' || lpad(i::text, 26, '0'), 'line_' || lpad(i::text, 26, '0'), 1, "
            "'prod_' "
            "|| i % 1000, 'var_' || i % 1000, 'Lamp', 'One', 'L', 1, 1000, 1000, 0, 1 "
            "FROM generate_series({1}::bigint, {2}::bigint) AS i",
            busy_shop, first, end),
        database);
  }
  server.execute("ANALYZE", database);
}

// What a later version may do to tables in use, in the ways docs/postgres.md names. Numbers go on
// from `after`; programs that know `after` can live with all of it.
inline std::vector<storage::Migration> later_migrations(int after) {
  const std::pair<const char*, const char*> files[] = {
      {"channels", "ALTER TABLE orders ADD COLUMN channel TEXT NOT NULL DEFAULT 'web'"},
      {"channel_check",
       "ALTER TABLE orders ADD CONSTRAINT orders_channel CHECK (channel <> '') NOT VALID"},
      {"channel_validated", "ALTER TABLE orders VALIDATE CONSTRAINT orders_channel"},
      {"orders_by_channel",
       "-- no transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS orders_by_channel "
       "ON orders (shop_id, channel, placed_at, id)"},
      {"gifts",
       "CREATE TABLE gifts (shop_id TEXT NOT NULL, order_id TEXT NOT NULL, note TEXT NOT NULL, "
       "PRIMARY KEY (shop_id, order_id), FOREIGN KEY (shop_id, order_id) REFERENCES orders "
       "(shop_id, id))"}};
  std::vector<storage::Migration> migrations;
  for (const auto& [name, sql] : files) {
    const int number = after + static_cast<int>(migrations.size()) + 1;
    migrations.push_back({number, fmt::format("{:04}_{}", number, name), sql, "later", after});
  }
  return migrations;
}

// Places orders, one after the other, until it ends.
class Seller {
 public:
  // `prefix`: of its orders' ids, which no other uses.
  explicit Seller(storage::Database& database, std::string prefix = {})
      : prefix_(std::move(prefix)), thread_([this, &database] {
          for (int i = 0; !stopping_; ++i) {
            sell(database, i);
          }
        }) {}
  ~Seller() { stop(); }
  Seller(const Seller&) = delete;
  Seller& operator=(const Seller&) = delete;

  void stop() {
    stopping_ = true;
    if (thread_.joinable()) {
      thread_.join();
    }
  }
  int sold() const { return sold_; }
  int failed() const { return failed_; }
  std::chrono::microseconds longest() const { return longest_; }

 private:
  void sell(storage::Database& database, int i) {
    const std::string id = fmt::format("ord_new_{}{}", prefix_, i);
    storage::Batch batch;
    batch.add(
        "INSERT INTO orders (shop_id, id, number, cart_id, token_hash, email, currency, status, "
        "payment_status, fulfilment_status, prices_include_tax, subtotal, shipping_total, "
        "tax_total, total, tax_lines, receipt, home_region, placed_at, updated_at) VALUES ($1, $2, "
        "$2, $2, '', 'new@busy.example', 'EUR', 'placed', 'pending', 'unfulfilled', 1, 1000, 0, 0, "
        "1000, '[]', '{}', 'local', 0, 0)",
        {std::string(busy_shop), id});
    batch.add("UPDATE orders SET payment_status = 'paid' WHERE shop_id = $1 AND id = $2",
              {std::string(busy_shop), id});
    const auto began = std::chrono::steady_clock::now();
    try {
      const storage::Commit outcome = run_ready(database.commit(std::move(batch)));
      ++(std::holds_alternative<storage::Committed>(outcome) ? sold_ : failed_);
    } catch (const std::exception&) {
      ++failed_;
    }
    longest_ = std::max(longest_.load(), std::chrono::duration_cast<std::chrono::microseconds>(
                                             std::chrono::steady_clock::now() - began));
  }

  const std::string prefix_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> sold_ = 0;
  std::atomic<int> failed_ = 0;
  std::atomic<std::chrono::microseconds> longest_ = std::chrono::microseconds(0);
  std::thread thread_;
};

// Looks a thousand times a second for locks on the tables that are there now in modes that keep
// writers out, held or waited for: others queue behind both.
class LockWatch {
 public:
  struct Lock {
    std::string table;
    std::string mode;
    std::chrono::microseconds longest{};
  };

  LockWatch(const Postgres& server, const std::string& database)
      : connection_(PQconnectdb((server.url(database) + "?connect_timeout=5").c_str()), &PQfinish) {
    const std::string tables = server.execute(
        "SELECT string_agg(oid::text, ',') FROM pg_class WHERE relkind = 'r' AND "
        "relnamespace = 'public'::regnamespace",
        database);
    query_ =
        "SELECT l.pid || '/' || l.relation || '/' || l.mode, c.relname, l.mode FROM pg_locks l "
        "JOIN pg_class c ON c.oid = l.relation WHERE l.mode IN ('ShareLock', "
        "'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') AND l.relation IN (" +
        tables + ")";
    thread_ = std::thread([this] {
      while (!stopping_) {
        look();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
  }
  ~LockWatch() { stop(); }
  LockWatch(const LockWatch&) = delete;
  LockWatch& operator=(const LockWatch&) = delete;

  void stop() {
    stopping_ = true;
    if (thread_.joinable()) {
      thread_.join();
    }
  }
  // Between one look and another, nobody knows: a lock counts from the last look that did not see
  // it to the first that did not see it any more.
  std::chrono::microseconds longest() const {
    const std::scoped_lock lock(mutex_);
    return longest_.longest;
  }
  Lock worst() const {
    const std::scoped_lock lock(mutex_);
    return longest_;
  }

 private:
  using Moment = std::chrono::steady_clock::time_point;

  void look() {
    const Moment began = std::chrono::steady_clock::now();
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(
        PQexec(connection_.get(), query_.c_str()), &PQclear);
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) {
      throw std::runtime_error(PQerrorMessage(connection_.get()));
    }
    std::map<std::string, Moment> still;
    const std::scoped_lock lock(mutex_);
    for (int row = 0; row < PQntuples(result.get()); ++row) {
      const std::string key = PQgetvalue(result.get(), row, 0);
      const auto known = since_.find(key);
      const Moment since = known == since_.end() ? last_look_ : known->second;
      still.emplace(key, since);
      const auto held = std::chrono::duration_cast<std::chrono::microseconds>(
          std::chrono::steady_clock::now() - since);
      if (held > longest_.longest) {
        longest_ = {PQgetvalue(result.get(), row, 1), PQgetvalue(result.get(), row, 2), held};
      }
    }
    since_ = std::move(still);
    last_look_ = began;
  }

  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
  std::string query_;
  mutable std::mutex mutex_;  // of what follows
  std::map<std::string, Moment> since_;
  Moment last_look_ = std::chrono::steady_clock::now();
  Lock longest_;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace securecart::test
