#include "events/shared_queue.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "events/limits.hpp"

namespace securecart::events {

namespace {

constexpr Duration relay_poll = std::chrono::milliseconds(10);

observe::Labels label(const Consumer& consumer) {
  return {{"consumer", consumer.name()}};
}

}  // namespace

SharedQueue::SharedQueue(std::shared_ptr<Consumer> consumer, const OutsideBroker& outside,
                         ConsumerContext context, Random& random)
    : consumer_(std::move(consumer)),
      outside_(outside),
      context_(context),
      random_(random),
      seat_(context.database, context.clock, consumer_->name(), context.log.origin(),
            outside.owner),
      sweep_(context.database, context.log, consumer_->name(), consumer_->types()),
      leading_gauge_(context.metrics.gauge("securecart_relay_leading",
                                           "1 in the process that fills the consumer's queue.",
                                           label(*consumer_))),
      lag_events_(context.metrics.gauge(
          "securecart_relay_lag_events",
          "Events between the tail of the log and what the broker confirmed.", label(*consumer_))),
      lives_(context.metrics.counter("securecart_relay_refills_total",
                                     "Queues made anew and filled from the log.",
                                     label(*consumer_))),
      swept_(context.metrics.counter("securecart_swept_total",
                                     "Events taken from the log, since no message brought them.",
                                     label(*consumer_))),
      oldest_ms_(std::make_shared<std::atomic<std::int64_t>>(0)) {
  context.metrics.gauge_from(
      "securecart_consumer_lag_seconds", "Age of the oldest event the consumer has not settled.",
      label(*consumer_), [oldest = oldest_ms_, clock = &context.clock] {
        const std::int64_t at = *oldest;
        constexpr double per_second = 1'000;
        return at == 0 ? 0.0 : static_cast<double>(to_millis(clock->now()) - at) / per_second;
      });
}

std::string SharedQueue::queue_name(const std::string& life) const {
  return "securecart." + consumer_->name() + "." + life;
}

// Life --------------------------------------------------------------------------------------------

void SharedQueue::stop() {
  stopping_ = true;
  pause_.end();
  consumer_->stop();
}

void SharedQueue::spawn(Task<void> task) {
  {
    const std::scoped_lock lock(mutex_);
    ++children_;
  }
  start(std::move(task), [this](const std::exception_ptr&) {
    const std::scoped_lock lock(mutex_);
    --children_;
    idle_.notify_all();
  });
}

Task<void> SharedQueue::run() {
  spawn(lead());
  spawn(sweep());
  Task<void> consuming = consumer_->run(feed_->reader());
  co_await consuming;
  stopping_ = true;
  pause_.end();
  Task<void> closing = feed_->ended();
  co_await closing;
  std::unique_lock lock(mutex_);
  while (children_ > 0) {
    Signal::Wait waiting = idle_.wait(lock);
    co_await waiting;
  }
}

// The seat ----------------------------------------------------------------------------------------

Task<void> SharedQueue::lead() {
  while (!stopping_) {
    try {
      const std::int64_t confirmed = relay_ ? relay_->position() : position_;
      Task<RelaySeat::View> beating = seat_.beat(life_, confirmed);
      const RelaySeat::View view = co_await beating;
      adopt(view);
    } catch (const Unavailable& error) {
      log::warn("relay_waits", {{"consumer", consumer_->name()}, {"error", error.what()}});
    }
    Task<void> pausing = pause_.wait(limits::relay_beat);
    co_await pausing;
  }
  leading_ = false;
  while (relaying_) {
    if (relay_) {
      relay_->stop();
    }
    Task<void> sleeping = sleep_for(relay_poll);
    co_await sleeping;
  }
  Task<void> leaving = give_up_seat();
  co_await leaving;
}

// So that another process need not wait until it is missed.
Task<void> SharedQueue::give_up_seat() {
  try {
    Task<RelaySeat::View> saving = seat_.beat(life_, position_);
    const RelaySeat::View view = co_await saving;
    if (view.held) {
      Task<void> releasing = seat_.release();
      co_await releasing;
    }
  } catch (const Unavailable&) {
    // It is missed soon.
  }
  leading_gauge_.set(0);
}

void SharedQueue::adopt(const RelaySeat::View& view) {
  cursor_ = std::max(cursor_, view.cursor);
  consumer_->note_cursor(cursor_);
  if (view.life != life_ && !view.life.empty()) {
    life_ = view.life;
    position_ = view.position;
    feed_->attach(outside_.broker.subscribe(queue_name(life_), limits::broker_prefetch));
  }
  leading_ = view.held;
  leading_gauge_.set(leading_ ? 1 : 0);
  const std::int64_t reached = std::max(
      {relay_ ? relay_->position() : position_, cursor_, view.life == life_ ? view.position : 0});
  lag_events_.set(std::max<std::int64_t>(context_.log.tail() - reached, 0));
  if (leading_ && !relaying_ && !stopping_) {
    position_ = std::max(position_, view.position);
    relaying_ = true;
    spawn(relay_while_leading());
  } else if (!leading_ && relay_) {
    relay_->stop();
  }
}

// The relay ---------------------------------------------------------------------------------------

Task<void> SharedQueue::relay_while_leading() {
  int failures = 0;
  while (leading_ && !stopping_) {
    bool good = false;
    try {
      Task<bool> preparing = prepare();
      if (co_await preparing) {
        Task<bool> relaying = relay_once();
        good = co_await relaying;
      }
    } catch (const Unavailable& error) {
      log::warn("relay_waits", {{"consumer", consumer_->name()}, {"error", error.what()}});
    }
    failures = good ? 0 : failures + 1;
    if (failures > 0) {
      Task<void> pausing = pause_.wait(pauses_while_away.wait(failures - 1, random_));
      co_await pausing;
    }
  }
  relaying_ = false;
}

// Finds out whether the queue is still the one that was filled. False: another process leads.
Task<bool> SharedQueue::prepare() {
  const char* why = nullptr;
  if (life_.empty()) {
    why = "there was none";
  } else if (stuck_ >= limits::relay_stuck) {
    why = "it confirms nothing";
  } else {
    Task<bool> looking = outside_.broker.exists(queue_name(life_));
    const bool there = co_await looking;
    why = there ? nullptr : "it is gone";
  }
  if (why != nullptr) {
    Task<bool> beginning = begin_life(why);
    if (!co_await beginning) {
      co_return false;
    }
  }
  // Also mends a binding that is gone.
  Task<void> declaring = outside_.broker.declare(queue_name(life_), position_);
  co_await declaring;
  co_return true;
}

// The row comes first and the queue second: a process that ends in between leaves a life without a
// queue, and the next one begins another.
Task<bool> SharedQueue::begin_life(const char* why) {
  Task<RelaySeat::View> beginning = seat_.begin_life(outside_.ids.make("life"));
  const RelaySeat::View view = co_await beginning;
  if (!view.held) {
    leading_ = false;
    co_return false;
  }
  log::warn("queue_is_filled_from_the_log",
            {{"consumer", consumer_->name()}, {"why", why}, {"after", view.cursor}});
  lives_.add();
  stuck_ = 0;
  position_ = view.position;
  adopt(view);
  co_return true;
}

// True when something was confirmed.
Task<bool> SharedQueue::relay_once() {
  const std::int64_t from = std::max(position_, cursor_);
  relay_ = std::make_unique<Relay>(context_.log, outside_.broker, queue_name(life_),
                                   consumer_->types(), random_);
  if (!leading_ || stopping_) {
    relay_->stop();
  }
  Task<Relay::End> running = relay_->run(from, Relay::Patience::none);
  const Relay::End end = co_await running;
  position_ = std::max(position_, relay_->position());
  relay_.reset();
  const bool moved = position_ > from;
  stuck_ = end == Relay::End::stuck && !moved ? stuck_ + 1 : end == Relay::End::failed ? stuck_ : 0;
  co_return moved || end == Relay::End::stopped;
}

// The sweep ---------------------------------------------------------------------------------------

Task<void> SharedQueue::sweep() {
  while (!stopping_) {
    Task<void> pausing = pause_.wait(limits::sweep_pause);
    co_await pausing;
    if (!leading_ || stopping_) {
      continue;
    }
    try {
      Task<void> sweeping = sweep_once();
      co_await sweeping;
      Task<void> looking = look_for_queue();
      co_await looking;
    } catch (const Unavailable& error) {
      log::warn("sweep_waits", {{"consumer", consumer_->name()}, {"error", error.what()}});
    }
  }
}

// A relay with nothing to publish would not notice that the broker lost what it holds.
Task<void> SharedQueue::look_for_queue() {
  const SteadyTime now = context_.clock.steady();
  if (!relay_ || !outside_.broker.connected() || now - looked_at_ < Duration(limits::relay_check)) {
    co_return;
  }
  looked_at_ = now;
  const std::string life = life_;
  Task<bool> looking = outside_.broker.exists(queue_name(life));
  const bool there = co_await looking;
  if (!there && relay_ && life == life_) {
    relay_->stop();  // and the next one begins with a new queue
  }
}

Task<void> SharedQueue::sweep_once() {
  const Duration age =
      outside_.broker.connected() ? outside_.sweep_after : outside_.sweep_after_away;
  const Timestamp old_before =
      context_.clock.now() - std::chrono::duration_cast<std::chrono::milliseconds>(age);
  const std::size_t room = limits::sweep_events - std::min(limits::sweep_events, feed_->offered());
  Task<Sweep::Look> looking = sweep_.look(cursor_, old_before, outside_.refill ? room : 0);
  const Sweep::Look look = co_await looking;
  cursor_ = std::max(cursor_, look.cursor);
  consumer_->note_cursor(cursor_);
  *oldest_ms_ = look.oldest ? to_millis(*look.oldest) : 0;
  for (const EventPtr& event : look.due) {
    swept_.add(feed_->offer(event) ? 1 : 0);
  }
}

}  // namespace securecart::events
