// Which requests are let in: as many at once as this instance has proved to answer in time, the
// more important ones first, and so many writes a second from one client.
//
//   requests at once   0 ...... 50 % ...... 65 % ...... 80 % ...... 90 % ...... 100 % of the limit
//   let in             all      not bulk    not browse  not account not cart    nobody
//
// The limit follows the latency of the answers (resilience/concurrency_limiter.hpp); what a busy io
// thread answers without waiting is bounded by its lateness (resilience/pressure.hpp). Health
// checks and provider webhooks (Access::open) always come in. Safe from several threads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "resilience/concurrency_limiter.hpp"
#include "resilience/pressure.hpp"
#include "shop/api/limits.hpp"
#include "shop/api/operation.hpp"
#include "shop/api/priority.hpp"

namespace securecart::shop::api {

struct AdmissionOptions {
  resilience::ConcurrencyLimiter::Settings at_once{.least = limits::requests_at_once_least,
                                                   .most = limits::requests_at_once,
                                                   .start = limits::requests_at_once_first,
                                                   .target = std::chrono::milliseconds(250),
                                                   .window = std::chrono::milliseconds(400),
                                                   .least_samples = 10,
                                                   .decrease_percent = 30};
  std::int64_t writes_per_second = limits::writes_per_second;  // of one client; 0: not limited
  std::int64_t writes_burst = limits::writes_burst;
};

class Admission {
 public:
  Admission(AdmissionOptions options, const Clock& clock);
  ~Admission();

  // A place among the requests at once, given back when it is destroyed.
  class Place {
   public:
    Place(Admission* admission, SteadyTime began) : admission_(admission), began_(began) {}
    Place(Place&& other) noexcept
        : admission_(std::exchange(other.admission_, nullptr)),
          began_(other.began_),
          outcome_(other.outcome_) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (admission_ != nullptr) {
        admission_->leave(began_, outcome_);
      }
    }
    // The answer says nothing about how busy this instance is, or that it was too much.
    void ends_with(resilience::ConcurrencyLimiter::Outcome outcome) { outcome_ = outcome; }

   private:
    Admission* admission_;
    SteadyTime began_;
    resilience::ConcurrencyLimiter::Outcome outcome_ =
        resilience::ConcurrencyLimiter::Outcome::answered;
  };

  // `client` is the network address. Errors: overloaded, rate_limited, each with Retry-After.
  Result<Place> enter(const Operation& operation, Priority priority, std::string_view client);

  // An io thread ran a job so much later than it was due.
  void note_lateness(Duration lateness);

  std::int64_t in_flight() const;
  std::int64_t limit() const;
  std::int64_t pressure_percent() const;
  std::uint64_t shed(Priority priority) const;

 private:
  class Writers;
  void leave(SteadyTime began, resilience::ConcurrencyLimiter::Outcome outcome);

  AdmissionOptions options_;
  const Clock& clock_;
  mutable std::mutex mutex_;  // of what follows
  resilience::ConcurrencyLimiter limiter_;
  resilience::Pressure pressure_;
  std::array<std::uint64_t, priorities> shed_{};
  std::unique_ptr<Writers> writers_;
};

}  // namespace securecart::shop::api
