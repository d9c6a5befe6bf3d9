// A thread with one connection to the broker: it connects, connects again when it is lost (the
// hosts in turn, with growing pauses and full jitter), and hands over what arrives.
//
//   any thread --command + wake()--> step() --> Connection --> received() --> executor of the
//   caller
//
// Commands given while there is no connection are answered at once by step_offline(): nobody waits
// for a broker that is away.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "events/amqp/connection.hpp"
#include "observe/metrics.hpp"

namespace securecart::events::amqp {

class Link {
 public:
  // `purpose` is a word for metrics and the broker's own pages.
  Link(Address address, std::string purpose, const Clock& clock, std::uint64_t seed,
       observe::Metrics& metrics);
  virtual ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  bool connected() const { return connected_; }

 protected:
  void start();
  // Ends the thread; the last thing it calls is step_offline(). Derived classes call it first.
  void stop();
  // Makes the thread call step() soon. Any thread.
  void wake();
  const Clock& clock() const { return clock_; }

  // On the link's thread. They may throw ConnectionLost.
  virtual void connected_to(Connection& connection) = 0;
  // Does what is asked and what time demands. Returns when it wants to be called again.
  virtual SteadyTime step(Connection& connection, SteadyTime now) = 0;
  virtual void received(Connection& connection, const amqp_frame_t& frame) = 0;
  // The connection is gone, or a try to make one failed.
  virtual void lost(const std::string& why) = 0;
  virtual void step_offline() = 0;
  void set_blocked(bool blocked);
  bool blocked() const { return blocked_; }

 private:
  void run();
  bool connect();
  void serve();
  bool drain();
  void take(const amqp_frame_t& frame);
  void wait(int descriptor, SteadyTime until);

  const Address address_;
  const std::string purpose_;
  const Clock& clock_;
  Prng random_;
  const int event_;  // an eventfd
  observe::Gauge& connected_gauge_;
  observe::Gauge& blocked_gauge_;
  observe::Counter& lost_counter_;
  std::atomic<bool> woken_ = false;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> connected_ = false;
  std::atomic<bool> blocked_ = false;
  // On the link's thread.
  std::unique_ptr<Connection> connection_;
  std::size_t next_host_ = 0;
  int failures_ = 0;
  SteadyTime told_{};  // that no host answers
  std::thread thread_;
};

}  // namespace securecart::events::amqp
