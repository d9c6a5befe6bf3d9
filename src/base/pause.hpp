// A pause that another thread can cut short: how a process that ends wakes what sleeps in it.
//
//   while (!stopping_) {
//     work();
//     Task<void> pausing = pause_.wait(10s);
//     co_await pausing;
//   }
//   ...
//   stopping_ = true;
//   pause_.end();
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "base/task.hpp"

namespace securecart {

class Pause {
 public:
  Pause();
  ~Pause();
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;

  // Suspends the calling task for `span` on the executor it runs on, or until end(); hardly at all
  // after it. Any number of tasks may wait.
  Task<void> wait(Duration span);
  // All who wait go on, each on its executor, and nobody waits any more. Any thread.
  void end();

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace securecart
