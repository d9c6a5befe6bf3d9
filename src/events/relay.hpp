// Moves events from the log to one queue of the broker, in order.
//
//   log --read_after(position)--> relay --publish--> queue --> consumer
//                ^ waits for the tail         |        ^ waits while the queue is full
//                +------ confirmed -----------+
//
// A relay a queue: a consumer that is slow holds up nobody else. It keeps no state of its own: it
// starts where it is told and goes on only over what the broker has confirmed, so that it may bring
// an event twice and never leaves one out.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/prng.hpp"
#include "events/broker.hpp"
#include "events/limits.hpp"
#include "events/log.hpp"
#include "resilience/backoff.hpp"

namespace securecart::events {

// Between tries while the database or the broker is away.
inline constexpr resilience::Backoff pauses_while_away{.first = limits::delivery_retry_first,
                                                       .most = limits::relay_retry_most};

class Relay {
 public:
  // Why it ended.
  enum class End {
    stopped,  // by stop(), or the queue was closed
    gone,     // there is no such queue
    failed,   // the broker is away; only when run() was told not to be patient
    stuck,    // the broker confirms nothing; likewise
  };
  enum class Patience { endless, none };

  // The references must outlive run().
  Relay(Log& log, Broker& broker, std::string queue, EventTypes types, Random& random);

  // Runs until stop() is called and noticed, or there is no queue to publish to. Survives a
  // database and, being patient, a broker that is away: it tries again with growing pauses.
  Task<End> run(std::int64_t after, Patience patience = Patience::endless);
  // From any thread.
  void stop();
  // Everything for the queue up to here is confirmed.
  std::int64_t position() const { return position_; }

 private:
  Task<Published::End> move_page();

  Log& log_;
  Broker& broker_;
  const std::string queue_;
  const EventTypes types_;
  Random& random_;
  std::atomic<std::int64_t> position_ = 0;
  std::atomic<bool> stopping_ = false;
};

}  // namespace securecart::events
