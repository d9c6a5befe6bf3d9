// A non-blocking byte stream to a peer: TCP, or TLS over it. For net/*.cpp only.
#pragma once

#include <memory>
#include <span>
#include <string>

#include <openssl/ssl.h>

#include "net/client.hpp"
#include "net/runtime_impl.hpp"

namespace securecart::net {

// Certificates to trust and the versions to speak; shared by all connections, on any thread.
class TlsSettings {
 public:
  // `trust_pem` empty: the system's certificates. Throws std::runtime_error when it is not PEM.
  explicit TlsSettings(const std::string& trust_pem);
  SSL_CTX* context() const { return context_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, Free> context_;
};

// What one attempt to read or write came to.
struct Attempt {
  enum class Kind { moved, wait_read, wait_write, ended, failed };
  Kind kind;
  std::size_t bytes = 0;
  std::string what = {};  // of `failed`
};

class Transport {
 public:
  explicit Transport(Core& core) : socket(core.context().get_executor()) {}

  // After the socket is connected: prepares TLS, which checks that the peer is `host`.
  void start_tls(const TlsSettings& settings, const std::string& host);
  Attempt handshake();  // moved: done; only with TLS
  bool is_tls() const { return ssl_ != nullptr; }

  Attempt read(std::span<char> into);
  Attempt write(std::string_view first, std::string_view second);
  // False when the peer has closed an idle connection or sent what nobody asked for.
  bool still_good();

  Socket socket;

 private:
  Attempt tls_result(int result) const;
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  std::unique_ptr<SSL, Free> ssl_;
};

}  // namespace securecart::net
