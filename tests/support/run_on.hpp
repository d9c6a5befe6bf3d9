// Runs a task on an executor of another thread and waits for it here.
#pragma once

#include <future>
#include <memory>
#include <utility>

#include "base/executor.hpp"

namespace securecart::test {

template <class T>
T run_on(Executor& executor, std::move_only_function<Task<T>()> make) {
  auto promise = std::make_shared<std::promise<T>>();
  std::future<T> future = promise->get_future();
  executor.post([make = std::move(make), promise]() mutable {
    start(make(), [promise](std::variant<T, std::exception_ptr> outcome) {
      if (outcome.index() == 1) {
        promise->set_exception(std::get<1>(outcome));
      } else {
        promise->set_value(std::move(std::get<0>(outcome)));
      }
    });
  });
  // An exception's last owner is then here: libstdc++ counts owners where ThreadSanitizer does not
  // look, which takes the other thread's farewell for a race.
  future.wait();
  auto let_go = std::make_shared<std::promise<void>>();
  std::future<void> gone = let_go->get_future();
  executor.post([let_go] { let_go->set_value(); });
  gone.wait();
  return future.get();
}

}  // namespace securecart::test
