// Whether and when a failed call is tried again. Retries help against a lost packet and kill a
// service that is already overloaded; so each caller has a budget for them.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "resilience/backoff.hpp"
#include "resilience/deadline.hpp"

namespace securecart::resilience {

// A token bucket filled by requests, as in Finagle (RetryBudget) and gRPC (A6): every request pays
// in `percent` of a token, every retry takes one out. Whatever happens,
//   retries <= burst + percent / 100 * requests,
// so in the long run a service gets at most (1 + percent / 100) times the load its users cause.
class RetryBudget {
 public:
  struct Settings {
    int percent = 20;
    std::int64_t burst = 10;  // tokens at the start, and the most that are kept
  };

  RetryBudget() : RetryBudget(Settings()) {}
  explicit RetryBudget(Settings settings);
  // Once for every call, not for its retries.
  void request();
  // Takes a token; false when there is none.
  bool take();
  // Whole tokens left.
  std::int64_t tokens() const { return hundredths_ / 100; }

 private:
  Settings settings_;
  std::int64_t hundredths_;
};

enum class Fault {
  permanent,        // the same call would fail again: refused, malformed
  transient,        // nothing was done: no connection, 503, queue full
  outcome_unknown,  // it may have been done: the connection died while waiting for the answer
};

enum class GiveUp { permanent, not_idempotent, attempts_spent, deadline, budget_spent };

// Retry after `wait`, or give up for a reason.
struct RetryDecision {
  std::optional<Duration> wait;
  GiveUp reason = GiveUp::permanent;  // says nothing when there is a wait

  bool retry() const { return wait.has_value(); }
};

struct FailedAttempt {
  int made = 1;  // attempts so far, this one included
  Fault fault = Fault::transient;
  // The call carries an idempotency key or changes nothing: doing it twice is doing it once.
  bool idempotent = false;
  // What the other side asked for (Retry-After); the wait is never shorter.
  std::optional<Duration> retry_after = std::nullopt;
};

struct RetryPolicy {
  int attempts = 3;  // the first one included
  Backoff backoff;

  // Pure but for the token it takes from `budget` when it says retry. A wait that would not leave
  // the deadline any time is not begun.
  RetryDecision step(const FailedAttempt& attempt, Deadline deadline, SteadyTime now,
                     RetryBudget& budget, Random& random) const;
};

}  // namespace securecart::resilience
