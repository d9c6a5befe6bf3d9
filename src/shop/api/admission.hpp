// Which requests are let in: so many at once, and so many writes a second from one client.
//
//   requests at once   0 ........ reads_at_once ........ requests_at_once
//   reads              let in     503                    503
//   writes             let in     let in                 503
//
// When there is more than the instance can do, looking around is refused before buying is. Health
// checks and provider webhooks (Access::open) always come in. Safe from several threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/limits.hpp"
#include "shop/api/operation.hpp"

namespace securecart::shop::api {

struct AdmissionOptions {
  std::size_t requests_at_once = limits::requests_at_once;
  std::size_t reads_at_once = limits::reads_at_once;
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
    explicit Place(std::atomic<std::size_t>* taken) : taken_(taken) {}
    Place(Place&& other) noexcept : taken_(std::exchange(other.taken_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (taken_ != nullptr) {
        taken_->fetch_sub(1, std::memory_order_relaxed);
      }
    }

   private:
    std::atomic<std::size_t>* taken_;
  };

  // `client` is the network address. Errors: overloaded, rate_limited, each with Retry-After.
  Result<Place> enter(const Operation& operation, std::string_view client);

  std::size_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }

 private:
  class Writers;

  AdmissionOptions options_;
  const Clock& clock_;
  std::atomic<std::size_t> in_flight_ = 0;
  std::unique_ptr<Writers> writers_;
};

}  // namespace securecart::shop::api
