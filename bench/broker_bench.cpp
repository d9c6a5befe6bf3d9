// What a broker costs: events through the relay alone, events to their effect in the database, and
// how long after its commit an event's effect is committed too, on queues in this process and on
// RabbitMQ, in one run on one log each in SQLite and in PostgreSQL. The servers are Debian's
// packages, started for this on free ports, RabbitMQ on one scheduler; its quorum queues have one
// node, so a confirm is an fsync here and a majority there.
//
//   broker_bench [EVENTS [sqlite|postgres]]   default 20000, on both
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <poll.h>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "events/amqp/amqp_broker.hpp"
#include "events/relay.hpp"
#include "events/workers.hpp"
#include "observe/metrics.hpp"
#include "storage/open.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/rabbitmq.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/thread_executor.hpp"

namespace securecart::events {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr int lag_rate = 300;  // events a second, open loop
constexpr auto lag_time = 5s;
constexpr std::string_view sql_effect =
    "INSERT INTO effects (position) VALUES ($1) ON CONFLICT DO NOTHING";

struct Shop {
  // On PostgreSQL at `url`, or on SQLite.
  Shop(const std::string& url, int events)
      : database(storage::open_database({folder.path(), url}, clock, metrics)), log(*database) {
    storage::Batch table;
    table.add("CREATE TABLE effects (position BIGINT PRIMARY KEY)");
    run_ready(database->commit(std::move(table)));
    constexpr int at_once = 500;
    for (int made = 0; made < events; made += at_once) {
      storage::Batch batch;
      for (int i = 0; i < at_once; ++i) {
        batch.event("order.placed", "shop_1", fmt::format("ord_{}", made + i),
                    std::string(400, 'e'));
      }
      run_ready(database->commit(std::move(batch)));
    }
    tail = run_ready(log.read_tail());
  }

  test::TempDir folder;
  SystemClock clock;
  SecureRandom random;
  Ids ids{clock, random};
  observe::Metrics metrics;
  std::unique_ptr<storage::Database> database;
  Log log;
  std::int64_t tail = 0;
};

double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

void wait_until(const std::function<bool()>& holds) {
  while (!holds()) {
    poll(nullptr, 0, 1);
  }
}

Task<void> drink(std::shared_ptr<Subscription> reader, std::atomic<std::int64_t>& taken) {
  while (true) {
    Task<Delivery> taking = reader->next();
    const Delivery delivery = co_await taking;
    if (delivery.event == nullptr) {
      co_return;
    }
    reader->ack(delivery.tag);
    ++taken;
  }
}

// Events a second from the log into the queue and out again, nothing done with them.
double through_relay(Shop& shop, Broker& broker, const char* name) {
  test::ThreadExecutor executor;
  const std::string queue = "bench.relay";
  executor.run_task<void>([&] { return broker.declare(queue, 0); });
  const std::shared_ptr<Subscription> reader = broker.subscribe(queue, limits::broker_prefetch);
  std::atomic<std::int64_t> taken = 0;
  std::future<void> drinking = executor.spawn<void>([&] { return drink(reader, taken); });
  Relay relay(shop.log, broker, queue, {}, shop.random);
  const auto start = SteadyClock::now();
  std::future<Relay::End> relaying = executor.spawn<Relay::End>([&] { return relay.run(0); });
  wait_until([&] { return relay.position() >= shop.tail; });
  const double rate = static_cast<double>(shop.tail) / seconds_since(start);
  wait_until([&] { return taken >= shop.tail; });
  const double out = static_cast<double>(shop.tail) / seconds_since(start);
  relay.stop();
  relaying.get();
  reader->close();
  drinking.get();
  fmt::print("  {:11} {:9.0f} events/s confirmed {:9.0f} events/s taken out\n", name, rate, out);
  return rate;
}

struct Consumed {
  double rate = 0;
  double p50_ms = 0;
  double p99_ms = 0;
};

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) {
    return 0;
  }
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(static_cast<double>(values.size() - 1) * share)];
}

// The database as a consumer sees it; knows when an effect is committed. All of it lives on the
// consumer's executor but the count.
class Effects final : public storage::Database {
 public:
  Effects(storage::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  void begin(const Event& event) { begun_.insert_or_assign(event.position, event.at); }
  std::int64_t count() const { return count_; }
  void measure() { measuring_ = true; }
  std::vector<double>& lags() { return lags_; }  // ms, once the consumer has ended

  Task<std::vector<storage::Rows>> read_all(std::vector<storage::Query> queries,
                                            storage::Freshness freshness) override {
    return database_.read_all(std::move(queries), freshness);
  }
  Task<storage::Commit> commit(storage::Batch batch) override {
    std::vector<std::int64_t> positions;
    for (const storage::Statement& statement : batch.statements) {
      if (statement.sql == sql_effect) {
        positions.push_back(std::get<std::int64_t>(statement.parameters[0]));
      }
    }
    Task<storage::Commit> committing = database_.commit(std::move(batch));
    storage::Commit outcome = co_await committing;
    for (const std::int64_t position : positions) {
      done(position);
    }
    co_return outcome;
  }
  void on_commit(storage::CommitObserver observer) override {
    database_.on_commit(std::move(observer));
  }

 private:
  void done(std::int64_t position) {
    const auto event = begun_.find(position);
    if (event == begun_.end()) {
      return;  // a twin was faster
    }
    if (measuring_) {
      lags_.push_back(
          std::chrono::duration<double, std::milli>(clock_.now() - event->second).count());
    }
    begun_.erase(event);
    ++count_;
  }

  storage::Database& database_;
  const Clock& clock_;
  std::map<std::int64_t, Timestamp> begun_;  // commits by position of the event
  std::vector<double> lags_;
  std::atomic<bool> measuring_ = false;
  std::atomic<std::int64_t> count_ = 0;
};

// Events a second to an effect in the database, and then the time from the event's commit to its
// effect's while events come at a fixed rate.
Consumed through_consumer(Shop& shop, Broker* outside, const char* name) {
  test::ThreadExecutor home;
  std::optional<OutsideBroker> shared;
  if (outside != nullptr) {
    shared.emplace(OutsideBroker{*outside, shop.ids, "bench", 30s, 5s});
  }
  observe::Metrics metrics;
  Effects effects(*shop.database, shop.clock);
  Workers workers({effects, shop.log, shop.clock, shop.random, metrics}, std::move(shared));
  workers.add(
      {std::string("bench_") + name, {{"order.placed"}}, 64},
      [&](const Event& event) -> Task<ConsumerOutcome> {
        effects.begin(event);
        ConsumerOutcome outcome = storage::Batch{};
        std::get<storage::Batch>(outcome).add(sql_effect, {event.position});
        return [](ConsumerOutcome done) -> Task<ConsumerOutcome> {
          co_return done;
        }(std::move(outcome));
      },
      home, shop.random);
  const auto start = SteadyClock::now();
  workers.start();
  wait_until([&] { return effects.count() >= shop.tail; });
  Consumed result;
  result.rate = static_cast<double>(shop.tail) / seconds_since(start);
  effects.measure();
  const auto begin = SteadyClock::now();
  std::int64_t sent = 0;
  while (SteadyClock::now() - begin < lag_time) {
    const auto due = static_cast<std::int64_t>(seconds_since(begin) * lag_rate);
    for (; sent < due; ++sent) {
      storage::Batch batch;
      batch.event("order.placed", "shop_1", fmt::format("lag_{}_{}", name, sent), "{}");
      run_ready(shop.database->commit(std::move(batch)));
    }
    poll(nullptr, 0, 1);
  }
  wait_until([&] { return effects.count() >= shop.tail + sent; });
  workers.stop();
  result.p50_ms = percentile(effects.lags(), 0.5);
  result.p99_ms = percentile(effects.lags(), 0.99);
  fmt::print(
      "  {:11} {:9.0f} events/s with an effect; at {}/s an effect is there after p50 {:5.1f} ms, "
      "p99 {:5.1f} ms\n",
      name, result.rate, lag_rate, result.p50_ms, result.p99_ms);
  return result;
}

std::unique_ptr<AmqpBroker> rabbit_for(const test::RabbitMq& server, Shop& shop) {
  AmqpOptions options;
  options.address = server.url();
  options.queue_messages = 10'000'000;
  auto broker =
      std::make_unique<AmqpBroker>(std::move(options), shop.clock, shop.random, shop.metrics);
  wait_until([&broker] { return broker->connected(); });
  return broker;
}

// `make_url`: a new database each time; empty: SQLite.
void run_on(const char* engine, const std::function<std::string()>& make_url,
            const test::RabbitMq& server, int events) {
  fmt::print("{}: from the log through the queue, {} events of 400 bytes:\n", engine, events);
  Shop shop(make_url(), events);
  InProcessBroker inside;
  const auto rabbit = rabbit_for(server, shop);
  const double near = through_relay(shop, inside, "in-process");
  const double far = through_relay(shop, *rabbit, "RabbitMQ");
  fmt::print("{}: from the log to an effect in the database, 64 at once:\n", engine);
  const Consumed here = through_consumer(shop, nullptr, "in-process");
  Shop other(make_url(), events);
  const auto rabbit_too = rabbit_for(server, other);
  const Consumed there = through_consumer(other, rabbit_too.get(), "RabbitMQ");
  fmt::print("{}: RabbitMQ beside in-process: relay {:.0f} %, effects {:.0f} %, lag p99 {:.1f} x\n",
             engine, far / near * 100, there.rate / here.rate * 100,
             there.p99_ms / std::max(here.p99_ms, 0.001));
}

void run(int events, std::string_view engine) {
  const test::RabbitMq server;
  if (engine != "postgres") {
    run_on("SQLite", [] { return std::string(); }, server, events);
  }
  if (engine != "sqlite") {
    test::Postgres postgres({}, false, std::filesystem::temp_directory_path());
    run_on("PostgreSQL", [&postgres] { return postgres.make_database(); }, server, events);
  }
}

}  // namespace
}  // namespace securecart::events

int main(int argc, char** argv) {
  securecart::initialise_crypto();
  securecart::log::configure(securecart::log::Level::error, securecart::log::Format::text);
  securecart::events::run(argc > 1 ? std::stoi(argv[1]) : 20'000, argc > 2 ? argv[2] : "");
}
