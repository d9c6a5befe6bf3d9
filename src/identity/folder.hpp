// Where authority and certificates are kept.
//
// The authority's folder (only its owner reads it):
//   authority.pem  key and certificate of the one that signs
//   next.pem       the one that will; while it is there, both are trusted
//   trust.pem      certificates that are believed
//
// A rotation of the authority, one step a call; between two steps every identity is issued again,
// so that nobody ever meets a certificate he does not believe:
//
//   steady --announce--> both are trusted, the old one signs
//          --switch----> both are trusted, the new one signs
//          --retire----> steady, with the new one
//
// An identity is one file, so that it is replaced whole: key, certificate, then the certificates it
// trusts.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "identity/authority.hpp"
#include "net/tls.hpp"

namespace securecart::identity {

enum class RotationStep { announced, switched, retired };

// Every member throws std::runtime_error with a message for the operator.
class AuthorityFolder {
 public:
  AuthorityFolder(std::filesystem::path folder, const Clock& clock, Random& random)
      : folder_(std::move(folder)), clock_(clock), random_(random) {}

  // Refuses when there is one already.
  void init(const std::string& trust_domain, Duration lifetime);
  // Writes an identity; over one that is there, in one step.
  void issue(const std::filesystem::path& file, NewCertificate wanted, Duration lifetime);
  // The same roles, addresses and hosts as in `file`, with a new key and the trust of today.
  void renew(const std::filesystem::path& file, Duration lifetime);
  RotationStep rotate(Duration lifetime);
  // The trusted authorities; the one that signs is the first.
  std::vector<Description> authorities() const;
  bool is_rotating() const;

 private:
  KeyPair signer() const;
  std::filesystem::path at(const char* name) const { return folder_ / name; }
  KeyPair make(const std::string& trust_domain, Duration lifetime);
  void write_trust(const std::vector<std::string>& certificates);

  const std::filesystem::path folder_;
  const Clock& clock_;
  Random& random_;
};

// An identity file, as net/ takes it. Throws std::runtime_error.
net::TlsMaterial read_material(const std::filesystem::path& file);

}  // namespace securecart::identity
