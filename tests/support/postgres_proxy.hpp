// A TCP proxy before PostgreSQL that fails on purpose, also at the one moment that matters most: it
// knows the protocol well enough to see COMMIT go by.
#pragma once

#include <arpa/inet.h>
#include <atomic>
#include <csignal>
#include <list>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace securecart::test {

class PostgresProxy {
 public:
  enum class Cut {
    none,
    before_commit,  // COMMIT never reaches the server
    after_commit,   // the server commits, its answer never comes back
  };

  explicit PostgresProxy(int target) : target_(target) {
    listener_ = listen_on(0);
    sockaddr_in address{};
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~PostgresProxy() {
    stopping_ = true;
    thread_.join();
    for (Link& link : links_) {
      close_link(link);
    }
    if (listener_ >= 0) {
      close(listener_);
    }
  }
  PostgresProxy(const PostgresProxy&) = delete;
  PostgresProxy& operator=(const PostgresProxy&) = delete;

  int port() const { return port_; }
  std::string url(const std::string& database) const {
    return "postgres://shop@127.0.0.1:" + std::to_string(port_) + "/" + database;
  }

  // Cuts the next connection that commits. How often it happened is in cuts().
  void cut_next(Cut cut) { cut_ = cut; }
  // Cuts one commit in `every`, by turns before and after; 0: none.
  void cut_every(int every) { every_ = every; }
  int cuts() const { return cuts_; }
  // Every connection is refused, those there are cut.
  void refuse(bool refused) { refused_ = refused; }
  // What the server answers is held back for so long.
  void delay(int millis) { delay_ = millis; }
  void connect_to(int target) { target_ = target; }

 private:
  struct Link {
    int client = -1;
    int server = -1;
    std::string unread;  // from the client, not yet understood
    bool started = false;
    std::set<std::string> commits;  // names of prepared COMMITs
    bool deaf = false;              // answers are thrown away, and then it is cut
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
      apply_refusal();
      std::vector<pollfd> sockets{{listener_, POLLIN, 0}};
      for (const Link& link : links_) {
        sockets.push_back({link.client, POLLIN, 0});
        sockets.push_back({link.server, POLLIN, 0});
      }
      poll(sockets.data(), sockets.size(), tick_ms);
      std::size_t at = 1;
      for (Link& link : links_) {
        if (sockets[at].revents != 0) {
          from_client(link);
        }
        if (!link.dead && sockets[at + 1].revents != 0) {
          from_server(link);
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

  void from_server(Link& link) {
    char buffer[65'536];
    const ssize_t size = recv(link.server, buffer, sizeof buffer, 0);
    if (size <= 0 || link.deaf) {
      link.dead = true;  // deaf: the commit is answered, so it has happened
      return;
    }
    if (delay_ > 0) {
      poll(nullptr, 0, delay_);
    }
    link.dead = !send_all(link.client, {buffer, static_cast<std::size_t>(size)});
  }

  void from_client(Link& link) {
    char buffer[65'536];
    const ssize_t size = recv(link.client, buffer, sizeof buffer, 0);
    if (size <= 0) {
      link.dead = true;
      return;
    }
    link.unread.append(buffer, static_cast<std::size_t>(size));
    std::string through;
    while (!link.dead) {
      const std::size_t length = message_length(link);
      if (length == 0 || link.unread.size() < length) {
        break;
      }
      const std::string message = link.unread.substr(0, length);
      link.unread.erase(0, length);
      if (understand(link, message)) {
        through += message;
      }
    }
    if (!send_all(link.server, through)) {
      link.dead = true;
    }
  }

  static std::size_t number_at(std::string_view text, std::size_t at) {
    std::size_t number = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      number = number << 8U | static_cast<unsigned char>(text[at + i]);
    }
    return number;
  }

  // Of the first message, with its header; 0: not known yet.
  static std::size_t message_length(const Link& link) {
    const std::size_t header = link.started ? 5 : 4;
    if (link.unread.size() < header) {
      return 0;
    }
    return number_at(link.unread, header - 4) + header - 4;
  }

  // False: the message does not go through.
  bool understand(Link& link, const std::string& message) {
    if (!link.started) {
      constexpr std::size_t ssl_request = 80'877'103;
      constexpr std::size_t gss_request = 80'877'104;
      const std::size_t code = number_at(message, 4);
      link.started = code != ssl_request && code != gss_request;
      return true;
    }
    const std::size_t first_end = message.find('\0', 5);
    if (message[0] == 'P' && first_end != std::string::npos) {
      const std::string sql = message.c_str() + first_end + 1;
      if (sql == "COMMIT") {
        link.commits.insert(message.substr(5, first_end - 5));
      }
    }
    if (message[0] == 'B' && first_end != std::string::npos) {
      const std::string statement = message.c_str() + first_end + 1;
      return !link.commits.contains(statement) || at_commit(link);
    }
    return true;
  }

  bool at_commit(Link& link) {
    Cut cut = cut_.exchange(Cut::none);
    ++commits_;
    if (cut == Cut::none && every_ > 0 && commits_ % every_ == 0) {
      cut = (commits_ / every_) % 2 == 0 ? Cut::before_commit : Cut::after_commit;
    }
    cuts_ += cut == Cut::none ? 0 : 1;
    if (cut == Cut::before_commit) {
      link.dead = true;
      return false;
    }
    link.deaf = link.deaf || cut == Cut::after_commit;
    return true;
  }

  std::atomic<int> target_;
  int listener_ = -1;
  int port_ = 0;
  std::list<Link> links_;
  int commits_ = 0;
  std::atomic<Cut> cut_ = Cut::none;
  std::atomic<int> every_ = 0;
  std::atomic<int> cuts_ = 0;
  std::atomic<bool> refused_ = false;
  std::atomic<int> delay_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace securecart::test
