// Work a process does again and again on one executor: the receipt chain, the reaper, housekeeping.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "base/pause.hpp"
#include "base/task.hpp"

namespace securecart::cli {

class Loop {
 public:
  using Step = std::function<Task<bool>()>;  // true: there is more to do, go on at once

  // Runs `step` on `home`, with `pause` in between. A step that throws is logged and tried again
  // after a pause.
  Loop(std::string name, Executor& home, Duration pause, Step step);

  void start();
  void stop();
  // Whether it has ended (or never began).
  bool ended() const { return ended_; }

 private:
  Task<void> run();

  const std::string name_;
  Executor& home_;
  const Duration span_;  // between two steps
  const Step step_;
  Pause pause_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> ended_ = true;
};

}  // namespace securecart::cli
