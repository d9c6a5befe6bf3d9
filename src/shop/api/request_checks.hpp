// The checks between knowing the operation and calling its handler that need nothing but the
// request: query, headers, body. Pure; ApiHandler puts them in order.
#pragma once

#include <optional>
#include <string_view>

#include "base/errors.hpp"
#include "base/json.hpp"
#include "shop/accounts/authenticator.hpp"
#include "shop/api/operation.hpp"
#include "shop/api/schema.hpp"

namespace securecart::shop::api {

// Who the request says it is from. Error: unauthorised when Authorization is not a Bearer.
Result<accounts::Credentials> read_credentials(const net::Request& request);

// Whether `caller` may call: unauthorised, forbidden.
std::optional<Error> check_access(const Operation& operation, const Caller& caller);

// Each parameter known, once, of its type and within its limits: invalid_request naming all that
// are not.
std::optional<Error> check_query(const Operation& operation, const net::Request& request);

// If-Match and Idempotency-Key where the operation requires them: precondition_required,
// idempotency_key_missing, invalid_request.
std::optional<Error> check_headers(const Operation& operation, const net::Request& request);

// The JSON body, checked against `schema`; null when the operation takes none or it was left out.
// `schema` is null when the operation takes no JSON. Errors: unsupported_media_type,
// invalid_request.
Result<json::value> read_body(const Operation& operation, const Schema* schema,
                              const net::Request& request);

// RFC 9110 section 13.1.2: whether If-None-Match names `etag` (or is "*").
bool none_match_names(std::string_view if_none_match, std::string_view etag);

}  // namespace securecart::shop::api
