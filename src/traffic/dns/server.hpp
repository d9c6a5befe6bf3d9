// The authoritative server: a socket pair a thread and address, and a snapshot to answer from.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "observe/metrics.hpp"
#include "traffic/dns/worker.hpp"

namespace securecart::traffic::dns {

class Server {
 public:
  // Binds all addresses. Throws with a message for the operator. What is passed by reference
  // outlives the server.
  Server(ServerOptions options, std::shared_ptr<const Snapshot> first, const Clock& clock,
         Random& random, observe::Metrics& metrics);
  ~Server();

  // With the ports that were picked where 0 was asked for.
  const std::vector<Endpoint>& endpoints() const { return options_.listen; }
  void start();
  // Answers what has come, then closes. Safe to call twice.
  void stop();
  // From the next batch of packets on, every thread answers from this.
  void publish(std::shared_ptr<const Snapshot> next) { box_.publish(std::move(next)); }
  // Frees replaced snapshots nobody reads any more; now and then.
  void collect() { box_.collect(); }
  std::shared_ptr<const Snapshot> current() const { return box_.current(); }

 private:
  ServerOptions options_;
  SnapshotBox box_;
  Counters counters_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::thread> threads_;
};

}  // namespace securecart::traffic::dns
