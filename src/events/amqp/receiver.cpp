#include "events/amqp/receiver.hpp"

#include <algorithm>
#include <amqp_framing.h>
#include <utility>

#include "base/log.hpp"
#include "events/amqp/message.hpp"
#include "events/amqp/publisher.hpp"
#include "events/limits.hpp"

namespace securecart::events::amqp {

namespace {

constexpr std::uint64_t tag_bits = 40;  // of a delivery tag; the session is above them
constexpr std::uint64_t tag_mask = (std::uint64_t{1} << tag_bits) - 1;

}  // namespace

// What the reader and the link's thread share.
struct Receiver::Queue {
  Queue(std::string queue_name, std::size_t most, observe::Metrics& metrics)
      : name(std::move(queue_name)),
        prefetch(most),
        delivered(metrics.counter("securecart_broker_delivered_total",
                                  "Messages that arrived from the broker.",
                                  {{"queue", queue_label(name)}})),
        redelivered(metrics.counter("securecart_broker_redelivered_total",
                                    "Of them those that had been handed out before.",
                                    {{"queue", queue_label(name)}})) {}

  void end() {
    const std::scoped_lock lock(mutex);
    closed = true;
    ready.clear();
    changed.notify_all();
  }
  bool ended() const {
    const std::scoped_lock lock(mutex);
    return closed;
  }
  // What is waiting here belongs to a session that is gone.
  void begin_session() {
    const std::scoped_lock lock(mutex);
    ++session;
    ready.clear();
  }
  void put(Delivery delivery) {
    delivered.add();
    redelivered.add(delivery.redelivered ? 1 : 0);
    const std::scoped_lock lock(mutex);
    if (!closed) {
      delivery.tag |= session << tag_bits;
      ready.push_back(std::move(delivery));
      changed.notify_all();
    }
  }

  const std::string name;
  const std::size_t prefetch;
  observe::Counter& delivered;
  observe::Counter& redelivered;

  mutable std::mutex mutex;  // of what follows
  Signal changed;
  std::deque<Delivery> ready;
  std::uint64_t session = 0;
  bool closed = false;
  Receiver* receiver = nullptr;  // null once it is gone
};

class Receiver::Reader final : public Subscription {
 public:
  explicit Reader(std::shared_ptr<Queue> queue) : queue_(std::move(queue)) {}
  ~Reader() override { close(); }

  Task<Delivery> next() override {
    const std::shared_ptr<Queue> queue = queue_;
    std::unique_lock lock(queue->mutex);
    while (!queue->closed && queue->ready.empty()) {
      Signal::Wait waiting = queue->changed.wait(lock);
      co_await waiting;
    }
    Delivery delivery;
    if (!queue->closed) {
      delivery = std::move(queue->ready.front());
      queue->ready.pop_front();
    }
    co_return delivery;
  }
  void ack(std::uint64_t tag) override { answer(tag, true); }
  void nack(std::uint64_t tag) override { answer(tag, false); }
  std::int64_t settled() const override { return 0; }
  void close() override {
    queue_->end();
    const std::scoped_lock lock(queue_->mutex);
    if (queue_->receiver != nullptr) {
      queue_->receiver->wake();
    }
  }

 private:
  void answer(std::uint64_t tag, bool good) {
    const std::scoped_lock lock(queue_->mutex);
    if (queue_->receiver != nullptr && !queue_->closed) {
      queue_->receiver->give(Answer{queue_, tag, good});
    }
  }

  const std::shared_ptr<Queue> queue_;
};

Receiver::Receiver(Address address, const Clock& clock, std::uint64_t seed,
                   observe::Metrics& metrics)
    : Link(std::move(address), "consume", clock, seed, metrics), metrics_(metrics) {
  start();
}

Receiver::~Receiver() {
  stop();
  for (const std::shared_ptr<Queue>& queue : living_queues()) {
    queue->end();
    const std::scoped_lock lock(queue->mutex);
    queue->receiver = nullptr;
  }
}

// Any thread --------------------------------------------------------------------------------------

// Answers beyond the limit are dropped: the message comes again then, which harms nobody.
void Receiver::give(Command command) {
  const std::scoped_lock lock(mutex_);
  if (commands_.size() < limits::broker_commands || command.index() == 0) {
    commands_.push_back(std::move(command));
    wake();
  }
}

std::unique_ptr<Subscription> Receiver::subscribe(const std::string& name, std::size_t prefetch) {
  auto queue = std::make_shared<Queue>(name, prefetch, metrics_);
  queue->receiver = this;
  {
    const std::scoped_lock lock(mutex_);
    std::erase_if(queues_, [](const std::weak_ptr<Queue>& weak) { return weak.expired(); });
    queues_.push_back(queue);
  }
  give(queue);
  return std::make_unique<Reader>(std::move(queue));
}

std::vector<std::shared_ptr<Receiver::Queue>> Receiver::living_queues() {
  std::vector<std::shared_ptr<Queue>> living;
  const std::scoped_lock lock(mutex_);
  for (const std::weak_ptr<Queue>& weak : queues_) {
    if (std::shared_ptr<Queue> queue = weak.lock()) {
      living.push_back(std::move(queue));
    }
  }
  return living;
}

void Receiver::close(const std::string& name) {
  for (const std::shared_ptr<Queue>& queue : living_queues()) {
    if (queue->name == name) {
      queue->end();
    }
  }
  wake();
}

// The link's thread -------------------------------------------------------------------------------

void Receiver::step_offline() {
  std::vector<Command> commands;
  {
    const std::scoped_lock lock(mutex_);
    commands = std::exchange(commands_, {});
  }
  for (Command& command : commands) {
    if (auto* queue = std::get_if<std::shared_ptr<Queue>>(&command)) {
      add(std::move(*queue));
    }
  }
  remove_closed(nullptr);
}

void Receiver::connected_to(Connection& connection) {
  for (auto& [channel, subscribed] : channels_) {
    connection.open_channel(channel);
    subscribed.open = true;
  }
}

void Receiver::lost(const std::string& /*why*/) {
  for (auto& [channel, subscribed] : channels_) {
    subscribed.open = false;
    subscribed.reading = false;
    subscribed.again = SteadyTime();
    subscribed.partial.reset();
    subscribed.queue->begin_session();
  }
}

void Receiver::add(std::shared_ptr<Queue> queue) {
  amqp_channel_t channel = 1;
  while (channels_.contains(channel)) {
    ++channel;
  }
  channels_[channel].queue = std::move(queue);
}

SteadyTime Receiver::step(Connection& connection, SteadyTime now) {
  std::vector<Command> commands;
  {
    const std::scoped_lock lock(mutex_);
    commands = std::exchange(commands_, {});
  }
  for (Command& command : commands) {
    if (const auto* one = std::get_if<Answer>(&command)) {
      answer(connection, *one);
      continue;
    }
    add(std::move(std::get<std::shared_ptr<Queue>>(command)));
  }
  remove_closed(&connection);
  subscribe_due(connection, now);
  SteadyTime next = SteadyTime::max();
  for (const auto& [channel, subscribed] : channels_) {
    if (!subscribed.reading) {
      next = std::min(next, subscribed.again);
    }
  }
  return next;
}

void Receiver::answer(Connection& connection, const Answer& answer) {
  const auto found = std::ranges::find_if(
      channels_, [&answer](const auto& entry) { return entry.second.queue == answer.queue; });
  std::uint64_t session = 0;
  {
    const std::scoped_lock lock(answer.queue->mutex);
    session = answer.queue->session;
  }
  if (found == channels_.end() || !found->second.reading || answer.tag >> tag_bits != session) {
    return;
  }
  if (answer.ack) {
    connection.ack(found->first, answer.tag & tag_mask);
  } else {
    connection.reject(found->first, answer.tag & tag_mask);
  }
}

// Closing its channel gives back what a reader did not acknowledge.
void Receiver::remove_closed(Connection* connection) {
  for (auto at = channels_.begin(); at != channels_.end();) {
    if (!at->second.queue->ended()) {
      ++at;
      continue;
    }
    const amqp_channel_t channel = at->first;
    const bool open = at->second.open;
    at = channels_.erase(at);
    if (connection != nullptr && open) {
      connection->close_channel(channel);
    }
  }
}

void Receiver::subscribe_due(Connection& connection, SteadyTime now) {
  for (auto& [channel, subscribed] : channels_) {
    if (subscribed.reading || subscribed.again > now) {
      continue;
    }
    if (!std::exchange(subscribed.open, true)) {
      connection.open_channel(channel);
    }
    try {
      subscribed.queue->begin_session();
      connection.consume(channel, subscribed.queue->name, subscribed.queue->prefetch);
      subscribed.reading = true;
    } catch (const Refused& refused) {
      log::debug("broker_has_no_queue",
                 {{"queue", subscribed.queue->name}, {"error", std::string_view(refused.what())}});
      subscribed.again = now + Duration(limits::broker_resubscribe_pause);
    }
  }
}

void Receiver::received(Connection& connection, const amqp_frame_t& frame) {
  const auto found = channels_.find(frame.channel);
  if (found == channels_.end()) {
    return;
  }
  Subscribed& to = found->second;
  if (frame.frame_type == AMQP_FRAME_HEADER) {
    take_header(frame, to);
  } else if (frame.frame_type == AMQP_FRAME_BODY) {
    take_body(frame, to);
  } else if (frame.frame_type == AMQP_FRAME_METHOD) {
    const amqp_method_t& method = frame.payload.method;
    if (method.id == AMQP_BASIC_DELIVER_METHOD) {
      begin(method, to);
    } else if (method.id == AMQP_BASIC_CANCEL_METHOD || method.id == AMQP_CHANNEL_CLOSE_METHOD) {
      // The queue was deleted, or something was not acknowledged for too long. A channel that has
      // read a quorum queue may read no other of its name: a new one is needed.
      if (method.id == AMQP_CHANNEL_CLOSE_METHOD) {
        connection.reopen(frame.channel);
      } else {
        connection.close_channel(frame.channel);
        to.open = false;
      }
      to.reading = false;
      to.again = clock().steady() + Duration(limits::broker_resubscribe_pause);
      to.partial.reset();
      to.queue->begin_session();
    }
  }
}

void Receiver::begin(const amqp_method_t& method, Subscribed& to) {
  const auto* deliver = static_cast<const amqp_basic_deliver_t*>(method.decoded);
  to.partial = Partial{deliver->delivery_tag, deliver->redelivered != 0, 0, 0, false, {}};
}

void Receiver::take_header(const amqp_frame_t& frame, Subscribed& to) {
  if (!to.partial) {
    return;
  }
  Partial& partial = *to.partial;
  const auto* properties =
      static_cast<const amqp_basic_properties_t*>(frame.payload.properties.decoded);
  partial.returned = delivery_count(*properties);
  partial.redelivered |= partial.returned > 0;
  partial.left = frame.payload.properties.body_size;
  partial.too_long = partial.left > limits::broker_message_bytes;
  if (!partial.too_long) {
    partial.body.reserve(partial.left);
  }
  if (partial.left == 0) {
    complete(to);
  }
}

void Receiver::take_body(const amqp_frame_t& frame, Subscribed& to) {
  if (!to.partial) {
    return;
  }
  Partial& partial = *to.partial;
  const std::string_view bytes = view(frame.payload.body_fragment);
  const std::size_t most =
      partial.too_long ? limits::parked_message_bytes : limits::broker_message_bytes;
  partial.body.append(bytes.substr(0, most - std::min(most, partial.body.size())));
  partial.left -= std::min(partial.left, bytes.size());
  if (partial.left == 0) {
    complete(to);
  }
}

void Receiver::complete(Subscribed& to) {
  Partial partial = std::move(*to.partial);
  to.partial.reset();
  Delivery delivery{nullptr, partial.tag, partial.redelivered, partial.returned};
  auto event = partial.too_long
                   ? std::expected<Event, std::string>(std::unexpected("the message is too long"))
                   : decode(partial.body);
  if (event) {
    delivery.event = std::make_shared<const Event>(std::move(*event));
  } else {
    partial.body.resize(std::min(partial.body.size(), limits::parked_message_bytes));
    delivery.malformed = std::make_shared<const Malformed>(
        Malformed{std::move(event.error()), std::move(partial.body)});
  }
  to.queue->put(std::move(delivery));
}

}  // namespace securecart::events::amqp
