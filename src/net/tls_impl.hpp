// The inside of TlsIdentity, for net/*.cpp only: this header brings OpenSSL along.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/ssl.h>

#include "net/tls.hpp"

namespace securecart::net {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

struct TlsIdentity::Contexts {
  explicit Contexts(const TlsMaterial& material);
  Context server;
  Context client;
  std::string trust_domain;
  std::vector<std::string> roles;
  Timestamp expires_at;
};

// Lets a context believe what the PEM text certifies. How many certificates that were.
int add_trust(SSL_CTX* context, const std::string& pem);

// The roles a certificate names in that domain.
std::vector<std::string> roles_of(const X509* certificate, std::string_view trust_domain);

}  // namespace securecart::net
