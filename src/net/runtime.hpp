// The threads of a process: one single-threaded io_context a core, and a small pool for work that
// blocks (password hashing, imports). Nothing is shared between cores but what storage hands over.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "net/limits.hpp"

namespace securecart::net {

class Runtime {
 public:
  // `cores` >= 1 io threads; `workers` >= 1 blocking threads.
  Runtime(std::size_t cores, std::size_t workers, const Clock& clock);
  ~Runtime();  // stop() and join

  std::size_t cores() const;
  Executor& executor(std::size_t core);
  const Clock& clock() const;

  // Runs `work` on a worker thread and comes back to the awaiting executor. Throws what it throws,
  // and Unavailable when limits::blocking_queue jobs are waiting.
  template <class T>
  Task<T> blocking(std::move_only_function<T()> work);

  void run();   // starts the threads and returns; once
  void stop();  // any thread, also an io thread; jobs not begun will not run
  void join();  // waits for the threads and destroys queued jobs; after stop(), not on an io thread

  // The implementation's own; seen by net/*.cpp.
  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  void post_blocking(std::move_only_function<void()> job);
  std::unique_ptr<Impl> impl_;
};

template <class T>
Task<T> Runtime::blocking(std::move_only_function<T()> work) {
  using Outcome = std::variant<T, std::exception_ptr>;
  std::move_only_function<void(std::move_only_function<void(Outcome)>)> begin =
      [this, work = std::move(work)](std::move_only_function<void(Outcome)> resume) mutable {
        post_blocking([work = std::move(work), resume = std::move(resume)]() mutable {
          try {
            resume(Outcome(std::in_place_index<0>, work()));
          } catch (...) {
            resume(Outcome(std::in_place_index<1>, std::current_exception()));
          }
        });
      };
  Task<Outcome> waiting = await_on_current<Outcome>(std::move(begin));
  Outcome outcome = co_await waiting;
  if (outcome.index() == 1) {
    std::rethrow_exception(std::get<1>(outcome));
  }
  co_return std::move(std::get<0>(outcome));
}

}  // namespace securecart::net
