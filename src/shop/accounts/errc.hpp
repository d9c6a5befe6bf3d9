// What accounts refuse; shop_unknown and unauthorised stand beside the Authenticator.
#pragma once

#include "base/errors.hpp"
#include "shop/accounts/authenticator.hpp"
#include "shop/accounts/limits.hpp"

namespace securecart::shop::accounts::errc {

using securecart::errc::invalid_request;
using securecart::errc::not_found;
using securecart::errc::unavailable;
using securecart::errc::version_conflict;

// Unknown e-mail or wrong password; the answer never tells which.
inline constexpr ErrorKind bad_credentials{"bad_credentials", 401,
                                           "The e-mail address or the password is wrong."};
// Too many failed sign-ins for this e-mail address or from this network address; Retry-After says
// when the next one is heard.
inline constexpr ErrorKind login_throttled{"login_throttled", 429,
                                           "Too many failed attempts to sign in.", true};
// More passwords wait to be checked than limits::password_hashes_waiting.
inline constexpr ErrorKind sign_in_overloaded{
    "sign_in_overloaded", 503, "Too many people are signing in at this moment.", true};
// Another account of this shop has the e-mail address.
inline constexpr ErrorKind email_taken{"email_taken", 409,
                                       "An account with this e-mail address exists already."};
// The change would leave the shop without an owner who can sign in.
inline constexpr ErrorKind last_owner{"last_owner", 409,
                                      "A shop needs at least one owner who can sign in."};
// An order of the customer is still on its way; without an address it could not arrive.
inline constexpr ErrorKind customer_has_open_orders{
    "customer_has_open_orders", 409, "The customer has orders that are not completed."};
// The customer has limits::customer_addresses.
inline constexpr ErrorKind too_many_addresses{"too_many_addresses", 409,
                                              "This customer has as many addresses as one may."};
// The shop has limits::api_keys that are not revoked.
inline constexpr ErrorKind too_many_keys{"too_many_keys", 409,
                                         "This shop has as many keys as one may."};
// The shop has limits::shop_staff.
inline constexpr ErrorKind too_many_staff{"too_many_staff", 409,
                                          "This shop has as many members of staff as one may."};

}  // namespace securecart::shop::accounts::errc
