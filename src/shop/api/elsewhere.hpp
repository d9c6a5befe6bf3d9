// What answers the operations of roles that do not run in this process: another process does, or
// nobody this instance knows.
#pragma once

#include <string_view>

#include "base/task.hpp"
#include "net/http.hpp"
#include "shop/api/operation.hpp"

namespace securecart::shop::api {

class Elsewhere {
 public:
  virtual ~Elsewhere() = default;
  virtual bool runs_here(std::string_view role) const = 0;
  // The whole answer. Errors: unavailable, outcome_unknown, misdirected_request. Throws
  // Unavailable.
  virtual Task<Result<net::Response>> answer(const Operation& operation, net::Request request) = 0;
};

namespace errc {
// The operation belongs to a role that this instance neither runs nor forwards to.
inline constexpr ErrorKind misdirected_request{"misdirected_request", 421,
                                               "This instance does not serve this operation."};
}  // namespace errc

}  // namespace securecart::shop::api
