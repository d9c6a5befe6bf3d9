#include "base/executor.hpp"

#include <algorithm>
#include <cassert>
#include <variant>

namespace securecart {

namespace {
thread_local Executor* current_executor = nullptr;
}

Executor& Executor::current() {
  assert(current_executor != nullptr && "a task that waits must be started on an executor");
  return *current_executor;
}

bool Executor::has_current() noexcept {
  return current_executor != nullptr;
}

Executor::Scope::Scope(Executor& executor) noexcept
    : previous_(current_executor), previous_trace_(log::exchange_trace({})) {
  current_executor = &executor;
}

Executor::Scope::~Scope() {
  current_executor = previous_;
  log::exchange_trace(previous_trace_);
}

Task<void> sleep_for(Duration delay) {
  Executor& home = Executor::current();
  using Woken = std::monostate;
  Callback<Woken> waiting([&home, delay](Callback<Woken>::Resume resume) {
    home.post_after(delay, [resume = std::move(resume)]() mutable { resume(Woken{}); });
  });
  co_await waiting;
}

void ManualExecutor::post(Job job) {
  const std::scoped_lock lock(mutex_);
  ready_.push_back(std::move(job));
}

void ManualExecutor::post_after(Duration delay, Job job) {
  const std::scoped_lock lock(mutex_);
  timed_.push_back({clock_.steady() + std::max(delay, Duration::zero()), order_++, std::move(job)});
}

std::size_t ManualExecutor::run_ready_jobs() {
  std::size_t ran = 0;
  while (run_next_ready()) {
    ++ran;
  }
  return ran;
}

void ManualExecutor::advance(Duration span) {
  const SteadyTime target = clock_.steady() + span;
  do {
    run_ready_jobs();
  } while (run_next_timed(target));
  clock_.advance(std::max(target - clock_.steady(), Duration::zero()));
}

bool ManualExecutor::run_until(const std::function<bool()>& done) {
  while (!done()) {
    if (!run_next_ready() && !run_next_timed(SteadyTime::max())) {
      return false;
    }
  }
  return true;
}

void ManualExecutor::run(Job job) {
  const Scope scope(*this);
  job();
}

bool ManualExecutor::run_next_ready() {
  Job job;
  {
    const std::scoped_lock lock(mutex_);
    if (ready_.empty()) {
      return false;
    }
    job = std::move(ready_.front());
    ready_.pop_front();
  }
  run(std::move(job));
  return true;
}

bool ManualExecutor::run_next_timed(SteadyTime until) {
  Job job;
  {
    const std::scoped_lock lock(mutex_);
    const auto next =
        std::min_element(timed_.begin(), timed_.end(), [](const Timed& a, const Timed& b) {
          return std::pair(a.due, a.order) < std::pair(b.due, b.order);
        });
    if (next == timed_.end() || next->due > until) {
      return false;
    }
    clock_.advance(std::max(next->due - clock_.steady(), Duration::zero()));
    job = std::move(next->job);
    timed_.erase(next);
  }
  run(std::move(job));
  return true;
}

}  // namespace securecart
