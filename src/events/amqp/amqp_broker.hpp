// Broker on RabbitMQ: durable quorum queues, publisher confirms, shared by any number of processes.
//
//   publish() -> publisher.hpp (a thread, a connection) -> exchange -> quorum queue
//   next()    <- receiver.hpp  (a thread, a connection) <---------------+
//
// publish() answers once the broker has confirmed every message, which for a quorum queue means
// that most of its nodes have it on disk. Messages are persistent and mandatory: one that no queue
// takes is returned, and its publication ends with `gone`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "events/broker.hpp"
#include "events/limits.hpp"
#include "observe/metrics.hpp"

namespace securecart::events {

struct AmqpOptions {
  std::string address;  // amqp/address.hpp
  std::string exchange = "securecart.events";
  std::int64_t queue_messages = limits::broker_queue_messages;
  // Only for the lab: publishes without waiting for confirms.
  bool confirms = true;
};

// Why `address` cannot be one; empty: it can.
std::string broker_address_problem(const std::string& address);

class AmqpBroker final : public Broker {
 public:
  // Connects in the background; it may be away. Throws std::invalid_argument when the address is
  // wrong. `clock` and `metrics` must outlive it, and so must every executor that awaits.
  AmqpBroker(AmqpOptions options, const Clock& clock, Random& random, observe::Metrics& metrics);
  ~AmqpBroker() override;

  Task<bool> exists(std::string queue) override;
  Task<void> declare(std::string queue, std::int64_t after) override;
  Task<Published> publish(std::string queue, std::vector<EventPtr> events,
                          std::int64_t through) override;
  std::unique_ptr<Subscription> subscribe(const std::string& queue, std::size_t prefetch) override;
  void close(const std::string& queue) override;
  bool connected() const override;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace securecart::events
