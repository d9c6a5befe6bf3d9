// A TCP proxy before a broker: refuses, cuts and slows on purpose. It knows no protocol.
#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <csignal>
#include <list>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace securecart::test {

class BrokerProxy {
 public:
  explicit BrokerProxy(int target) : target_(target) {
    listener_ = listen_on(0);
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~BrokerProxy() {
    stopping_ = true;
    thread_.join();
    for (Link& link : links_) {
      close_link(link);
    }
    if (listener_ >= 0) {
      close(listener_);
    }
  }
  BrokerProxy(const BrokerProxy&) = delete;
  BrokerProxy& operator=(const BrokerProxy&) = delete;

  int port() const { return port_; }
  // Every connection is refused, those there are cut.
  void refuse(bool refused) { refused_ = refused; }
  // Cuts every connection there is, once.
  void cut() { cut_ = true; }
  // What the server answers is held back for so long, each piece of it.
  void delay(int millis) { delay_ = millis; }
  // What the server answers is thrown away: it takes everything and says nothing.
  void deafen(bool deaf) { deaf_ = deaf; }

 private:
  struct Link {
    int client = -1;
    int server = -1;
    bool dead = false;
  };

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

  static sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return address;
  }

  void run() {
    constexpr int tick_ms = 20;
    while (!stopping_) {
      apply_faults();
      std::vector<pollfd> sockets{{listener_, POLLIN, 0}};
      for (const Link& link : links_) {
        sockets.push_back({link.client, POLLIN, 0});
        sockets.push_back({link.server, POLLIN, 0});
      }
      poll(sockets.data(), sockets.size(), tick_ms);
      std::size_t at = 1;
      for (Link& link : links_) {
        if (sockets[at].revents != 0) {
          pass(link, link.client, link.server, false);
        }
        if (!link.dead && sockets[at + 1].revents != 0) {
          pass(link, link.server, link.client, true);
        }
        at += 2;
      }
      for (Link& link : links_) {
        if (link.dead) {
          close_link(link);
        }
      }
      links_.remove_if([](const Link& link) { return link.dead; });
      if (sockets[0].revents != 0) {
        accept_one();
      }
    }
  }

  void apply_faults() {
    if (refused_ && listener_ >= 0) {
      close(std::exchange(listener_, -1));
    } else if (!refused_ && listener_ < 0) {
      listener_ = listen_on(port_);
    }
    if (cut_.exchange(false) || refused_) {
      for (Link& link : links_) {
        close_link(link);
      }
      links_.clear();
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
    links_.push_back({client, server, false});
  }

  static void close_link(Link& link) {
    for (int* end : {&link.client, &link.server}) {
      if (*end >= 0) {
        close(std::exchange(*end, -1));
      }
    }
  }

  void pass(Link& link, int from, int to, bool answer) const {
    char buffer[65'536];
    const ssize_t size = recv(from, buffer, sizeof buffer, 0);
    if (size <= 0) {
      link.dead = true;
      return;
    }
    if (answer && deaf_) {
      return;
    }
    if (answer && delay_ > 0) {
      poll(nullptr, 0, delay_);
    }
    std::string_view bytes(buffer, static_cast<std::size_t>(size));
    while (!bytes.empty()) {
      const ssize_t sent = send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        link.dead = true;
        return;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  const int target_;
  int listener_ = -1;
  int port_ = 0;
  std::list<Link> links_;
  std::atomic<bool> refused_ = false;
  std::atomic<bool> cut_ = false;
  std::atomic<bool> deaf_ = false;
  std::atomic<int> delay_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace securecart::test
