// The contract on each broker, and what only a broker of its own can suffer: to be killed, stopped,
// unreachable, slow, full, and to come back empty.
#include "events/broker_contract.hpp"

#include <amqp.h>
#include <poll.h>

#include "base/prng.hpp"
#include "events/amqp/amqp_broker.hpp"
#include "events/amqp/connection.hpp"
#include "events/in_process_broker.hpp"
#include "observe/metrics.hpp"
#include "tests/support/broker_proxy.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/rabbitmq.hpp"
#include "tests/support/seed.hpp"

namespace securecart::events {
namespace {

using contract::Caller;
using contract::fresh_queue;
using test::RabbitMq;
using namespace std::chrono_literals;

// It is lost with its process.
class InProcess final : public contract::Fixture {
 public:
  Broker& broker() override { return *broker_; }
  void lose_everything() override { broker_ = std::make_unique<InProcessBroker>(); }

 private:
  std::unique_ptr<InProcessBroker> broker_ = std::make_unique<InProcessBroker>();
};

class Rabbit final : public contract::Fixture {
 public:
  Rabbit() : Rabbit(RabbitMq::shared().url()) {}
  explicit Rabbit(const std::string& url, std::int64_t queue_messages = 1'000) {
    AmqpOptions options;
    options.address = url;
    options.queue_messages = queue_messages;
    broker_ = std::make_unique<AmqpBroker>(options, clock_, random_, metrics_);
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!broker_->connected() && std::chrono::steady_clock::now() < deadline) {
      poll(nullptr, 0, 5);
    }
  }
  Broker& broker() override { return *broker_; }
  void lose_everything() override {
    RabbitMq& server = RabbitMq::shared();
    server.kill_all();
    server.wipe();
    server.start();
  }
  std::string metrics() const { return metrics_.prometheus_text(); }

 private:
  SystemClock clock_;
  Prng random_{test::seed()};
  observe::Metrics metrics_;
  std::unique_ptr<AmqpBroker> broker_;
};

}  // namespace

namespace contract {

INSTANTIATE_TEST_SUITE_P(
    Brokers, BrokerContract,
    testing::Values(Implementation{"in_process", [] { return std::make_unique<InProcess>(); }},
                    Implementation{"rabbitmq", [] { return std::make_unique<Rabbit>(); }}),
    [](const testing::TestParamInfo<Implementation>& info) { return info.param.name; });

}  // namespace contract

namespace {

class BrokerFaults : public testing::Test {
 protected:
  static bool publishes(Caller& caller, const std::string& queue, std::int64_t first,
                        std::int64_t last) {
    return caller.publish(queue, first, last).end == Published::End::all;
  }

  // Reads until each of them has come; what comes twice is fine.
  static void expect_all(Caller& caller, Subscription& reader, std::int64_t first,
                         std::int64_t last) {
    std::set<std::int64_t> found;
    while (static_cast<std::int64_t>(found.size()) < last - first + 1) {
      std::future<Delivery> taking = caller.start_taking(reader);
      if (taking.wait_for(60s) != std::future_status::ready) {
        reader.close();
        FAIL() << "only " << found.size() << " events came";
      }
      const Delivery delivery = taking.get();
      ASSERT_NE(delivery.event, nullptr);
      found.insert(delivery.event->position);
      reader.ack(delivery.tag);
    }
    EXPECT_EQ(*found.begin(), first);
    EXPECT_EQ(*found.rbegin(), last);
  }

  RabbitMq& server_ = RabbitMq::shared();
  const std::string queue_ = fresh_queue();
};

TEST_F(BrokerFaults, KilledAndRestartedItKeepsWhatItConfirmed) {
  Rabbit rabbit;
  Caller caller([&rabbit]() -> Broker& { return rabbit.broker(); });
  caller.declare(queue_);
  const auto reader = caller.subscribe(queue_);
  ASSERT_TRUE(publishes(caller, queue_, 1, 200));
  server_.settle();
  server_.kill_all();
  EXPECT_THROW(
      {
        // The first may meet a socket whose end nobody has noticed.
        caller.publish(queue_, 201, 201);
        caller.publish(queue_, 201, 201);
      },
      Unavailable);
  server_.start();
  ASSERT_TRUE(caller.persist([&] { return publishes(caller, queue_, 201, 400); }));
  expect_all(caller, *reader, 1, 400);
  EXPECT_TRUE(rabbit.broker().connected());
}

TEST_F(BrokerFaults, StoppedItIsFoundDeadAndUsedAgainLater) {
  Rabbit rabbit;
  Caller caller([&rabbit]() -> Broker& { return rabbit.broker(); });
  caller.declare(queue_);
  ASSERT_TRUE(publishes(caller, queue_, 1, 10));
  server_.pause();
  const auto start = std::chrono::steady_clock::now();
  try {
    EXPECT_EQ(caller.publish(queue_, 11, 20).end, Published::End::stuck);
  } catch (const Unavailable&) {
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, 25s);
  server_.resume();
  ASSERT_TRUE(caller.persist([&] { return publishes(caller, queue_, 11, 20); }));
  const auto reader = caller.subscribe(queue_);
  expect_all(caller, *reader, 1, 20);
}

TEST_F(BrokerFaults, ConnectionsRefusedAndCutCostOnlyTime) {
  test::BrokerProxy proxy(server_.port());
  Rabbit rabbit(server_.url(proxy.port()));
  Caller caller([&rabbit]() -> Broker& { return rabbit.broker(); });
  caller.declare(queue_);
  const auto reader = caller.subscribe(queue_);
  std::int64_t published = 0;
  for (int round = 0; round < 5; ++round) {
    proxy.refuse(true);
    ASSERT_TRUE(caller.persist([&rabbit] { return !rabbit.broker().connected(); }));
    const auto start = std::chrono::steady_clock::now();
    EXPECT_THROW(caller.publish(queue_, published + 1, published + 1), Unavailable);
    EXPECT_LT(std::chrono::steady_clock::now() - start, 5s) << "nobody waits for one that is away";
    proxy.refuse(false);
    ASSERT_TRUE(
        caller.persist([&] { return publishes(caller, queue_, published + 1, published + 100); }));
    published += 100;
    proxy.cut();
  }
  expect_all(caller, *reader, 1, published);
  EXPECT_NE(rabbit.metrics().find("securecart_broker_lost_total{link=\"publish\"}"),
            std::string::npos);
}

TEST_F(BrokerFaults, SlowItIsWaitedFor) {
  test::BrokerProxy proxy(server_.port());
  Rabbit rabbit(server_.url(proxy.port()));
  Caller caller([&rabbit]() -> Broker& { return rabbit.broker(); });
  caller.declare(queue_);
  proxy.delay(300);
  EXPECT_TRUE(publishes(caller, queue_, 1, 200));
  const auto reader = caller.subscribe(queue_);
  expect_all(caller, *reader, 1, 200);
}

TEST_F(BrokerFaults, OneThatConfirmsNothingIsGivenUp) {
  test::BrokerProxy proxy(server_.port());
  Rabbit rabbit(server_.url(proxy.port()));
  Caller caller([&rabbit]() -> Broker& { return rabbit.broker(); });
  caller.declare(queue_);
  proxy.deafen(true);
  const auto start = std::chrono::steady_clock::now();
  // Which of the two limits comes first, that of the confirm or of the silence, is chance.
  try {
    EXPECT_EQ(caller.publish(queue_, 1, 10).end, Published::End::stuck);
  } catch (const Unavailable&) {
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, 20s);
  proxy.deafen(false);
  ASSERT_TRUE(caller.persist([&] { return publishes(caller, queue_, 1, 10); }));
}

TEST_F(BrokerFaults, AFullQueueTakesAPrefixAndSaysHowMuch) {
  Rabbit rabbit(server_.url(), 100);
  Caller caller([&rabbit]() -> Broker& { return rabbit.broker(); });
  caller.declare(queue_);
  std::int64_t published = 0;
  Published last{Published::End::all, 0};
  while (last.end == Published::End::all && published < 5'000) {
    last = caller.publish(queue_, published + 1, published + 50);
    published = std::max(published, last.through);
  }
  EXPECT_EQ(last.end, Published::End::some);
  EXPECT_FALSE(last.problem.empty());
  EXPECT_GE(published, 100);
  const auto reader = caller.subscribe(queue_);
  expect_all(caller, *reader, 1, published);
  ASSERT_TRUE(caller.persist([&] {
    const Published more = caller.publish(queue_, published + 1, published + 50);
    published = std::max(published, more.through);
    return more.end == Published::End::all;
  }));
}

TEST_F(BrokerFaults, AFullDiskBlocksPublishingAndNotReading) {
  Rabbit rabbit;
  Caller caller([&rabbit]() -> Broker& { return rabbit.broker(); });
  caller.declare(queue_);
  ASSERT_TRUE(publishes(caller, queue_, 1, 100));
  server_.set_alarm(true);
  EXPECT_TRUE(caller.persist([&] {
    try {
      caller.publish(queue_, 101, 101);
      return false;
    } catch (const Unavailable&) {
      return true;
    }
  }));
  const auto reader = caller.subscribe(queue_);
  expect_all(caller, *reader, 1, 100);
  server_.set_alarm(false);
  ASSERT_TRUE(caller.persist([&] { return publishes(caller, queue_, 101, 150); }));
}

TEST_F(BrokerFaults, TheNextHostIsUsedWhenOneIsDead) {
  const int nobody = test::free_port();
  Rabbit rabbit("amqp://guest:guest@127.0.0.1:" + std::to_string(nobody) +
                ",127.0.0.1:" + std::to_string(server_.port()) + "/");
  EXPECT_TRUE(rabbit.broker().connected());
}

TEST_F(BrokerFaults, AWrongPasswordIsNotConnected) {
  AmqpOptions options;
  options.address = "amqp://guest:wrong@127.0.0.1:" + std::to_string(server_.port()) + "/";
  const SystemClock clock;
  Prng random(test::seed());
  observe::Metrics metrics;
  AmqpBroker broker(options, clock, random, metrics);
  Caller caller([&broker]() -> Broker& { return broker; });
  EXPECT_THROW(caller.declare(queue_), Unavailable);
  EXPECT_FALSE(broker.connected());
}

// The address of the server's TLS port under the name `host`.
std::string tls_url(const RabbitMq& server, const std::string& host, const std::string& ca_file) {
  return "amqps://guest:guest@" + host + ":" + std::to_string(server.tls_port()) +
         "/?cacertfile=" + ca_file;
}

// What comes of a connection to it: "connected", or why not.
std::string connecting_to(const std::string& url) {
  const Result<amqp::Address> address = amqp::parse_address(url);
  if (!address) {
    return address.error().detail;
  }
  try {
    const amqp::Connection connection(*address, address->hosts.front(), "test");
    return "connected";
  } catch (const amqp::ConnectionLost& lost) {
    return lost.what();
  }
}

TEST_F(BrokerFaults, TlsIsSpokenWithWhoIsKnown) {
  Rabbit rabbit(tls_url(server_, "localhost", server_.tls_certificate()));
  ASSERT_TRUE(rabbit.broker().connected());
  Caller caller([&rabbit]() -> Broker& { return rabbit.broker(); });
  caller.declare(queue_);
  const auto reader = caller.subscribe(queue_);
  ASSERT_TRUE(publishes(caller, queue_, 1, 100));
  expect_all(caller, *reader, 1, 100);
}

TEST_F(BrokerFaults, TlsIsRefusedWithAStrangerOrUnderAnotherName) {
  const std::string own = server_.tls_certificate();
  ASSERT_TRUE(test::eventually(
      [&] { return connecting_to(tls_url(server_, "localhost", own)) == "connected"; }));
  const test::TempDir folder;
  const std::filesystem::path other = folder.path() / "other.crt";
  test::make_self_signed(other, folder.path() / "other.key", "DNS:localhost");
  EXPECT_EQ(connecting_to(tls_url(server_, "localhost", other)),
            "connecting: SSL peer cert verification failed");
  EXPECT_EQ(connecting_to(tls_url(server_, "127.0.0.1", own)),
            "connecting: SSL hostname verification failed");
  EXPECT_NE(connecting_to(tls_url(server_, "localhost", "/nonexistent")).find("certificates"),
            std::string::npos);
}

TEST_F(BrokerFaults, WhatIsNoEventArrivesAsMalformed) {
  Rabbit rabbit;
  Caller caller([&rabbit]() -> Broker& { return rabbit.broker(); });
  caller.declare(queue_);
  const amqp::Address address = amqp::parse_address(server_.url()).value();
  amqp::Connection stranger(address, address.hosts.front(), "stranger");
  stranger.open_channel(1);
  const std::vector<std::string> bodies{"",
                                        "no JSON",
                                        "[]",
                                        R"({"origin":"local"})",
                                        std::string(1'000'000, 'x'),
                                        std::string("\0\xff", 2)};
  for (const std::string& body : bodies) {
    stranger.publish(1, "securecart.events", queue_, false, "1", body);
  }
  ASSERT_TRUE(publishes(caller, queue_, 7, 7));
  const auto reader = caller.subscribe(queue_);
  std::size_t malformed = 0;
  for (bool seen = false; !seen || malformed < bodies.size();) {
    const Delivery delivery = caller.take(*reader);
    if (delivery.malformed) {
      ++malformed;
      EXPECT_FALSE(delivery.malformed->reason.empty());
      EXPECT_LE(delivery.malformed->body.size(), limits::parked_message_bytes);
    } else {
      ASSERT_NE(delivery.event, nullptr);
      EXPECT_EQ(delivery.event->position, 7);
      seen = true;
    }
    reader->ack(delivery.tag);
  }
}

// What follows a deleted queue has another name: a channel that reads a quorum queue does not
// notice when one of the same name takes its place, and hands out nothing any more.
TEST_F(BrokerFaults, ADeletedQueueIsToldAndOthersGoOn) {
  Rabbit rabbit;
  Caller caller([&rabbit]() -> Broker& { return rabbit.broker(); });
  caller.declare(queue_);
  const auto reader = caller.subscribe(queue_);
  ASSERT_TRUE(publishes(caller, queue_, 1, 1));
  EXPECT_EQ(caller.take(*reader).event->position, 1);
  server_.control({"delete_queue", queue_});
  EXPECT_FALSE(caller.exists(queue_));
  EXPECT_EQ(caller.publish(queue_, 2, 2).end, Published::End::gone);
  const std::string next = fresh_queue();
  const auto early = caller.subscribe(next);  // it waits for its queue
  std::future<Delivery> taking = caller.start_taking(*early);
  caller.declare(next);
  ASSERT_TRUE(publishes(caller, next, 2, 2));
  EXPECT_EQ(taking.get().event->position, 2);
}

}  // namespace
}  // namespace securecart::events
