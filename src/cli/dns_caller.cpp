#include "cli/dns_caller.hpp"

#include <stdexcept>

#include "cli/dns_state.hpp"
#include "cli/limits.hpp"
#include "cli/wait.hpp"

namespace securecart::cli {
namespace {

constexpr auto patience = std::chrono::seconds(5);

struct Access {
  net::Url url;
  std::string token;
};

Access read_access(const std::filesystem::path& state) {
  const std::filesystem::path path = state / "admin.json";
  const std::optional<json::value> value = read_checked_file(path, limits::health_state_bytes);
  if (!value || !value->is_object()) {
    throw std::runtime_error("cannot read " + path.string() +
                             "; --state names the state_folder of the node's policy file");
  }
  const json::object& object = value->as_object();
  Result<net::Url> url = net::parse_url(get_string_or(object, "url", ""));
  if (!url) {
    throw std::runtime_error(path.string() + ": " + url.error().detail);
  }
  return {std::move(*url), std::string(get_string_or(object, "token", ""))};
}

}  // namespace

DnsCaller::DnsCaller(const std::filesystem::path& state)
    : runtime_(1, 1, clock_), client_(runtime_, {}) {
  Access access = read_access(state);
  url_ = std::move(access.url);
  token_ = std::move(access.token);
  runtime_.run();
}

DnsCaller::~DnsCaller() {
  runtime_.stop();
  runtime_.join();
}

json::value DnsCaller::get(const std::string& target) {
  net::ClientRequest request;
  request.target = target;
  return call(std::move(request));
}

json::value DnsCaller::post(const std::string& target, const json::object& body) {
  net::ClientRequest request;
  request.method = net::Method::post;
  request.target = target;
  request.headers.add("Content-Type", "application/json");
  request.body = to_string(json::value(body));
  return call(std::move(request));
}

json::value DnsCaller::call(net::ClientRequest request) {
  request.headers.add("Authorization", "Bearer " + token_);
  request.timeout = patience;
  const net::Response response =
      wait_on(runtime_.executor(0), client_.send(url_.peer, std::move(request)));
  const Result<json::value> body = parse_json(response.bytes());
  if (!body || !body->is_object()) {
    throw std::runtime_error("the node does not answer as a DNS node");
  }
  if (response.status >= 300) {
    throw std::runtime_error(std::string(get_string_or(body->as_object(), "detail", "refused")));
  }
  return *body;
}

void add_dns_state(CLI::App& word, std::string& state) {
  word.add_option("--state", state, "State folder of the running node (state_folder of its file)")
      ->capture_default_str();
}

}  // namespace securecart::cli
