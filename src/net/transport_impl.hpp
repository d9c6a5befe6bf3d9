// A non-blocking byte stream to a peer: TCP, or TLS over it. For net/*.cpp only.
#pragma once

#include <memory>
#include <span>
#include <string>

#include <openssl/ssl.h>

#include "net/client.hpp"
#include "net/runtime_impl.hpp"
#include "net/tls_impl.hpp"

namespace securecart::net {

// Certificates to trust and the versions to speak; shared by all connections, on any thread.
class TlsSettings {
 public:
  // `trust_pem` empty: the system's certificates. Throws std::runtime_error when it is not PEM.
  explicit TlsSettings(const std::string& trust_pem);
  SSL_CTX* context() const { return context_.get(); }

 private:
  Context context_;
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
  explicit Transport(Socket accepted) : socket(std::move(accepted)) {}

  // After the socket is connected: prepares TLS, which checks that the peer is `host`.
  void start_tls(const TlsSettings& settings, const std::string& host);
  // Towards an instance that has to prove `role`.
  void start_mutual_tls(std::shared_ptr<const TlsIdentity::Contexts> identity, std::string role);
  // As the side that was connected to.
  void accept_tls(std::shared_ptr<const TlsIdentity::Contexts> identity);
  Attempt handshake();  // moved: done; only with TLS
  bool is_tls() const { return ssl_ != nullptr; }
  // What the peer's certificate says it is; after the handshake, with an identity.
  std::vector<std::string> peer_roles() const;
  // Says that nothing more will be written.
  void end_writing();

  Attempt read(std::span<char> into);
  Attempt write(std::string_view first, std::string_view second);
  // False when the peer has closed an idle connection or sent what nobody asked for.
  bool still_good();

  Socket socket;

 private:
  Attempt tls_result(int result) const;
  void attach(SSL_CTX* context);
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  std::unique_ptr<SSL, Free> ssl_;
  std::shared_ptr<const TlsIdentity::Contexts> identity_;
  std::string wanted_role_;  // of the peer; empty: none in particular
};

}  // namespace securecart::net
