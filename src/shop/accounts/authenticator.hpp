// Finds out who is calling from what a request carries.
#pragma once

#include <string>

#include "base/errors.hpp"
#include "base/task.hpp"
#include "shop/accounts/caller.hpp"

namespace securecart::shop::accounts {

namespace errc {
// No shop answers to this publishable key or host name.
inline constexpr ErrorKind shop_unknown{"shop_unknown", 404,
                                        "No shop answers to this key or host name."};
// The credentials are missing where they are needed, unknown, revoked or expired.
inline constexpr ErrorKind unauthorised{"unauthorised", 401,
                                        "This needs credentials that are valid."};
}  // namespace errc

// What a request says about its sender; empty members were not sent.
struct Credentials {
  std::string host;             // Host without the port, lower case
  std::string publishable_key;  // X-Publishable-Key: pk_…
  std::string bearer;           // Authorization: Bearer …: sk_… a secret key, ss_… a staff session,
                                // cs_… a customer's session
};

class Authenticator {
 public:
  virtual ~Authenticator() = default;

  // The shop is that of the bearer when it is a secret key or a staff session, else that of the
  // publishable key, whatever the host, else that of the host. A token of another shop than the one
  // the publishable key (or, for a customer's, the host) names is unauthorised. Without a bearer
  // the caller is a guest of the shop. Errors: shop_unknown, unauthorised. `credentials` outlives
  // the task. Throws Unavailable.
  virtual Task<Result<Caller>> authenticate(const Credentials& credentials) = 0;
};

}  // namespace securecart::shop::accounts
