// The threads of the server: one a UDP socket, and one for TCP beside them. Each has sockets of its
// own (SO_REUSEPORT), its own Answerer, nothing shared but the snapshot it reads.
//
//   UdpWorker   waits in recvmmsg, answers the batch, sendmmsg: two calls for all that came
//   TcpWorker   epoll; many questions a connection (RFC 7766), idle and greedy ones are closed
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "traffic/dns/counters.hpp"
#include "traffic/dns/endpoint.hpp"
#include "traffic/dns/limits.hpp"
#include "traffic/dns/rate_limit.hpp"
#include "traffic/dns/snapshot_box.hpp"

namespace securecart::traffic::dns {

struct ServerOptions {
  std::vector<Endpoint> listen;
  unsigned threads = 1;
  ResponseLimit limit;
  std::uint32_t query_log_one_in = 0;  // 0: no query log
  Duration tcp_idle_timeout = limits::dns_tcp_idle_timeout;
};

// What the ports of a thread share.
struct WorkerContext {
  std::uint32_t thread;
  const ServerOptions& options;
  const Clock& clock;
  SnapshotBox& box;
  Counters& counters;
  Prng random;
  Answerer answerer;
  ResponseLimiter limiter;
  Tally tally;
  std::shared_ptr<const Snapshot> snapshot;
  std::uint64_t generation = 0;
  std::uint64_t signatures_told = 0;

  WorkerContext(std::uint32_t number, const ServerOptions& server, const Clock& time,
                SnapshotBox& snapshots, Counters& shared, Random& seeds);
  // Takes the newest snapshot.
  void refresh();
  void flush();
  // The time and a random number for the next question.
  void stamp(Client& client);
  void log_query(const Client& client, const Reply& reply);
};

class Worker {
 public:
  Worker(std::uint32_t number, const ServerOptions& options, const Clock& clock, SnapshotBox& box,
         Counters& counters, Random& random)
      : context_(number, options, clock, box, counters, random) {}
  virtual ~Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  // Until stop(). On a thread of its own.
  virtual void run() = 0;
  // From any thread: wakes it too.
  virtual void stop() = 0;

 protected:
  WorkerContext context_;
  std::atomic<bool> ending_ = false;
};

class TcpPort;

class TcpWorker final : public Worker {
 public:
  // Takes over sockets that listen.
  TcpWorker(std::uint32_t number, const ServerOptions& options, const Clock& clock,
            SnapshotBox& box, Counters& counters, Random& random, std::vector<int> listeners);
  ~TcpWorker() override;
  void run() override;
  void stop() override;

 private:
  int epoll_;
  int wake_;
  std::unique_ptr<TcpPort> port_;
};

}  // namespace securecart::traffic::dns
