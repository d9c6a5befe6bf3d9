// What tests of a Cache stand on: callers that wait for each answer, and readers that chase a
// writer.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/executor.hpp"
#include "storage/cache/cache.hpp"
#include "tests/support/redis.hpp"
#include "tests/support/run_on.hpp"

namespace securecart::storage::contract {

class CacheFixture {
 public:
  virtual ~CacheFixture() = default;
  virtual Cache& cache() = 0;
  // Where tasks run, on threads of their own.
  virtual std::vector<Executor*> executors() = 0;
  // Its server is never there.
  virtual bool is_always_away() const { return false; }
};

// The caller's side of a cache, waiting for each answer.
class CacheUser {
 public:
  explicit CacheUser(CacheFixture& fixture) : fixture_(fixture) {}

  Cache::Found look(const std::string& space, const std::string& name) {
    return look_on(next_executor(), space, name);
  }
  // "nothing" when it is not there.
  std::string get(const std::string& space, const std::string& name) {
    const Cache::Found found = look(space, name);
    return found.bytes ? *found.bytes : "nothing";
  }
  // A ticket as a reader of the database would hold; waits until the cache gives one to every
  // executor, for each has a connection of its own.
  Cache::Ticket ticket(const std::string& space) {
    std::optional<Cache::Ticket> ticket;
    for (std::size_t i = 0; i < fixture_.executors().size(); ++i) {
      EXPECT_TRUE(test::eventually([&] {
        ticket = look_on(*fixture_.executors()[i], space, "no such name").ticket;
        return ticket.has_value();
      }));
    }
    return ticket.value_or(Cache::Ticket{});
  }
  bool put(const std::string& space, const std::string& name, std::string text,
           std::vector<std::string> tags, const Cache::Ticket& ticket,
           Duration lifetime = std::chrono::seconds(60), bool absence = false) {
    return test::run_on<bool>(next_executor(), [&] {
      CacheEntry entry{std::make_shared<const std::string>(std::move(text)), absence, tags,
                       lifetime};
      return fixture_.cache().put(CacheKey{space, name}, std::move(entry), ticket);
    });
  }
  bool put(const std::string& space, const std::string& name, std::string text,
           std::vector<std::string> tags = {}) {
    return put(space, name, std::move(text), std::move(tags), ticket(space));
  }

 private:
  Executor& next_executor() { return *fixture_.executors()[turn_++ % fixture_.executors().size()]; }
  Cache::Found look_on(Executor& executor, const std::string& space, const std::string& name) {
    return test::run_on<Cache::Found>(executor,
                                      [&] { return fixture_.cache().get(CacheKey{space, name}); });
  }

  CacheFixture& fixture_;
  std::size_t turn_ = 0;
};

// Readers that fill the cache from a row, one on each executor, while a writer changes the row: the
// change, the invalidation, then the acknowledgement. Whoever looks after the acknowledgement must
// never find what was there before it.
class Chase {
 public:
  explicit Chase(CacheFixture& fixture) : cache_(fixture.cache()) {
    for (Executor* executor : fixture.executors()) {
      executor->post([this] { start(read(), [this](std::exception_ptr) { ++ended_; }); });
      ++readers_;
    }
    writer_ = std::thread([this] { write(); });
  }
  ~Chase() { stop(); }
  Chase(const Chase&) = delete;
  Chase& operator=(const Chase&) = delete;

  void stop() {
    stopping_ = true;
    if (writer_.joinable()) {
      writer_.join();
      EXPECT_TRUE(test::eventually([this] { return ended_ == readers_; }));
    }
  }

  std::uint64_t reads() const { return reads_; }
  std::uint64_t hits() const { return hits_; }
  std::uint64_t stale() const { return stale_; }
  int changes() const { return acknowledged_; }
  // The longest anybody waited for an answer of the cache.
  std::chrono::milliseconds slowest() const { return std::chrono::milliseconds(slowest_ms_); }

 private:
  void write() {
    constexpr int pause_ms = 1;
    for (int i = 1; !stopping_; ++i) {
      row_ = i;
      cache_.invalidate("shop", "row");
      acknowledged_ = i;
      poll(nullptr, 0, pause_ms);
    }
  }

  Task<void> read() {
    while (!stopping_) {
      const int least = acknowledged_;
      const auto begun = std::chrono::steady_clock::now();
      Task<Cache::Found> looking = cache_.get(CacheKey{"shop", "row"});
      Cache::Found found = co_await looking;
      note(std::chrono::steady_clock::now() - begun);
      int seen = 0;
      if (found.bytes) {
        ++hits_;
        seen = std::stoi(*found.bytes);
      } else {
        seen = row_;
        if (found.ticket) {
          CacheEntry entry{std::make_shared<const std::string>(std::to_string(seen)),
                           false,
                           {"row"},
                           std::chrono::seconds(60)};
          Task<bool> putting = cache_.put(CacheKey{"shop", "row"}, std::move(entry), *found.ticket);
          co_await putting;
        }
      }
      ++reads_;
      stale_ += seen < least ? 1 : 0;
      Task<void> breath = sleep_for(std::chrono::microseconds(50));
      co_await breath;
    }
  }

  void note(Duration took) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
    std::int64_t before = slowest_ms_;
    while (before < ms && !slowest_ms_.compare_exchange_weak(before, ms)) {
    }
  }

  Cache& cache_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> row_ = 0;
  std::atomic<int> acknowledged_ = 0;
  std::atomic<std::uint64_t> reads_ = 0;
  std::atomic<std::uint64_t> hits_ = 0;
  std::atomic<std::uint64_t> stale_ = 0;
  std::atomic<std::int64_t> slowest_ms_ = 0;
  std::atomic<int> ended_ = 0;
  int readers_ = 0;
  std::thread writer_;
};

}  // namespace securecart::storage::contract
