// Fields that one SecureCart process sends to another beside the request it passes on.
//
//   X-Request-Deadline-Ms  milliseconds the caller still waits. Anybody may send it: it can only
//                          shorten the server's own deadline.
//   X-Forwarded-For        the client the request came from
//   X-Request-Id           the name the request has where it came in
//
// The last two are believed only of a trusted proxy, or of a peer whose certificate says that it
// may speak for others (ServerOptions::forwarding_roles).
#pragma once

#include <string_view>

namespace securecart::net {

inline constexpr std::string_view deadline_field = "X-Request-Deadline-Ms";
inline constexpr std::string_view forwarded_for_field = "X-Forwarded-For";
inline constexpr std::string_view forwarded_host_field = "X-Forwarded-Host";
inline constexpr std::string_view request_id_field = "X-Request-Id";

}  // namespace securecart::net
