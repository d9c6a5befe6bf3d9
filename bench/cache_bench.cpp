// What reading a product costs without a cache, from memory, from Redis, and from the standby while
// Redis is gone, all in one run on the same sample shop in PostgreSQL; and what the database sees
// when a cold cache meets a crowd. Servers are the packages', started for this on free ports, and
// share the cores with whoever asks them.
//
//   cache_bench [SECONDS]   of each measurement; default 3
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "net/runtime.hpp"
#include "shop/api/render_catalog.hpp"
#include "shop/catalog/cache_tags.hpp"
#include "shop/catalog/postgres_search.hpp"
#include "shop/catalog/service.hpp"
#include "storage/cache/fallback_cache.hpp"
#include "storage/cache/loading_cache.hpp"
#include "storage/cache/memory_cache.hpp"
#include "storage/cache/redis/redis_cache.hpp"
#include "storage/postgres/postgres_database.hpp"
#include "tests/support/redis.hpp"
#include "tests/support/shop_process.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t cores = 2;
constexpr std::size_t readers_per_core = 32;
constexpr std::size_t crowd = 2'000;
constexpr storage::LoadingCache::Settings kept{.name = "bench",
                                               .version = 1,
                                               .fresh = std::chrono::minutes(10),
                                               .keep = std::chrono::minutes(20)};

double micros(Steady::duration span) {
  return std::chrono::duration<double, std::micro>(span).count();
}

// A sample shop in PostgreSQL, and the way a product page is made from it.
class Shop {
 public:
  Shop() {
    url_ = server_.make_database();
    test::ShopProcess seed(folder_.path(), {"--database", url_});
    seed.end();
    storage::PostgresOptions options;
    options.url = url_;
    database_ = std::make_unique<storage::PostgresDatabase>(options, clock_, metrics_);
    search_ = std::make_unique<shop::catalog::PostgresSearch>(*database_);
    catalog_ = std::make_unique<shop::catalog::Catalog>(*database_, *search_, clock_, ids_);
    const std::string name = url_.substr(url_.rfind('/') + 1);
    shop_ = server_.execute("SELECT id FROM shops LIMIT 1", name);
    const std::string listed = server_.execute(
        "SELECT string_agg(id, ' ') FROM products WHERE status = 'published'", name);
    for (const std::string_view id : split(listed, ' ')) {
      products_.emplace_back(id);
    }
  }
  ~Shop() { database_->close(); }

  const std::string& id() const { return shop_; }
  const std::vector<std::string>& products() const { return products_; }

  Task<Result<storage::Loaded>> load(std::string product) {
    ++loads;
    Task<Result<std::string>> asking = catalog_->currency(shop_, std::nullopt);
    Result<std::string> currency = co_await asking;
    Task<Result<shop::catalog::StoreProduct>> reading =
        catalog_->store_product(shop_, product, std::move(*currency));
    const Result<shop::catalog::StoreProduct> found = co_await reading;
    storage::Loaded loaded;
    loaded.bytes = to_string(json::value(shop::api::render_product(*found)));
    loaded.tags = {shop::catalog::product_tag(product), shop::catalog::shop_tag()};
    co_return loaded;
  }

  std::atomic<std::uint64_t> loads = 0;

 private:
  test::Postgres server_;
  test::TempDir folder_;
  SystemClock clock_;
  SecureRandom random_;
  Ids ids_{clock_, random_};
  observe::Metrics metrics_;
  std::string url_;
  std::unique_ptr<storage::PostgresDatabase> database_;
  std::unique_ptr<shop::catalog::PostgresSearch> search_;
  std::unique_ptr<shop::catalog::Catalog> catalog_;
  std::string shop_;
  std::vector<std::string> products_;
};

// Readers on every core, each with one read after the other.
class Readers {
 public:
  Readers(net::Runtime& runtime, Shop& shop, storage::LoadingCache* cache)
      : runtime_(runtime), shop_(shop), cache_(cache) {
    if (cache != nullptr) {
      use_.emplace(cache->use(kept));
    }
  }

  struct Result {
    double rate = 0;
    double p50 = 0;
    double p99 = 0;
    std::uint64_t loads = 0;
  };

  Result run(double seconds) {
    const std::uint64_t loads = shop_.loads;
    const auto begun = Steady::now();
    stop_at_ = begun +
               std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(seconds));
    spans_.assign(cores * readers_per_core, {});
    ended_ = 0;
    for (std::size_t i = 0; i < spans_.size(); ++i) {
      runtime_.executor(i % cores).post(
          [this, i] { start(read(i), [this](const std::exception_ptr&) { ++ended_; }); });
    }
    while (ended_ < spans_.size()) {
      poll(nullptr, 0, 1);
    }
    std::vector<double> all;
    for (const std::vector<double>& spans : spans_) {
      all.insert(all.end(), spans.begin(), spans.end());
    }
    std::ranges::sort(all);
    const double took = std::chrono::duration<double>(Steady::now() - begun).count();
    return {static_cast<double>(all.size()) / took, all[all.size() / 2], all[all.size() * 99 / 100],
            shop_.loads - loads};
  }

 private:
  Task<void> read(std::size_t reader) {
    for (std::size_t turn = reader * 7; Steady::now() < stop_at_; ++turn) {
      const std::string& product = shop_.products()[turn % shop_.products().size()];
      const auto begun = Steady::now();
      if (use_) {
        storage::Loader load = [this, &product] { return shop_.load(product); };
        storage::CacheKey key{shop_.id(), product};
        Task<securecart::Result<storage::Kept>> getting =
            cache_->get(*use_, std::move(key), std::move(load));
        co_await getting;
      } else {
        Task<securecart::Result<storage::Loaded>> loading = shop_.load(product);
        co_await loading;
      }
      spans_[reader].push_back(micros(Steady::now() - begun));
      if (turn % 16 == 0) {
        Task<void> others = sleep_for(Duration::zero());  // a hit in memory never waits
        co_await others;
      }
    }
  }

  net::Runtime& runtime_;
  Shop& shop_;
  storage::LoadingCache* cache_;
  std::optional<storage::LoadingCache::Use> use_;
  Steady::time_point stop_at_;
  std::vector<std::vector<double>> spans_;
  std::atomic<std::size_t> ended_ = 0;
};

// Everybody at once for one page that nobody has: how many loads that is.
std::uint64_t meet_crowd(net::Runtime& runtime, Shop& shop, storage::LoadingCache& cache) {
  const storage::LoadingCache::Use use = cache.use(kept);
  cache.invalidate(shop.id(), shop::catalog::product_tag(shop.products()[0]));
  const std::uint64_t before = shop.loads;
  std::atomic<std::size_t> answered = 0;
  for (std::size_t i = 0; i < crowd; ++i) {
    runtime.executor(i % cores).post([&] {
      storage::Loader load = [&] { return shop.load(shop.products()[0]); };
      start(cache.get(use, {shop.id(), shop.products()[0]}, std::move(load)),
            [&answered](const auto&) { ++answered; });
    });
  }
  while (answered < crowd) {
    poll(nullptr, 0, 1);
  }
  return shop.loads - before;
}

int run(double seconds) {
  Shop shop;
  test::Redis redis;
  SystemClock clock;
  SecureRandom random;
  observe::Metrics metrics;
  net::Runtime runtime(cores, 1, clock);
  constexpr std::size_t memory_bytes = 64 << 20;
  storage::MemoryCache memory(memory_bytes, clock, metrics);
  storage::MemoryCache standby(memory_bytes, clock, metrics);
  storage::RedisCache shared({storage::redis::parse_address(redis.url()).value(), ""}, runtime,
                             random, metrics);
  storage::FallbackCache both(shared, standby);
  storage::LoadingCache in_memory(memory, random, metrics);
  storage::LoadingCache in_redis(both, random, metrics);
  runtime.run();
  while (metrics.gauge("securecart_redis_connections", "").value() < std::int64_t{cores}) {
    poll(nullptr, 0, 1);
  }
  fmt::print("product pages, {} products, {} readers on {} cores:\n", shop.products().size(),
             cores * readers_per_core, cores);
  double straight = 0;
  const auto measure = [&](const char* name, storage::LoadingCache* cache) {
    Readers readers(runtime, shop, cache);
    readers.run(seconds / 4);
    const Readers::Result result = readers.run(seconds);
    straight = straight == 0 ? result.rate : straight;
    fmt::print("  {:<28} {:>9.0f}/s  {:>6.1f} x  p50 {:>7.1f} us  p99 {:>7.1f} us  {} loads\n",
               name, result.rate, result.rate / straight, result.p50, result.p99, result.loads);
    std::fflush(stdout);
  };
  measure("PostgreSQL, no cache", nullptr);
  measure("memory", &in_memory);
  measure("Redis", &in_redis);
  fmt::print("  {} at once for one page that was just changed: {} loads (memory), {} (Redis)\n",
             crowd, meet_crowd(runtime, shop, in_memory), meet_crowd(runtime, shop, in_redis));
  redis.kill_now();
  measure("Redis gone, from the standby", &in_redis);
  fmt::print("  {} at once for one page that was just changed, Redis gone: {} loads\n", crowd,
             meet_crowd(runtime, shop, in_redis));
  shared.close();
  runtime.stop();
  runtime.join();
  return 0;
}

}  // namespace
}  // namespace securecart

int main(int argc, char** argv) {
  securecart::initialise_crypto();
  securecart::log::configure(securecart::log::Level::error, securecart::log::Format::text);
  return securecart::run(argc > 1 ? std::stod(argv[1]) : 3);
}
