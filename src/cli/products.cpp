#include "cli/products.hpp"

#include "cli/wait.hpp"

namespace securecart::cli {
namespace {

constexpr auto patience = std::chrono::minutes(2);

}  // namespace

AdminCaller::AdminCaller(const ApiAccess& access)
    : runtime_(1, 1, clock_),
      client_(runtime_, {}),
      url_(net::parse_url(access.url).value()),
      key_(access.secret_key) {
  runtime_.run();
}

AdminCaller::~AdminCaller() {
  runtime_.stop();
  runtime_.join();
}

net::Response AdminCaller::call(net::Method method, std::string target, std::string body,
                                net::Headers headers) {
  net::ClientRequest request;
  request.method = method;
  request.target = url_.path + target;
  request.headers = std::move(headers);
  request.headers.set("Authorization", "Bearer " + key_);
  request.body = std::move(body);
  request.timeout = patience;
  return wait_on(runtime_.executor(0), client_.send(url_.peer, std::move(request)));
}

}  // namespace securecart::cli
