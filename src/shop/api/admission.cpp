#include "shop/api/admission.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>

#include "resilience/rate_limiter.hpp"
#include "shop/api/errc.hpp"

namespace securecart::shop::api {

namespace {

constexpr std::size_t shard_count = 16;

bool is_read(const Operation& operation) {
  return operation.method == net::Method::get;
}

Error overloaded() {
  Error error(errc::overloaded, "Nothing was done. Try again in a moment.");
  error.retry_after_seconds = 1;
  return error;
}

}  // namespace

// One limiter a shard, so that the io threads rarely meet at one lock.
class Admission::Writers {
 public:
  explicit Writers(resilience::RateLimit limit) {
    for (Shard& shard : shards_) {
      shard.limiter.emplace(limit, limits::rate_limiter_keys / shard_count);
    }
  }

  resilience::RateDecision step(std::string_view client, SteadyTime now) {
    Shard& shard = shards_[std::hash<std::string_view>()(client) % shard_count];
    const std::lock_guard lock(shard.mutex);
    return shard.limiter->step(client, now);
  }

 private:
  struct Shard {
    std::mutex mutex;
    std::optional<resilience::RateLimiter> limiter;
  };
  std::array<Shard, shard_count> shards_;
};

Admission::Admission(AdmissionOptions options, const Clock& clock)
    : options_(options), clock_(clock) {
  if (options_.writes_per_second > 0) {
    const Duration interval = Duration(std::chrono::seconds(1)) / options_.writes_per_second;
    const std::int64_t burst = std::max<std::int64_t>(1, options_.writes_burst);
    writers_ = std::make_unique<Writers>(resilience::RateLimit{interval, burst});
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
  const resilience::RateDecision decision = writers_->step(client, clock_.steady());
  if (!decision.allowed) {
    Error error(errc::rate_limited, "This client sends more changes than it may.");
    error.retry_after_seconds =
        std::chrono::ceil<std::chrono::seconds>(decision.retry_after).count();
    return std::unexpected(std::move(error));
  }
  return place;
}

}  // namespace securecart::shop::api
