// What a broker costs: events through the relay alone, events to their effect in the database, and
// how long after its commit an event is handled, on queues in this process and on RabbitMQ, in one
// run on the same SQLite log. The server is Debian's package on one scheduler, started for this on
// free ports; its quorum queues have one node, so a confirm is an fsync here and a majority there.
//
//   broker_bench [EVENTS]   default 20000
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <poll.h>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "events/amqp/amqp_broker.hpp"
#include "events/relay.hpp"
#include "events/workers.hpp"
#include "observe/metrics.hpp"
#include "storage/sqlite/sqlite_database.hpp"
#include "tests/support/rabbitmq.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/thread_executor.hpp"

namespace securecart::events {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

constexpr int lag_rate = 300;  // events a second, open loop
constexpr auto lag_time = 5s;

struct Shop {
  explicit Shop(int events)
      : database(storage::sqlite::open_files(folder.path(), clock, metrics)), log(*database) {
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
  std::unique_ptr<storage::SqliteDatabase> database;
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

// Events a second to an effect in the database, and then the time from commit to handler while
// events come at a fixed rate.
Consumed through_consumer(Shop& shop, Broker* outside, const char* name) {
  test::ThreadExecutor home;
  std::optional<OutsideBroker> shared;
  if (outside != nullptr) {
    shared.emplace(OutsideBroker{*outside, shop.ids, "bench", 30s, 5s});
  }
  observe::Metrics metrics;
  Workers workers({*shop.database, shop.log, shop.clock, shop.random, metrics}, std::move(shared));
  std::atomic<std::int64_t> handled = 0;
  std::vector<double> lags;  // on the home executor alone
  std::atomic<bool> measuring = false;
  workers.add(
      {std::string("bench_") + name, {{"order.placed"}}, 64},
      [&](const Event& event) -> Task<ConsumerOutcome> {
        if (measuring) {
          lags.push_back(
              std::chrono::duration<double, std::milli>(shop.clock.now() - event.at).count());
        }
        ++handled;
        ConsumerOutcome outcome = storage::Batch{};
        std::get<storage::Batch>(outcome).add(
            "INSERT INTO effects (position) VALUES ($1) ON CONFLICT DO NOTHING", {event.position});
        return [](ConsumerOutcome done) -> Task<ConsumerOutcome> {
          co_return done;
        }(std::move(outcome));
      },
      home, shop.random);
  const auto start = SteadyClock::now();
  workers.start();
  wait_until([&] { return handled >= shop.tail; });
  Consumed result;
  result.rate = static_cast<double>(shop.tail) / seconds_since(start);
  measuring = true;
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
  wait_until([&] { return handled >= shop.tail + sent; });
  workers.stop();
  result.p50_ms = percentile(lags, 0.5);
  result.p99_ms = percentile(lags, 0.99);
  fmt::print("  {:11} {:9.0f} events/s with an effect; at {}/s p50 {:5.1f} ms, p99 {:5.1f} ms\n",
             name, result.rate, lag_rate, result.p50_ms, result.p99_ms);
  return result;
}

int run(int events) {
  test::RabbitMq server;
  const auto rabbit_for = [&server](Shop& shop) {
    AmqpOptions options;
    options.address = server.url();
    options.queue_messages = 10'000'000;
    auto broker =
        std::make_unique<AmqpBroker>(std::move(options), shop.clock, shop.random, shop.metrics);
    wait_until([&broker] { return broker->connected(); });
    return broker;
  };
  fmt::print("from the log through the queue, {} events of 400 bytes:\n", events);
  Shop shop(events);
  InProcessBroker inside;
  const auto rabbit = rabbit_for(shop);
  const double near = through_relay(shop, inside, "in-process");
  const double far = through_relay(shop, *rabbit, "RabbitMQ");
  fmt::print("from the log to an effect in the database (SQLite, 64 at once):\n");
  const Consumed here = through_consumer(shop, nullptr, "in-process");
  Shop other(events);
  const auto rabbit_too = rabbit_for(other);
  const Consumed there = through_consumer(other, rabbit_too.get(), "RabbitMQ");
  fmt::print("RabbitMQ beside in-process: relay {:.0f} %, effects {:.0f} %, lag p99 {:.1f} x\n",
             far / near * 100, there.rate / here.rate * 100,
             there.p99_ms / std::max(here.p99_ms, 0.001));
  return 0;
}

}  // namespace
}  // namespace securecart::events

int main(int argc, char** argv) {
  securecart::initialise_crypto();
  securecart::log::configure(securecart::log::Level::error, securecart::log::Format::text);
  return securecart::events::run(argc > 1 ? std::stoi(argv[1]) : 20'000);
}
