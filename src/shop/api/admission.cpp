#include "shop/api/admission.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <string>
#include <unordered_map>

#include "shop/api/errc.hpp"

namespace securecart::shop::api {

namespace {

constexpr std::size_t shard_count = 16;

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

bool is_read(const Operation& operation) {
  return operation.method == net::Method::get;
}

Error overloaded() {
  Error error(errc::overloaded, "Nothing was done. Try again in a moment.");
  error.retry_after_seconds = 1;
  return error;
}

}  // namespace

// A token bucket a client, in shards so that the io threads rarely meet at one lock.
class Admission::Writers {
 public:
  Writers(double per_second, double burst) : per_second_(per_second), burst_(burst) {}

  // Takes one token. Seconds until there is one again when there is none; 0 when taken.
  double take(std::string_view client, SteadyTime now) {
    Shard& shard = shards_[TextHash()(client) % shard_count];
    const std::lock_guard lock(shard.mutex);
    auto found = shard.buckets.find(client);
    if (found == shard.buckets.end()) {
      make_room(shard, now);
      found = shard.buckets.emplace(std::string(client), Bucket{burst_, now}).first;
    }
    Bucket& bucket = found->second;
    bucket.tokens = tokens_at(bucket, now);
    bucket.at = now;
    if (bucket.tokens < 1) {
      return (1 - bucket.tokens) / per_second_;
    }
    bucket.tokens -= 1;
    return 0;
  }

 private:
  struct Bucket {
    double tokens;
    SteadyTime at;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Bucket, TextHash, std::equal_to<>> buckets;
  };

  double tokens_at(const Bucket& bucket, SteadyTime now) const {
    const double seconds = std::chrono::duration<double>(now - bucket.at).count();
    return std::min(burst_, bucket.tokens + std::max(0.0, seconds) * per_second_);
  }

  // A full bucket says no more than none at all. If every client is busy, counting starts anew:
  // memory stays bounded, and a flood from so many addresses is not for this limit to stop.
  void make_room(Shard& shard, SteadyTime now) const {
    if (shard.buckets.size() < limits::clients_counted / shard_count) {
      return;
    }
    std::erase_if(shard.buckets,
                  [&](const auto& entry) { return tokens_at(entry.second, now) >= burst_; });
    if (shard.buckets.size() >= limits::clients_counted / shard_count) {
      shard.buckets.clear();
    }
  }

  double per_second_;
  double burst_;
  std::array<Shard, shard_count> shards_;
};

Admission::Admission(AdmissionOptions options, const Clock& clock)
    : options_(options), clock_(clock) {
  if (options_.writes_per_second > 0) {
    writers_ =
        std::make_unique<Writers>(options_.writes_per_second, std::max(1.0, options_.writes_burst));
  }
}

Admission::~Admission() = default;

Result<Admission::Place> Admission::enter(const Operation& operation, std::string_view client) {
  if (operation.access == Access::open) {
    return Place(nullptr);
  }
  const std::size_t before = in_flight_.fetch_add(1, std::memory_order_relaxed);
  Place place(&in_flight_);
  if (before >= (is_read(operation) ? options_.reads_at_once : options_.requests_at_once)) {
    return std::unexpected(overloaded());
  }
  if (writers_ == nullptr || is_read(operation)) {
    return place;
  }
  const double wait = writers_->take(client, clock_.steady());
  if (wait > 0) {
    Error error(errc::rate_limited, "This client sends more changes than it may.");
    error.retry_after_seconds = static_cast<std::int64_t>(std::ceil(wait));
    return std::unexpected(std::move(error));
  }
  return place;
}

}  // namespace securecart::shop::api
