// What can be wrong with a product or a collection. Errors every module shares are in
// base/errors.hpp.
#pragma once

#include "base/errors.hpp"

namespace securecart::shop::catalog::errc {

// invalid_request, not_found, version_conflict
using namespace securecart::errc;  // NOLINT(google-build-using-namespace)

// Another product (or another collection) of the shop has this handle.
inline constexpr ErrorKind handle_taken{"handle_taken", 409, "This handle is in use already."};
// The body has the right shape but its parts do not fit together: a variant without its options, a
// price in a currency the shop does not sell in, the same option value twice. `fields` says where.
inline constexpr ErrorKind product_invalid{"product_invalid", 422,
                                           "The parts of this product do not fit together."};
// The description, image or position of a collection is not usable. `fields` says where.
inline constexpr ErrorKind collection_invalid{"collection_invalid", 422,
                                              "This collection is not usable."};
// A product keeps at least one variant.
inline constexpr ErrorKind last_variant{"last_variant", 409,
                                        "A product keeps at least one variant."};
// Another writer was faster every time it was tried.
inline constexpr ErrorKind product_busy{"product_busy", 409, "This product is being changed.",
                                        true};

}  // namespace securecart::shop::catalog::errc
