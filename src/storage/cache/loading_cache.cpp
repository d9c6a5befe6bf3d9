#include "storage/cache/loading_cache.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/executor.hpp"
#include "base/log.hpp"
#include "storage/limits.hpp"

namespace securecart::storage {

namespace {

// How often a caller joins the load of another before it loads by itself.
constexpr int shared_attempts = 3;
// Of a span, each way.
constexpr double jitter = 0.1;

std::string flight_key_of(const CacheKey& key) {
  return key.space + '\n' + key.name;
}

}  // namespace

// A load under way, and those who wait for it. Members below the mutex of the cache.
struct LoadingCache::Flight {
  std::uint64_t began = 0;  // the moment of invalidations before it read anything
  bool ended = false;
  std::vector<std::move_only_function<void()>> waiting;  // resumes; each posts to its executor

  // Written before `ended`.
  std::optional<Result<Loaded>> result;
  CachedBytes bytes;  // of a result that is not an error
  std::vector<Invalidations::Slot> slots;
  std::exception_ptr error;
};

LoadingCache::Use::Use(const Settings& given, observe::Metrics& metrics)
    : settings(given),
      hits(metrics.counter("securecart_cache_lookups_total", "Lookups in the cache.",
                           {{"what", std::string(given.name)}, {"result", "hit"}})),
      stale(metrics.counter("securecart_cache_lookups_total", "Lookups in the cache.",
                            {{"what", std::string(given.name)}, {"result", "stale"}})),
      absences(metrics.counter("securecart_cache_lookups_total", "Lookups in the cache.",
                               {{"what", std::string(given.name)}, {"result", "absence"}})),
      misses(metrics.counter("securecart_cache_lookups_total", "Lookups in the cache.",
                             {{"what", std::string(given.name)}, {"result", "miss"}})),
      unreachable(metrics.counter("securecart_cache_unreachable_total",
                                  "Lookups the shared cache did not answer.",
                                  {{"what", std::string(given.name)}})),
      loads(metrics.counter("securecart_cache_loads_total",
                            "Loads from the database on behalf of the cache.",
                            {{"what", std::string(given.name)}})),
      shared(metrics.counter("securecart_cache_loads_shared_total",
                             "Callers who were answered by a load of another.",
                             {{"what", std::string(given.name)}})),
      refreshes(metrics.counter("securecart_cache_refreshes_total",
                                "Loads in the background, of entries past their freshness.",
                                {{"what", std::string(given.name)}})),
      failures(metrics.counter("securecart_cache_load_failures_total",
                               "Loads the database did not answer.",
                               {{"what", std::string(given.name)}})),
      turned_away(metrics.counter("securecart_cache_loads_refused_total",
                                  "Callers for whom too many loads were waiting.",
                                  {{"what", std::string(given.name)}})) {}

LoadingCache::LoadingCache(Cache& cache, Random& random, observe::Metrics& metrics, Options options)
    : cache_(cache),
      random_(random),
      metrics_(metrics),
      options_(options),
      gate_(options.loads_at_once, options.loads_waiting) {
  metrics.gauge_from("securecart_cache_loads_in_progress", "Loads at work.", {},
                     [this] { return static_cast<double>(gate_.inside()); });
  metrics.gauge_from("securecart_cache_loads_at_once_most", "The most loads ever at work at once.",
                     {}, [this] { return static_cast<double>(gate_.most_inside()); });
}

LoadingCache::Use LoadingCache::use(const Settings& settings) {
  return {settings, metrics_};
}

void LoadingCache::invalidate(std::string_view space, std::string_view tag) {
  invalidations_.record(Invalidations::slot_of(space, tag));
  cache_.invalidate(space, tag);
}

Task<Result<Kept>> LoadingCache::get(const Use& use, CacheKey key, Loader load) {
  key.name =
      std::string(use.settings.name) + '/' + std::to_string(use.settings.version) + '/' + key.name;
  Task<Cache::Found> looking = cache_.get(key);
  Cache::Found found = co_await looking;
  if (!found.reachable) {
    use.unreachable.add();
  }
  if (found.bytes == nullptr) {
    use.misses.add();
    Task<Result<Kept>> loading =
        load_shared(use, std::move(key), std::move(found.ticket), std::move(load));
    co_return co_await loading;
  }
  const bool old = !found.absence && found.remaining < use.settings.keep - use.settings.fresh;
  (found.absence ? use.absences : old ? use.stale : use.hits).add();
  if (old && found.ticket) {
    refresh(use, std::move(key), std::move(*found.ticket), std::move(load));
  }
  co_return Kept{std::move(found.bytes), found.absence};
}

// The flight to wait for, or (leads) a new one of the caller's own. `fresh_only`: not one that
// began before the last invalidation.
LoadingCache::FlightPointer LoadingCache::join(const std::string& flight_key, bool fresh_only,
                                               bool& leads) {
  const std::uint64_t now = invalidations_.moment();
  const std::scoped_lock lock(mutex_);
  FlightPointer& flight = flights_[flight_key];
  leads = flight == nullptr || (fresh_only && flight->began != now);
  if (leads) {
    flight = std::make_shared<Flight>();
    flight->began = now;
  }
  return flight;
}

// What the flight brought may be handed to a caller who joined at `joined` unless something it was
// made from changed in between.
bool LoadingCache::may_share(const Flight& flight, std::uint64_t joined) const {
  if (joined == flight.began) {
    return true;
  }
  const bool known = flight.result && flight.result->has_value();
  return known && invalidations_.quiet_since(flight.began, flight.slots);
}

Task<Result<Kept>> LoadingCache::load_shared(const Use& use, CacheKey key,
                                             std::optional<Cache::Ticket> ticket, Loader load) {
  const std::string flight_key = flight_key_of(key);
  FlightPointer flight;
  bool leads = false;
  for (int attempt = 1; !leads; ++attempt) {
    const std::uint64_t joined = invalidations_.moment();
    flight = join(flight_key, attempt >= shared_attempts, leads);
    if (leads) {
      break;
    }
    Callback<bool> end([this, flight](Callback<bool>::Resume resume) {
      Executor& home = Executor::current();
      std::move_only_function<void()> wake = [&home, resume = std::move(resume)]() mutable {
        home.post([resume = std::move(resume)]() mutable { resume(true); });
      };
      const std::scoped_lock lock(mutex_);
      if (flight->ended) {
        wake();
      } else {
        flight->waiting.push_back(std::move(wake));
      }
    });
    co_await end;
    if (flight->error || may_share(*flight, joined)) {
      break;
    }
  }
  if (!leads) {
    use.shared.add();
    if (flight->error) {
      std::rethrow_exception(flight->error);
    }
    if (!*flight->result) {
      co_return std::unexpected(flight->result->error());
    }
    co_return Kept{flight->bytes, flight->result->value().absence};
  }
  try {
    Task<Result<Loaded>> loading = load_through_gate(use, std::move(load));
    flight->result.emplace(co_await loading);
  } catch (...) {
    flight->error = std::current_exception();
  }
  if (flight->error) {
    finish(flight_key, *flight);
    std::rethrow_exception(flight->error);
  }
  Result<Loaded>& result = *flight->result;
  if (!result) {
    finish(flight_key, *flight);
    co_return std::unexpected(result.error());
  }
  const Kept kept{std::make_shared<const std::string>(std::move(result->bytes)), result->absence};
  flight->bytes = kept.bytes;
  flight->slots = Invalidations::slots_of(key.space, result->tags);
  if (ticket) {
    Task<void> keeping =
        keep(use, std::move(key), std::move(*ticket), kept.bytes, kept.absence, result->tags);
    co_await keeping;
  }
  finish(flight_key, *flight);
  co_return kept;
}

Task<Result<Loaded>> LoadingCache::load_through_gate(const Use& use, Loader load) {
  Task<bool> entering = gate_.enter(options_.load_patience);
  if (!co_await entering) {
    use.turned_away.add();
    throw Unavailable("too many reads wait for the database");
  }
  std::exception_ptr error;
  std::optional<Result<Loaded>> result;
  try {
    use.loads.add();
    Task<Result<Loaded>> loading = load();
    result.emplace(co_await loading);
  } catch (...) {
    use.failures.add();
    error = std::current_exception();
  }
  gate_.leave();
  if (error) {
    std::rethrow_exception(error);
  }
  co_return std::move(*result);
}

Task<void> LoadingCache::keep(const Use& use, CacheKey key, Cache::Ticket ticket, CachedBytes bytes,
                              bool absence, std::vector<std::string> tags) {
  CacheEntry entry;
  entry.bytes = std::move(bytes);
  entry.absence = absence;
  entry.tags = std::move(tags);
  entry.lifetime = jittered(absence ? use.settings.keep_absence : use.settings.keep);
  if (entry.bytes->size() > limits::cache_entry_bytes) {
    co_return;
  }
  Task<bool> putting = cache_.put(std::move(key), std::move(entry), std::move(ticket));
  co_await putting;
}

void LoadingCache::finish(const std::string& flight_key, Flight& flight) {
  std::vector<std::move_only_function<void()>> waiting;
  {
    const std::scoped_lock lock(mutex_);
    flight.ended = true;
    waiting.swap(flight.waiting);
    const auto found = flights_.find(flight_key);
    if (found != flights_.end() && found->second.get() == &flight) {
      flights_.erase(found);
    }
  }
  for (std::move_only_function<void()>& wake : waiting) {
    wake();
  }
}

// Only when nobody does already, and when there is a free place: who waits for an answer comes
// first.
void LoadingCache::refresh(const Use& use, CacheKey key, Cache::Ticket ticket, Loader load) {
  if (!gate_.try_enter()) {
    return;
  }
  bool leads = false;
  FlightPointer flight = join(flight_key_of(key), false, leads);
  if (!leads) {
    gate_.leave();
    return;
  }
  use.refreshes.add();
  use.loads.add();
  refreshing_.fetch_add(1, std::memory_order_acq_rel);
  start(refresh_one(use, std::move(key), std::move(ticket), load(), std::move(flight)),
        [this](const std::exception_ptr& /*never*/) {
          refreshing_.fetch_sub(1, std::memory_order_acq_rel);
        });
}

Task<void> LoadingCache::refresh_one(const Use& use, CacheKey key, Cache::Ticket ticket,
                                     Task<Result<Loaded>> loading, FlightPointer flight) {
  const std::string flight_key = flight_key_of(key);
  try {
    flight->result.emplace(co_await loading);
  } catch (...) {
    use.failures.add();
    flight->error = std::current_exception();
  }
  gate_.leave();
  if (!flight->error && flight->result->has_value()) {
    Loaded& loaded = flight->result->value();
    flight->bytes = std::make_shared<const std::string>(std::move(loaded.bytes));
    flight->slots = Invalidations::slots_of(key.space, loaded.tags);
    Task<void> keeping =
        keep(use, std::move(key), std::move(ticket), flight->bytes, loaded.absence, loaded.tags);
    co_await keeping;
  }
  finish(flight_key, *flight);
}

Duration LoadingCache::jittered(Duration span) {
  const double factor = 1.0 + jitter * (2.0 * random_.unit() - 1.0);
  return Duration(static_cast<Duration::rep>(static_cast<double>(span.count()) * factor));
}

}  // namespace securecart::storage
