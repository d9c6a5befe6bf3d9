// A blocking TCP connection for tests that speak HTTP byte by byte, well or badly.
#pragma once

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <cstdint>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace securecart::test {

struct RawResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;

  // Empty when absent.
  std::string header(std::string_view lower_case_name) const {
    for (const auto& [name, value] : headers) {
      if (name == lower_case_name) {
        return value;
      }
    }
    return {};
  }
};

class RawConnection {
 public:
  // Connects to 127.0.0.1; throws std::runtime_error.
  explicit RawConnection(std::uint16_t port)
      : RawConnection(Adopted{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      throw std::runtime_error("cannot connect to port " + std::to_string(port));
    }
  }
  // A connected socket, owned from now on.
  struct Adopted {
    int socket;
  };
  explicit RawConnection(Adopted adopted) : socket_(adopted.socket) {
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  ~RawConnection() {
    if (socket_ >= 0) {
      ::close(socket_);
    }
  }
  RawConnection(RawConnection&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), buffer_(std::move(other.buffer_)) {}
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  // False when the peer has gone.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) {
        return false;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  // The next response by Content-Length; nullopt when the peer closed before a whole one, or
  // nothing came for ten seconds. `without_body` for answers to HEAD.
  std::optional<RawResponse> read_response(bool without_body = false) {
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!read_more()) {
        return std::nullopt;
      }
    }
    RawResponse response = parse_head(buffer_.substr(0, end + 2));
    buffer_.erase(0, end + 4);
    const std::string length = response.header("content-length");
    const std::size_t bytes = without_body || length.empty() ? 0 : std::stoull(length);
    while (buffer_.size() < bytes) {
      if (!read_more()) {
        return std::nullopt;
      }
    }
    response.body = buffer_.substr(0, bytes);
    buffer_.erase(0, bytes);
    return response;
  }

  // True when the peer closes (or resets) within ten seconds and nothing more came before.
  bool closed_by_peer() {
    while (read_more()) {
    }
    return closed_ && buffer_.empty();
  }

  // Reads until `end` has come; everything up to it is dropped. False when it does not come.
  bool receive_until(std::string_view end) {
    for (;;) {
      const std::size_t found = buffer_.find(end);
      if (found != std::string::npos) {
        buffer_.erase(0, found + end.size());
        return true;
      }
      if (!read_more()) {
        return false;
      }
    }
  }

  int handle() const { return socket_; }

  void shutdown_send() { ::shutdown(socket_, SHUT_WR); }

  // Closes with RST, as a crashed peer does.
  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    ::close(std::exchange(socket_, -1));
  }

 private:
  bool read_more() {
    char bytes[16 * 1024];
    const ssize_t count = ::recv(socket_, bytes, sizeof(bytes), 0);
    if (count > 0) {
      buffer_.append(bytes, static_cast<std::size_t>(count));
      return true;
    }
    closed_ = count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
    return false;
  }

  static RawResponse parse_head(const std::string& head) {
    RawResponse response;
    std::size_t line = head.find("\r\n") + 2;
    response.status = std::stoi(head.substr(head.find(' ') + 1, 3));
    while (line < head.size()) {
      const std::size_t end = head.find("\r\n", line);
      const std::size_t colon = head.find(": ", line);
      std::string name = head.substr(line, colon - line);
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
      response.headers.emplace_back(std::move(name), head.substr(colon + 2, end - colon - 2));
      line = end + 2;
    }
    return response;
  }

  int socket_;
  std::string buffer_;
  bool closed_ = false;
};

}  // namespace securecart::test
