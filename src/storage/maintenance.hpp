// What grows without end unless somebody cuts it back.
#pragma once

#include <cstddef>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "storage/database.hpp"

namespace securecart::storage {

// Deletes idempotency keys made before `before`, a slice a batch so that nobody waits long behind
// it. Returns how many. Throws Unavailable; what was deleted until then stays deleted.
Task<std::size_t> prune_idempotency_keys(Database& database, Timestamp before);

}  // namespace securecart::storage
