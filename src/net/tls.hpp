// Who a process is towards others of the same installation, by certificate in both directions
// (mutual TLS 1.3), and whom it believes.
//
// A role stands in the certificate as a URI (RFC 5280 section 4.2.1.6), in the form SPIFFE uses:
//   spiffe://<trust domain>/role/<role>
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace securecart::net {

inline constexpr std::string_view role_uri_scheme = "spiffe://";
inline constexpr std::string_view role_uri_path = "/role/";

// "orders" of "spiffe://securecart/role/orders" in `trust_domain`; empty when it is none.
std::string_view role_of_uri(std::string_view uri, std::string_view trust_domain);

// PEM. The domain is taken from the certificate: peers of another one are nobody.
struct TlsMaterial {
  std::string certificate;
  std::string key;
  std::string trust;  // certificates of the authorities that are believed
};

// Certificate, key and trust, replaceable while in use: connections begun from then on use the new
// ones. Safe from several threads.
class TlsIdentity {
 public:
  // Throws std::runtime_error that says what is wrong with the material.
  explicit TlsIdentity(const TlsMaterial& material);
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;

  // The same; what was there stays when it throws.
  void replace(const TlsMaterial& material);

  const std::vector<std::string>& roles() const;  // of the first material
  Timestamp expires_at() const;

  // The implementation's own; seen by net/*.cpp.
  struct Contexts;
  std::shared_ptr<const Contexts> contexts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace securecart::net
