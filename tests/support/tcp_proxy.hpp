// A TCP proxy on 127.0.0.1 that fails on purpose, whatever is spoken over it.
#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <deque>
#include <list>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace securecart::test {

class TcpProxy {
 public:
  explicit TcpProxy(int target) : target_(target) {
    listener_ = listen_on(0);
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~TcpProxy() {
    stopping_ = true;
    thread_.join();
    for (Link& link : links_) {
      close_link(link);
    }
    if (listener_ >= 0) {
      close(listener_);
    }
  }
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  int port() const { return port_; }
  // Every connection is refused, those there are cut.
  void refuse(bool refused) { refused_ = refused; }
  // What the server answers comes so much later, however much of it there is.
  void delay(int millis) { delay_ = millis; }
  // Nothing gets through in either direction, and nobody is told: a cut cable.
  void swallow(bool swallowed) { swallowed_ = swallowed; }

 private:
  using Moment = std::chrono::steady_clock::time_point;
  struct Late {
    Moment due;
    std::string bytes;
  };
  struct Link {
    int client = -1;
    int server = -1;
    std::deque<Late> answers;
    bool dead = false;
  };

  static sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
  }

  static int listen_on(int port) {
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = loopback(port);
    if (bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(descriptor, 64) != 0) {
      close(descriptor);
      throw std::runtime_error("the proxy cannot listen");
    }
    return descriptor;
  }

  void run() {
    constexpr int tick_ms = 2;
    while (!stopping_) {
      apply_refusal();
      // Deaf: poll() would come back at once for a hang-up or a connection that nobody takes.
      const bool deaf = swallowed_;
      const auto heard = [deaf](int socket) {
        return pollfd{.fd = deaf ? -1 : socket, .events = POLLIN, .revents = 0};
      };
      std::vector<pollfd> sockets{heard(listener_)};
      for (const Link& link : links_) {
        sockets.push_back(heard(link.client));
        sockets.push_back(heard(link.server));
      }
      poll(sockets.data(), sockets.size(), tick_ms);
      std::size_t at = 1;
      for (Link& link : links_) {
        if ((sockets[at].revents & POLLIN) != 0) {
          from_client(link);
        }
        if (!link.dead && (sockets[at + 1].revents & POLLIN) != 0) {
          from_server(link);
        }
        if (!link.dead && !swallowed_) {
          send_due(link);
        }
        at += 2;
      }
      for (Link& link : links_) {
        if (link.dead) {
          close_link(link);
        }
      }
      links_.remove_if([](const Link& link) { return link.dead; });
      if ((sockets[0].revents & POLLIN) != 0 && !swallowed_) {
        accept_one();
      }
    }
  }

  void apply_refusal() {
    if (refused_ && listener_ >= 0) {
      close(std::exchange(listener_, -1));
      for (Link& link : links_) {
        close_link(link);
      }
      links_.clear();
    } else if (!refused_ && listener_ < 0) {
      listener_ = listen_on(port_);
    }
  }

  void accept_one() {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) {
      return;
    }
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(target_);
    if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      close(client);
      close(server);
      return;
    }
    const int on = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Link& link = links_.emplace_back();
    link.client = client;
    link.server = server;
  }

  static void close_link(Link& link) {
    for (int* end : {&link.client, &link.server}) {
      if (*end >= 0) {
        close(std::exchange(*end, -1));
      }
    }
  }

  static bool send_all(int to, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        return false;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  static void from_client(Link& link) {
    char buffer[65'536];
    const ssize_t size = recv(link.client, buffer, sizeof buffer, 0);
    link.dead = size <= 0 || !send_all(link.server, {buffer, static_cast<std::size_t>(size)});
  }

  void from_server(Link& link) const {
    char buffer[65'536];
    const ssize_t size = recv(link.server, buffer, sizeof buffer, 0);
    if (size <= 0) {
      link.dead = true;
      return;
    }
    link.answers.push_back({std::chrono::steady_clock::now() + std::chrono::milliseconds(delay_),
                            {buffer, static_cast<std::size_t>(size)}});
  }

  static void send_due(Link& link) {
    while (!link.answers.empty() && link.answers.front().due <= std::chrono::steady_clock::now()) {
      link.dead = !send_all(link.client, link.answers.front().bytes);
      link.answers.pop_front();
    }
  }

  const int target_;
  int listener_ = -1;
  int port_ = 0;
  std::list<Link> links_;
  std::atomic<bool> refused_ = false;
  std::atomic<int> delay_ = 0;
  std::atomic<bool> swallowed_ = false;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace securecart::test
