// Tells secondaries that a zone changed (RFC 1996): again after 1, 2, 4 … seconds until one
// answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "traffic/dns/endpoint.hpp"
#include "traffic/dns/name.hpp"
#include "traffic/dns/tsig.hpp"

namespace securecart::traffic::dns {

// Whom to tell of which serial, and when. Pure.
class NotifyQueue {
 public:
  struct Message {
    Endpoint to;
    std::vector<std::uint8_t> wire;
  };

  // Replaces what was queued for this zone and secondary. `key` may be null and is copied.
  void changed(const Name& zone, const Endpoint& to, const TsigKey* key, SteadyTime now,
               Random& random);
  // What is to be sent now.
  std::vector<Message> due(SteadyTime now, std::uint32_t unix_seconds);
  // An answer: the secondary knows.
  void answered(Bytes packet, const Endpoint& from);
  bool empty() const { return waiting_.empty(); }

 private:
  struct Waiting {
    Name zone;
    Endpoint to;
    std::vector<TsigKey> key;  // none or one
    std::uint16_t id = 0;
    int attempts = 0;
    SteadyTime next;
  };
  static std::vector<std::uint8_t> message(const Waiting& one, std::uint32_t unix_seconds);
  std::vector<Waiting> waiting_;
};

// The queue with its sockets.
class Notifier {
 public:
  Notifier();
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;
  NotifyQueue& queue() { return queue_; }
  // Sends what is due and reads what came. Never waits.
  void step(const Clock& clock);

 private:
  void send(const NotifyQueue::Message& message);
  void receive(int socket);

  NotifyQueue queue_;
  int v4_;
  int v6_;
};

}  // namespace securecart::traffic::dns
