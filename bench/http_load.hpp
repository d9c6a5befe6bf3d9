// One client process, one thread: keep-alive connections that send what a source gives them, either
// each as soon as its last answer came (closed loop, for the highest rate) or when a Poisson
// process says so (open loop: latencies count from when a request was due, not from when it could
// be sent).
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "base/prng.hpp"
#include "lab/arrivals.hpp"
#include "lab/latency.hpp"

namespace securecart::bench {

// The next request, whole; nullopt when there are no more.
using RequestSource = std::function<std::optional<std::string>()>;

struct LoadResult {
  double seconds = 0;
  std::uint64_t answered = 0;
  std::uint64_t failed = 0;   // of them, with another status than 2xx
  std::uint64_t missing = 0;  // due, but not answered when patience ended
  std::size_t body_bytes = 0;
  std::string first_failure;
  lab::LatencyHistogram latencies;

  double rate() const { return static_cast<double>(answered - failed) / seconds; }
};

class HttpLoad {
 public:
  // Connects to 127.0.0.1. Throws std::runtime_error.
  HttpLoad(std::uint16_t port, std::size_t connections) : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    connections_.resize(connections);
    for (std::size_t i = 0; i < connections; ++i) {
      connect(i, port);
    }
  }
  ~HttpLoad() {
    for (const Connection& connection : connections_) {
      close(connection.socket);
    }
    close(epoll_);
  }
  HttpLoad(const HttpLoad&) = delete;
  HttpLoad& operator=(const HttpLoad&) = delete;

  // Every connection always waits for an answer, for so long or until the source is dry.
  LoadResult closed(double seconds, const RequestSource& source) {
    result_ = {};
    const auto began = Steady::now();
    const auto end = began + std::chrono::duration<double>(seconds);
    while (Steady::now() < end) {
      while (!idle_.empty()) {
        std::optional<std::string> request = source();
        if (!request) {
          break;
        }
        send(std::move(*request), Steady::now());
      }
      if (busy() == 0) {
        break;
      }
      receive(std::chrono::milliseconds(50));
    }
    result_.seconds = std::chrono::duration<double>(Steady::now() - began).count();
    LoadResult measured = std::move(result_);
    settle();
    return measured;
  }

  // Requests come at `rate` a second on average, whatever the server does.
  LoadResult open(double rate, double seconds, Random& random, const RequestSource& source) {
    result_ = {};
    lab::Arrivals arrivals(rate, random);
    std::deque<Steady::time_point> due;
    const auto began = Steady::now();
    const auto end = began + std::chrono::duration_cast<Steady::duration>(
                                 std::chrono::duration<double>(seconds));
    auto next = began + arrivals.next();
    while (next < end || !due.empty() || busy() > 0) {
      const auto now = Steady::now();
      if (now > end + patience) {
        break;
      }
      for (; next <= now && next < end; next = began + arrivals.next()) {
        due.push_back(next);
      }
      while (!due.empty() && !idle_.empty()) {
        std::optional<std::string> request = source();
        if (!request) {
          throw std::runtime_error("more requests were due than were prepared");
        }
        send(std::move(*request), due.front());
        due.pop_front();
      }
      receive(next < end ? next - now : Steady::duration(std::chrono::milliseconds(50)));
    }
    result_.missing = due.size() + busy();
    result_.seconds =
        std::max(seconds, std::chrono::duration<double>(Steady::now() - began).count());
    LoadResult measured = std::move(result_);
    settle();
    return measured;
  }

 private:
  using Steady = std::chrono::steady_clock;
  static constexpr auto patience = std::chrono::seconds(3);

  struct Connection {
    int socket = -1;
    bool waiting = false;
    Steady::time_point due;
    std::string answer;
  };

  void connect(std::size_t index, std::uint16_t port) {
    Connection& connection = connections_[index];
    connection.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(connection.socket, reinterpret_cast<const sockaddr*>(&address),
                  sizeof(address)) != 0) {
      throw std::runtime_error("cannot connect");
    }
    const int on = 1;
    setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = index;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket, &event);
    idle_.push_back(index);
  }

  std::size_t busy() const { return connections_.size() - idle_.size(); }

  void send(const std::string& request, Steady::time_point due) {
    Connection& connection = connections_[idle_.back()];
    idle_.pop_back();
    connection.waiting = true;
    connection.due = due;
    connection.answer.clear();
    if (::send(connection.socket, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
      throw std::runtime_error("cannot send");
    }
  }

  void receive(Steady::duration wait) {
    const auto nanos = std::max<std::int64_t>(
        0, std::chrono::duration_cast<std::chrono::nanoseconds>(wait).count());
    const timespec timeout{nanos / 1'000'000'000, nanos % 1'000'000'000};
    std::array<epoll_event, 256> events;
    const int ready =
        epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
    for (int i = 0; i < ready; ++i) {
      receive_from(events[static_cast<std::size_t>(i)].data.u64);
    }
  }

  void receive_from(std::size_t index) {
    Connection& connection = connections_[index];
    std::array<char, 64 * 1024> bytes;
    const ssize_t count = recv(connection.socket, bytes.data(), bytes.size(), 0);
    if (count <= 0) {
      throw std::runtime_error("the server closed a connection");
    }
    connection.answer.append(bytes.data(), static_cast<std::size_t>(count));
    const std::size_t head = connection.answer.find("\r\n\r\n");
    if (head == std::string::npos) {
      return;
    }
    const std::size_t body = content_length({connection.answer.data(), head + 2});
    if (connection.answer.size() >= head + 4 + body) {
      finish(index, head + 4, body);
    }
  }

  void finish(std::size_t index, std::size_t head, std::size_t body) {
    Connection& connection = connections_[index];
    ++result_.answered;
    result_.latencies.record(std::chrono::duration_cast<Duration>(Steady::now() - connection.due));
    result_.body_bytes = body;
    if (connection.answer[9] != '2') {
      ++result_.failed;
      if (result_.first_failure.empty()) {
        result_.first_failure = connection.answer.substr(head, 300);
      }
    }
    connection.waiting = false;
    idle_.push_back(index);
  }

  static std::size_t content_length(std::string_view head) {
    constexpr std::string_view name = "content-length: ";
    const auto at = std::search(head.begin(), head.end(), name.begin(), name.end(),
                                [](char a, char b) { return (a | 0x20) == (b | 0x20); });
    std::size_t length = 0;
    if (at != head.end()) {
      std::from_chars(&*at + name.size(), head.data() + head.size(), length);
    }
    return length;
  }

  // Answers still under way are awaited and not counted.
  void settle() {
    const auto end = Steady::now() + patience;
    while (busy() > 0 && Steady::now() < end) {
      receive(std::chrono::milliseconds(50));
    }
  }

  const int epoll_;
  std::vector<Connection> connections_;
  std::vector<std::size_t> idle_;
  LoadResult result_;
};

}  // namespace securecart::bench
