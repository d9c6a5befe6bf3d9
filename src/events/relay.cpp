#include "events/relay.hpp"

#include <algorithm>

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

Task<Relay::End> Relay::run(std::int64_t after, Patience patience) {
  position_ = after;
  int failures = 0;
  while (!stopping_) {
    auto end = Published::End::some;
    bool away = false;
    try {
      Task<Published::End> moving = move_page();
      end = co_await moving;
    } catch (const Unavailable& error) {
      away = true;
      log::warn("relay_waits", {{"queue", queue_}, {"error", std::string_view(error.what())}});
    }
    if (end == Published::End::closed) {
      co_return End::stopped;
    }
    if (end == Published::End::gone) {
      co_return End::gone;
    }
    if (patience == Patience::none && (away || end == Published::End::stuck)) {
      co_return away ? End::failed : End::stuck;
    }
    failures = end == Published::End::all ? 0 : failures + 1;
    if (failures > 0) {
      Task<void> pausing = sleep_for(pauses_while_away.wait(failures - 1, random_));
      co_await pausing;
    }
  }
  co_return End::stopped;
}

Task<Published::End> Relay::move_page() {
  const std::int64_t position = position_;
  Task<Page> reading = log_.read_after(position, types_);
  Page page = co_await reading;
  if (page.through == position) {
    Task<void> waiting = log_.wait_after(position);
    co_await waiting;
    co_return Published::End::all;
  }
  Task<Published> publishing = broker_.publish(queue_, std::move(page.events), page.through);
  const Published published = co_await publishing;
  if (published.end == Published::End::some || published.end == Published::End::stuck) {
    log::warn("relay_waits", {{"queue", queue_}, {"error", published.problem}});
  }
  position_ = std::max(position, published.through);
  co_return published.end;
}

}  // namespace securecart::events
