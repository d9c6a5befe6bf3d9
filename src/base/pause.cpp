#include "base/pause.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>
#include <variant>

#include "base/executor.hpp"

namespace securecart {

namespace {
using Woken = std::monostate;
using Resume = Callback<Woken>::Resume;
}  // namespace

// The timers of pauses that were cut short outlive them, and find nobody here.
struct Pause::State {
  struct Waiter {
    Executor* home;
    Resume resume;
  };

  void time_passed(std::uint64_t number) {
    std::unique_lock lock(mutex);
    auto waiter = waiting.extract(number);
    lock.unlock();
    if (waiter) {
      waiter.mapped().resume(Woken{});
    }
  }

  std::mutex mutex;
  std::map<std::uint64_t, Waiter> waiting;
  std::uint64_t next = 0;
  bool ended = false;
};

Pause::Pause() : state_(std::make_shared<State>()) {}
Pause::~Pause() = default;

Task<void> Pause::wait(Duration span) {
  Executor& home = Executor::current();
  Callback<Woken> waiting([state = state_, &home, span](Resume resume) {
    const std::scoped_lock lock(state->mutex);
    const std::uint64_t number = state->next++;
    state->waiting.emplace(number, State::Waiter{&home, std::move(resume)});
    home.post_after(state->ended ? Duration::zero() : span,
                    [state, number] { state->time_passed(number); });
  });
  co_await waiting;
}

void Pause::end() {
  std::map<std::uint64_t, State::Waiter> waiting;
  {
    const std::scoped_lock lock(state_->mutex);
    state_->ended = true;
    waiting.swap(state_->waiting);
  }
  for (auto& [number, waiter] : waiting) {
    waiter.home->post([resume = std::move(waiter.resume)]() mutable { resume(Woken{}); });
  }
}

}  // namespace securecart
