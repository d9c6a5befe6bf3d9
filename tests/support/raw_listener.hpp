// A listening socket on 127.0.0.1 for tests that play a server byte by byte.
#pragma once

#include <poll.h>
#include <stdexcept>

#include "tests/support/raw_connection.hpp"

namespace securecart::test {

class RawListener {
 public:
  static constexpr int backlog = 64;
  // On any free port; throws std::runtime_error.
  // No program that is started meanwhile keeps it open.
  RawListener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(socket_, backlog) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("cannot listen on 127.0.0.1");
    }
    port_ = ntohs(address.sin_port);
  }
  ~RawListener() { ::close(socket_); }
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;

  std::uint16_t port() const { return port_; }
  // Waits up to ten seconds; throws std::runtime_error.
  RawConnection accept() {
    const int socket = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) {
      throw std::runtime_error("nobody connected");
    }
    return RawConnection(RawConnection::Adopted{socket});
  }
  // Somebody has connected, or it is over.
  bool wait(int milliseconds) const {
    pollfd one{.fd = socket_, .events = POLLIN, .revents = 0};
    return ::poll(&one, 1, milliseconds) == 1;
  }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

}  // namespace securecart::test
