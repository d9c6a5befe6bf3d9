// HTTP/1.1 client on Beast with keep-alive connections per core and peer. No retries of its own:
// the one retry layer is resilience/retry.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.hpp"
#include "net/limits.hpp"
#include "net/runtime.hpp"
#include "net/tls.hpp"

namespace securecart::net {

struct Peer {
  std::string host;  // name or address (IPv6 without brackets)
  std::uint16_t port;
  bool tls = false;
  // With tls: the role the peer's certificate must name (identity/), instead of its host.
  std::string identity = {};
};
// "http://127.0.0.1:8080/base" -> peer and path prefix; Error (errc::invalid_url) names what is
// wrong. User names, queries and fragments are refused.
struct Url {
  Peer peer;
  std::string path;  // without a trailing slash; may be empty
};
Result<Url> parse_url(std::string_view text);

struct ClientRequest {
  Method method = Method::get;
  std::string target;  // origin form, already percent-encoded
  Headers headers;     // Host is added when absent; Content-Length and Connection are the client's
  std::string body;
  Duration timeout{};  // for the whole exchange; required, > 0
  // Sent as traceparent. Without one: a span of the trace that the log is in, if any.
  std::optional<observe::TraceContext> trace;
};

// What went wrong on the way. `maybe_sent` false: the peer cannot have acted on the request.
// `peer_reacted` true: somebody was there and refused, cut the connection, or spoke no HTTP; false:
// nothing came back in time, or there is no way there.
class HttpError : public Unavailable {
 public:
  HttpError(const std::string& what, bool maybe_sent, bool reacted = false)
      : Unavailable(what, maybe_sent), peer_reacted(reacted) {}
  bool peer_reacted;
};

class Client {
 public:
  struct Options {
    std::size_t idle_connections_per_peer = 64;  // a core
    std::size_t connections_per_peer = 1'024;    // a core; past it requests wait for one
    std::size_t waiting_per_peer = 4'096;        // a core; past it requests fail at once
    std::size_t response_body_bytes = limits::response_body_bytes;
    Duration connect_timeout = limits::client_connect_timeout;  // of TCP: a host that is gone
    // PEM certificates to trust for TLS instead of the system's; the peer's name is always checked.
    std::string tls_trust_pem = {};
    // Who this client is towards peers with an `identity`.
    std::shared_ptr<const TlsIdentity> identity = nullptr;
  };
  // `runtime` outlives the client. Throws std::runtime_error when tls_trust_pem is not PEM.
  Client(Runtime& runtime, Options options);
  // Requests still under way get no answer: let them end first, or stop the runtime.
  ~Client();

  // Any HTTP status is an answer; throws HttpError when there is none in time. Await it on an
  // executor of `runtime`. An idle connection the peer closed is replaced once, and only when not a
  // byte of the request was sent on it.
  Task<Response> send(Peer peer, ClientRequest request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace securecart::net
