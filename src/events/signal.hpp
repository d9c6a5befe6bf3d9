// A condition variable for tasks.
//
//   std::unique_lock lock(mutex_);
//   while (queue_.empty()) {
//     Signal::Wait waiting = not_empty_.wait(lock);
//     co_await waiting;   // unlocked meanwhile; the task comes back on its executor, locked
//   }
#pragma once

#include <coroutine>
#include <mutex>
#include <vector>

#include "base/executor.hpp"
#include "base/log.hpp"

namespace securecart::events {

class Signal {
 public:
  class Wait {
   public:
    Wait(Signal& signal, std::unique_lock<std::mutex>& lock) : signal_(signal), lock_(lock) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting);
    void await_resume();

   private:
    Signal& signal_;
    std::unique_lock<std::mutex>& lock_;
    log::TraceId trace_;
  };

  // `lock` holds the mutex that guards the condition.
  Wait wait(std::unique_lock<std::mutex>& lock) { return {*this, lock}; }
  // Resumes everybody who waits, each on its executor. With the mutex held.
  void notify_all();

 private:
  struct Waiter {
    Executor* home;
    std::coroutine_handle<> task;
  };
  std::vector<Waiter> waiting_;
};

}  // namespace securecart::events
