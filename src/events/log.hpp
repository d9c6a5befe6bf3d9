// Reads the event log of one origin, and wakes those who wait for its tail.
//
// The newest events are kept in memory as they are committed (a database's observer hands them
// over), so consumers that keep up never read the database. Safe from several threads.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "events/event.hpp"
#include "events/signal.hpp"
#include "storage/limits.hpp"

namespace securecart::events {

// Part of the log, in order.
struct Page {
  std::vector<EventPtr> events;
  // Read on from here: every event that fits at or below it is in a page up to this one. It may be
  // ahead of the last event, when those between do not fit.
  std::int64_t through = 0;
};

class Log {
 public:
  // Observes `database`, which must outlive it (the other way round is safe too: the observer keeps
  // its own share of the state).
  explicit Log(storage::Database& database, std::string origin = "local");

  const std::string& origin() const { return origin_; }

  // Up to `limit` (at most limits::event_page) positions after `position`, those of `types` kept.
  // An empty page with `through` == `position` is the end of the log. Throws Unavailable.
  Task<Page> read_after(std::int64_t position, EventTypes types = {},
                        std::size_t limit = limits::event_page);
  // The same among the events of one shop.
  Task<Page> read_shop_after(std::string shop_id, std::int64_t position, EventTypes types = {},
                             std::size_t limit = limits::event_page);
  // Throws Unavailable.
  Task<std::optional<Event>> find(std::int64_t position);
  // Position of the last event in the database. Throws Unavailable.
  Task<std::int64_t> read_tail();

  // The last position this process has heard of; 0 before the first commit or read_tail().
  std::int64_t tail() const;
  // Waits until tail() is beyond `position`, or wake() is called. Needs an executor.
  Task<void> wait_after(std::int64_t position);
  // Wakes everybody, to let them look whether they should stop.
  void wake();

 private:
  struct State {
    mutable std::mutex mutex;
    Signal grown;
    std::int64_t tail = 0;
    std::uint64_t wakes = 0;
    std::deque<EventPtr> recent;  // dense, ends at tail
    std::size_t recent_bytes = 0;

    void append(std::int64_t new_tail, std::span<const Event> events);
  };

  std::optional<Page> recent_after(std::int64_t position, const EventTypes& types,
                                   std::size_t limit) const;

  storage::Database& database_;
  const std::string origin_;
  const std::shared_ptr<State> state_;
};

}  // namespace securecart::events
