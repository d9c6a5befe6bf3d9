// What can be wrong with the way to pay.
#pragma once

#include "base/errors.hpp"

namespace securecart::shop::payments::errc {

// The shop does not take payments through this provider; GET /v1/store/shop lists those it takes.
inline constexpr ErrorKind payment_provider_unavailable{"payment_provider_unavailable", 422,
                                                        "The shop does not take this way to pay."};
// A provider cannot be enabled before its keys are set, and all of them are of one mode.
inline constexpr ErrorKind payment_provider_incomplete{
    "payment_provider_incomplete", 422, "The provider's keys are not complete or do not match."};

}  // namespace securecart::shop::payments::errc
