#include "cli/loop.hpp"

#include <exception>

#include "base/log.hpp"

namespace securecart::cli {

Loop::Loop(std::string name, Executor& home, Duration pause, Step step)
    : name_(std::move(name)), home_(home), span_(pause), step_(std::move(step)) {}

void Loop::start() {
  ended_ = false;
  home_.post(
      [this] { securecart::start(run(), [this](const std::exception_ptr&) { ended_ = true; }); });
}

void Loop::stop() {
  stopping_ = true;
  pause_.end();
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
    if (!more) {
      Task<void> pausing = pause_.wait(span_);
      co_await pausing;
    }
  }
}

}  // namespace securecart::cli
