// What stands between those who read and the database: answers from a Cache, and fills it.
//
//   get ──hit──────────────────────────────▶ bytes
//    │ ──hit, older than `fresh`───────────▶ bytes, and one caller loads anew in the background
//    │ ──miss──▶ is somebody loading it? ──yes──▶ wait for that load ─▶ bytes
//    │                    └──no──▶ gate (so many loads at once) ─▶ load ─▶ put ─▶ bytes
//
// So whatever happens to the cache, the database sees at most limits::cache_loads_at_once loads of
// this process at a time, and one for each key. A load is shared only with callers who could not
// tell the difference: one that began before something it was made from changed is not handed to
// those who came after the change.
//
// Expiry is jittered: what was loaded together does not expire together. Safe from several threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/prng.hpp"
#include "base/task.hpp"
#include "observe/metrics.hpp"
#include "storage/cache/cache.hpp"
#include "storage/cache/invalidations.hpp"
#include "storage/cache/load_gate.hpp"
#include "storage/limits.hpp"

namespace securecart::storage {

// What was read from the database.
struct Loaded {
  std::string bytes;
  std::vector<std::string> tags;
  bool absence = false;  // there is nothing, and bytes say why
};

// Called at most once, while get() runs; the task it returns may outlive the caller, so it owns
// what it needs. An error (of the input) is handed to the caller and not kept.
using Loader = std::move_only_function<Task<Result<Loaded>>()>;

struct Kept {
  CachedBytes bytes;
  bool absence = false;
};

class LoadingCache {
 public:
  // How entries of one kind are kept.
  struct Settings {
    std::string_view name;  // "product": of keys and in metrics
    int version;            // of the form of the bytes: another form is kept under other keys
    Duration fresh;         // older entries are loaded anew in the background
    Duration keep;          // older entries are gone
    Duration keep_absence = std::chrono::seconds(5);
  };
  class Use;

  struct Options {
    std::size_t loads_at_once = limits::cache_loads_at_once;
    std::size_t loads_waiting = limits::cache_loads_waiting;
    Duration load_patience = limits::cache_load_patience;
  };

  // All must outlive it; `random` is safe to use from several threads.
  LoadingCache(Cache& cache, Random& random, observe::Metrics& metrics)
      : LoadingCache(cache, random, metrics, Options()) {}
  LoadingCache(Cache& cache, Random& random, observe::Metrics& metrics, Options options);

  // Once for each kind of entries.
  Use use(const Settings& settings);

  // Throws what the load throws, and Unavailable when too many loads wait. `use` must outlive the
  // process's requests.
  Task<Result<Kept>> get(const Use& use, CacheKey key, Loader load);

  // Any thread; see Cache::invalidate().
  void invalidate(std::string_view space, std::string_view tag);
  Task<bool> delivered(Duration patience) { return cache_.delivered(patience); }

  // Loads in the background that have not ended.
  std::size_t refreshing() const { return refreshing_.load(std::memory_order_acquire); }
  const LoadGate& gate() const { return gate_; }

 private:
  struct Flight;
  using FlightPointer = std::shared_ptr<Flight>;

  FlightPointer join(const std::string& flight_key, bool fresh_only, bool& leads);
  Task<Result<Kept>> load_shared(const Use& use, CacheKey key, std::optional<Cache::Ticket> ticket,
                                 Loader load);
  Task<Result<Loaded>> load_through_gate(const Use& use, Loader load);
  Task<void> keep(const Use& use, CacheKey key, Cache::Ticket ticket, CachedBytes bytes,
                  bool absence, std::vector<std::string> tags);
  void finish(const std::string& flight_key, Flight& flight);
  void refresh(const Use& use, CacheKey key, Cache::Ticket ticket, Loader load);
  Task<void> refresh_one(const Use& use, CacheKey key, Cache::Ticket ticket,
                         Task<Result<Loaded>> loading, FlightPointer flight);
  bool may_share(const Flight& flight, std::uint64_t joined) const;
  Duration jittered(Duration span);

  Cache& cache_;
  Random& random_;
  observe::Metrics& metrics_;
  const Options options_;
  LoadGate gate_;
  Invalidations invalidations_;
  std::atomic<std::size_t> refreshing_ = 0;

  std::mutex mutex_;  // of what follows
  std::unordered_map<std::string, FlightPointer> flights_;
};

// A kind of entries with its counters.
class LoadingCache::Use {
 public:
  Use(const Settings& settings, observe::Metrics& metrics);

 private:
  friend class LoadingCache;
  Settings settings;
  observe::Counter& hits;
  observe::Counter& stale;
  observe::Counter& absences;
  observe::Counter& misses;
  observe::Counter& unreachable;
  observe::Counter& loads;
  observe::Counter& shared;
  observe::Counter& refreshes;
  observe::Counter& failures;
  observe::Counter& turned_away;
};

}  // namespace securecart::storage
