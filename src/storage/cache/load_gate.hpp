// How many loads may be at work at once: the bulkhead between a dead cache and the database. Others
// wait in line, and give up after a while. Safe from several threads.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "base/executor.hpp"
#include "base/task.hpp"

namespace securecart::storage {

class LoadGate {
 public:
  LoadGate(std::size_t at_once, std::size_t waiting) : at_once_(at_once), most_waiting_(waiting) {}

  // True: go, and leave() afterwards. False: the line is full, or it took longer than `patience`.
  // Needs an executor only when it has to wait.
  Task<bool> enter(Duration patience);
  // The same without waiting.
  bool try_enter();
  void leave();

  std::size_t inside() const;
  // The most that were ever inside at once.
  std::size_t most_inside() const;

 private:
  struct Waiting {
    Executor* home;
    std::move_only_function<void(bool)> resume;  // called once, on `home`; then empty
    bool over = false;                           // guarded by the gate's mutex
  };
  Task<bool> wait(Duration patience);
  void line_up(std::shared_ptr<Waiting> waiting, Duration patience);
  bool give_up(Waiting& waiting);

  const std::size_t at_once_;
  const std::size_t most_waiting_;
  mutable std::mutex mutex_;
  std::size_t inside_ = 0;
  std::size_t most_inside_ = 0;
  std::deque<std::shared_ptr<Waiting>> line_;
};

}  // namespace securecart::storage
