// Moves events from the log to one queue of the broker, in order.
//
//   log --read_after(position)--> relay --publish--> queue --> consumer
//                ^ waits for the tail                  ^ waits while the queue is full
//
// A relay a queue: a consumer that is slow holds up nobody else. It keeps no state of its own; it
// starts where the consumer's cursor stands and may bring an event twice.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/limits.hpp"
#include "base/prng.hpp"
#include "events/broker.hpp"
#include "events/log.hpp"
#include "resilience/backoff.hpp"

namespace securecart::events {

// Between tries while the database is away.
inline constexpr resilience::Backoff pauses_while_away{.first = limits::delivery_retry_first,
                                                       .most = limits::relay_retry_most};

class Relay {
 public:
  // The references must outlive run().
  Relay(Log& log, Broker& broker, std::string queue, EventTypes types, Random& random);

  // Runs until stop() is called and noticed, or the queue is closed. Survives a database that is
  // away: it tries again with growing pauses.
  Task<void> run(std::int64_t after);
  // From any thread.
  void stop();

 private:
  Task<bool> move_page(std::int64_t& position);

  Log& log_;
  Broker& broker_;
  const std::string queue_;
  const EventTypes types_;
  Random& random_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace securecart::events
