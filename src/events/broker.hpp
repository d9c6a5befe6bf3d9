// Carries events from the log to consumers: one queue a consumer, at-least-once.
//
// The log is the truth; a broker may lose everything it holds, the relay (relay.hpp) brings it
// again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "events/event.hpp"

namespace securecart::events {

struct Delivery {
  EventPtr event;  // null: the subscription is closed
  std::uint64_t tag = 0;
  bool redelivered = false;  // it was handed out before and came back
};

// One reader of a queue. Closed by its destructor: what is not acknowledged goes back to the queue.
class Subscription {
 public:
  virtual ~Subscription() = default;

  // The next event in the order of the log; waits for one, and while `prefetch` are not
  // acknowledged. One caller at a time.
  virtual Task<Delivery> next() = 0;
  virtual void ack(std::uint64_t tag) = 0;
  // Puts an event back: it comes again, to this reader or to another.
  virtual void nack(std::uint64_t tag) = 0;
  // Every event of the queue at or below this position has been acknowledged.
  virtual std::int64_t settled() const = 0;
  // next() answers with a null event from now on.
  virtual void close() = 0;
};

class Broker {
 public:
  virtual ~Broker() = default;

  // Makes the queue if it is not there, as one that has everything up to `after`.
  virtual void declare(const std::string& queue, std::int64_t after) = 0;
  // Returns once the queue holds the events; waits while it is full. `through`: the queue now has
  // everything for it up to this position. False when the queue was closed meanwhile. Throws
  // Unavailable.
  virtual Task<bool> publish(std::string queue, std::vector<EventPtr> events,
                             std::int64_t through) = 0;
  virtual std::unique_ptr<Subscription> subscribe(const std::string& queue,
                                                  std::size_t prefetch) = 0;
  // Wakes who publishes to the queue or reads it, and ends it.
  virtual void close(const std::string& queue) = 0;
};

}  // namespace securecart::events
