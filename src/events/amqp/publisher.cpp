#include "events/amqp/publisher.hpp"

#include <algorithm>
#include <amqp_framing.h>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/log.hpp"
#include "events/limits.hpp"

namespace securecart::events::amqp {

namespace {

constexpr amqp_channel_t publishing = 1;
constexpr amqp_channel_t managing = 2;  // its own: a refusal closes the channel

// A publication is a batch of hundreds, so a few calls say enough.
resilience::CircuitBreaker::Settings breaker_settings() {
  using namespace std::chrono_literals;
  resilience::CircuitBreaker::Settings settings;
  settings.window = 10s;
  settings.least_calls = 3;
  settings.slow = limits::broker_confirm_timeout;
  settings.open_for = 500ms;
  settings.open_most = limits::broker_retry_most;
  settings.probes = 1;
  return settings;
}

}  // namespace

std::string queue_label(const std::string& queue) {
  return queue.substr(0, queue.rfind('.'));
}

Publisher::Publisher(Address address, PublisherOptions options, const Clock& clock,
                     std::uint64_t seed, observe::Metrics& metrics)
    : Link(std::move(address), "publish", clock, seed, metrics),
      options_(std::move(options)),
      metrics_(metrics),
      breaker_gauge_(metrics.gauge("securecart_broker_breaker_open",
                                   "1 while nothing is published because publishing failed.")),
      unconfirmed_gauge_(metrics.gauge("securecart_broker_unconfirmed",
                                       "Messages sent that the broker has not confirmed yet.")),
      breaker_(breaker_settings()) {
  start();
}

Publisher::~Publisher() {
  stop();
}

// Any thread --------------------------------------------------------------------------------------

bool Publisher::give(Command command) {
  {
    const std::scoped_lock lock(mutex_);
    if (commands_.size() < limits::broker_commands) {
      commands_.push_back(std::move(command));
      wake();
      return true;
    }
  }
  refuse(command, "too much waits for the broker");
  return false;
}

void Publisher::exists(std::string queue, Answer<bool> answer) {
  give(Look{std::move(queue), false, std::move(answer)});
}

void Publisher::declare(std::string queue, Answer<bool> answer) {
  give(Look{std::move(queue), true, std::move(answer)});
}

void Publisher::publish(Batch batch, Answer<Published> answer) {
  give(Publish{std::move(batch), std::move(answer)});
}

void Publisher::close(const std::string& queue) {
  const std::scoped_lock lock(mutex_);
  if (std::ranges::find(closed_, queue) == closed_.end()) {
    closed_.push_back(queue);
  }
}

bool Publisher::closed(const std::string& queue) const {
  const std::scoped_lock lock(mutex_);
  return std::ranges::find(closed_, queue) != closed_.end();
}

// The link's thread -------------------------------------------------------------------------------

std::vector<Publisher::Command> Publisher::take_commands() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(commands_, {});
}

void Publisher::refuse(Command& command, const std::string& why) {
  if (auto* look = std::get_if<Look>(&command)) {
    look->answer(Away{why});
  } else {
    std::get<Publish>(command).answer(Away{why});
  }
}

void Publisher::step_offline() {
  std::string why;
  {
    const std::scoped_lock lock(mutex_);
    why = why_away_;
  }
  for (Command& command : take_commands()) {
    refuse(command, why);
  }
}

void Publisher::connected_to(Connection& connection) {
  connection.open_channel(publishing);
  connection.open_channel(managing);
  if (options_.confirms) {
    connection.select_confirms(publishing);
  }
  last_tag_ = 0;
  returning_ = false;
}

// What was on its way may be in the queues or not: the relay brings it again.
void Publisher::lost(const std::string& why) {
  {
    const std::scoped_lock lock(mutex_);
    why_away_ = why;
  }
  const auto slots = std::exchange(on_the_way_, {});
  unconfirmed_gauge_.set(0);
  std::vector<std::shared_ptr<Sending>> open;
  for (const auto& [tag, slot] : slots) {
    if (open.empty() || open.back() != slot.sending) {
      open.push_back(slot.sending);
    }
  }
  const SteadyTime now = clock().steady();
  for (const auto& sending : open) {
    breaker_.record(sending->permit, resilience::CircuitBreaker::Outcome::failure,
                    now - sending->since, now);
    sending->answer(Away{why});
  }
  show_breaker(now);
}

SteadyTime Publisher::step(Connection& connection, SteadyTime now) {
  std::vector<Command> commands = take_commands();
  for (std::size_t i = 0; i < commands.size(); ++i) {
    try {
      if (auto* look = std::get_if<Look>(&commands[i])) {
        perform(connection, std::move(*look));
      } else {
        perform(connection, std::move(std::get<Publish>(commands[i])), now);
      }
    } catch (const ConnectionLost& error) {
      for (std::size_t rest = i + 1; rest < commands.size(); ++rest) {
        refuse(commands[rest], error.what());
      }
      throw;
    }
  }
  show_breaker(now);
  if (on_the_way_.empty()) {
    return SteadyTime::max();
  }
  const SteadyTime due =
      on_the_way_.begin()->second.sending->since + Duration(limits::broker_confirm_timeout);
  if (due <= now) {
    give_up(now);
    throw ConnectionLost("the broker confirms nothing");
  }
  return due;
}

// The connection lives, so it may be the queue: whoever publishes to it has to know.
void Publisher::give_up(SteadyTime now) {
  if (blocked()) {
    return;
  }
  std::vector<std::uint64_t> overdue;
  for (const auto& [tag, slot] : on_the_way_) {
    if (slot.sending->since + Duration(limits::broker_confirm_timeout) <= now) {
      overdue.push_back(tag);
    }
  }
  for (const std::uint64_t tag : overdue) {
    settle(tag, false, Sending::State::overdue);
  }
}

void Publisher::perform(Connection& connection, Look look) {
  try {
    bool there = true;
    if (!options_.confirms && !look.make) {
      there = true;  // the lab's fault: nobody looks whether the queue lost anything
    } else if (look.make) {
      connection.declare(managing, options_.exchange, look.queue, options_.queue);
    } else {
      there = connection.queue_exists(managing, look.queue);
    }
    look.answer(there);
  } catch (const Refused& refused) {
    // Other settings than ours, from another version: the caller makes a queue of another name.
    log::warn("broker_refuses", {{"queue", look.queue}, {"error", refused.what()}});
    look.answer(false);
  } catch (const ConnectionLost& error) {
    look.answer(Away{error.what()});
    throw;
  }
}

void Publisher::perform(Connection& connection, Publish publish, SteadyTime now) {
  if (closed(publish.batch.queue)) {
    publish.answer(Published{Published::End::closed, 0});
    return;
  }
  if (publish.batch.messages.empty()) {
    publish.answer(Published{Published::End::all, publish.batch.through});
    return;
  }
  if (blocked()) {
    publish.answer(Away{"the broker is short of memory or disk"});
    return;
  }
  const auto permit = breaker_.allow(now);
  if (!permit) {
    publish.answer(Away{"publishing failed just now"});
    return;
  }
  auto sending = std::make_shared<Sending>(
      Sending{std::move(publish.batch), std::move(publish.answer), *permit, now, {}, 0});
  send(connection, sending);
}

void Publisher::send(Connection& connection, const std::shared_ptr<Sending>& sending) {
  const Batch& batch = sending->batch;
  sending->states.assign(batch.messages.size(), Sending::State::open);
  sending->open = batch.messages.size();
  Counters& count = counters(batch.queue);
  // All of them first, so that lost() finds the whole batch whenever the connection breaks.
  const std::uint64_t first = last_tag_ + 1;
  for (std::size_t i = 0; i < batch.messages.size(); ++i) {
    on_the_way_.emplace(++last_tag_, Slot{sending, i});
  }
  for (std::size_t i = 0; i < batch.messages.size(); ++i) {
    connection.publish(publishing, options_.exchange, batch.queue, options_.confirms,
                       std::to_string(first + i), batch.messages[i]);
    count.published.add();
  }
  if (!options_.confirms) {
    settle(last_tag_, true, Sending::State::confirmed);
  }
  unconfirmed_gauge_.set(static_cast<std::int64_t>(on_the_way_.size()));
}

void Publisher::received(Connection& /*connection*/, const amqp_frame_t& frame) {
  if (frame.frame_type == AMQP_FRAME_HEADER || frame.frame_type == AMQP_FRAME_BODY) {
    take_returned(frame);
    return;
  }
  if (frame.frame_type != AMQP_FRAME_METHOD) {
    return;
  }
  const amqp_method_t& method = frame.payload.method;
  switch (method.id) {
    case AMQP_BASIC_ACK_METHOD: {
      const auto* ack = static_cast<const amqp_basic_ack_t*>(method.decoded);
      settle(ack->delivery_tag, ack->multiple != 0, Sending::State::confirmed);
      return;
    }
    case AMQP_BASIC_NACK_METHOD: {
      const auto* nack = static_cast<const amqp_basic_nack_t*>(method.decoded);
      settle(nack->delivery_tag, nack->multiple != 0, Sending::State::refused);
      return;
    }
    case AMQP_BASIC_RETURN_METHOD:
      returning_ = true;
      return;
    case AMQP_CHANNEL_CLOSE_METHOD: {
      // The exchange is gone, with a broker that lost everything: start over.
      const auto* close = static_cast<const amqp_channel_close_t*>(method.decoded);
      const std::string text(view(close->reply_text));
      if (frame.channel == publishing && close->reply_code == AMQP_NOT_FOUND) {
        settle(last_tag_, true, Sending::State::returned);
      }
      throw ConnectionLost("the broker closed a channel: " + text);
    }
    default:
      return;
  }
}

// A message no queue took. Its tag tells which; its confirm comes behind it and says nothing more.
void Publisher::take_returned(const amqp_frame_t& frame) {
  if (!returning_ || frame.frame_type != AMQP_FRAME_HEADER) {
    return;
  }
  returning_ = false;
  const auto* properties =
      static_cast<const amqp_basic_properties_t*>(frame.payload.properties.decoded);
  if ((properties->_flags & AMQP_BASIC_CORRELATION_ID_FLAG) == 0) {
    return;
  }
  const std::string_view text = view(properties->correlation_id);
  std::uint64_t tag = 0;
  std::from_chars(text.data(), text.data() + text.size(), tag);
  settle(tag, false, Sending::State::returned);
}

void Publisher::settle(std::uint64_t tag, bool multiple, Sending::State state) {
  const auto last = on_the_way_.upper_bound(tag);
  auto first = multiple ? on_the_way_.begin() : on_the_way_.find(tag);
  if (first == on_the_way_.end()) {
    return;
  }
  std::vector<Slot> settled;
  for (auto at = first; at != last; ++at) {
    settled.push_back(std::move(at->second));
  }
  on_the_way_.erase(first, last);
  for (const Slot& slot : settled) {
    settle_one(slot, state);
  }
  unconfirmed_gauge_.set(static_cast<std::int64_t>(on_the_way_.size()));
}

void Publisher::settle_one(const Slot& slot, Sending::State state) {
  Sending& sending = *slot.sending;
  Counters& count = counters(sending.batch.queue);
  if (state != Sending::State::overdue) {
    (state == Sending::State::confirmed  ? count.confirmed
     : state == Sending::State::returned ? count.returned
                                         : count.refused)
        .add();
  }
  sending.states[slot.index] = state;
  if (--sending.open == 0) {
    finish(sending);
  }
}

void Publisher::finish(Sending& sending) {
  const auto stuck = std::ranges::find_if(
      sending.states, [](Sending::State state) { return state != Sending::State::confirmed; });
  Published published{Published::End::all, sending.batch.through};
  bool stuck_queue = false;
  if (stuck != sending.states.end()) {
    const auto taken = static_cast<std::size_t>(stuck - sending.states.begin());
    published.through = taken == 0 ? 0 : sending.batch.positions[taken - 1];
    const auto any = [&sending](Sending::State state) {
      return std::ranges::find(sending.states, state) != sending.states.end();
    };
    const bool gone = any(Sending::State::returned);
    stuck_queue = !gone && any(Sending::State::overdue);
    published.end = gone          ? Published::End::gone
                    : stuck_queue ? Published::End::stuck
                                  : Published::End::some;
    published.problem = gone          ? "there is no such queue"
                        : stuck_queue ? "the broker confirms nothing"
                                      : "the queue is full";
  }
  const SteadyTime now = clock().steady();
  // A full queue is the consumers' trouble, not the broker's.
  using Outcome = resilience::CircuitBreaker::Outcome;
  breaker_.record(sending.permit, stuck_queue ? Outcome::failure : Outcome::success,
                  now - sending.since, now);
  sending.answer(std::move(published));
}

void Publisher::show_breaker(SteadyTime now) {
  breaker_gauge_.set(breaker_.state(now) == resilience::CircuitBreaker::State::open ? 1 : 0);
}

Publisher::Counters& Publisher::counters(const std::string& queue) {
  std::string label = queue_label(queue);
  const auto found = counters_.find(label);
  if (found != counters_.end()) {
    return found->second;
  }
  const auto counter = [this, &label](std::string name, std::string help) -> observe::Counter& {
    return metrics_.counter(std::move(name), std::move(help), {{"queue", label}});
  };
  Counters made{
      counter("securecart_broker_published_total", "Messages sent to the broker."),
      counter("securecart_broker_confirmed_total", "Messages the broker confirmed."),
      counter("securecart_broker_refused_total", "Messages a full queue did not take."),
      counter("securecart_broker_returned_total", "Messages for a queue that is not there.")};
  return counters_.emplace(std::move(label), made).first->second;
}

}  // namespace securecart::events::amqp
