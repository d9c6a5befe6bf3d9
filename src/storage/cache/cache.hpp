// Bytes that may be answered again: rendered products, listings, sessions.
//
// The database is the truth; a cache may lose anything at any time, and nothing that decides reads
// it. What is put carries tags (the ids it was made from), and invalidate(tag) drops everything
// made from that. Whoever fills the cache brings a ticket from *before* the database was read:
//
//   reader:  get: miss, ticket   read row ............. put(ticket)   dropped: a tag has changed
//   writer:                          commit   invalidate(tag)
//
// Commit observers invalidate before the writer is answered, so a client reads its own writes.
// Everything lives in a space (a shop): tags of one space say nothing about another's entries.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "storage/limits.hpp"

namespace securecart::storage {

using CachedBytes = std::shared_ptr<const std::string>;

struct CacheKey {
  std::string space;
  std::string name;  // any bytes; says which form its bytes have (LoadingCache puts a version in)
};

struct CacheEntry {
  CachedBytes bytes;     // not null
  bool absence = false;  // there is nothing under this name, and bytes say why
  std::vector<std::string> tags;
  Duration lifetime{};
};

class Cache {
 public:
  // A moment in the history of invalidations of one space.
  struct Ticket {
    std::string history;  // which history: another one has nothing to do with this moment
    std::uint64_t moment = 0;
    bool standby = false;  // of a FallbackCache's second cache
  };
  struct Found {
    CachedBytes bytes = nullptr;  // null: not there
    bool absence = false;
    Duration remaining{};  // until it is dropped
    // For put() of what is read from now on; none: it is not worth keeping.
    std::optional<Ticket> ticket = std::nullopt;
    bool reachable = true;  // false: nobody answered; it may be there
  };

  virtual ~Cache() = default;

  // Never throws, and never waits longer than limits::redis_command_timeout.
  virtual Task<Found> get(CacheKey key) = 0;
  // Keeps the entry, unless one of its tags was invalidated since the ticket was taken, or it is
  // too large. Replaces what was under the key. False when it was not kept.
  virtual Task<bool> put(CacheKey key, CacheEntry entry, Ticket ticket) = 0;
  // Drops everything of the space that carries the tag, and whatever is being made from it now. No
  // get() of this process that begins later sees it, whatever the cache's server does. Any thread.
  virtual void invalidate(std::string_view space, std::string_view tag) = 0;
  // Waits until what was invalidated before this call has reached the cache for good, so that it
  // outlives this process; false when it has not after `patience`.
  virtual Task<bool> delivered(Duration patience) = 0;
};

}  // namespace securecart::storage
