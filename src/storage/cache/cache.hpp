// Bytes that may be answered again: rendered products, listings, settings.
//
// The database is the truth; a cache may lose anything at any time. What is put carries tags (the
// ids it was made from), and invalidate(tag) drops everything made from that. Whoever fills the
// cache takes a ticket *before* reading the database:
//
//   reader:  ticket   read row ................. put(ticket)   dropped: a tag of it has changed
//   since writer:                     commit   invalidate(tag)
//
// Commit observers invalidate before the writer is answered, so a client reads its own writes.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace securecart::storage {

using CachedBytes = std::shared_ptr<const std::string>;

class Cache {
 public:
  // A moment in the history of invalidations.
  struct Ticket {
    std::uint64_t moment;
  };

  virtual ~Cache() = default;

  // Null when it is not there or too old.
  virtual CachedBytes get(std::string_view key) = 0;
  virtual Ticket ticket() const = 0;
  // Keeps the bytes for `lifetime`, unless one of the tags was invalidated since the ticket was
  // taken, or they are too large to keep. Replaces what was under the key.
  virtual void put(std::string_view key, CachedBytes bytes, std::span<const std::string> tags,
                   Duration lifetime, Ticket ticket) = 0;
  // Drops everything that carries the tag, and whatever is being made from it now.
  virtual void invalidate(std::string_view tag) = 0;
};

}  // namespace securecart::storage
