// Looks through the log for what a consumer has settled according to the database, and for what
// nobody settled although it is old: queues are never the only place where something is.
//
//   cursor                              look() goes round, some pages each time      tail
//     |--settled--|--open--|--settled--|--open, old: due--|--open, young--|
//                 ^ the cursor moves up to here
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "events/log.hpp"
#include "storage/database.hpp"

namespace securecart::events {

class Sweep {
 public:
  struct Look {
    std::vector<EventPtr> due;        // open and old enough, in order, at most as many as wanted
    std::int64_t cursor = 0;          // everything up to here is settled
    std::optional<Timestamp> oldest;  // of the events that are open
  };

  // The references must outlive it.
  Sweep(storage::Database& database, Log& log, std::string consumer, EventTypes types);

  // One round. It stores the cursor when it can move. `known` is a cursor from elsewhere, which may
  // be ahead. Throws Unavailable.
  Task<Look> look(std::int64_t known, Timestamp old_before, std::size_t most_due);

 private:
  Task<std::vector<std::int64_t>> settled_between(std::int64_t after, std::int64_t through);
  Task<void> save(std::int64_t cursor);

  storage::Database& database_;
  Log& log_;
  const std::string consumer_;
  const EventTypes types_;
  std::int64_t cursor_ = 0;
  std::int64_t scanned_ = 0;         // where the next round goes on
  std::int64_t settled_ = 0;         // the prefix this pass has found
  bool contiguous_ = true;           // nothing open in this pass yet
  std::optional<Timestamp> oldest_;  // of this pass
  std::optional<Timestamp> last_oldest_;
};

}  // namespace securecart::events
