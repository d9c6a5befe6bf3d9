#include "events/workers.hpp"

#include <cassert>

#include "base/log.hpp"
#include "events/limits.hpp"

namespace securecart::events {

Workers::Workers(ConsumerContext context, std::optional<OutsideBroker> outside)
    : context_(context), outside_(std::move(outside)) {}

Workers::~Workers() {
  assert(running() == 0 && "stop() comes first");
}

std::shared_ptr<Consumer> Workers::add(ConsumerOptions options, Handler handler, Executor& home,
                                       Random& random) {
  ConsumerContext context{context_.database, context_.log, context_.clock, random,
                          context_.metrics};
  options.shared = outside_.has_value();
  auto consumer = Consumer::make(std::move(options), std::move(handler), context);
  units_.emplace_back(new Unit{
      consumer, &home, Relay(context_.log, broker_, consumer->name(), consumer->types(), random),
      random,
      outside_ ? std::make_unique<SharedQueue>(consumer, *outside_, context, random) : nullptr});
  consumers_.push_back(consumer);
  return consumer;
}

void Workers::start() {
  for (const auto& unit : units_) {
    began();
    began();
    unit->home->post([this, unit = unit.get()] {
      securecart::start(unit->shared ? unit->shared->run() : run(*unit),
                        [this](std::exception_ptr) { ended(); });
      securecart::start(replay_when_asked(*unit), [this](std::exception_ptr) { ended(); });
    });
  }
}

Task<void> Workers::replay_when_asked(Unit& unit) {
  while (true) {
    Task<void> pausing = pause_.wait(limits::replay_pause);
    co_await pausing;
    if (stopping()) {
      co_return;
    }
    try {
      Task<ReplayResult> replaying = unit.consumer->replay_requested();
      const ReplayResult result = co_await replaying;
      if (result.done + result.still_parked > 0) {
        log::info("parked_events_replayed", {{"consumer", unit.consumer->name()},
                                             {"done", result.done},
                                             {"still_parked", result.still_parked}});
      }
    } catch (const Unavailable&) {
      // They stay asked for.
    }
  }
}

Task<void> Workers::run(Unit& unit) {
  Task<std::optional<std::int64_t>> loading = load_cursor(unit);
  const std::optional<std::int64_t> position = co_await loading;
  if (!position) {
    co_return;
  }
  Task<void> declaring = broker_.declare(unit.consumer->name(), *position);
  co_await declaring;
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) {
      co_return;
    }
    running_ += 1;
  }
  securecart::start(unit.relay.run(*position),
                    [this](const std::variant<Relay::End, std::exception_ptr>&) { ended(); });
  Task<void> consuming =
      unit.consumer->run(broker_.subscribe(unit.consumer->name(), limits::consumer_prefetch));
  co_await consuming;
  unit.relay.stop();
  broker_.close(unit.consumer->name());
}

// Nothing when it was asked to stop before the database could be read.
Task<std::optional<std::int64_t>> Workers::load_cursor(Unit& unit) {
  for (int attempt = 1; !stopping(); ++attempt) {
    try {
      Task<std::int64_t> loading = unit.consumer->load_cursor();
      co_return co_await loading;
    } catch (const Unavailable& error) {
      log::warn("consumer_waits",
                {{"consumer", unit.consumer->name()}, {"error", std::string_view(error.what())}});
    }
    Task<void> pausing = sleep_for(pauses_while_away.wait(attempt - 1, unit.random));
    co_await pausing;
  }
  co_return std::nullopt;
}

void Workers::request_stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  for (const auto& unit : units_) {
    if (unit->shared) {
      unit->shared->stop();
    }
    unit->consumer->stop();
    unit->relay.stop();
  }
  pause_.end();
}

std::size_t Workers::running() const {
  const std::scoped_lock lock(mutex_);
  return running_;
}

bool Workers::stopping() const {
  const std::scoped_lock lock(mutex_);
  return stopping_;
}

void Workers::began() {
  const std::scoped_lock lock(mutex_);
  running_ += 1;
}

void Workers::ended() {
  const std::scoped_lock lock(mutex_);
  running_ -= 1;
  changed_.notify_all();
}

void Workers::stop() {
  request_stop();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return running_ == 0; });
}

}  // namespace securecart::events
