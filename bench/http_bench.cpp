// What the HTTP layer costs: the server of src/net with a handler that gives a constant answer,
// beside bare Beast (bench/bare_beast.hpp) doing the same, in turns, in one run.
//
//   http_bench [SECONDS]   for each measurement; default 2
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "bench/bare_beast.hpp"
#include "net/server.hpp"
#include "observe/metrics.hpp"

namespace securecart::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t answer_bytes = 1'200;  // a product
constexpr int rounds = 3;
constexpr std::string_view request =
    "GET /v1/store/products/prod_01?currency=EUR HTTP/1.1\r\n"
    "Host: shop.example\r\n"
    "User-Agent: http_bench\r\n"
    "Accept: application/json\r\n"
    "Accept-Encoding: gzip, deflate\r\n"
    "X-Publishable-Key: pk_01234567890123456789\r\n\r\n";

class ConstantHandler final : public net::Handler {
 public:
  explicit ConstantHandler(std::string json) : json_(std::move(json)) {}
  Task<net::Response> handle(net::Request) override { co_return net::json_response(200, json_); }

 private:
  const std::string json_;
};

// CPU seconds, user and system.
double cpu_seconds(int who) {
  rusage usage{};
  getrusage(who, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Keep-alive connections, each with one request under way at any time.
class Clients {
 public:
  Clients(std::uint16_t port, std::size_t count) : epoll_(epoll_create1(0)) {
    for (std::size_t i = 0; i < count; ++i) {
      connect(port);
    }
  }
  ~Clients() {
    for (const Connection& connection : connections_) {
      close(connection.socket);
    }
    close(epoll_);
  }
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  // Latencies of every request, in microseconds.
  std::vector<float> run(double seconds) {
    std::vector<float> latencies;
    latencies.reserve(1'000'000);
    for (Connection& connection : connections_) {
      send_request(connection);
    }
    const auto end = SteadyClock::now() + std::chrono::duration<double>(seconds);
    std::array<epoll_event, 256> events;
    while (SteadyClock::now() < end) {
      const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
      for (int i = 0; i < ready; ++i) {
        Connection& connection = connections_[events[static_cast<std::size_t>(i)].data.u64];
        receive(connection, latencies);
      }
    }
    return latencies;
  }

 private:
  struct Connection {
    int socket;
    SteadyClock::time_point sent{};
    std::size_t answer_size = 0;  // learnt from the first answer
    std::size_t received = 0;
  };

  void connect(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      throw std::runtime_error("cannot connect");
    }
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = connections_.size();
    epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
    connections_.push_back({socket});
  }

  static void send_request(Connection& connection) {
    connection.sent = SteadyClock::now();
    connection.received = 0;
    if (::send(connection.socket, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
      throw std::runtime_error("cannot send");
    }
  }

  static void receive(Connection& connection, std::vector<float>& latencies) {
    std::array<char, 16 * 1024> bytes;
    const ssize_t count = recv(connection.socket, bytes.data(), bytes.size(), 0);
    if (count <= 0) {
      throw std::runtime_error("the server closed a connection");
    }
    connection.received += static_cast<std::size_t>(count);
    if (connection.answer_size == 0) {
      const std::size_t head =
          std::string_view(bytes.data(), static_cast<std::size_t>(count)).find("\r\n\r\n");
      connection.answer_size = head + 4 + answer_bytes;
    }
    if (connection.received >= connection.answer_size) {
      latencies.push_back(
          std::chrono::duration<float, std::micro>(SteadyClock::now() - connection.sent).count());
      send_request(connection);
    }
  }

  int epoll_;
  std::vector<Connection> connections_;
};

struct Measured {
  double per_second;
  double cpu_microseconds;  // of the server, a request
};

Measured measure(std::string_view name, std::uint16_t port, std::size_t connections,
                 double seconds) {
  Clients clients(port, connections);
  const double process_before = cpu_seconds(RUSAGE_SELF);
  const double client_before = cpu_seconds(RUSAGE_THREAD);
  std::vector<float> latencies = clients.run(seconds);
  const double server_cpu =
      (cpu_seconds(RUSAGE_SELF) - process_before) - (cpu_seconds(RUSAGE_THREAD) - client_before);
  const auto count = static_cast<double>(latencies.size());
  std::ranges::sort(latencies);
  const auto percentile = [&latencies, count](double share) {
    return latencies.empty() ? 0.0F : latencies[static_cast<std::size_t>(share * (count - 1))];
  };
  const Measured measured{count / seconds, server_cpu * 1e6 / count};
  fmt::print(
      "  {:<10} {:>9.0f} requests/s   {:>6.2f} us CPU   p50 {:>6.0f} us   p99 {:>6.0f} us   "
      "p99.9 {:>6.0f} us\n",
      name, measured.per_second, measured.cpu_microseconds, percentile(0.5), percentile(0.99),
      percentile(0.999));
  std::fflush(stdout);
  return measured;
}

Measured measure_bare(std::size_t cores, std::size_t connections, double seconds) {
  const BareBeastServer server(cores, std::string(answer_bytes, 'j'));
  return measure("bare Beast", server.port(), connections, seconds);
}

Measured measure_ours(std::size_t cores, std::size_t connections, double seconds) {
  const SystemClock clock;
  observe::Metrics metrics;
  ConstantHandler handler(std::string(answer_bytes, 'j'));
  net::Runtime runtime(cores, 1, clock);
  net::ServerOptions options;
  options.name = "bench";
  net::Server server(runtime, options, handler, metrics);
  server.start();
  runtime.run();
  return measure("net::Server", server.port(), connections, seconds);
}

void compare(std::size_t cores, std::size_t connections, double seconds) {
  fmt::print("io threads: {}, connections: {}, bytes an answer: {}\n", cores, connections,
             answer_bytes);
  std::vector<double> rates;
  std::vector<double> costs;
  for (int round = 0; round < rounds; ++round) {
    const Measured bare = measure_bare(cores, connections, seconds);
    const Measured ours = measure_ours(cores, connections, seconds);
    rates.push_back(ours.per_second / bare.per_second);
    costs.push_back(ours.cpu_microseconds / bare.cpu_microseconds);
  }
  std::ranges::sort(rates);
  std::ranges::sort(costs);
  fmt::print("  of the bare rate: {:.0f} %, CPU a request: {:.0f} % (median of {})\n",
             100 * rates[rounds / 2], 100 * costs[rounds / 2], rounds);
}

}  // namespace
}  // namespace securecart::bench

int main(int argc, char** argv) {
  securecart::initialise_crypto();
  securecart::log::configure(securecart::log::Level::warn, securecart::log::Format::text);
  const double seconds = argc > 1 ? std::atof(argv[1]) : 2;
  securecart::bench::compare(1, 64, seconds);
  securecart::bench::compare(2, 256, seconds);
  return 0;
}
