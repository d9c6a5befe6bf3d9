// Who relays: a row of relay_positions for each consumer, which one process at a time holds.
//
//   free --beat()--> held --beat(), each limits::relay_beat--> held --release()--> free
//                      +-- no beat seen for limits::relay_patience --> taken by another
//
// No clocks of two machines are compared: who waits for the seat sees by its own clock that the
// beat has not grown. A holder that was only paused may publish some events beside its successor:
// they arrive twice, and consumers do each once. All it writes is refused, since the row is not its
// own.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"
#include "storage/database.hpp"

namespace securecart::events {

class RelaySeat {
 public:
  struct View {
    bool held = false;
    std::string life;           // of the queue; empty before the first
    std::int64_t position = 0;  // confirmed by the broker in that life
    std::int64_t cursor = 0;    // settled by the consumer, for good
  };

  // `owner` is unique to this process. The references must outlive it.
  RelaySeat(storage::Database& database, const Clock& clock, std::string consumer,
            std::string origin, std::string owner);

  // Takes the seat when it is free or abandoned; stays on it, and stores that everything up to
  // `confirmed` is in the queue of `life`. Throws Unavailable.
  Task<View> beat(std::string life, std::int64_t confirmed);
  // The queue is a new one, which has everything up to the consumer's cursor. Not held afterwards:
  // another process has the seat. Throws Unavailable.
  Task<View> begin_life(std::string life);
  // For the next one. Throws Unavailable.
  Task<void> release();

 private:
  Task<View> look();
  Task<bool> commit(storage::Batch batch);
  storage::Batch take(const View& view) const;

  storage::Database& database_;
  const Clock& clock_;
  const std::string consumer_;
  const std::string origin_;
  const std::string owner_;
  // The row as look() found it.
  bool exists_ = false;
  std::string seen_owner_;
  std::int64_t seen_beat_ = -1;
  SteadyTime seen_at_;  // when that owner's beat was first seen
};

}  // namespace securecart::events
