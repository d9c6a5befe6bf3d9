// A small certificate authority for the processes of one installation: ECDSA P-256, X.509 v3
// (RFC 5280), certificates that live for hours and name roles. Pure: PEM in, PEM out; time and
// serial numbers are passed in.
//
// A certificate names each of its roles as a URI, spiffe://<trust domain>/role/<role>, and may name
// addresses and hosts. It is good for both sides of a TLS connection.
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/prng.hpp"

namespace securecart::identity {

struct KeyPair {
  std::string key;          // PEM, PKCS #8, not encrypted
  std::string certificate;  // PEM
};

struct NewAuthority {
  std::string trust_domain = "securecart";
  Timestamp from{};
  Timestamp until{};
};

struct NewCertificate {
  std::vector<std::string> roles = {};      // at least one: [a-z0-9-]+
  std::vector<std::string> addresses = {};  // "10.0.1.5"
  std::vector<std::string> hosts = {};      // DNS names
  Timestamp from{};
  Timestamp until{};
};

struct Description {
  std::string subject;
  std::string issuer;
  std::string fingerprint;  // SHA-256 of the certificate, hex
  bool is_authority = false;
  std::string trust_domain;  // empty when it names no role (of an authority: in its name)
  std::vector<std::string> roles;
  std::vector<std::string> addresses;
  std::vector<std::string> hosts;
  Timestamp from{};
  Timestamp until{};
};

// Serial numbers are 16 bytes of `random`. Errors (invalid_request) name what cannot be certified.
Result<KeyPair> make_authority(const NewAuthority& wanted, Random& random);
Result<KeyPair> issue(const KeyPair& authority, const NewCertificate& wanted, Random& random);

// Of the first certificate in `pem`.
Result<Description> describe(const std::string& pem);
// The certificates of a bundle, one by one, as PEM.
std::vector<std::string> split_certificates(const std::string& pem);

}  // namespace securecart::identity
