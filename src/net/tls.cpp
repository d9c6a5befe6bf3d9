#include "net/tls.hpp"

#include <ctime>
#include <mutex>
#include <stdexcept>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "net/tls_impl.hpp"

namespace securecart::net {

namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

Bio reader(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// No pass phrase is ever asked for.
int no_password(char*, int, int, void*) {
  return -1;
}

Certificate read_certificate(const std::string& pem) {
  Certificate certificate(PEM_read_bio_X509(reader(pem).get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  if (!certificate) {
    throw std::runtime_error("the identity holds no certificate in PEM");
  }
  return certificate;
}

std::vector<std::string> uris_of(const X509* certificate) {
  std::vector<std::string> uris;
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_URI) {
      const ASN1_IA5STRING* text = name->d.uniformResourceIdentifier;
      uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                        static_cast<std::size_t>(ASN1_STRING_length(text)));
    }
  }
  GENERAL_NAMES_free(names);
  return uris;
}

std::string domain_of(const X509* certificate) {
  for (const std::string& uri : uris_of(certificate)) {
    const std::size_t path = uri.find(role_uri_path);
    if (uri.starts_with(role_uri_scheme) && path != std::string::npos) {
      return uri.substr(role_uri_scheme.size(), path - role_uri_scheme.size());
    }
  }
  throw std::runtime_error("the identity's certificate names no role");
}

Timestamp end_of(const X509* certificate) {
  std::tm parts{};
  ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts);
  return Timestamp(std::chrono::seconds(timegm(&parts)));
}

Context make_context(const SSL_METHOD* method, const TlsMaterial& material, X509* certificate) {
  Context context(SSL_CTX_new(method));
  if (!context) {
    throw std::runtime_error("cannot set up TLS");
  }
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // A resumed session would keep a peer in that a new trust bundle no longer believes.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  const Key key(PEM_read_bio_PrivateKey(reader(material.key).get(), nullptr, no_password, nullptr));
  const bool good = key && SSL_CTX_use_certificate(context.get(), certificate) == 1 &&
                    SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1 &&
                    SSL_CTX_check_private_key(context.get()) == 1;
  ERR_clear_error();
  if (!good) {
    throw std::runtime_error("the identity's key is missing or not that of its certificate");
  }
  if (add_trust(context.get(), material.trust) == 0) {
    throw std::runtime_error("the identity trusts no authority: its file has one certificate only");
  }
  return context;
}

}  // namespace

int add_trust(SSL_CTX* context, const std::string& pem) {
  const Bio bio = reader(pem);
  int count = 0;
  for (;;) {
    const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
    if (!certificate) {
      break;
    }
    // Its extensions are decoded when first asked for: now, before threads share it.
    X509_check_purpose(certificate.get(), -1, 0);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get());
    ++count;
  }
  ERR_clear_error();
  return count;
}

std::string_view role_of_uri(std::string_view uri, std::string_view trust_domain) {
  const std::string start =
      std::string(role_uri_scheme) + std::string(trust_domain) + std::string(role_uri_path);
  if (!uri.starts_with(start)) {
    return {};
  }
  const std::string_view role = uri.substr(start.size());
  return role.find('/') == std::string_view::npos ? role : std::string_view();
}

std::vector<std::string> roles_of(const X509* certificate, std::string_view trust_domain) {
  std::vector<std::string> roles;
  for (const std::string& uri : uris_of(certificate)) {
    if (const std::string_view role = role_of_uri(uri, trust_domain); !role.empty()) {
      roles.emplace_back(role);
    }
  }
  return roles;
}

TlsIdentity::Contexts::Contexts(const TlsMaterial& material) {
  const Certificate certificate = read_certificate(material.certificate);
  trust_domain = domain_of(certificate.get());
  roles = roles_of(certificate.get(), trust_domain);
  expires_at = end_of(certificate.get());
  server = make_context(TLS_server_method(), material, certificate.get());
  client = make_context(TLS_client_method(), material, certificate.get());
}

struct TlsIdentity::Impl {
  explicit Impl(const TlsMaterial& material)
      : contexts(std::make_shared<const Contexts>(material)), roles(contexts->roles) {}
  mutable std::mutex mutex;
  std::shared_ptr<const Contexts> contexts;
  const std::vector<std::string> roles;
};

TlsIdentity::TlsIdentity(const TlsMaterial& material) : impl_(std::make_unique<Impl>(material)) {}
TlsIdentity::~TlsIdentity() = default;

void TlsIdentity::replace(const TlsMaterial& material) {
  auto fresh = std::make_shared<const Contexts>(material);
  const std::lock_guard lock(impl_->mutex);
  impl_->contexts = std::move(fresh);
}

const std::vector<std::string>& TlsIdentity::roles() const {
  return impl_->roles;
}

Timestamp TlsIdentity::expires_at() const {
  return contexts()->expires_at;
}

std::shared_ptr<const TlsIdentity::Contexts> TlsIdentity::contexts() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->contexts;
}

}  // namespace securecart::net
