#include "storage/cache/fallback_cache.hpp"

#include <utility>

namespace securecart::storage {

Task<Cache::Found> FallbackCache::get(CacheKey key) {
  CacheKey again = key;
  Task<Found> asking = shared_.get(std::move(key));
  Found found = co_await asking;
  if (found.reachable) {
    co_return found;
  }
  Task<Found> looking = standby_.get(std::move(again));
  found = co_await looking;
  found.reachable = false;
  if (found.ticket) {
    found.ticket->standby = true;
  }
  co_return found;
}

Task<bool> FallbackCache::put(CacheKey key, CacheEntry entry, Ticket ticket) {
  Cache& place = ticket.standby ? standby_ : shared_;
  return place.put(std::move(key), std::move(entry), std::move(ticket));
}

void FallbackCache::invalidate(std::string_view space, std::string_view tag) {
  standby_.invalidate(space, tag);
  shared_.invalidate(space, tag);
}

Task<bool> FallbackCache::delivered(Duration patience) {
  return shared_.delivered(patience);
}

}  // namespace securecart::storage
