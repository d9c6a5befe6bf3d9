#include "storage/open.hpp"

#include <system_error>
#include <utility>

#include "storage/limits.hpp"
#include "storage/postgres/postgres_database.hpp"
#include "storage/sqlite/sqlite_database.hpp"

namespace securecart::storage {

namespace {

// What is not in the database (keys of the sample shop, the test provider's file) lies in it.
void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw OpenError("cannot make the data folder " + folder.string() + ": " + error.message());
  }
}

std::unique_ptr<RedisCache> open_redis(const std::string& address, const std::string& tls_trust_pem,
                                       net::Runtime& runtime, Random& random,
                                       observe::Metrics& metrics) {
  if (address.empty()) {
    return nullptr;
  }
  Result<redis::Address> parsed = redis::parse_address(address);
  if (!parsed) {
    throw OpenError(parsed.error().detail);
  }
  RedisOptions options{std::move(*parsed), tls_trust_pem};
  return std::make_unique<RedisCache>(std::move(options), runtime, random, metrics);
}

}  // namespace

bool is_database_address(std::string_view text) {
  return postgres::is_postgres_url(text);
}

std::unique_ptr<Database> open_database(DatabasePlace place, const Clock& clock,
                                        observe::Metrics& metrics) {
  if (place.address.empty()) {
    SqliteOptions options;
    options.sabotage = place.sabotage;
    return sqlite::open_files(place.folder, clock, metrics, std::move(options));
  }
  make_folder(place.folder);
  PostgresOptions options;
  options.url = std::move(place.address);
  options.standby_url = std::move(place.standby_address);
  options.synchronous_commit = std::move(place.synchronous_commit);
  options.sabotage = place.sabotage;
  return std::make_unique<PostgresDatabase>(std::move(options), clock, metrics);
}

std::string cache_address_problem(std::string_view text) {
  const Result<redis::Address> parsed = redis::parse_address(text);
  return parsed ? std::string() : parsed.error().detail;
}

CacheStack::CacheStack(const std::string& address, const std::string& tls_trust_pem,
                       net::Runtime& runtime, const Clock& clock, Random& random,
                       observe::Metrics& metrics)
    : memory_(limits::page_cache_bytes, clock, metrics),
      redis_(open_redis(address, tls_trust_pem, runtime, random, metrics)),
      fallback_(redis_ ? std::make_unique<FallbackCache>(*redis_, memory_) : nullptr),
      loading_(fallback_ ? static_cast<Cache&>(*fallback_) : memory_, random, metrics) {}

void CacheStack::close() {
  if (redis_) {
    redis_->close();
  }
}

}  // namespace securecart::storage
