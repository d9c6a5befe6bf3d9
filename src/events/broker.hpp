// Carries events from the log to consumers: one queue a consumer, at-least-once.
//
// The log is the truth; a broker may lose everything it holds, the relay (relay.hpp) brings it
// again, and a broker that several processes share is looked after besides (shared_queue.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "events/event.hpp"

namespace securecart::events {

// A message that is no event, for a person to look at.
struct Malformed {
  std::string reason;
  std::string body;
};

struct Delivery {
  EventPtr event;  // null without `malformed`: the subscription is closed
  std::uint64_t tag = 0;
  bool redelivered = false;  // it may have been handed out before
  int returned = 0;          // how often it came back, as far as the broker counts
  std::shared_ptr<const Malformed> malformed = nullptr;
};

// One reader of a queue. Closed by its destructor: what is not acknowledged goes back to the queue.
class Subscription {
 public:
  virtual ~Subscription() = default;

  // The next event in the order of the log; waits for one, for a broker that is away, and while
  // `prefetch` are not acknowledged. One caller at a time.
  virtual Task<Delivery> next() = 0;
  virtual void ack(std::uint64_t tag) = 0;
  // Puts an event back: it comes again, to this reader or to another.
  virtual void nack(std::uint64_t tag) = 0;
  // Every event of the queue at or below this position has been acknowledged; 0 when others may
  // read the same queue, so that nobody here can know.
  virtual std::int64_t settled() const = 0;
  // next() answers with a null event from now on.
  virtual void close() = 0;
};

// What became of a publication.
struct Published {
  enum class End {
    all,     // the queue holds every event
    some,    // it took them up to `through`; `problem` says why no more: try again later
    stuck,   // the broker answers, and confirms nothing for too long
    gone,    // there is no such queue (any more)
    closed,  // close() was called for it
  };
  End end = End::all;
  std::int64_t through = 0;  // what was published at or below this position is safe
  std::string problem = {};
};

class Broker {
 public:
  virtual ~Broker() = default;

  // Whether the queue is there, with what was published to it. Throws Unavailable.
  virtual Task<bool> exists(std::string queue) = 0;
  // Makes the queue if it is not there, as one that has everything up to `after`. Throws
  // Unavailable.
  virtual Task<void> declare(std::string queue, std::int64_t after) = 0;
  // Returns once the broker has confirmed the events, or said why it does not; a broker may also
  // wait while the queue is full. `through`: the queue then has everything for it up to this
  // position. Throws Unavailable when the broker is away: any of the events may be in the queue.
  virtual Task<Published> publish(std::string queue, std::vector<EventPtr> events,
                                  std::int64_t through) = 0;
  virtual std::unique_ptr<Subscription> subscribe(const std::string& queue,
                                                  std::size_t prefetch) = 0;
  // Wakes who publishes to the queue or reads it, and ends it. What is in it stays there when the
  // broker lives outside this process.
  virtual void close(const std::string& queue) = 0;
  // Whether it can be reached now.
  virtual bool connected() const { return true; }
};

}  // namespace securecart::events
