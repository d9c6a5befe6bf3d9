#include "resilience/retry.hpp"

#include <algorithm>
#include <cassert>

namespace securecart::resilience {

RetryBudget::RetryBudget(Settings settings)
    : settings_(settings), hundredths_(settings.burst * 100) {
  assert(settings.percent >= 0 && settings.burst >= 0);
}

void RetryBudget::request() {
  hundredths_ = std::min(hundredths_ + settings_.percent, settings_.burst * 100);
}

bool RetryBudget::take() {
  if (hundredths_ < 100) {
    return false;
  }
  hundredths_ -= 100;
  return true;
}

RetryDecision RetryPolicy::step(const FailedAttempt& attempt, Deadline deadline, SteadyTime now,
                                RetryBudget& budget, Random& random) const {
  assert(attempt.made >= 1);
  if (attempt.fault == Fault::permanent) {
    return {std::nullopt, GiveUp::permanent};
  }
  if (attempt.fault == Fault::outcome_unknown && !attempt.idempotent) {
    return {std::nullopt, GiveUp::not_idempotent};
  }
  if (attempt.made >= attempts) {
    return {std::nullopt, GiveUp::attempts_spent};
  }
  const Duration wait = std::max(backoff.wait(attempt.made - 1, random),
                                 attempt.retry_after.value_or(Duration::zero()));
  if (wait >= deadline.remaining(now)) {
    return {std::nullopt, GiveUp::deadline};
  }
  // Last, so that no token is lost on a retry that is not made.
  if (!budget.take()) {
    return {std::nullopt, GiveUp::budget_spent};
  }
  return {wait, {}};
}

}  // namespace securecart::resilience
