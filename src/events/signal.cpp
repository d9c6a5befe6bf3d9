#include "events/signal.hpp"

#include <utility>

namespace securecart::events {

void Signal::Wait::await_suspend(std::coroutine_handle<> waiting) {
  trace_ = log::exchange_trace({});
  signal_.waiting_.push_back({&Executor::current(), waiting});
  // Whoever notifies now only posts to this thread's executor, so this frame is safe until return.
  lock_.unlock();
}

void Signal::Wait::await_resume() {
  log::exchange_trace(trace_);
  lock_.lock();
}

void Signal::notify_all() {
  for (const Waiter& waiter : std::exchange(waiting_, {})) {
    waiter.home->post([task = waiter.task] { task.resume(); });
  }
}

}  // namespace securecart::events
