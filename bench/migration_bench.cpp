// What migrations cost a shop on PostgreSQL while it sells: a million orders, those of this program
// that came after its tables, then changes as a later version may make them to tables in use, while
// orders are placed one after the other by the version before. The locks that keep others out are
// looked for a thousand times a second.
//
//   migration_bench [ORDERS]   default 1000000; ends with 1 when such a lock lasted over 100 ms
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <poll.h>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "observe/metrics.hpp"
#include "storage/postgres/postgres_database.hpp"
#include "tests/support/busy_orders.hpp"
#include "tests/support/postgres.hpp"

namespace securecart::storage {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t tables = 4;  // migrations until orders can be placed
constexpr auto lock_aim = std::chrono::milliseconds(100);

double millis(std::chrono::nanoseconds span) {
  return std::chrono::duration<double, std::milli>(span).count();
}

class Bench {
 public:
  explicit Bench(std::int64_t orders) {
    migrations_ = embedded_migrations(Dialect::postgres);
    for (Migration& later : test::later_migrations(migrations_.back().number)) {
      migrations_.push_back(std::move(later));
    }
    old_version_ = open(tables);
    const auto began = SteadyClock::now();
    test::fill_with_orders(server_, database_, orders);
    fmt::print("{} orders, {} on disk, made in {:.0f} s\n\n", orders,
               server_.execute("SELECT pg_size_pretty(pg_total_relation_size('orders') + "
                               "pg_total_relation_size('order_lines'))",
                               database_),
               millis(SteadyClock::now() - began) / 1'000);
  }

  // Whether no lock lasted longer than it may.
  bool run() {
    fmt::print("{:<28} {:>10} {:>20} {:>17} {:>8}\n", "migration", "took", "longest table lock",
               "longest checkout", "failed");
    measure("(none, for a second)", [] { poll(nullptr, 0, 1'000); });
    for (std::size_t count = tables + 1; count <= migrations_.size(); ++count) {
      measure(migrations_[count - 1].name, [this, count] { open(count); });
    }
    fmt::print("\nlongest table lock {:.1f} ms, aim at most {:.0f} ms\n", millis(longest_lock_),
               millis(lock_aim));
    return longest_lock_ <= lock_aim;
  }

 private:
  // A process that knows the first `count` migrations starts.
  std::unique_ptr<PostgresDatabase> open(std::size_t count) {
    PostgresOptions options;
    options.url = url_;
    return std::make_unique<PostgresDatabase>(options, clock_, metrics_.emplace_back(),
                                              std::span(migrations_).first(count));
  }

  void measure(const std::string& name, const std::function<void()>& work) {
    test::LockWatch watch(server_, database_);
    test::Seller seller(*old_version_, name + "-");
    const auto began = SteadyClock::now();
    work();
    const auto took = SteadyClock::now() - began;
    seller.stop();
    watch.stop();
    const auto lock = watch.worst();
    longest_lock_ = std::max(longest_lock_, lock.longest);
    fmt::print("{:<28} {:>7.0f} ms {:>17.1f} ms {:>14.1f} ms {:>8}  {}\n", name, millis(took),
               millis(lock.longest), millis(seller.longest()), seller.failed(),
               lock.table.empty() ? "" : lock.table + ", " + lock.mode);
  }

  const SystemClock clock_;
  std::list<observe::Metrics> metrics_;  // of each process
  test::Postgres server_{{"max_wal_size=4GB"}, false, std::filesystem::temp_directory_path()};
  const std::string url_ = server_.make_database();
  const std::string database_ = url_.substr(url_.rfind('/') + 1);
  std::vector<Migration> migrations_;
  std::unique_ptr<PostgresDatabase> old_version_;
  std::chrono::microseconds longest_lock_{};
};

}  // namespace
}  // namespace securecart::storage

int main(int argc, char** argv) {
  securecart::initialise_crypto();
  securecart::log::configure(securecart::log::Level::warn, securecart::log::Format::text);
  const std::int64_t orders = argc > 1 ? std::stoll(argv[1]) : 1'000'000;
  return securecart::storage::Bench(orders).run() ? 0 : 1;
}
