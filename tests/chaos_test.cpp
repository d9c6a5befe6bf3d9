// Everything dies at once: a fleet of roles over PostgreSQL, Redis and RabbitMQ, each of them and
// each instance killed at random from one seed, and commits cut at COMMIT, under open-loop load,
// with merchants' functions looking at each order; then the history check, from outside.
// SECURECART_FAULTS says how many faults (`make chaos`: 200).
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/prng.hpp"
#include "tests/support/fleet.hpp"
#include "tests/support/keeper.hpp"
#include "tests/support/postgres_proxy.hpp"
#include "tests/support/rabbitmq.hpp"
#include "tests/support/redis.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/shop_client.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

enum class Fault {
  instance,       // kill -9 of one of the fleet's processes
  primary,        // kill -9 of PostgreSQL, all of it
  before_commit,  // a connection is cut, COMMIT never reaches the server
  after_commit,   // a connection is cut, the answer to COMMIT never comes back
  cache,          // kill -9 of Redis, which comes back empty
  broker,         // kill -9 of RabbitMQ
  empty_broker,   // the same, and its disk is lost
};

constexpr std::array names{
    "instance",     "PostgreSQL killed", "cut before COMMIT",          "cut after COMMIT",
    "Redis killed", "RabbitMQ killed",   "RabbitMQ killed and emptied"};

// Sixteen of them have one of each kind at least; then they are shuffled.
constexpr std::array cycle{
    Fault::instance,     Fault::primary,  Fault::after_commit, Fault::instance,
    Fault::cache,        Fault::broker,   Fault::instance,     Fault::before_commit,
    Fault::empty_broker, Fault::instance, Fault::cache,        Fault::after_commit,
    Fault::instance,     Fault::primary,  Fault::instance,     Fault::before_commit,
    Fault::instance,     Fault::cache,    Fault::instance,     Fault::instance};

constexpr int shoppers_a_second = 15;
constexpr auto pace = 1500ms;  // one fault in each, at a random time
constexpr auto quiet_end = 5s;

int wanted_faults() {
  const char* wanted = std::getenv("SECURECART_FAULTS");
  return wanted != nullptr ? std::stoi(wanted) : 16;
}

std::vector<Fault> shuffled_faults(int count, Prng& random) {
  std::vector<Fault> faults;
  for (int i = 0; i < count; ++i) {
    faults.push_back(cycle.at(static_cast<std::size_t>(i) % cycle.size()));
  }
  for (std::size_t i = faults.size(); i > 1; --i) {
    std::swap(faults[i - 1], faults[random.below(i)]);
  }
  return faults;
}

// What became of the shoppers, read from what the load tool printed.
class LoadReport {
 public:
  explicit LoadReport(const std::string& output) {
    const std::size_t at = output.rfind("\nshoppers ");
    text_ = at == std::string::npos ? output : output.substr(at + 1);
  }
  const std::string& text() const { return text_; }
  // The number behind a word at the beginning of a line; 0 without that line.
  long number(const std::string& word) const {
    const std::size_t at = ("\n" + text_).find("\n" + word);
    return at == std::string::npos ? 0 : std::stol(text_.substr(at + word.size()));
  }
  // Shoppers who wanted something that was there and got no order.
  long failed() const {
    long failed = number("shoppers") - number("placed");
    for (const char* said : {"checkout: out_of_stock", "before checkout: out_of_stock"}) {
      const std::size_t at = text_.find(std::string(" x ") + said + "\n");
      if (at != std::string::npos) {
        failed -= std::stol(text_.substr(text_.rfind('\n', at) + 1));
      }
    }
    return failed;
  }

 private:
  std::string text_;
};

struct Struck {
  const Keeper* victim = nullptr;  // null: a connection was cut
  std::size_t restart = 0;         // which one of its victim's
  double at = 0;                   // seconds from the beginning of the load
  std::string what;
};

class Chaos : public testing::Test {
 protected:
  Chaos() {
    keep("PostgreSQL", [this] {
      postgres_.kill_all();
      postgres_.start();
    });
    keep("Redis", [this] {
      redis_.kill_now();
      redis_.start();
    });
    keep("RabbitMQ", [this] {
      rabbit_.kill_all();
      if (emptying_.exchange(false)) {
        rabbit_.wipe();
      }
      try {
        rabbit_.start();
      } catch (const std::exception&) {
        // Killed in its first seconds it may refuse its own disk for ever after
        // (schema_integrity_check_failed): who runs it gives it an empty one.
        rabbit_.kill_all();
        rabbit_.wipe();
        throw;
      }
    });
    for (const auto& process : fleet_.processes()) {
      keep(process->name(), [&kept = *process] {
        kept.kill_now();
        kept.start();
      });
    }
  }

  void keep(const std::string& name, std::function<void()> restart) {
    keepers_.push_back(std::make_unique<Keeper>(name, std::move(restart)));
  }
  Keeper& keeper(const std::string& name) {
    return **std::ranges::find(keepers_, name, [](const auto& kept) { return kept->name(); });
  }

  // Nothing: whom it would hit is down already.
  std::optional<Struck> strike(Fault fault, Prng& random) {
    switch (fault) {
      case Fault::before_commit:
        return cut(PostgresProxy::Cut::before_commit);
      case Fault::after_commit:
        return cut(PostgresProxy::Cut::after_commit);
      case Fault::primary:
        return strike(keeper("PostgreSQL"));
      case Fault::cache:
        return strike(keeper("Redis"));
      case Fault::broker:
        return strike(keeper("RabbitMQ"));
      case Fault::empty_broker:
        if (!keeper("RabbitMQ").idle()) {
          return std::nullopt;
        }
        emptying_ = true;
        return strike(keeper("RabbitMQ"));
      case Fault::instance:
        return strike(keeper(fleet_.processes()[random.below(fleet_.processes().size())]->name()));
    }
    return std::nullopt;
  }
  static std::optional<Struck> strike(Keeper& victim) {
    if (!victim.idle()) {
      return std::nullopt;
    }
    return Struck{.victim = &victim, .restart = victim.strike(), .what = {}};
  }
  // The shop commits all the time, unless its database is away.
  std::optional<Struck> cut(PostgresProxy::Cut cut) {
    constexpr int attempts = 100;
    const int before = proxy_.cuts();
    proxy_.cut_next(cut);
    for (int attempt = 0; attempt < attempts; ++attempt) {
      if (proxy_.cuts() > before) {
        return Struck{};
      }
      std::this_thread::sleep_for(10ms);
    }
    proxy_.cut_next(PostgresProxy::Cut::none);
    return proxy_.cuts() > before ? std::optional(Struck{}) : std::nullopt;
  }

  // Each at its time; when its victim is still down, the next one whose victim is not.
  void strike_all(std::vector<Fault> faults, Prng& random) {
    const auto began = SteadyClock::now();
    for (int i = 0; !faults.empty(); ++i) {
      std::this_thread::sleep_until(began + i * pace +
                                    std::chrono::milliseconds(random.below(pace.count())));
      std::optional<Struck> struck;
      const auto fault = std::ranges::find_if(faults, [&](Fault one) {
        struck = strike(one, random);
        return struck.has_value();
      });
      if (struck) {
        struck->at = std::chrono::duration<double>(SteadyClock::now() - began).count();
        struck->what = names.at(static_cast<std::size_t>(*fault));
        timeline_.push_back(*std::move(struck));
        faults.erase(fault);
      }
    }
  }
  void wait_until_all_are_up() const {
    while (!std::ranges::all_of(keepers_, [](const auto& kept) { return kept->idle(); })) {
      std::this_thread::sleep_for(50ms);
    }
  }

  // The sample's, which reads placed orders from the log, and one that looks before there is one.
  void switch_functions_on() const {
    ShopClient client(fleet_.url(), fleet_.secret_key());
    const lab::ApiAnswer list = client.admin(net::Method::get, "/v1/admin/functions");
    ASSERT_EQ(list.status, 200) << list.describe();
    const json::object& fraud = get_array(list.body, "items").at(0).as_object();
    const lab::ApiAnswer on = client.admin(
        net::Method::patch, "/v1/admin/functions/" + std::string(get_string(fraud, "id")),
        json::object{{"enabled", true}}, {{"If-Match", "\"v1\""}});
    ASSERT_EQ(on.status, 200) << on.describe();
    const lab::ApiAnswer made =
        client.admin(net::Method::post, "/v1/admin/functions",
                     json::object{{"name", "look-first"},
                                  {"trigger", "before_completion"},
                                  {"on_failure", "open"},
                                  {"timeout_ms", 200},
                                  {"enabled", true},
                                  {"source", "function run() { return {decision: 'accept'}; }"}});
    ASSERT_EQ(made.status, 201) << made.describe();
  }
  // Of the shop's database.
  std::string ask(const std::string& sql) const {
    return postgres_.execute(sql, database_.substr(database_.rfind('/') + 1));
  }

  std::future<int> load(std::chrono::seconds duration) {
    // About two fifths of a unit of each product a shopper: the last ones find nothing.
    const auto stock = duration.count() * shoppers_a_second * 3 / 10;
    return std::async(std::launch::async, [this, duration, stock] {
      return run_program(
          {"load", "run", "--credentials", fleet_.credentials_file().string(), "--rate",
           std::to_string(shoppers_a_second), "--duration", std::to_string(duration.count()) + "s",
           "--history", history().string(), "--seed", std::to_string(seed() % 1'000'000),
           "--create-products", "5", "--stock", std::to_string(stock), "--double-clicks", "10"},
          &load_output_);
    });
  }
  int check() {
    fleet_.issue("operator", "operator");
    std::vector<std::string> words{"history", "check", history().string()};
    words.insert(words.end(),
                 {"--credentials", fleet_.credentials_file().string(), "--exclusive", "--only-shop",
                  "--settle", "180s", "--identity", fleet_.identity("operator").string()});
    for (const auto& [role, urls] : fleet_.upstreams()) {
      words.insert(words.end(), {"--upstream", role + "=" + urls});
    }
    return run_program(std::move(words), &findings_);
  }
  std::filesystem::path history() const { return folder_.path() / "history.jsonl"; }

  void tell(const LoadReport& report) const {
    std::map<std::string, int> times;
    for (const Struck& one : timeline_) {
      ++times[one.what];
      const std::string up = one.victim == nullptr
                                 ? ""
                                 : fmt::format(": {}, {} ms", one.victim->name(),
                                               one.victim->restarts().at(one.restart).count());
      fmt::print("{:7.1f} s  {}{}\n", one.at, one.what, up);
    }
    for (const auto& [what, count] : times) {
      fmt::print("{:<28} {:>4}\n", what, count);
    }
    for (const auto& kept : keepers_) {
      const std::vector<std::chrono::milliseconds> restarts = kept->restarts();
      fmt::print("  {:<26} {:>4} times, at most {} ms until it answered\n", kept->name(),
                 restarts.size(), restarts.empty() ? 0 : std::ranges::max(restarts).count());
    }
    fmt::print("{}failed for the shopper: {} of {}\n{}", report.text(), report.failed(),
               report.number("shoppers"), findings_);
  }

  TempDir folder_;
  Postgres postgres_{{"max_connections=200"}};
  PostgresProxy proxy_{postgres_.port()};
  Redis redis_;
  RabbitMq rabbit_;
  const std::string database_ = postgres_.make_database();
  Fleet fleet_{folder_.path(),
               proxy_.url(database_.substr(database_.rfind('/') + 1)),
               {.engines = {"--cache", redis_.url(), "--broker", rabbit_.url()},
                .balanced = true,
                .groups = Fleet::groups_with_functions_apart()}};
  std::atomic<bool> emptying_ = false;
  std::vector<std::unique_ptr<Keeper>> keepers_;
  std::vector<Struck> timeline_;
  std::string load_output_;
  std::string findings_;
};

TEST_F(Chaos, EveryEngineAndEveryRoleDiesAndNothingIsLostDoubledOrOversold) {
  const int faults = wanted_faults();
  Prng random(seed());
  switch_functions_on();
  std::future<int> loading =
      load(std::chrono::duration_cast<std::chrono::seconds>(faults * pace + quiet_end));
  strike_all(shuffled_faults(faults, random), random);
  wait_until_all_are_up();
  EXPECT_EQ(loading.get(), 0);
  const int checked = check();
  const LoadReport report(load_output_);
  tell(report);
  EXPECT_EQ(checked, 0) << load_output_;
  EXPECT_EQ(report.failed(), 0) << load_output_;
  EXPECT_EQ(report.number("unknown"), 0);
  EXPECT_EQ(ask("SELECT (SELECT count(*) FROM parked_events) + "
                "(SELECT count(*) FROM parked_messages)"),
            "0");
  EXPECT_NE(ask("SELECT count(*) FROM orders"), "0");
  EXPECT_EQ(
      ask("SELECT count(*) FROM orders o JOIN functions f ON f.shop_id = o.shop_id WHERE 1 <> "
          "(SELECT count(*) FROM function_runs r WHERE r.shop_id = o.shop_id AND "
          "r.order_id = o.id AND r.function_id = f.id)"),
      "0")
      << "orders without exactly one run of each function";
  for (const auto& kept : keepers_) {
    EXPECT_FALSE(kept->gave_up()) << kept->name();
  }
}

}  // namespace
}  // namespace securecart::test
