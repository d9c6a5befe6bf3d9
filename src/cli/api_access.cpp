#include "cli/api_access.hpp"

#include <stdexcept>

#include "base/files.hpp"
#include "cli/sample.hpp"
#include "identity/folder.hpp"
#include "lab/limits.hpp"

namespace securecart::cli {
namespace {

// Where serve opens when it is told nothing else.
constexpr std::string_view local_shop = "http://127.0.0.1:8080";

net::Url parse_or_throw(const std::string& url) {
  Result<net::Url> parsed = net::parse_url(url);
  if (!parsed) {
    throw std::runtime_error("'" + url + "' is no address: " + parsed.error().detail);
  }
  return std::move(*parsed);
}

void fill(std::string& option, const std::string& from_file) {
  option = option.empty() ? from_file : option;
}

net::Client::Options client_options(const ApiAccess& access) {
  net::Client::Options options;
  options.connections_per_peer = access.connections;
  options.idle_connections_per_peer = access.connections;
  options.waiting_per_peer = limits::shoppers_at_once;
  if (!access.identity.empty()) {
    options.identity = std::make_shared<net::TlsIdentity>(identity::read_material(access.identity));
  }
  if (!access.tls_ca.empty()) {
    options.tls_trust_pem = need_file(access.tls_ca);
  }
  return options;
}

}  // namespace

void add_api_access(CLI::App& word, ApiAccess& access) {
  word.add_option(
      "--url", access.url,
      "Address of the shop; without it the credentials', or " + std::string(local_shop));
  word.add_option("--admin-key", access.secret_key, "Secret key of the shop (sk_…)");
  word.add_option("--publishable-key", access.publishable_key,
                  "Publishable key (pk_…); without it one is made for the time");
  word.add_option("--credentials", access.credentials,
                  "File with address and keys, as serve and shop create write it")
      ->check(CLI::ExistingFile);
  word.add_option("--tls-ca", access.tls_ca,
                  "File of PEM certificates to trust for https, instead of the system's")
      ->check(CLI::ExistingFile);
  word.add_option("--connections", access.connections, "Most connections at once")
      ->check(CLI::Range(1U, 10'000U))
      ->capture_default_str();
  word.add_flag("--allow-remote", access.allow_remote, "The address may be another machine's");
}

void check_is_allowed(const std::string& url, const ApiAccess& access) {
  if (!access.allow_remote && !lab::is_loopback(parse_or_throw(url).peer)) {
    throw std::runtime_error(
        url + " is another machine. If it is yours to load and to read, say --allow-remote");
  }
}

ApiAccess resolved(ApiAccess access) {
  if (!access.credentials.empty()) {
    const Credentials file = read_credentials(access.credentials).value_or(Credentials{});
    fill(access.url, file.url);
    fill(access.secret_key, file.secret_key);
    fill(access.publishable_key, file.publishable_key);
    fill(access.test_payments_url, file.test_payments_url);
    fill(access.test_payments_secret, file.test_payments_secret);
  }
  fill(access.url, std::string(local_shop));
  if (access.secret_key.empty()) {
    throw std::runtime_error(
        "a secret key is needed: --admin-key sk_…, or --credentials FILE, which `serve` writes for "
        "its sample shop (DATA/sample-shop.json) and `shop create` for any other");
  }
  check_is_allowed(access.url, access);
  if (!access.test_payments_url.empty()) {
    check_is_allowed(access.test_payments_url, access);
  }
  return access;
}

ApiConnection::ApiConnection(const std::string& url, const ApiAccess& access)
    : runtime_(1, 1, clock_),
      client_(runtime_, client_options(access)),
      random_(SecureRandom().next()),
      api_(std::make_unique<lab::Api>(client_, parse_or_throw(url), clock_, random_)) {
  runtime_.run();
}

ApiConnection::~ApiConnection() {
  runtime_.stop();
  runtime_.join();
}

lab::Api ApiConnection::second_api(const std::string& url, const std::string& role) {
  net::Url address = parse_or_throw(url);
  address.peer.identity = address.peer.tls ? role : "";
  return {client_, std::move(address), clock_, random_};
}

}  // namespace securecart::cli
