#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <sys/socket.h>

#include <boost/asio/ip/address.hpp>
#include <climits>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "net/transport_impl.hpp"

namespace securecart::net {

namespace {

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL: a vanished peer would end the process.
int bio_write(BIO* bio, const char* bytes, int count) {
  BIO_clear_retry_flags(bio);
  const int socket = *static_cast<const int*>(BIO_get_data(bio));
  const ssize_t sent = ::send(socket, bytes, static_cast<std::size_t>(count), MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
    BIO_set_retry_write(bio);
  }
  return static_cast<int>(sent);
}

int bio_read(BIO* bio, char* bytes, int count) {
  BIO_clear_retry_flags(bio);
  const int socket = *static_cast<const int*>(BIO_get_data(bio));
  const ssize_t received = ::recv(socket, bytes, static_cast<std::size_t>(count), 0);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) {
    BIO_set_retry_read(bio);
  }
  return static_cast<int>(received);
}

long bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int bio_destroy(BIO* bio) {
  delete static_cast<int*>(BIO_get_data(bio));
  return 1;
}

BIO_METHOD* socket_method() {
  struct Free {
    void operator()(BIO_METHOD* method) const { BIO_meth_free(method); }
  };
  static const std::unique_ptr<BIO_METHOD, Free> method = [] {
    std::unique_ptr<BIO_METHOD, Free> made(
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "securecart socket"));
    BIO_meth_set_write(made.get(), bio_write);
    BIO_meth_set_read(made.get(), bio_read);
    BIO_meth_set_ctrl(made.get(), bio_control);
    BIO_meth_set_destroy(made.get(), bio_destroy);
    return made;
  }();
  return method.get();
}

BIO* make_bio(int socket) {
  BIO* bio = BIO_new(socket_method());
  if (bio == nullptr) {
    throw std::bad_alloc();
  }
  BIO_set_data(bio, new int(socket));
  BIO_set_init(bio, 1);
  return bio;
}

std::string tls_error() {
  const unsigned long code = ERR_get_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "the connection broke" : reason;
}

bool is_address(const std::string& host) {
  ErrorCode error;
  asio::ip::make_address(host, error);
  return !error;
}

}  // namespace

TlsSettings::TlsSettings(const std::string& trust_pem)
    : context_(SSL_CTX_new(TLS_client_method())) {
  if (!context_) {
    throw std::runtime_error("cannot set up TLS: " + tls_error());
  }
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context_.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (trust_pem.empty()) {
    SSL_CTX_set_default_verify_paths(context_.get());
  } else if (add_trust(context_.get(), trust_pem) == 0) {
    throw std::runtime_error("tls_trust_pem holds no PEM certificate");
  }
}

void Transport::attach(SSL_CTX* context) {
  ssl_.reset(SSL_new(context));
  if (!ssl_) {
    throw std::bad_alloc();
  }
  BIO* bio = make_bio(socket.native_handle());
  SSL_set_bio(ssl_.get(), bio, bio);
}

void Transport::start_mutual_tls(std::shared_ptr<const TlsIdentity::Contexts> identity,
                                 std::string role) {
  identity_ = std::move(identity);
  wanted_role_ = std::move(role);
  attach(identity_->client.get());
  SSL_set_connect_state(ssl_.get());
}

void Transport::accept_tls(std::shared_ptr<const TlsIdentity::Contexts> identity) {
  identity_ = std::move(identity);
  attach(identity_->server.get());
  SSL_set_accept_state(ssl_.get());
}

std::vector<std::string> Transport::peer_roles() const {
  const Certificate certificate(ssl_ ? SSL_get1_peer_certificate(ssl_.get()) : nullptr);
  return certificate && identity_ ? roles_of(certificate.get(), identity_->trust_domain)
                                  : std::vector<std::string>();
}

void Transport::end_writing() {
  if (ssl_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  ErrorCode error;
  socket.shutdown(Socket::shutdown_send, error);
}

void Transport::start_tls(const TlsSettings& settings, const std::string& host) {
  attach(settings.context());
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host.c_str());
  } else {
    SSL_set_hostflags(ssl_.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(ssl_.get(), host.c_str());
    SSL_set_tlsext_host_name(ssl_.get(), host.c_str());
  }
  SSL_set_connect_state(ssl_.get());
}

Attempt Transport::tls_result(int result) const {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE:
      return {Attempt::Kind::moved, static_cast<std::size_t>(result)};
    case SSL_ERROR_WANT_READ:
      return {Attempt::Kind::wait_read};
    case SSL_ERROR_WANT_WRITE:
      return {Attempt::Kind::wait_write};
    case SSL_ERROR_ZERO_RETURN:
      return {Attempt::Kind::ended};
    default:
      break;
  }
  const long verified = SSL_get_verify_result(ssl_.get());
  if (verified != X509_V_OK) {
    ERR_clear_error();
    return {Attempt::Kind::failed, 0,
            std::string("the peer's certificate is not acceptable: ") +
                X509_verify_cert_error_string(verified)};
  }
  return {Attempt::Kind::failed, 0, "TLS: " + tls_error()};
}

Attempt Transport::handshake() {
  ERR_clear_error();
  Attempt attempt = tls_result(SSL_do_handshake(ssl_.get()));
  if (attempt.kind != Attempt::Kind::moved || wanted_role_.empty()) {
    return attempt;
  }
  const std::vector<std::string> roles = peer_roles();
  if (std::ranges::find(roles, wanted_role_) == roles.end()) {
    return {Attempt::Kind::failed, 0,
            "the peer's certificate is not acceptable: it is not one of the role " + wanted_role_};
  }
  return attempt;
}

Attempt Transport::read(std::span<char> into) {
  if (ssl_) {
    ERR_clear_error();
    return tls_result(SSL_read(ssl_.get(), into.data(),
                               static_cast<int>(std::min<std::size_t>(into.size(), INT_MAX))));
  }
  ErrorCode error;
  const std::size_t bytes = socket.read_some(asio::buffer(into.data(), into.size()), error);
  if (error == asio::error::would_block) {
    return {Attempt::Kind::wait_read};
  }
  if (error == asio::error::eof) {
    return {Attempt::Kind::ended};
  }
  if (error) {
    return {Attempt::Kind::failed, 0, error.message()};
  }
  return {Attempt::Kind::moved, bytes};
}

Attempt Transport::write(std::string_view first, std::string_view second) {
  if (ssl_) {
    ERR_clear_error();
    const std::string_view piece = first.empty() ? second : first;
    return tls_result(SSL_write(ssl_.get(), piece.data(),
                                static_cast<int>(std::min<std::size_t>(piece.size(), INT_MAX))));
  }
  const std::array<asio::const_buffer, 2> pieces{asio::buffer(first), asio::buffer(second)};
  ErrorCode error;
  const std::size_t bytes = socket.write_some(pieces, error);
  if (error == asio::error::would_block) {
    return {Attempt::Kind::wait_write};
  }
  if (error) {
    return {Attempt::Kind::failed, 0, error.message()};
  }
  return {Attempt::Kind::moved, bytes};
}

bool Transport::still_good() {
  char byte = 0;
  if (ssl_) {
    // Session tickets and a close_notify arrive unasked: let OpenSSL read them.
    ERR_clear_error();
    const int result = SSL_peek(ssl_.get(), &byte, 1);
    const bool quiet = result <= 0 && SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ;
    ERR_clear_error();
    return quiet;
  }
  return ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

}  // namespace securecart::net
