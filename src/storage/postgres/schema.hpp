// Brings the schema of a PostgreSQL database up to this program's, while others use it.
//
// One process migrates at a time (an advisory lock); the others wait and then find it done. Each
// migration is a transaction of its own, sent as one message, so an interrupted one leaves nothing
// behind and one that stops holds nobody up. No statement waits longer for a lock than
// limits::migration_lock_timeout: those who queue behind it are the shoppers; it is tried again
// instead. A file that begins with the line `-- no transaction` holds one CREATE INDEX CONCURRENTLY
// IF NOT EXISTS, which keeps nobody out, and is begun anew when it was interrupted.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/clock.hpp"
#include "storage/limits.hpp"
#include "storage/migrations.hpp"
#include "storage/postgres/address.hpp"

namespace securecart::storage::postgres {

struct Opened {
  std::int64_t tail = 0;  // position of the origin's last event
};

// Connects to the first primary among `endpoints`, runs what is left, and checks that the server
// keeps what it acknowledges (fsync, full_page_writes). Throws OpenError with a message for the
// operator. Blocks.
Opened bring_up_to_date(const std::vector<Endpoint>& endpoints, std::span<const Migration> known,
                        const std::string& origin, const std::string& synchronous_commit,
                        const Clock& clock);

}  // namespace securecart::storage::postgres
