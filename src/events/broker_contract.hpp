// What every Broker promises, as tests over a factory. broker_contract_test.cpp runs them on each
// implementation; what only an engine of its own can suffer is in BrokerFaults.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <poll.h>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "events/broker.hpp"
#include "tests/support/thread_executor.hpp"

namespace securecart::events::contract {

using namespace std::chrono_literals;

// One implementation, with a broker of this process on it.
class Fixture {
 public:
  virtual ~Fixture() = default;
  virtual Broker& broker() = 0;
  // Everything the broker holds is lost; it is there again afterwards, empty.
  virtual void lose_everything() = 0;
};

struct Implementation {
  std::string name;
  std::function<std::unique_ptr<Fixture>()> make;
};

inline void PrintTo(const Implementation& implementation, std::ostream* out) {
  *out << implementation.name;
}

inline std::vector<EventPtr> events(std::int64_t first, std::int64_t last,
                                    const std::string& payload = "{}") {
  std::vector<EventPtr> result;
  for (std::int64_t position = first; position <= last; ++position) {
    Event event{"local",
                position,
                "shop_1",
                "order.placed",
                "ord_" + std::to_string(position % 7),
                payload,
                from_millis(1'767'225'600'000 + position),
                "trace_1"};
    result.push_back(std::make_shared<const Event>(std::move(event)));
  }
  return result;
}

// Calls a broker from an executor's thread and waits, as long as the slowest engine may take.
class Caller {
 public:
  explicit Caller(std::function<Broker&()> broker) : broker_(std::move(broker)) {}

  bool exists(const std::string& queue) {
    return executor_.run_task<bool>([this, queue] { return broker_().exists(queue); });
  }
  void declare(const std::string& queue, std::int64_t after = 0) {
    executor_.run_task<void>([this, queue, after] { return broker_().declare(queue, after); });
  }
  std::future<Published> start_publishing(const std::string& queue, std::int64_t first,
                                          std::int64_t last, const std::string& payload = "{}") {
    return executor_.spawn<Published>([this, queue, first, last, payload] {
      return broker_().publish(queue, events(first, last, payload), last);
    });
  }
  Published publish(const std::string& queue, std::int64_t first, std::int64_t last,
                    const std::string& payload = "{}") {
    return start_publishing(queue, first, last, payload).get();
  }
  std::unique_ptr<Subscription> subscribe(const std::string& queue, std::size_t prefetch = 100) {
    return broker_().subscribe(queue, prefetch);
  }
  std::future<Delivery> start_taking(Subscription& reader) {
    return executor_.spawn<Delivery>([&reader] { return reader.next(); });
  }
  Delivery take(Subscription& reader) { return start_taking(reader).get(); }

  // Tries until the broker is there; false when it does not come back.
  template <class Call>
  bool persist(const Call& call, std::chrono::seconds patience = 90s) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < deadline) {
      try {
        if (call()) {
          return true;
        }
      } catch (const Unavailable&) {
      }
      std::this_thread::yield();
      poll(nullptr, 0, 20);
    }
    return false;
  }

 private:
  const std::function<Broker&()> broker_;
  test::ThreadExecutor executor_;
};

inline std::string fresh_queue() {
  static int queues = 0;
  return "contract.q" + std::to_string(++queues);
}

class BrokerContract : public testing::TestWithParam<Implementation> {
 protected:
  std::unique_ptr<Fixture> fixture_ = GetParam().make();
  Caller caller_{[this]() -> Broker& { return fixture_->broker(); }};
  const std::string queue_ = fresh_queue();
};

TEST_P(BrokerContract, HandsOutWhatWasPublishedInOrderAndWhole) {
  caller_.declare(queue_);
  const std::string payload = R"({"text":"Grüße, \"quoted\" \\ and \u0001"})";
  const Published published = caller_.publish(queue_, 1, 50, payload);
  EXPECT_EQ(published.end, Published::End::all);
  EXPECT_EQ(published.through, 50);
  const auto reader = caller_.subscribe(queue_);
  for (const EventPtr& sent : events(1, 50, payload)) {
    const Delivery delivery = caller_.take(*reader);
    ASSERT_NE(delivery.event, nullptr);
    EXPECT_EQ(delivery.event->position, sent->position);
    EXPECT_EQ(delivery.event->origin, sent->origin);
    EXPECT_EQ(delivery.event->shop_id, sent->shop_id);
    EXPECT_EQ(delivery.event->type, sent->type);
    EXPECT_EQ(delivery.event->subject, sent->subject);
    EXPECT_EQ(delivery.event->payload, sent->payload);
    EXPECT_EQ(delivery.event->at, sent->at);
    EXPECT_EQ(delivery.event->trace, sent->trace);
    EXPECT_FALSE(delivery.redelivered);
    reader->ack(delivery.tag);
  }
}

TEST_P(BrokerContract, AQueueIsThereOnceItIsDeclared) {
  EXPECT_FALSE(caller_.exists(queue_));
  caller_.declare(queue_);
  EXPECT_TRUE(caller_.exists(queue_));
  caller_.publish(queue_, 1, 1);
  caller_.declare(queue_);  // changes nothing
  const auto reader = caller_.subscribe(queue_);
  EXPECT_EQ(caller_.take(*reader).event->position, 1);
}

TEST_P(BrokerContract, PublishingToNoQueueIsToldAndLosesNothingSilently) {
  caller_.declare(fresh_queue());
  EXPECT_EQ(caller_.publish(queue_, 1, 3).end, Published::End::gone);
}

TEST_P(BrokerContract, AReaderWaitsForMore) {
  caller_.declare(queue_);
  const auto reader = caller_.subscribe(queue_);
  std::future<Delivery> waiting = caller_.start_taking(*reader);
  EXPECT_EQ(waiting.wait_for(100ms), std::future_status::timeout);
  caller_.publish(queue_, 1, 1);
  EXPECT_EQ(waiting.get().event->position, 1);
}

TEST_P(BrokerContract, AReaderTakesNoMoreThanItsPrefetch) {
  caller_.declare(queue_);
  caller_.publish(queue_, 1, 3);
  const auto reader = caller_.subscribe(queue_, 2);
  const Delivery first = caller_.take(*reader);
  caller_.take(*reader);
  std::future<Delivery> third = caller_.start_taking(*reader);
  EXPECT_EQ(third.wait_for(200ms), std::future_status::timeout);
  reader->ack(first.tag);
  EXPECT_EQ(third.get().event->position, 3);
}

TEST_P(BrokerContract, WhatIsGivenBackComesAgainMarked) {
  caller_.declare(queue_);
  caller_.publish(queue_, 1, 1);
  const auto reader = caller_.subscribe(queue_);
  const Delivery first = caller_.take(*reader);
  EXPECT_FALSE(first.redelivered);
  reader->nack(first.tag);
  const Delivery again = caller_.take(*reader);
  EXPECT_EQ(again.event->position, 1);
  EXPECT_TRUE(again.redelivered);
}

TEST_P(BrokerContract, WhatAReaderLeavesBehindGoesToTheNext) {
  caller_.declare(queue_);
  caller_.publish(queue_, 1, 3);
  auto reader = caller_.subscribe(queue_);
  reader->ack(caller_.take(*reader).tag);
  caller_.take(*reader);
  // What was acknowledged is gone for good only when the broker has heard of it.
  caller_.take(*reader);
  reader.reset();
  reader = caller_.subscribe(queue_);
  std::set<std::int64_t> found;
  while (!found.contains(2) || !found.contains(3)) {
    const Delivery delivery = caller_.take(*reader);
    found.insert(delivery.event->position);
    reader->ack(delivery.tag);
  }
  EXPECT_LE(found.size(), 3U);
}

TEST_P(BrokerContract, TwoReadersShareWhatThereIs) {
  caller_.declare(queue_);
  const auto one = caller_.subscribe(queue_, 1);
  const auto two = caller_.subscribe(queue_, 1);
  caller_.publish(queue_, 1, 2);
  const std::int64_t first = caller_.take(*one).event->position;
  const std::int64_t second = caller_.take(*two).event->position;
  EXPECT_EQ(first + second, 3);
}

TEST_P(BrokerContract, ClosingEndsReaders) {
  caller_.declare(queue_);
  const auto reader = caller_.subscribe(queue_);
  std::future<Delivery> waiting = caller_.start_taking(*reader);
  reader->close();
  EXPECT_EQ(waiting.get().event, nullptr);
  const auto other = caller_.subscribe(queue_);
  std::future<Delivery> second = caller_.start_taking(*other);
  fixture_->broker().close(queue_);
  EXPECT_EQ(second.get().event, nullptr);
  EXPECT_EQ(caller_.publish(queue_, 1, 1).end, Published::End::closed);
}

TEST_P(BrokerContract, AnswersToWhatIsNotHeldAreIgnored) {
  caller_.declare(queue_);
  caller_.publish(queue_, 1, 2);
  const auto reader = caller_.subscribe(queue_);
  const Delivery first = caller_.take(*reader);
  reader->ack(first.tag + 1'000'000'000'000'000);
  reader->ack(first.tag);
  EXPECT_EQ(caller_.take(*reader).event->position, 2);
}

TEST_P(BrokerContract, ABrokerThatLostEverythingSaysSo) {
  caller_.declare(queue_);
  caller_.publish(queue_, 1, 5);
  fixture_->lose_everything();
  ASSERT_TRUE(caller_.persist([this] { return !caller_.exists(queue_); }));
  EXPECT_TRUE(caller_.persist(
      [this] { return caller_.publish(queue_, 6, 6).end == Published::End::gone; }));
  ASSERT_TRUE(caller_.persist([this] {
    caller_.declare(queue_);
    return true;
  }));
  EXPECT_EQ(caller_.publish(queue_, 1, 6).end, Published::End::all);
  const auto reader = caller_.subscribe(queue_);
  EXPECT_EQ(caller_.take(*reader).event->position, 1);
}

}  // namespace securecart::events::contract
