// One UDP socket and its thread, in batches.
#pragma once

#include <memory>

#include "traffic/dns/worker.hpp"

namespace securecart::traffic::dns {

class UdpWorker final : public Worker {
 public:
  // Takes over a socket that is bound and may block.
  UdpWorker(std::uint32_t number, const ServerOptions& options, const Clock& clock,
            SnapshotBox& box, Counters& counters, Random& random, int socket);
  ~UdpWorker() override;
  void run() override;
  void stop() override;

 private:
  struct Batch;
  // Answers what has come; waits for a packet unless `flags` say not to. False: none came.
  bool serve(int flags);
  void prepare(std::size_t index);
  bool answer(std::size_t index, std::size_t place, Client& client);
  void send(std::size_t count);

  int socket_;
  SteadyTime now_;                          // of the last batch
  std::size_t filled_ = limits::dns_batch;  // heads to prepare for the next call
  std::unique_ptr<Batch> batch_;
};

}  // namespace securecart::traffic::dns
