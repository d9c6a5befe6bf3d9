// The publishing connection: publications, each answered when the broker has confirmed all of it or
// said what became of it, and the making of queues.
//
// Consuming has a connection of its own (receiver.hpp): a broker that is short of memory or disk
// stops reading from connections that publish, and acknowledgements must get through even then.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "events/amqp/link.hpp"
#include "events/broker.hpp"
#include "resilience/circuit_breaker.hpp"

namespace securecart::events::amqp {

struct PublisherOptions {
  std::string exchange;
  QueueSettings queue;
  // Only for the lab: what was written to the socket counts as published, and queues as there.
  bool confirms = true;
};

// The broker cannot answer.
struct Away {
  std::string why;
};

class Publisher final : public Link {
 public:
  template <class T>
  using Answer = std::move_only_function<void(std::variant<T, Away>)>;

  Publisher(Address address, PublisherOptions options, const Clock& clock, std::uint64_t seed,
            observe::Metrics& metrics);
  ~Publisher() override;

  // From any thread; `answer` is called once, on the link's thread.
  void exists(std::string queue, Answer<bool> answer);
  void declare(std::string queue, Answer<bool> answer);
  // `messages` and `positions` belong together, in order.
  struct Batch {
    std::string queue;
    std::vector<std::string> messages;
    std::vector<std::int64_t> positions;
    std::int64_t through = 0;
  };
  void publish(Batch batch, Answer<Published> answer);
  // Publications to it are answered with `closed` from now on.
  void close(const std::string& queue);
  // Whether it takes publications now.
  bool ready() const { return connected() && !blocked() && breaker_gauge_.value() == 0; }

 private:
  struct Look {
    std::string queue;
    bool make;
    Answer<bool> answer;
  };
  struct Sending {
    Batch batch;
    Answer<Published> answer;
    resilience::CircuitBreaker::Permit permit;
    SteadyTime since;
    enum class State : std::uint8_t { open, confirmed, refused, returned, overdue };
    std::vector<State> states;
    std::size_t open = 0;
  };
  struct Publish {
    Batch batch;
    Answer<Published> answer;
  };
  using Command = std::variant<Look, Publish>;
  // One message on its way.
  struct Slot {
    std::shared_ptr<Sending> sending;
    std::size_t index;
  };
  struct Counters {
    observe::Counter& published;
    observe::Counter& confirmed;
    observe::Counter& refused;
    observe::Counter& returned;
  };

  void connected_to(Connection& connection) override;
  SteadyTime step(Connection& connection, SteadyTime now) override;
  void received(Connection& connection, const amqp_frame_t& frame) override;
  void lost(const std::string& why) override;
  void step_offline() override;

  bool give(Command command);
  std::vector<Command> take_commands();
  void refuse(Command& command, const std::string& why);
  void perform(Connection& connection, Look look);
  void perform(Connection& connection, Publish publish, SteadyTime now);
  void send(Connection& connection, const std::shared_ptr<Sending>& sending);
  void settle(std::uint64_t tag, bool multiple, Sending::State state);
  void settle_one(const Slot& slot, Sending::State state);
  void finish(Sending& sending);
  void give_up(SteadyTime now);
  void take_returned(const amqp_frame_t& frame);
  bool closed(const std::string& queue) const;
  void show_breaker(SteadyTime now);
  Counters& counters(const std::string& queue);

  const PublisherOptions options_;
  observe::Metrics& metrics_;
  observe::Gauge& breaker_gauge_;
  observe::Gauge& unconfirmed_gauge_;

  mutable std::mutex mutex_;  // of what follows
  std::vector<Command> commands_;
  std::vector<std::string> closed_;
  std::string why_away_ = "there is no connection yet";

  // On the link's thread.
  std::map<std::uint64_t, Slot> on_the_way_;  // by publishing tag
  std::uint64_t last_tag_ = 0;
  bool returning_ = false;  // the frames of a returned message are coming in
  resilience::CircuitBreaker breaker_;
  std::map<std::string, Counters> counters_;  // by label
};

// The part of a queue's name that stays the same: metrics count by it.
std::string queue_label(const std::string& queue);

}  // namespace securecart::events::amqp
