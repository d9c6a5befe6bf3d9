// What the threads of one process know together of where the primary is.
//
// The writer looks for it, and readers wait for what it finds. A question on a new connection costs
// a server a process: processes that asked every host again and again, on every connection, would
// keep a cluster busy while it fails over. So nobody asks a host that is known to be a standby;
// readers ask there, through the connections they have, whether it was promoted, and tell the
// writer.
#pragma once

#include <atomic>
#include <cstdint>

namespace securecart::storage::postgres {

// Hosts are places in the address; -1: none.
struct Primary {
  std::atomic<int> writer_at = -1;          // where the writer is connected
  std::atomic<int> promoted = -1;           // a standby that is none any more; the writer takes it
  std::atomic<std::uint32_t> standbys = 0;  // a bit for each host that is one
};

}  // namespace securecart::storage::postgres
