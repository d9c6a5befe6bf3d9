#include "events/amqp/amqp_broker.hpp"

#include <chrono>
#include <stdexcept>

#include "base/executor.hpp"
#include "events/amqp/message.hpp"
#include "events/amqp/publisher.hpp"
#include "events/amqp/receiver.hpp"

namespace securecart::events {

namespace {

using amqp::Away;

amqp::Address checked(const std::string& text) {
  Result<amqp::Address> address = amqp::parse_address(text);
  if (!address) {
    throw std::invalid_argument(address.error().detail);
  }
  return std::move(*address);
}

amqp::PublisherOptions publisher_options(const AmqpOptions& options) {
  const auto lifetime =
      std::chrono::duration_cast<std::chrono::milliseconds>(limits::broker_queue_lifetime);
  return {options.exchange,
          {options.queue_messages, limits::broker_delivery_limit, lifetime.count()},
          options.confirms};
}

template <class T>
T taken(std::variant<T, Away> answer) {
  if (const auto* away = std::get_if<Away>(&answer)) {
    throw Unavailable("the broker is away: " + away->why);
  }
  return std::move(std::get<T>(answer));
}

}  // namespace

std::string broker_address_problem(const std::string& address) {
  const Result<amqp::Address> parsed = amqp::parse_address(address);
  return parsed ? std::string() : parsed.error().detail;
}

struct AmqpBroker::Parts {
  Parts(const AmqpOptions& options, const Clock& clock, Random& random, observe::Metrics& metrics)
      : publisher(checked(options.address), publisher_options(options), clock, random.next(),
                  metrics),
        receiver(checked(options.address), clock, random.next(), metrics) {}

  amqp::Publisher publisher;
  amqp::Receiver receiver;
};

AmqpBroker::AmqpBroker(AmqpOptions options, const Clock& clock, Random& random,
                       observe::Metrics& metrics)
    : parts_(std::make_unique<Parts>(options, clock, random, metrics)) {}

AmqpBroker::~AmqpBroker() = default;

bool AmqpBroker::connected() const {
  return parts_->publisher.ready() && parts_->receiver.connected();
}

Task<bool> AmqpBroker::exists(std::string queue) {
  using Answer = std::variant<bool, Away>;
  std::move_only_function<void(std::move_only_function<void(Answer)>)> begin =
      [this, &queue](std::move_only_function<void(Answer)> resume) {
        parts_->publisher.exists(queue, std::move(resume));
      };
  Task<Answer> asking = await_on_current<Answer>(std::move(begin));
  Answer answer = co_await asking;
  co_return taken<bool>(std::move(answer));
}

Task<void> AmqpBroker::declare(std::string queue, std::int64_t /*after*/) {
  using Answer = std::variant<bool, Away>;
  std::move_only_function<void(std::move_only_function<void(Answer)>)> begin =
      [this, &queue](std::move_only_function<void(Answer)> resume) {
        parts_->publisher.declare(queue, std::move(resume));
      };
  Task<Answer> asking = await_on_current<Answer>(std::move(begin));
  Answer answer = co_await asking;
  if (!taken<bool>(std::move(answer))) {
    throw Unavailable("the broker does not make the queue " + queue);
  }
}

Task<Published> AmqpBroker::publish(std::string queue, std::vector<EventPtr> events,
                                    std::int64_t through) {
  using Answer = std::variant<Published, Away>;
  amqp::Publisher::Batch batch{std::move(queue), {}, {}, through};
  for (const EventPtr& event : events) {
    batch.messages.push_back(amqp::encode(*event));
    batch.positions.push_back(event->position);
  }
  std::move_only_function<void(std::move_only_function<void(Answer)>)> begin =
      [this, &batch](std::move_only_function<void(Answer)> resume) {
        parts_->publisher.publish(std::move(batch), std::move(resume));
      };
  Task<Answer> asking = await_on_current<Answer>(std::move(begin));
  Answer answer = co_await asking;
  co_return taken<Published>(std::move(answer));
}

std::unique_ptr<Subscription> AmqpBroker::subscribe(const std::string& queue,
                                                    std::size_t prefetch) {
  return parts_->receiver.subscribe(queue, prefetch);
}

void AmqpBroker::close(const std::string& queue) {
  parts_->publisher.close(queue);
  parts_->receiver.close(queue);
}

}  // namespace securecart::events
