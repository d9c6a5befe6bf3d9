#include "events/relay.hpp"

#include "base/executor.hpp"
#include "base/log.hpp"

namespace securecart::events {

Relay::Relay(Log& log, Broker& broker, std::string queue, EventTypes types, Random& random)
    : log_(log),
      broker_(broker),
      queue_(std::move(queue)),
      types_(std::move(types)),
      random_(random) {}

void Relay::stop() {
  stopping_ = true;
  log_.wake();
}

Task<void> Relay::run(std::int64_t after) {
  std::int64_t position = after;
  int failures = 0;
  while (!stopping_) {
    bool open = true;
    try {
      Task<bool> moving = move_page(position);
      open = co_await moving;
      failures = 0;
    } catch (const Unavailable& error) {
      ++failures;
      log::warn("relay_waits", {{"queue", queue_}, {"error", std::string_view(error.what())}});
    }
    if (!open) {
      co_return;
    }
    if (failures > 0) {
      Task<void> pausing = sleep_for(pauses_while_away.wait(failures - 1, random_));
      co_await pausing;
    }
  }
}

// False when the queue was closed.
Task<bool> Relay::move_page(std::int64_t& position) {
  Task<Page> reading = log_.read_after(position, types_);
  Page page = co_await reading;
  if (page.through == position) {
    Task<void> waiting = log_.wait_after(position);
    co_await waiting;
    co_return true;
  }
  Task<bool> publishing = broker_.publish(queue_, std::move(page.events), page.through);
  const bool open = co_await publishing;
  position = page.through;
  co_return open;
}

}  // namespace securecart::events
