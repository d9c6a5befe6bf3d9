#include "identity/folder.hpp"

#include <algorithm>
#include <stdexcept>

#include "identity/private_file.hpp"

namespace securecart::identity {

namespace {

using namespace std::chrono_literals;

constexpr const char* authority_file = "authority.pem";
constexpr const char* next_file = "next.pem";
constexpr const char* trust_file = "trust.pem";
// Machines whose clocks are a little behind believe a fresh certificate too.
constexpr Duration clock_slack = 5min;

KeyPair parse_pair(const std::filesystem::path& file) {
  const std::string text = read_private(file);
  const std::size_t certificate = text.find("-----BEGIN CERTIFICATE-----");
  if (certificate == std::string::npos || certificate == 0) {
    throw std::runtime_error(file.string() + " does not hold a key and a certificate");
  }
  return {text.substr(0, certificate), text.substr(certificate)};
}

template <class T>
T or_throw(Result<T> result) {
  if (!result) {
    throw std::runtime_error(result.error().detail);
  }
  return std::move(*result);
}

}  // namespace

KeyPair AuthorityFolder::make(const std::string& trust_domain, Duration lifetime) {
  const Timestamp now = clock_.now();
  NewAuthority wanted;
  wanted.trust_domain = trust_domain;
  wanted.from = now - std::chrono::duration_cast<Timestamp::duration>(clock_slack);
  wanted.until = now + std::chrono::duration_cast<Timestamp::duration>(lifetime);
  return or_throw(make_authority(wanted, random_));
}

void AuthorityFolder::write_trust(const std::vector<std::string>& certificates) {
  std::string bundle;
  for (const std::string& certificate : certificates) {
    bundle += certificate;
  }
  write_private(at(trust_file), bundle);
}

void AuthorityFolder::init(const std::string& trust_domain, Duration lifetime) {
  if (std::filesystem::exists(at(authority_file))) {
    throw std::runtime_error(folder_.string() +
                             " has an authority already; `securecart ca rotate` replaces it");
  }
  std::filesystem::create_directories(folder_);
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
  const KeyPair made = make(trust_domain, lifetime);
  write_trust({made.certificate});
  write_private(at(authority_file), made.key + made.certificate);
}

KeyPair AuthorityFolder::signer() const {
  if (!std::filesystem::exists(at(authority_file))) {
    throw std::runtime_error(folder_.string() +
                             " has no authority; `securecart ca init` makes one");
  }
  return parse_pair(at(authority_file));
}

bool AuthorityFolder::is_rotating() const {
  return std::filesystem::exists(at(next_file)) ||
         split_certificates(read_private(at(trust_file))).size() > 1;
}

void AuthorityFolder::issue(const std::filesystem::path& file, NewCertificate wanted,
                            Duration lifetime) {
  const KeyPair authority = signer();
  const Timestamp now = clock_.now();
  const Timestamp end = or_throw(describe(authority.certificate)).until;
  wanted.from = now - std::chrono::duration_cast<Timestamp::duration>(clock_slack);
  wanted.until = std::min(end, now + std::chrono::duration_cast<Timestamp::duration>(lifetime));
  if (wanted.until <= now) {
    throw std::runtime_error("the authority has expired; `securecart ca rotate` makes a new one");
  }
  const KeyPair made = or_throw(identity::issue(authority, wanted, random_));
  write_private(file, made.key + made.certificate + read_private(at(trust_file)));
}

void AuthorityFolder::renew(const std::filesystem::path& file, Duration lifetime) {
  const Description known = or_throw(describe(parse_pair(file).certificate));
  NewCertificate wanted;
  wanted.roles = known.roles;
  wanted.addresses = known.addresses;
  wanted.hosts = known.hosts;
  issue(file, std::move(wanted), lifetime);
}

// Each step can be repeated after a crash: it is decided by the files that are there, and the file
// that decides is written last.
RotationStep AuthorityFolder::rotate(Duration lifetime) {
  const KeyPair old = signer();
  if (!std::filesystem::exists(at(next_file))) {
    if (split_certificates(read_private(at(trust_file))).size() > 1) {
      write_trust({old.certificate});
      return RotationStep::retired;
    }
    const KeyPair next = make(or_throw(describe(old.certificate)).trust_domain, lifetime);
    write_private(at(next_file), next.key + next.certificate);
    write_trust({old.certificate, next.certificate});
    return RotationStep::announced;
  }
  const KeyPair next = parse_pair(at(next_file));
  write_trust({next.certificate, old.certificate});
  std::filesystem::rename(at(next_file), at(authority_file));
  return RotationStep::switched;
}

std::vector<Description> AuthorityFolder::authorities() const {
  const std::string signing = or_throw(describe(signer().certificate)).fingerprint;
  std::vector<Description> all;
  for (const std::string& pem : split_certificates(read_private(at(trust_file)))) {
    all.push_back(or_throw(describe(pem)));
  }
  std::ranges::partition(all,
                         [&signing](const Description& one) { return one.fingerprint == signing; });
  return all;
}

net::TlsMaterial read_material(const std::filesystem::path& file) {
  const KeyPair parts = parse_pair(file);
  const std::vector<std::string> certificates = split_certificates(parts.certificate);
  net::TlsMaterial material;
  material.key = parts.key;
  material.certificate = certificates.empty() ? "" : certificates.front();
  for (std::size_t i = 1; i < certificates.size(); ++i) {
    material.trust += certificates[i];
  }
  return material;
}

}  // namespace securecart::identity
