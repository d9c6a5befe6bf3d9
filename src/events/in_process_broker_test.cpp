#include "events/in_process_broker.hpp"

#include <optional>

#include <gtest/gtest.h>

#include "base/executor.hpp"

namespace securecart::events {
namespace {

class InProcessBrokerTest : public testing::Test {
 protected:
  static std::vector<EventPtr> events(std::int64_t first, std::int64_t last) {
    std::vector<EventPtr> result;
    for (std::int64_t position = first; position <= last; ++position) {
      Event event;
      event.position = position;
      result.push_back(std::make_shared<const Event>(event));
    }
    return result;
  }

  void declare(std::int64_t after) {
    start(broker_.declare("q", after),
          [](const std::exception_ptr& error) { EXPECT_FALSE(error); });
  }

  // Publishes; `*done` becomes the answer once there was room.
  void publish(std::int64_t first, std::int64_t last, std::optional<bool>* done) {
    executor_.post([this, first, last, done] {
      start(broker_.publish("q", events(first, last), last),
            [done](std::variant<Published, std::exception_ptr> answer) {
              *done = std::get<0>(answer).end == Published::End::all;
            });
    });
    executor_.run_ready_jobs();
  }

  // What arrives, or nothing while the reader has to wait.
  std::shared_ptr<std::optional<Delivery>> take(Subscription& reader) {
    auto taken = std::make_shared<std::optional<Delivery>>();
    executor_.post([&reader, taken] {
      start(reader.next(), [taken](std::variant<Delivery, std::exception_ptr> delivery) {
        *taken = std::get<0>(delivery);
      });
    });
    executor_.run_ready_jobs();
    return taken;
  }

  ManualClock clock_;
  ManualExecutor executor_{clock_};
  InProcessBroker broker_{2};
  std::optional<bool> published_;
};

TEST_F(InProcessBrokerTest, HandsOutInOrderAndWaitsForMore) {
  declare(0);
  const auto reader = broker_.subscribe("q", 10);
  const auto waiting = take(*reader);
  EXPECT_FALSE(waiting->has_value());
  publish(1, 2, &published_);
  ASSERT_TRUE(waiting->has_value());
  EXPECT_EQ((*waiting)->event->position, 1);
  EXPECT_EQ((*take(*reader))->event->position, 2);
}

TEST_F(InProcessBrokerTest, APublisherWaitsWhileTheQueueIsFull) {
  declare(0);
  const auto reader = broker_.subscribe("q", 10);
  publish(1, 3, &published_);
  EXPECT_TRUE(published_.has_value());
  std::optional<bool> second;
  publish(4, 5, &second);
  EXPECT_FALSE(second.has_value());
  take(*reader);
  EXPECT_FALSE(second.has_value());
  take(*reader);
  EXPECT_EQ(second, true);
}

TEST_F(InProcessBrokerTest, AReaderTakesNoMoreThanItsPrefetch) {
  declare(0);
  const auto reader = broker_.subscribe("q", 1);
  publish(1, 2, &published_);
  const auto first = take(*reader);
  const auto second = take(*reader);
  EXPECT_FALSE(second->has_value());
  reader->ack((*first)->tag);
  executor_.run_ready_jobs();
  EXPECT_EQ((*second)->event->position, 2);
}

TEST_F(InProcessBrokerTest, SettledFollowsTheContiguousPrefix) {
  declare(7);
  const auto reader = broker_.subscribe("q", 10);
  EXPECT_EQ(reader->settled(), 7);
  publish(8, 10, &published_);
  const auto eight = take(*reader);
  const auto nine = take(*reader);
  EXPECT_EQ(reader->settled(), 7);
  reader->ack((*nine)->tag);
  EXPECT_EQ(reader->settled(), 7);
  reader->ack((*eight)->tag);
  EXPECT_EQ(reader->settled(), 9);
  reader->ack((*take(*reader))->tag);
  EXPECT_EQ(reader->settled(), 10);
  executor_.post([this] {
    start(broker_.publish("q", {}, 20), [](const std::variant<Published, std::exception_ptr>&) {});
  });
  executor_.run_ready_jobs();
  EXPECT_EQ(reader->settled(), 20);  // nothing for this queue in between
}

TEST_F(InProcessBrokerTest, WhatComesBackIsHandedOutAgainInItsPlace) {
  declare(0);
  publish(1, 3, &published_);
  auto reader = broker_.subscribe("q", 10);
  const auto one = take(*reader);
  const auto two = take(*reader);
  reader->nack((*two)->tag);
  reader->nack((*one)->tag);
  const auto again = take(*reader);
  EXPECT_EQ((*again)->event->position, 1);
  EXPECT_TRUE((*again)->redelivered);
  reader.reset();  // closed with 1 not acknowledged
  reader = broker_.subscribe("q", 10);
  for (const std::int64_t position : {1, 2, 3}) {
    EXPECT_EQ((*take(*reader))->event->position, position);
  }
}

TEST_F(InProcessBrokerTest, ClosingWakesReadersAndPublishers) {
  declare(0);
  const auto reader = broker_.subscribe("q", 10);
  const auto waiting = take(*reader);
  reader->close();
  executor_.run_ready_jobs();
  ASSERT_TRUE(waiting->has_value());
  EXPECT_EQ((*waiting)->event, nullptr);
  publish(1, 2, &published_);
  std::optional<bool> second;
  publish(3, 4, &second);
  EXPECT_FALSE(second.has_value());
  broker_.close("q");
  executor_.run_ready_jobs();
  EXPECT_EQ(second, false);
}

}  // namespace
}  // namespace securecart::events
