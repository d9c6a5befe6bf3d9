#include "traffic/dns/server.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/limits.hpp"
#include "traffic/dns/udp_worker.hpp"
#include "traffic/model/limits.hpp"

namespace securecart::traffic::dns {
namespace {

constexpr int socket_buffer_bytes = 4 * 1024 * 1024;
constexpr int port_attempts = 20;  // to find a number that is free for UDP and TCP

void set(int socket, int level, int option, int value) {
  setsockopt(socket, level, option, &value, sizeof value);
}

// -1 with errno when it does not work.
int open_socket(const Endpoint& endpoint, int kind) {
  const bool v6 = endpoint.address.family == Family::v6;
  const int blocking = kind == SOCK_DGRAM ? 0 : SOCK_NONBLOCK;  // a thread waits in each
  const int socket = ::socket(v6 ? AF_INET6 : AF_INET, kind | blocking | SOCK_CLOEXEC, 0);
  if (socket < 0) {
    return -1;
  }
  set(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  set(socket, SOL_SOCKET, SO_REUSEPORT, 1);
  if (v6) {
    set(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  }
  if (kind == SOCK_DGRAM) {
    set(socket, SOL_SOCKET, SO_RCVBUF, socket_buffer_bytes);
    set(socket, SOL_SOCKET, SO_SNDBUF, socket_buffer_bytes);
    // Answers are never fragmented on their way, and forged "too big" messages change nothing.
    v6 ? set(socket, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT)
       : set(socket, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
    if (endpoint.address == Address{endpoint.address.family, {}}) {
      v6 ? set(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) : set(socket, IPPROTO_IP, IP_PKTINFO, 1);
    }
  } else {
    set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  }
  const SocketAddress address = to_socket_address(endpoint);
  if (bind(socket, address.get(), address.size) != 0 ||
      (kind == SOCK_STREAM && listen(socket, static_cast<int>(limits::listen_backlog)) != 0)) {
    const int error = errno;
    close(socket);
    errno = error;
    return -1;
  }
  return socket;
}

std::uint16_t port_of(int socket) {
  SocketAddress address;
  getsockname(socket, address.get(), &address.size);
  return to_endpoint(address.storage).port;
}

struct Pair {
  int udp;
  int tcp;
};

// Both on one port; where any port will do, one is looked for and written to `endpoint`.
Pair open_pair(Endpoint& endpoint) {
  for (int attempt = 0;; ++attempt) {
    Endpoint tried = endpoint;
    const int tcp = open_socket(tried, SOCK_STREAM);
    if (tcp >= 0) {
      tried.port = port_of(tcp);
      const int udp = open_socket(tried, SOCK_DGRAM);
      if (udp >= 0) {
        endpoint = tried;
        return {udp, tcp};
      }
      const int error = errno;
      close(tcp);
      errno = error;
    }
    if (endpoint.port != 0 || attempt == port_attempts) {
      throw std::runtime_error(
          fmt::format("cannot listen on {}: {}", to_text(endpoint), std::strerror(errno)));
    }
  }
}

}  // namespace

Server::Server(ServerOptions options, std::shared_ptr<const Snapshot> first, const Clock& clock,
               Random& random, observe::Metrics& metrics)
    : options_(std::move(options)), box_(std::move(first)), counters_(metrics) {
  const std::size_t sockets = options_.listen.size() + 1;  // of a thread, TCP counted as one
  const std::size_t threads_most = (limits::query_threads - 1) / sockets;
  if (threads_most == 0) {
    throw std::runtime_error(
        fmt::format("cannot listen on more than {} addresses", limits::query_threads - 2));
  }
  options_.threads = std::min(options_.threads, static_cast<unsigned>(threads_most));
  // Each thread has its own limiter and sees its share of a flood.
  if (options_.limit.responses_per_second > 0) {
    options_.limit.responses_per_second =
        std::max<std::int64_t>(1, options_.limit.responses_per_second / options_.threads);
  }
  std::uint32_t number = 0;
  for (unsigned thread = 0; thread < options_.threads; ++thread) {
    std::vector<int> tcp;
    for (Endpoint& endpoint : options_.listen) {
      const Pair pair = open_pair(endpoint);
      workers_.push_back(std::make_unique<UdpWorker>(number++, options_, clock, box_, counters_,
                                                     random, pair.udp));
      tcp.push_back(pair.tcp);
    }
    workers_.push_back(std::make_unique<TcpWorker>(number++, options_, clock, box_, counters_,
                                                   random, std::move(tcp)));
  }
}

Server::~Server() {
  stop();
}

void Server::start() {
  for (const std::unique_ptr<Worker>& worker : workers_) {
    threads_.emplace_back([&worker = *worker] { worker.run(); });
  }
}

void Server::stop() {
  for (const std::unique_ptr<Worker>& worker : workers_) {
    worker->stop();
  }
  for (std::thread& thread : threads_) {
    thread.join();
  }
  threads_.clear();
}

}  // namespace securecart::traffic::dns
