// The consuming connection: a channel for each subscription, with its own prefetch.
//
// When the connection or the channel is lost, or the queue is not there, it subscribes again by
// itself; what was handed out before then comes again, and acknowledgements of it say nothing.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "events/amqp/link.hpp"
#include "events/broker.hpp"
#include "events/signal.hpp"

namespace securecart::events::amqp {

class Receiver final : public Link {
 public:
  Receiver(Address address, const Clock& clock, std::uint64_t seed, observe::Metrics& metrics);
  ~Receiver() override;

  // The subscription may outlive this object; it is closed then.
  std::unique_ptr<Subscription> subscribe(const std::string& queue, std::size_t prefetch);
  // Closes the subscriptions to it.
  void close(const std::string& queue);

 private:
  struct Queue;
  class Reader;
  // A message whose frames are coming in.
  struct Partial {
    std::uint64_t tag = 0;
    bool redelivered = false;
    int returned = 0;
    std::size_t left = 0;  // bytes of the body that have not come
    bool too_long = false;
    std::string body;
  };
  struct Subscribed {
    std::shared_ptr<Queue> queue;
    bool open = false;     // the channel
    bool reading = false;  // the broker has said so
    SteadyTime again;      // else: when to ask
    std::optional<Partial> partial;
  };
  struct Answer {
    std::shared_ptr<Queue> queue;
    std::uint64_t tag;
    bool ack;
  };
  using Command = std::variant<std::shared_ptr<Queue>, Answer>;

  void connected_to(Connection& connection) override;
  SteadyTime step(Connection& connection, SteadyTime now) override;
  void received(Connection& connection, const amqp_frame_t& frame) override;
  void lost(const std::string& why) override;
  void step_offline() override;

  void give(Command command);
  // Copies, since a queue's mutex comes before ours.
  std::vector<std::shared_ptr<Queue>> living_queues();
  void add(std::shared_ptr<Queue> queue);
  void answer(Connection& connection, const Answer& answer);
  void remove_closed(Connection* connection);
  void subscribe_due(Connection& connection, SteadyTime now);
  void begin(const amqp_method_t& method, Subscribed& to);
  void take_header(const amqp_frame_t& frame, Subscribed& to);
  void take_body(const amqp_frame_t& frame, Subscribed& to);
  void complete(Subscribed& to);

  std::mutex mutex_;  // of what follows
  std::vector<Command> commands_;
  std::vector<std::weak_ptr<Queue>> queues_;

  observe::Metrics& metrics_;
  // On the link's thread.
  std::map<amqp_channel_t, Subscribed> channels_;
};

}  // namespace securecart::events::amqp
