// The rows of a consumer that more than one part writes.
#pragma once

#include <cstdint>
#include <string>

#include "storage/database.hpp"

namespace securecart::events {

// Moves the cursor forward and drops the guard rows below it.
inline storage::Batch cursor_batch(const std::string& consumer, const std::string& origin,
                                   std::int64_t position) {
  storage::Batch batch;
  batch.add(
      "INSERT INTO consumer_cursors (consumer, origin, position) VALUES ($1, $2, $3) "
      "ON CONFLICT (consumer, origin) DO UPDATE SET position = excluded.position "
      "WHERE consumer_cursors.position < excluded.position",
      {consumer, origin, position});
  batch.add("DELETE FROM consumer_effects WHERE consumer = $1 AND origin = $2 AND position <= $3",
            {consumer, origin, position});
  return batch;
}

}  // namespace securecart::events
