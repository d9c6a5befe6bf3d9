// One connection to RabbitMQ through librabbitmq, used by one thread that may block.
//
// Every wait has a limit: connecting (limits::broker_connect_timeout, each step), an answer
// (limits::broker_rpc_timeout), a write into a full socket and a silent peer (two heartbeats).
#pragma once

#include <amqp.h>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "events/amqp/address.hpp"

namespace securecart::events::amqp {

// The connection cannot be used any more, or could not be made.
class ConnectionLost : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The server refused something and closed the channel for it; the channel is open anew.
class Refused : public std::runtime_error {
 public:
  Refused(int reply_code, const std::string& text) : std::runtime_error(text), code(reply_code) {}
  int code;  // AMQP_NOT_FOUND, AMQP_PRECONDITION_FAILED, …
};

// What a queue is declared with. All of it is part of its identity.
struct QueueSettings {
  std::int64_t most_messages;  // it refuses what is published beyond
  int delivery_limit;
  std::int64_t expires_ms;  // it is gone after so long without a reader
};

class Connection {
 public:
  // Connects and logs in. Throws ConnectionLost.
  Connection(const Address& address, const Host& host, const std::string& name);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int descriptor() const;

  // All of these throw ConnectionLost; those that say so throw Refused too.
  void open_channel(amqp_channel_t channel);
  void close_channel(amqp_channel_t channel);
  void select_confirms(amqp_channel_t channel);
  bool queue_exists(amqp_channel_t channel, const std::string& queue);
  // A durable quorum queue, bound to the durable direct exchange by its name. Throws Refused.
  void declare(amqp_channel_t channel, const std::string& exchange, const std::string& queue,
               const QueueSettings& settings);
  // Throws Refused.
  void consume(amqp_channel_t channel, const std::string& queue, std::size_t prefetch);
  // `correlation` comes back with a message that is returned.
  void publish(amqp_channel_t channel, const std::string& exchange, const std::string& queue,
               bool mandatory, const std::string& correlation, std::string_view body);
  void ack(amqp_channel_t channel, std::uint64_t tag);
  void reject(amqp_channel_t channel, std::uint64_t tag);
  // Agrees to a channel that the server closed, and opens it anew.
  void reopen(amqp_channel_t channel);

  // The next frame, or nothing when none has arrived. Sends heartbeats when they are due: to be
  // called more often than that. What the frame points to lives until release().
  std::optional<amqp_frame_t> next();
  void release();

 private:
  void log_in(const Address& address, const std::string& name);
  void connect(const Address& address, const Host& host);
  // Throws unless `reply` is good.
  void check(const char* what, amqp_channel_t channel);
  void check_status(const char* what, int status);

  amqp_connection_state_t state_;
};

// Of a delivery: how often the message came back to its queue. 0 when the header is not there.
int delivery_count(const amqp_basic_properties_t& properties);

std::string_view view(amqp_bytes_t bytes);

}  // namespace securecart::events::amqp
