#include "storage/pending.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace securecart::storage {

Commit Pending::take() {
  if (auto* failure = std::get_if<Failure>(&outcome)) {
    if (failure->kind == Failure::Kind::defect) {
      throw std::logic_error(failure->message);
    }
    throw Unavailable(failure->message, failure->kind == Failure::Kind::outcome_unknown);
  }
  return std::move(std::get<Commit>(outcome));
}

void wake(std::span<Pending* const> answered) {
  struct Home {
    Executor* executor;
    std::vector<std::coroutine_handle<>> waiting;
  };
  std::vector<Home> homes;
  for (Pending* pending : answered) {
    if (pending->blocked != nullptr) {
      // The promise's own state outlives the Pending, which is gone once the thread goes on.
      std::promise<void> promise = std::move(*pending->blocked);
      promise.set_value();
      continue;
    }
    if (pending->home == nullptr) {
      continue;
    }
    auto home = std::ranges::find(homes, pending->home, &Home::executor);
    if (home == homes.end()) {
      home = homes.insert(homes.end(), Home{pending->home, {}});
    }
    home->waiting.push_back(pending->waiting);
  }
  for (Home& home : homes) {
    home.executor->post([waiting = std::move(home.waiting)] {
      for (const std::coroutine_handle<> coroutine : waiting) {
        coroutine.resume();
      }
    });
  }
}

}  // namespace securecart::storage
