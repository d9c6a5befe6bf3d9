// A shared cache with a small one of the process's own behind it, which serves while the shared one
// does not answer. Both hear of every invalidation, so neither ever tells what is outdated.
#pragma once

#include "storage/cache/cache.hpp"

namespace securecart::storage {

class FallbackCache final : public Cache {
 public:
  // Both must outlive it.
  FallbackCache(Cache& shared, Cache& standby) : shared_(shared), standby_(standby) {}

  // `reachable` says whether the shared cache answered.
  Task<Found> get(CacheKey key) override;
  Task<bool> put(CacheKey key, CacheEntry entry, Ticket ticket) override;
  void invalidate(std::string_view space, std::string_view tag) override;
  Task<bool> delivered(Duration patience) override;

 private:
  Cache& shared_;
  Cache& standby_;
};

}  // namespace securecart::storage
