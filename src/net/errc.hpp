// What the HTTP layer itself refuses, before a handler sees the request.
#pragma once

#include "base/errors.hpp"
#include "net/limits.hpp"

namespace securecart::net::errc {

// Not HTTP/1.1 as RFC 9112 has it: request line, field, Host, Content-Length, chunk, target.
inline constexpr ErrorKind malformed_request{"malformed_request", 400,
                                             "The request is not valid HTTP."};
// The target's percent-encoding or the text inside it: bad percent sign, control character, encoded
// slash or backslash, bytes that are not UTF-8.
inline constexpr ErrorKind bad_encoding{"bad_encoding", 400,
                                        "The address is not encoded correctly."};
// The request did not arrive in time: ServerOptions::header_timeout, body_timeout.
inline constexpr ErrorKind request_timeout{"request_timeout", 408,
                                           "The request did not arrive in time.", true};
// More than Handler::body_limit; said before the body is read when Content-Length tells.
inline constexpr ErrorKind body_too_large{"body_too_large", 413, "The body is too large."};
// More than limits::request_target_bytes.
inline constexpr ErrorKind target_too_long{"target_too_long", 414, "The address is too long."};
// An `Expect` other than 100-continue.
inline constexpr ErrorKind expectation_failed{"expectation_failed", 417,
                                              "The server cannot meet this expectation."};
// More than ServerOptions::header_bytes or limits::request_header_fields.
inline constexpr ErrorKind header_too_large{"header_too_large", 431, "The header is too large."};
// A Transfer-Encoding other than chunked.
inline constexpr ErrorKind unsupported_transfer_encoding{
    "unsupported_transfer_encoding", 501, "The body is sent in a way this server does not know."};
// This listener has ServerOptions::connections_per_core connections on this core.
inline constexpr ErrorKind too_many_connections{"too_many_connections", 503,
                                                "Too many connections are open.", true};
// The handler took longer than ServerOptions::request_deadline. It may still take effect: send the
// same request again with the same Idempotency-Key.
inline constexpr ErrorKind deadline_exceeded{"deadline_exceeded", 504, "The answer took too long.",
                                             true};
// A dependency was lost while it was told to act. Send the same request again with the same
// Idempotency-Key.
inline constexpr ErrorKind outcome_unknown{
    "outcome_unknown", 504, "It is not known yet whether the request took effect.", true};
// Neither HTTP/1.1 nor HTTP/1.0.
inline constexpr ErrorKind unsupported_version{"unsupported_version", 505,
                                               "This server speaks HTTP/1.1."};
// parse_url: not an http or https URL with a host.
inline constexpr ErrorKind invalid_url{"invalid_url", 400, "This is not an http(s) URL."};

}  // namespace securecart::net::errc
