#include "identity/authority.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <ctime>
#include <memory>
#include <stdexcept>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/crypto.hpp"

namespace securecart::identity {

namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(BIGNUM* number) const { BN_free(number); }
};
using Bio = std::unique_ptr<BIO, Free>;
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;

constexpr std::string_view authority_name = " authority";
constexpr std::string_view scheme = "spiffe://";
constexpr std::string_view role_path = "/role/";

// What OpenSSL cannot do with sound input is not an error of the caller's.
void must(bool good) {
  if (!good) {
    throw std::runtime_error("OpenSSL cannot make a certificate");
  }
}

int no_password(char*, int, int, void*) {
  return -1;
}

std::string contents(const Bio& bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

std::string to_pem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  must(bio && PEM_write_bio_X509(bio.get(), certificate) == 1);
  return contents(bio);
}

std::string to_pem(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_mem()));
  must(bio &&
       PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return contents(bio);
}

Bio reader(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

Certificate read_certificate(BIO* bio) {
  Certificate certificate(PEM_read_bio_X509(bio, nullptr, no_password, nullptr));
  ERR_clear_error();
  return certificate;
}

void set_time(ASN1_TIME* field, Timestamp time) {
  must(ASN1_TIME_set(field,
                     std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count()) !=
       nullptr);
}

Timestamp read_time(const ASN1_TIME* field) {
  std::tm parts{};
  ASN1_TIME_to_tm(field, &parts);
  return Timestamp(std::chrono::seconds(timegm(&parts)));
}

void set_serial(X509* certificate, Random& random) {
  std::array<unsigned char, 16> bytes{};
  for (unsigned char& byte : bytes) {
    byte = static_cast<unsigned char>(random.next());
  }
  bytes[0] =
      static_cast<unsigned char>((bytes[0] & 0x3fU) | 0x40U);  // positive, and always as long
  const std::unique_ptr<BIGNUM, Free> number(
      BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
  must(number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr);
}

void set_name(X509_NAME* name, const std::string& text) {
  must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                  reinterpret_cast<const unsigned char*>(text.data()),
                                  static_cast<int>(text.size()), -1, 0) == 1);
}

std::string read_name(const X509_NAME* name) {
  std::array<char, 256> text{};
  X509_NAME_get_text_by_NID(name, NID_commonName, text.data(), static_cast<int>(text.size()));
  return text.data();
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Free> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  must(extension && X509_add_ext(certificate, extension.get(), -1) == 1);
}

Certificate blank(const std::string& name, Timestamp from, Timestamp until, EVP_PKEY* key,
                  Random& random) {
  Certificate certificate(X509_new());
  must(certificate && X509_set_version(certificate.get(), X509_VERSION_3) == 1);
  set_serial(certificate.get(), random);
  set_time(X509_getm_notBefore(certificate.get()), from);
  set_time(X509_getm_notAfter(certificate.get()), until);
  set_name(X509_get_subject_name(certificate.get()), name);
  must(X509_set_pubkey(certificate.get(), key) == 1);
  return certificate;
}

bool is_label(std::string_view text, std::string_view others) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [others](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           others.find(c) != std::string_view::npos;
  });
}

bool is_address(const std::string& text) {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

Result<void> check(const NewCertificate& wanted) {
  if (wanted.roles.empty()) {
    return fail(errc::invalid_request, "A certificate names at least one role.");
  }
  for (const std::string& role : wanted.roles) {
    if (!is_label(role, "")) {
      return fail(errc::invalid_request, "'" + role + "' cannot be a role in a certificate.");
    }
  }
  for (const std::string& address : wanted.addresses) {
    if (!is_address(address)) {
      return fail(errc::invalid_request, "'" + address + "' is not an IP address.");
    }
  }
  for (const std::string& host : wanted.hosts) {
    if (!is_label(host, ".")) {
      return fail(errc::invalid_request, "'" + host + "' is not a host name.");
    }
  }
  if (wanted.until <= wanted.from) {
    return fail(errc::invalid_request, "A certificate ends after it begins.");
  }
  return {};
}

std::string names_of(const NewCertificate& wanted, const std::string& trust_domain) {
  std::string names;
  const auto add = [&names](std::string_view kind, std::string_view value) {
    names.append(names.empty() ? "" : ",").append(kind).append(value);
  };
  for (const std::string& role : wanted.roles) {
    add("URI:", std::string(scheme) + trust_domain + std::string(role_path) + role);
  }
  for (const std::string& address : wanted.addresses) {
    add("IP:", address);
  }
  for (const std::string& host : wanted.hosts) {
    add("DNS:", host);
  }
  return names;
}

std::string address_text(const ASN1_OCTET_STRING* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6;
  inet_ntop(family, ASN1_STRING_get0_data(bytes), text.data(), text.size());
  return text.data();
}

void read_names(const X509* certificate, Description& into) {
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_IPADD) {
      into.addresses.push_back(address_text(name->d.iPAddress));
      continue;
    }
    const std::string text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.ia5)),
                           static_cast<std::size_t>(ASN1_STRING_length(name->d.ia5)));
    const std::size_t path = text.find(role_path);
    if (name->type == GEN_DNS) {
      into.hosts.push_back(text);
    } else if (name->type == GEN_URI && text.starts_with(scheme) && path != std::string::npos) {
      into.trust_domain = text.substr(scheme.size(), path - scheme.size());
      into.roles.push_back(text.substr(path + role_path.size()));
    }
  }
  GENERAL_NAMES_free(names);
}

}  // namespace

Result<KeyPair> make_authority(const NewAuthority& wanted, Random& random) {
  if (!is_label(wanted.trust_domain, ".")) {
    return fail(errc::invalid_request,
                "'" + wanted.trust_domain + "' cannot be a trust domain: letters, digits, - and .");
  }
  const Key key(EVP_EC_gen("P-256"));
  must(key != nullptr);
  // Two authorities of one installation, of which one replaces the other, have different names.
  const std::string name = wanted.trust_domain + std::string(authority_name) + " " +
                           to_hex(std::to_string(random.next() % 100'000'000));
  const Certificate certificate = blank(name, wanted.from, wanted.until, key.get(), random);
  X509* self = certificate.get();
  must(X509_set_issuer_name(self, X509_get_subject_name(self)) == 1);
  add_extension(self, self, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(self, self, NID_subject_key_identifier, "hash");
  must(X509_sign(self, key.get(), EVP_sha256()) != 0);
  return KeyPair{to_pem(key.get()), to_pem(self)};
}

Result<KeyPair> issue(const KeyPair& authority, const NewCertificate& wanted, Random& random) {
  if (Result<void> good = check(wanted); !good) {
    return std::unexpected(std::move(good.error()));
  }
  const Certificate issuer = read_certificate(reader(authority.certificate).get());
  const Key issuer_key(
      PEM_read_bio_PrivateKey(reader(authority.key).get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  if (!issuer || !issuer_key || X509_check_private_key(issuer.get(), issuer_key.get()) != 1) {
    return fail(errc::invalid_request, "The authority's key and certificate do not fit.");
  }
  const std::string issuer_name = read_name(X509_get_subject_name(issuer.get()));
  const std::string trust_domain = issuer_name.substr(0, issuer_name.find(authority_name));
  const Key key(EVP_EC_gen("P-256"));
  must(key != nullptr);
  const Certificate certificate =
      blank(wanted.roles.front(), wanted.from, wanted.until, key.get(), random);
  X509* made = certificate.get();
  must(X509_set_issuer_name(made, X509_get_subject_name(issuer.get())) == 1);
  add_extension(made, issuer.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(made, issuer.get(), NID_key_usage, "critical,digitalSignature");
  add_extension(made, issuer.get(), NID_ext_key_usage, "serverAuth,clientAuth");
  add_extension(made, issuer.get(), NID_subject_alt_name, names_of(wanted, trust_domain));
  add_extension(made, issuer.get(), NID_authority_key_identifier, "keyid:always");
  must(X509_sign(made, issuer_key.get(), EVP_sha256()) != 0);
  return KeyPair{to_pem(key.get()), to_pem(made)};
}

Result<Description> describe(const std::string& pem) {
  const Certificate certificate = read_certificate(reader(pem).get());
  if (!certificate) {
    return fail(errc::invalid_request, "There is no certificate in PEM here.");
  }
  Description described;
  described.subject = read_name(X509_get_subject_name(certificate.get()));
  described.issuer = read_name(X509_get_issuer_name(certificate.get()));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size);
  described.fingerprint = to_hex({reinterpret_cast<const char*>(digest.data()), size});
  described.is_authority = X509_check_ca(certificate.get()) == 1;
  read_names(certificate.get(), described);
  if (described.is_authority) {
    described.trust_domain = described.subject.substr(0, described.subject.find(authority_name));
  }
  described.from = read_time(X509_get0_notBefore(certificate.get()));
  described.until = read_time(X509_get0_notAfter(certificate.get()));
  return described;
}

std::vector<std::string> split_certificates(const std::string& pem) {
  const Bio bio = reader(pem);
  std::vector<std::string> all;
  while (const Certificate certificate = read_certificate(bio.get())) {
    all.push_back(to_pem(certificate.get()));
  }
  return all;
}

}  // namespace securecart::identity
