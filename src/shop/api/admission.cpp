#include "shop/api/admission.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>

#include "resilience/limits.hpp"
#include "resilience/rate_limiter.hpp"
#include "shop/api/errc.hpp"

namespace securecart::shop::api {

namespace {

constexpr std::size_t shard_count = 16;

// The part of the limit that requests of a class may fill, by Priority.
constexpr std::array<std::int64_t, priorities> share_percent{100, 90, 80, 65, 50};

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
    : options_(options),
      clock_(clock),
      limiter_(options.at_once),
      pressure_(resilience::Pressure::Settings{.classes = priorities}) {
  if (options_.writes_per_second > 0) {
    const Duration interval = Duration(std::chrono::seconds(1)) / options_.writes_per_second;
    const std::int64_t burst = std::max<std::int64_t>(1, options_.writes_burst);
    writers_ = std::make_unique<Writers>(resilience::RateLimit{interval, burst});
  }
}

Admission::~Admission() = default;

Result<Admission::Place> Admission::enter(const Operation& operation, Priority priority,
                                          std::string_view client) {
  const SteadyTime now = clock_.steady();
  if (operation.access == Access::open) {
    return Place(nullptr, now);
  }
  const auto rank = static_cast<std::size_t>(priority);
  {
    const std::lock_guard lock(mutex_);
    const std::int64_t share = limiter_.limit() * share_percent[rank] / 100;
    const bool room = limiter_.in_flight() < std::max<std::int64_t>(share, 1);
    if (!room || !pressure_.admit(rank) || !limiter_.acquire()) {
      ++shed_[rank];
      return std::unexpected(overloaded());
    }
  }
  Place place(this, now);
  if (writers_ == nullptr || is_read(operation)) {
    return place;
  }
  const resilience::RateDecision decision = writers_->step(client, now);
  if (!decision.allowed) {
    place.ends_with(resilience::ConcurrencyLimiter::Outcome::ignored);
    Error error(errc::rate_limited, "This client sends more changes than it may.");
    error.retry_after_seconds =
        std::chrono::ceil<std::chrono::seconds>(decision.retry_after).count();
    return std::unexpected(std::move(error));
  }
  return place;
}

void Admission::leave(SteadyTime began, resilience::ConcurrencyLimiter::Outcome outcome) {
  const SteadyTime now = clock_.steady();
  const std::lock_guard lock(mutex_);
  limiter_.release(outcome, now - began, now);
}

void Admission::note_lateness(Duration lateness) {
  const std::lock_guard lock(mutex_);
  pressure_.note(lateness, clock_.steady());
}

std::int64_t Admission::in_flight() const {
  const std::lock_guard lock(mutex_);
  return limiter_.in_flight();
}

std::int64_t Admission::limit() const {
  const std::lock_guard lock(mutex_);
  return limiter_.limit();
}

std::int64_t Admission::pressure_percent() const {
  const std::lock_guard lock(mutex_);
  return pressure_.percent();
}

std::uint64_t Admission::shed(Priority priority) const {
  const std::lock_guard lock(mutex_);
  return shed_[static_cast<std::size_t>(priority)];
}

}  // namespace securecart::shop::api
