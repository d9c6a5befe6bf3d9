// HTTP/1.1 server (RFC 9112) on Beast: one acceptor a core on the same port (SO_REUSEPORT).
//
//   starting -> serving -> draining (readyz is 503, new requests are still answered, connections
//   close after their answer) -> closed
//
// What is not HTTP, or past a limit, is answered with a problem of errc.hpp and the connection
// closes. Timeouts are exact to a quarter of a second. Every answer carries Date, X-Request-Id and
// Content-Length; those and Connection are the server's, whatever the handler set.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/http.hpp"
#include "net/limits.hpp"
#include "net/runtime.hpp"
#include "net/tls.hpp"
#include "observe/metrics.hpp"

namespace securecart::net {

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  std::string name;        // label of this listener in metrics and logs: "api", "test-payments"
  std::size_t header_bytes = limits::request_header_bytes;
  std::size_t connections_per_core = limits::connections_per_core;
  Duration header_timeout =
      limits::header_timeout;                    // whole header, from its first byte: slow clients
  Duration body_timeout = limits::body_timeout;  // more for large ones: body_bytes_per_second
  Duration idle_timeout = limits::idle_timeout;
  Duration write_timeout = limits::write_timeout;
  Duration request_deadline = limits::request_deadline;
  // Addresses and networks ("10.0.0.0/8") whose X-Forwarded-For and X-Forwarded-Host count.
  std::vector<std::string> trusted_proxies = {};
  // Mutual TLS: who does not show a certificate of this installation gets no connection.
  std::shared_ptr<const TlsIdentity> identity = nullptr;
  // Roles whose certificate lets them say for whom they ask: X-Forwarded-For, X-Request-Id.
  std::vector<std::string> forwarding_roles = {};
};

class Server {
 public:
  // Binds and listens at once; throws std::system_error with the address when it cannot. `handler`
  // and `runtime` outlive the server.
  Server(Runtime& runtime, ServerOptions options, Handler& handler, observe::Metrics& metrics);
  // Closes every connection; waits for the running handlers, whose answers are dropped. When the
  // runtime has stopped, they are destroyed where they wait. Not on an io thread.
  ~Server();

  std::uint16_t port() const;
  void start();
  // Graceful drain (callable from any thread; a later call can only shorten it): from now on each
  // answer says `Connection: close`. For `grace`, in which a balancer sees /readyz fail and goes
  // elsewhere, new connections are still taken and idle ones kept, so that no request under way to
  // us is lost; then the port closes and idle connections with it.
  void drain(Duration grace);
  // True when `grace` is over, no handler runs and no connection is open.
  bool drained() const;
  std::size_t open_connections() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace securecart::net
