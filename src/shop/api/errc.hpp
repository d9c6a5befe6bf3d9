// What the framework of the API refuses before a handler runs. With the errors of base/, net/ and
// accounts/ that it hands on, so that `api::errc::` reaches every error of a request's way.
#pragma once

#include "base/errors.hpp"
#include "net/errc.hpp"
#include "shop/accounts/authenticator.hpp"

namespace securecart::shop::api::errc {

// invalid_request, not_found, version_conflict, unavailable, internal
using namespace securecart::errc;  // NOLINT(google-build-using-namespace)
using accounts::errc::shop_unknown;
using accounts::errc::unauthorised;
using net::errc::body_too_large;
using net::errc::deadline_exceeded;
using net::errc::outcome_unknown;

// The operation requires the header Idempotency-Key.
inline constexpr ErrorKind idempotency_key_missing{
    "idempotency_key_missing", 400, "This operation requires the header Idempotency-Key."};
// The caller is known but may not do this.
inline constexpr ErrorKind forbidden{"forbidden", 403, "You may not do this."};
// The path exists, with other methods; the header Allow names them.
inline constexpr ErrorKind method_not_allowed{"method_not_allowed", 405,
                                              "This address does not take this method."};
// The Content-Type is not the one the operation takes.
inline constexpr ErrorKind unsupported_media_type{"unsupported_media_type", 415,
                                                  "The body is of a type this does not take."};
// The key was used before for another request: other body, other path, other caller.
inline constexpr ErrorKind idempotency_key_reused{
    "idempotency_key_reused", 422, "This Idempotency-Key belongs to another request."};
// The operation requires the header If-Match with the version that was read.
inline constexpr ErrorKind precondition_required{"precondition_required", 428,
                                                 "This operation requires the header If-Match."};
// One client writes faster than it may; Retry-After says when to go on.
inline constexpr ErrorKind rate_limited{"rate_limited", 429, "Too many requests.", true};
// More requests at once than this instance answers; nothing was done. Browsing is refused first.
inline constexpr ErrorKind overloaded{"overloaded", 503, "The service is busy.", true};

}  // namespace securecart::shop::api::errc
