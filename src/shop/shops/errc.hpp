// What shops refuse.
#pragma once

#include "base/errors.hpp"
#include "shop/shops/limits.hpp"

namespace securecart::shop::shops::errc {

using securecart::errc::invalid_request;
using securecart::errc::not_found;
using securecart::errc::version_conflict;

// Another shop of this installation answers under this host name, or this one does already.
inline constexpr ErrorKind host_taken{"host_taken", 409, "This host name is in use already."};
// The shop has limits::shop_hosts.
inline constexpr ErrorKind too_many_hosts{"too_many_hosts", 409,
                                          "This shop has as many host names as one may."};
// default_tax_class_id names no tax class of this shop.
inline constexpr ErrorKind tax_class_unknown{"tax_class_unknown", 422,
                                             "This shop has no such tax class."};

}  // namespace securecart::shop::shops::errc
