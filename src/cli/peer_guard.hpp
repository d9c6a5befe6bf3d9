// Who may ask an inner process for work: peers whose certificate names one of `callers`. Health and
// metrics are for everybody who has a certificate of the installation.
#pragma once

#include <string>
#include <vector>

#include "net/http.hpp"

namespace securecart::cli {

namespace errc {
// The peer's certificate is good, but its role may not ask for this.
inline constexpr ErrorKind peer_not_allowed{"peer_not_allowed", 403,
                                            "This peer may not ask this instance."};
}  // namespace errc

class PeerGuard final : public net::Handler {
 public:
  PeerGuard(net::Handler& inner, std::vector<std::string> callers)
      : inner_(inner), callers_(std::move(callers)) {}

  Task<net::Response> handle(net::Request request) override;
  std::size_t body_limit(net::Method method, std::string_view target) const override {
    return inner_.body_limit(method, target);
  }

 private:
  bool allows(const net::Request& request) const;

  net::Handler& inner_;
  const std::vector<std::string> callers_;
};

}  // namespace securecart::cli
