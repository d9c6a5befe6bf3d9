// Which instance of a role is asked next: the less loaded of two drawn at random (M. Mitzenmacher,
// "The Power of Two Choices"), among those that are there and whose circuit is closed.
//
//   up ----- no connection, or not ready -----> down: asked only when nobody else is left
//   up <---- an answer, or ready again -------- down
//   closed / open / half-open: its circuit breaker (resilience/circuit_breaker.hpp), by errors and
//   slow answers: the outlier is left out until its probes are answered well
//
// Pure: time and chance are passed in. One object belongs to one lock.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "resilience/circuit_breaker.hpp"
#include "upstream/limits.hpp"

namespace securecart::upstream {

enum class Verdict {
  success,
  failure,      // it answered that it failed, or not at all
  ignored,      // says nothing about the instance
  unreachable,  // no connection: it cannot have acted
};

class Balancer {
 public:
  struct Settings {
    resilience::CircuitBreaker::Settings breaker{
        .window = std::chrono::seconds(10),
        .buckets = 10,
        .least_calls = 20,
        .error_percent = 50,
        .slow = std::chrono::seconds(3),
        .slow_percent = 80,
        .open_for = std::chrono::milliseconds(500),
        .open_most = std::chrono::seconds(2),
        .probes = 3,
    };
    // Of all instances together: one role that hangs must not take all there is (a bulkhead).
    std::size_t in_flight_most = limits::upstream_in_flight;
  };
  struct Lease {
    std::uint64_t instance;  // its number, never used again
    resilience::CircuitBreaker::Permit permit;
    SteadyTime began;
  };
  enum class Reason { no_instances, all_open, full };
  struct Refusal {
    Reason reason;
    Duration retry_after;
  };
  struct View {
    std::string url;
    bool up;
    resilience::CircuitBreaker::State state;
    std::size_t in_flight;
    std::uint64_t times_opened;
  };

  Balancer() : Balancer(Settings()) {}
  explicit Balancer(Settings settings) : settings_(settings) {}

  // Those that were known keep what is known of them; leases of the others may still be recorded.
  void set_instances(std::span<const std::string> urls);
  // Not one of `tried` while there is another that is up.
  std::expected<Lease, Refusal> pick(SteadyTime now, Random& random,
                                     std::span<const std::uint64_t> tried);
  // Every lease, once.
  void record(const Lease& lease, Verdict verdict, SteadyTime now);
  // What asking /readyz said.
  void set_ready(const std::string& url, bool ready);

  const std::string& url_of(std::uint64_t instance) const;
  // An instance that is up, is not one of `tried` and may be called.
  bool has_other(SteadyTime now, std::span<const std::uint64_t> tried) const;
  std::vector<View> view(SteadyTime now) const;
  std::size_t size() const { return instances_.size(); }

 private:
  struct Instance {
    std::uint64_t number;
    std::string url;
    bool up = true;
    std::size_t in_flight = 0;
    resilience::CircuitBreaker breaker;
  };
  using Candidates = std::vector<Instance*>;
  Candidates candidates(bool up, std::span<const std::uint64_t> without) const;
  static Instance* take_one(Candidates& from, Random& random);
  Instance* find(std::uint64_t number);
  std::expected<Lease, Refusal> lease_one(Candidates from, SteadyTime now, Random& random);

  const Settings settings_;
  std::vector<std::unique_ptr<Instance>> instances_;
  std::size_t in_flight_ = 0;
  std::uint64_t numbers_ = 0;
};

}  // namespace securecart::upstream
