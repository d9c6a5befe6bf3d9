// Runs a task on an executor from a plain thread and blocks until it is done: for start-up and for
// the words of the command line.
#pragma once

#include <future>
#include <utility>
#include <variant>

#include "base/executor.hpp"
#include "base/task.hpp"

namespace securecart::cli {

// Returns what the task returns and throws what it throws. Not from the executor's own thread.
template <class T>
T wait_on(Executor& home, Task<T> task) {
  std::promise<T> promise;
  std::future<T> result = promise.get_future();
  home.post([&promise, task = std::move(task)]() mutable {
    if constexpr (std::is_void_v<T>) {
      start(std::move(task), [&promise](const std::exception_ptr& error) {
        error ? promise.set_exception(error) : promise.set_value();
      });
    } else {
      start(std::move(task), [&promise](std::variant<T, std::exception_ptr> outcome) {
        if (outcome.index() == 0) {
          promise.set_value(std::move(std::get<0>(outcome)));
        } else {
          promise.set_exception(std::get<1>(outcome));
        }
      });
    }
  });
  return result.get();
}

}  // namespace securecart::cli
