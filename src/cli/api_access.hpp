// How the words that look at a shop from outside reach it: an address and keys, or a credentials
// file (cli/sample.hpp) that has them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cli/command.hpp"
#include "lab/api.hpp"
#include "net/runtime.hpp"

namespace securecart::cli {

struct ApiAccess {
  std::string url;
  std::string secret_key;
  std::string publishable_key;
  std::string test_payments_url;
  std::string test_payments_secret;
  std::string credentials;
  std::string identity;  // file; who this is towards processes of roles
  std::string tls_ca;    // file of PEM certificates to trust for https
  std::size_t connections = 256;
  bool allow_remote = false;
};

// Adds --url, --admin-key, --publishable-key, --credentials, --tls-ca, --connections and
// --allow-remote.
void add_api_access(CLI::App& word, ApiAccess& access);

// Fills in from the credentials file what the options leave open. Throws std::runtime_error that
// says what is missing, and for an address outside of 127.0.0.0/8 unless it is allowed.
ApiAccess resolved(ApiAccess access);

// Throws std::runtime_error for an address outside of 127.0.0.0/8 unless that is allowed.
void check_is_allowed(const std::string& url, const ApiAccess& access);

// A client of its own on one io thread; everything ends with it.
class ApiConnection {
 public:
  ApiConnection(const std::string& url, const ApiAccess& access);
  ~ApiConnection();

  lab::Api& api() { return *api_; }
  Executor& executor() { return runtime_.executor(0); }
  // Another address over the same thread. With a `role`: of a process whose certificate has to name
  // it.
  lab::Api second_api(const std::string& url, const std::string& role = {});

 private:
  SystemClock clock_;
  net::Runtime runtime_;
  net::Client client_;
  Prng random_;
  std::unique_ptr<lab::Api> api_;
};

}  // namespace securecart::cli
