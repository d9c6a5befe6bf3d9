// One UDP socket of one thread, in batches.
#pragma once

#include <array>
#include <memory>
#include <sys/socket.h>
#include <sys/uio.h>

#include "traffic/dns/limits.hpp"
#include "traffic/dns/worker.hpp"

namespace securecart::traffic::dns {

class UdpPort {
 public:
  UdpPort(int socket, WorkerContext& context);
  ~UdpPort();
  UdpPort(const UdpPort&) = delete;
  UdpPort& operator=(const UdpPort&) = delete;
  int socket() const { return socket_; }
  // Answers what has come. True: there may be more.
  bool serve();

 private:
  static constexpr std::size_t query_bytes = 4'096;
  static constexpr std::size_t answer_bytes = limits::dns_udp_answer_bytes + 1'024;
  struct Batch;
  void prepare(std::size_t index);
  bool answer(std::size_t index, std::size_t place, Client& client);
  void send(std::size_t count);

  int socket_;
  WorkerContext& context_;
  std::size_t filled_ = limits::dns_batch;  // heads to prepare for the next call
  std::unique_ptr<Batch> batch_;
};

}  // namespace securecart::traffic::dns
