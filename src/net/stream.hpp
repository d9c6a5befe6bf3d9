// A byte stream to a peer, TCP or TLS, for protocols other than HTTP: driven by one core, told of
// what happens through callbacks on that core's thread.
//
//   connect ──▶ opened ──▶ received, received, … ──▶ closed
//       └──────────────────────────────────────────────┘
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "net/client.hpp"

namespace securecart::net {

// Certificates to trust; shared by streams of any core.
class TlsSettings;
// `trust_pem` empty: the system's. Throws std::runtime_error when it is not PEM.
std::shared_ptr<const TlsSettings> tls_settings(const std::string& trust_pem);

class Stream {
 public:
  // Who is told. After closed() nothing more comes.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void opened() = 0;
    virtual void received(std::string_view bytes) = 0;
    virtual void closed(const std::string& why) = 0;
  };

  virtual ~Stream() = default;

  // Sends in order; what is written in one turn of the loop leaves together. Nothing before
  // opened().
  virtual void write(std::string_view bytes) = 0;
  // Bytes that were written here and not yet taken by the kernel.
  virtual std::size_t unsent() const = 0;
  // Ends it without telling the listener. May be called from its callbacks.
  virtual void close() = 0;
};

// Connects, on `executor` of a Runtime and from its thread; opened() or closed() comes within
// `timeout`. The listener is kept alive by a weak pointer: once it is gone the stream is closed.
// `tls` is needed when the peer says so.
std::shared_ptr<Stream> open_stream(Executor& executor, Peer peer, Duration timeout,
                                    std::shared_ptr<const TlsSettings> tls,
                                    std::weak_ptr<Stream::Listener> listener);

}  // namespace securecart::net
