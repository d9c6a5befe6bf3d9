#include "events/log.hpp"

#include <gtest/gtest.h>

#include "events/events_fixture.hpp"

namespace securecart::events {
namespace {

using LogTest = EventsTest;

std::vector<std::int64_t> positions(const Page& page) {
  std::vector<std::int64_t> result;
  for (const EventPtr& event : page.events) {
    result.push_back(event->position);
  }
  return result;
}

TEST_F(LogTest, ReadsOnFromAPosition) {
  Log log(*database_);
  for (int i = 0; i < 5; ++i) {
    append("order.placed", "ord_" + std::to_string(i));
  }
  const Page first = run_ready(log.read_after(0, {}, 3));
  EXPECT_EQ(positions(first), (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(first.through, 3);
  const Page second = run_ready(log.read_after(first.through));
  EXPECT_EQ(positions(second), (std::vector<std::int64_t>{4, 5}));
  const Page end = run_ready(log.read_after(second.through));
  EXPECT_TRUE(end.events.empty());
  EXPECT_EQ(end.through, 5);
  EXPECT_EQ(log.tail(), 5);
}

TEST_F(LogTest, KeepsTheTypesAskedForAndSaysHowFarItRead) {
  Log log(*database_);
  append("order.placed", "ord_1");
  append("stock.sold", "sku_1");
  append("stock.sold", "sku_2");
  const Page page = run_ready(log.read_after(0, {{"order.placed"}}));
  EXPECT_EQ(positions(page), (std::vector<std::int64_t>{1}));
  EXPECT_EQ(page.through, 3);
}

TEST_F(LogTest, ReadsTheEventsOfOneShop) {
  Log log(*database_);
  append("order.placed", "ord_1", "shop_1");
  append("order.placed", "ord_2", "shop_2");
  append("order.paid", "ord_1", "shop_1");
  const Page page = run_ready(log.read_shop_after("shop_1", 0));
  EXPECT_EQ(positions(page), (std::vector<std::int64_t>{1, 3}));
  EXPECT_EQ(page.events[0]->shop_id, "shop_1");
  EXPECT_EQ(positions(run_ready(log.read_shop_after("shop_1", 1, {{"order.paid"}}))),
            (std::vector<std::int64_t>{3}));
}

// The same log read from memory and, by a Log that began later, from the database.
TEST_F(LogTest, MemoryAndDatabaseTellTheSame) {
  append("before", "x");
  Log remembering(*database_);
  for (int i = 0; i < 20; ++i) {
    append(i % 3 == 0 ? "a" : "b", "s" + std::to_string(i), "shop_1", std::to_string(i));
  }
  Log reading(*database_);
  for (std::int64_t after = 0; after <= 22; ++after) {
    for (const std::size_t limit : {1U, 4U, 100U}) {
      const Page one = run_ready(remembering.read_after(after, {{"a"}}, limit));
      const Page two = run_ready(reading.read_after(after, {{"a"}}, limit));
      ASSERT_EQ(one.through, two.through);
      ASSERT_EQ(positions(one), positions(two));
      for (std::size_t i = 0; i < one.events.size(); ++i) {
        EXPECT_EQ(one.events[i]->payload, two.events[i]->payload);
        EXPECT_EQ(one.events[i]->at, two.events[i]->at);
        EXPECT_EQ(one.events[i]->origin, two.events[i]->origin);
      }
    }
  }
}

TEST_F(LogTest, FindsOneEvent) {
  Log log(*database_);
  append("order.placed", "ord_1");
  const auto found = run_ready(log.find(1));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->subject, "ord_1");
  EXPECT_FALSE(run_ready(log.find(2)));
}

TEST_F(LogTest, WakesThoseWhoWaitForMore) {
  append("order.placed", "ord_1");
  Log log(*database_);
  EXPECT_EQ(run_ready(log.read_tail()), 1);
  int woken = 0;
  executor_.post([&] {
    start(log.wait_after(0), [&](std::exception_ptr) { ++woken; });
    start(log.wait_after(1), [&](std::exception_ptr) { ++woken; });
    start(log.wait_after(2), [&](std::exception_ptr) { ++woken; });
  });
  executor_.run_ready_jobs();
  EXPECT_EQ(woken, 1);
  append("order.paid", "ord_1");
  executor_.run_ready_jobs();
  EXPECT_EQ(woken, 2);
  log.wake();
  executor_.run_ready_jobs();
  EXPECT_EQ(woken, 3);
}

}  // namespace
}  // namespace securecart::events
