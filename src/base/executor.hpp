// The thread a coroutine lives on. An io_context of net/, or ManualExecutor in tests.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/task.hpp"

namespace securecart {

class Executor {
 public:
  using Job = std::move_only_function<void()>;
  virtual ~Executor() = default;

  // Runs `job` later on this executor's thread. Callable from any thread. Jobs still queued when
  // the executor stops are destroyed without being run.
  virtual void post(Job job) = 0;
  // Runs `job` on this executor's thread once `delay` has passed. Only from this executor's thread.
  virtual void post_after(Duration delay, Job job) = 0;

  // The executor whose job is running on this thread; never null inside a Task that may wait.
  static Executor& current();
  static bool has_current() noexcept;

 protected:
  // Set around every job by implementations. A job starts without a trace in the log; a task that
  // goes on in it brings its own (base/task.hpp).
  class Scope {
   public:
    explicit Scope(Executor& executor) noexcept;
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Executor* previous_;
    log::TraceId previous_trace_;
  };
};

// Suspends the calling task for `delay` on the executor it runs on.
Task<void> sleep_for(Duration delay);

// Waits for an answer that arrives on another thread: `begin(resume)` may hand `resume` to any
// thread; the task goes on where it was.
template <class T>
Task<T> await_on_current(std::move_only_function<void(std::move_only_function<void(T)>)> begin) {
  Executor& home = Executor::current();
  Callback<T> waiting(
      [&home, begin = std::move(begin)](typename Callback<T>::Resume resume) mutable {
        begin([&home, resume = std::move(resume)](T value) mutable {
          home.post([resume = std::move(resume), value = std::move(value)]() mutable {
            resume(std::move(value));
          });
        });
      });
  co_return co_await waiting;
}

// A single-threaded executor driven by hand, over a clock that moves only when told: tests of code
// that sleeps take no time at all.
class ManualExecutor final : public Executor {
 public:
  explicit ManualExecutor(ManualClock& clock) : clock_(clock) {}
  void post(Job job) override;
  void post_after(Duration delay, Job job) override;

  // Runs every job that is ready, without moving the clock. Returns how many ran.
  std::size_t run_ready_jobs();
  // Moves the clock on by `span`, running each job at its time.
  void advance(Duration span);
  // Runs ready jobs and jumps to the next due one until `done()` or nothing is left.
  bool run_until(const std::function<bool()>& done);

 private:
  struct Timed {
    SteadyTime due;
    std::uint64_t order;
    Job job;
  };
  void run(Job job);
  bool run_next_ready();
  bool run_next_timed(SteadyTime until);

  ManualClock& clock_;
  std::mutex mutex_;  // post() comes from any thread
  std::deque<Job> ready_;
  std::vector<Timed> timed_;
  std::uint64_t order_ = 0;
};

}  // namespace securecart
