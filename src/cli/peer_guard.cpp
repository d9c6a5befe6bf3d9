#include "cli/peer_guard.hpp"

#include <algorithm>

namespace securecart::cli {

bool PeerGuard::allows(const net::Request& request) const {
  if (request.path == "/livez" || request.path == "/readyz" || request.path == "/metrics") {
    return true;
  }
  return std::ranges::any_of(request.peer_roles, [this](const std::string& role) {
    return std::ranges::find(callers_, role) != callers_.end();
  });
}

Task<net::Response> PeerGuard::handle(net::Request request) {
  if (!allows(request)) {
    const Error error(errc::peer_not_allowed,
                      "Its certificate has to name the role web; see `securecart ca issue`.");
    co_return net::problem(error, request.request_id);
  }
  Task<net::Response> answering = inner_.handle(std::move(request));
  co_return co_await answering;
}

}  // namespace securecart::cli
