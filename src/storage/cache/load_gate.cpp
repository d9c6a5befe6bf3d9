#include "storage/cache/load_gate.hpp"

#include <algorithm>
#include <utility>

namespace securecart::storage {

bool LoadGate::try_enter() {
  const std::scoped_lock lock(mutex_);
  if (inside_ >= at_once_ || !line_.empty()) {
    return false;
  }
  most_inside_ = std::max(most_inside_, ++inside_);
  return true;
}

Task<bool> LoadGate::enter(Duration patience) {
  if (try_enter()) {
    co_return true;
  }
  Task<bool> waiting = wait(patience);
  co_return co_await waiting;
}

Task<bool> LoadGate::wait(Duration patience) {
  Callback<bool> turn([this, patience](Callback<bool>::Resume resume) {
    auto waiting = std::make_shared<Waiting>();
    waiting->home = &Executor::current();
    waiting->resume = std::move(resume);
    line_up(std::move(waiting), patience);
  });
  co_return co_await turn;
}

void LoadGate::line_up(std::shared_ptr<Waiting> waiting, Duration patience) {
  bool room = true;
  bool go = false;
  {
    const std::scoped_lock lock(mutex_);
    go = inside_ < at_once_ && line_.empty();
    room = line_.size() < most_waiting_;
    if (go) {
      most_inside_ = std::max(most_inside_, ++inside_);
    } else if (room) {
      line_.push_back(waiting);
    }
    waiting->over = go || !room;
  }
  Executor& home = *waiting->home;
  if (go || !room) {
    home.post([waiting, go] { waiting->resume(go); });
    return;
  }
  home.post_after(patience, [this, waiting] {
    if (give_up(*waiting)) {
      waiting->resume(false);
    }
  });
}

bool LoadGate::give_up(Waiting& waiting) {
  const std::scoped_lock lock(mutex_);
  if (std::exchange(waiting.over, true)) {
    return false;
  }
  std::erase_if(line_, [&waiting](const auto& other) { return other.get() == &waiting; });
  return true;
}

void LoadGate::leave() {
  std::shared_ptr<Waiting> next;
  {
    const std::scoped_lock lock(mutex_);
    if (line_.empty()) {
      --inside_;
      return;
    }
    next = std::move(line_.front());  // takes the place over
    line_.pop_front();
    next->over = true;
  }
  Executor& home = *next->home;
  home.post([next = std::move(next)] { next->resume(true); });
}

std::size_t LoadGate::inside() const {
  const std::scoped_lock lock(mutex_);
  return inside_;
}

std::size_t LoadGate::most_inside() const {
  const std::scoped_lock lock(mutex_);
  return most_inside_;
}

}  // namespace securecart::storage
