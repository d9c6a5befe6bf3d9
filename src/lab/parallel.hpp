// Many tasks at once on one executor, a few at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <utility>

#include "base/task.hpp"

namespace securecart::lab {

namespace detail {

template <class Body>
struct Parallel {
  Body& body;
  std::size_t count;
  std::size_t next = 0;
  std::size_t running = 0;
  std::exception_ptr error = nullptr;
  Callback<bool>::Resume resume = nullptr;

  static Task<void> work(Parallel& shared) {
    while (shared.next < shared.count && !shared.error) {
      const std::size_t index = shared.next++;
      co_await shared.body(index);
    }
  }
  void ended(const std::exception_ptr& failure) {
    if (failure && !error) {
      error = failure;
    }
    if (--running == 0) {
      resume(true);  // may destroy this
    }
  }
};

}  // namespace detail

// Awaits body(0) ... body(count - 1), at most `at_once` of them at a time, all on this executor.
// After the first exception no more are begun; it is thrown once the others have ended. `body`
// outlives the task, as do the things it captures.
template <class Body>
Task<void> in_parallel(std::size_t count, std::size_t at_once, Body& body) {
  if (count == 0) {
    co_return;
  }
  detail::Parallel<Body> shared{body, count};
  const std::size_t workers = std::min(count, std::max<std::size_t>(at_once, 1));
  shared.running = workers;
  Callback<bool> all([&shared, workers](Callback<bool>::Resume resume) {
    shared.resume = std::move(resume);
    for (std::size_t i = 0; i < workers; ++i) {
      start(detail::Parallel<Body>::work(shared),
            [&shared](const std::exception_ptr& failure) { shared.ended(failure); });
    }
  });
  co_await all;
  if (shared.error) {
    std::rethrow_exception(shared.error);
  }
}

}  // namespace securecart::lab
