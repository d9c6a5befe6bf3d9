// The client against OpenSSL's own server side, with certificates made here.
#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "net/client.hpp"
#include "tests/support/raw_listener.hpp"

namespace securecart::net {
namespace {

using namespace std::chrono_literals;

template <class T, void (*release)(T*)>
struct Release {
  void operator()(T* object) const { release(object); }
};
using Certificate = std::unique_ptr<X509, Release<X509, X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY, EVP_PKEY_free>>;
using Context = std::unique_ptr<SSL_CTX, Release<SSL_CTX, SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, Release<SSL, SSL_free>>;

// A self-signed certificate for these subject alternative names ("DNS:localhost").
Certificate make_certificate(EVP_PKEY* key, const std::string& names) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  const unsigned char common_name[] = "test";
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common_name, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  X509_EXTENSION* extension =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
  X509_add_ext(certificate.get(), extension, -1);
  X509_EXTENSION_free(extension);
  X509_sign(certificate.get(), key, EVP_sha256());
  return certificate;
}

std::string to_pem(X509* certificate) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509(bio.get(), certificate);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

// Answers every request of every connection with its body's size, on a thread of its own.
class TlsServer {
 public:
  explicit TlsServer(const std::string& names)
      : key_(EVP_EC_gen("P-256")),
        certificate_(make_certificate(key_.get(), names)),
        context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_use_certificate(context_.get(), certificate_.get());
    SSL_CTX_use_PrivateKey(context_.get(), key_.get());
    thread_ = std::jthread([this] { run(); });
  }
  ~TlsServer() {
    ended_ = true;
    test::RawConnection wake(listener_.port());
    thread_ = {};
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::uint16_t port() const { return listener_.port(); }
  std::string pem() const { return to_pem(certificate_.get()); }
  int connections() const { return connections_; }

 private:
  void run() {
    for (;;) {
      const test::RawConnection connection = listener_.accept();
      if (ended_) {
        return;
      }
      const Ssl ssl(SSL_new(context_.get()));
      SSL_set_fd(ssl.get(), connection.handle());
      if (SSL_accept(ssl.get()) == 1) {
        ++connections_;
        while (answer(ssl.get())) {
        }
      }
    }
  }

  static bool answer(SSL* ssl) {
    std::string head;
    char c = 0;
    while (!head.ends_with("\r\n\r\n")) {
      if (SSL_read(ssl, &c, 1) <= 0) {
        return false;
      }
      head.push_back(c);
    }
    const std::size_t at = head.find("Content-Length: ");
    const std::size_t length = at == std::string::npos ? 0 : std::stoull(head.substr(at + 16));
    std::string body(length, '\0');
    std::size_t got = 0;
    while (got < length) {
      const int count = SSL_read(ssl, body.data() + got, static_cast<int>(length - got));
      if (count <= 0) {
        return false;
      }
      got += static_cast<std::size_t>(count);
    }
    const std::string response =
        "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n" + body;
    return SSL_write(ssl, response.data(), static_cast<int>(response.size())) > 0;
  }

  Key key_;
  Certificate certificate_;
  Context context_;
  test::RawListener listener_;
  std::atomic<bool> ended_ = false;
  std::atomic<int> connections_ = 0;
  std::jthread thread_;
};

class ClientTlsTest : public testing::Test {
 protected:
  ClientTlsTest() { runtime_.run(); }

  Response send(Client& client, const Peer& peer, std::string body = {}) {
    std::promise<std::variant<Response, std::string>> promise;
    runtime_.executor(0).post([&] {
      ClientRequest request;
      request.method = Method::post;
      request.target = "/";
      request.body = std::move(body);
      request.timeout = 10s;
      start(client.send(peer, std::move(request)),
            [&promise](std::variant<Response, std::exception_ptr> outcome) {
              try {
                if (outcome.index() == 1) {
                  std::rethrow_exception(std::get<1>(outcome));
                }
                promise.set_value(std::move(std::get<0>(outcome)));
              } catch (const HttpError& error) {
                promise.set_value((error.outcome_unknown ? "unknown: " : "not sent: ") +
                                  std::string(error.what()));
              }
            });
    });
    std::variant<Response, std::string> outcome = promise.get_future().get();
    if (const std::string* error = std::get_if<std::string>(&outcome)) {
      throw std::runtime_error(*error);
    }
    return std::get<Response>(std::move(outcome));
  }

  std::string error_of(Client& client, const Peer& peer) {
    try {
      send(client, peer);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "no error";
  }

  SystemClock clock_;
  Runtime runtime_{1, 1, clock_};
};

TEST_F(ClientTlsTest, TalksToAPeerItTrusts) {
  TlsServer server("DNS:localhost,IP:127.0.0.1");
  {
    Client client(runtime_, {.tls_trust_pem = server.pem()});
    for (const std::size_t size : {0UZ, 5UZ, 3UZ * 1024 * 1024}) {
      const std::string body(size, 'x');
      EXPECT_EQ(send(client, {"localhost", server.port(), true}, body).body, body);
    }
    EXPECT_EQ(server.connections(), 1);
  }
  Client client(runtime_, {.tls_trust_pem = server.pem()});
  EXPECT_EQ(send(client, {"127.0.0.1", server.port(), true}, "a").body, "a");
}

TEST_F(ClientTlsTest, RefusesAnotherName) {
  TlsServer server("DNS:shop.example");
  Client client(runtime_, {.tls_trust_pem = server.pem()});
  for (const char* host : {"localhost", "127.0.0.1"}) {
    const std::string error = error_of(client, {host, server.port(), true});
    EXPECT_TRUE(error.starts_with("not sent: ")) << error;
    EXPECT_NE(error.find("certificate"), std::string::npos) << error;
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(ClientTlsTest, RefusesAStranger) {
  TlsServer server("DNS:localhost");
  TlsServer another("DNS:localhost");
  Client client(runtime_, {.tls_trust_pem = another.pem()});
  const std::string error = error_of(client, {"localhost", server.port(), true});
  EXPECT_TRUE(error.starts_with("not sent: ")) << error;
  Client by_system(runtime_, {});
  EXPECT_TRUE(error_of(by_system, {"localhost", server.port(), true}).starts_with("not sent: "));
  EXPECT_THROW(Client(runtime_, {.tls_trust_pem = "no certificate"}), std::runtime_error);
}

TEST_F(ClientTlsTest, FailsWhenThePeerSpeaksPlainly) {
  test::RawListener listener;
  std::jthread peer([&listener] {
    test::RawConnection connection = listener.accept();
    connection.send("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  Client client(runtime_, {});
  const std::string error = error_of(client, {"127.0.0.1", listener.port(), true});
  EXPECT_TRUE(error.starts_with("not sent: ")) << error;
}

}  // namespace
}  // namespace securecart::net
