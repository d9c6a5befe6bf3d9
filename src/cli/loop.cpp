#include "cli/loop.hpp"

#include <algorithm>
#include <exception>

#include "base/log.hpp"

namespace securecart::cli {
namespace {

constexpr Duration slice = std::chrono::milliseconds(100);

}  // namespace

Loop::Loop(std::string name, Executor& home, Duration pause, Step step)
    : name_(std::move(name)), home_(home), pause_(pause), step_(std::move(step)) {}

void Loop::start() {
  ended_ = false;
  home_.post(
      [this] { securecart::start(run(), [this](const std::exception_ptr&) { ended_ = true; }); });
}

Task<void> Loop::run() {
  while (!stopping_) {
    bool more = false;
    try {
      more = co_await step_();
    } catch (const std::exception& error) {
      log::warn("background work failed; it is tried again",
                {{"work", name_}, {"error", error.what()}});
    }
    // In slices, so that a process that ends does not leave a task asleep behind.
    for (Duration slept{}; !more && slept < pause_ && !stopping_; slept += slice) {
      co_await sleep_for(std::min(slice, pause_));
    }
  }
}

}  // namespace securecart::cli
