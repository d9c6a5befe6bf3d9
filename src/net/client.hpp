// HTTP/1.1 client on Beast with keep-alive connections per core and peer. No retries of its own: the
// one retry layer is resilience/retry.hpp.
#pragma once

#include <memory>
#include <string>

#include "base/limits.hpp"
#include "net/http.hpp"
#include "net/runtime.hpp"

namespace securecart::net {

struct Peer {
  std::string host;  // name or address
  std::uint16_t port;
  bool tls = false;
};
// "http://127.0.0.1:8080/base" -> peer and path prefix; Error names what is wrong.
struct Url {
  Peer peer;
  std::string path;  // without a trailing slash; may be empty
};
Result<Url> parse_url(std::string_view text);

struct ClientRequest {
  Method method = Method::get;
  std::string target;
  Headers headers;
  std::string body;
  Duration timeout{};  // for the whole exchange; required, > 0
  std::optional<observe::TraceContext> trace;  // sent as traceparent
};

// What went wrong on the way. `maybe_sent` false: the peer cannot have acted on the request.
class HttpError : public Unavailable {
 public:
  HttpError(const std::string& what, bool maybe_sent)
      : Unavailable(what, maybe_sent) {}
};

class Client {
 public:
  struct Options {
    std::size_t idle_connections_per_peer = 64;
    std::size_t connections_per_peer = 1'024;  // past it requests wait for one
    std::size_t response_body_bytes = limits::response_body_bytes;
  };
  Client(Runtime& runtime, Options options);
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
