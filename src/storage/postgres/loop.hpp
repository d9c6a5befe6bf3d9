// A thread that waits for the sockets of some connections at once.
#pragma once

#include <atomic>
#include <poll.h>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"

namespace securecart::storage::postgres {

// What lives on a Loop. All calls come from its thread.
class Participant {
 public:
  virtual ~Participant() = default;
  // Does what can be done without waiting. Returns when it wants to be called again although
  // nothing happened on its sockets.
  virtual SteadyTime step(SteadyTime now) = 0;
  // Adds the sockets to wait for.
  virtual void watch(std::vector<pollfd>& sockets) = 0;
  // What happened on the sockets it added: the same, in the same places of the vector.
  virtual void hear(std::span<const pollfd> sockets) = 0;
};

class Loop {
 public:
  explicit Loop(const Clock& clock, std::string name);
  ~Loop();  // stop()
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Before start(). The participant must outlive stop().
  void add(Participant& participant) { participants_.push_back(&participant); }
  void start();
  // Makes every participant step soon. Any thread.
  void wake();
  void stop();

 private:
  void run();
  void wait(SteadyTime until);

  const Clock& clock_;
  const std::string name_;
  const int event_;  // an eventfd
  std::atomic<bool> woken_ = false;
  std::atomic<bool> stopping_ = false;
  std::vector<Participant*> participants_;
  std::vector<pollfd> sockets_;
  std::thread thread_;
};

}  // namespace securecart::storage::postgres
