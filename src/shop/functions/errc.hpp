// What can be wrong with a merchant's function.
#pragma once

#include "base/errors.hpp"

namespace securecart::shop::functions::errc {

// The source does not compile, or defines no function `run`; `detail` has the line.
inline constexpr ErrorKind function_invalid{"function_invalid", 422,
                                            "The source is not a function that can be run."};
// The shop has a function of this name.
inline constexpr ErrorKind function_name_taken{"function_name_taken", 409,
                                               "A function of the shop has this name."};
// The shop has as many functions, or the function as many versions, as there can be.
inline constexpr ErrorKind function_limit{"function_limit", 409,
                                          "There can be no more of them in this shop."};
// A function of the shop refused the cart, or could not be asked and is to refuse then.
inline constexpr ErrorKind order_refused{"order_refused", 422,
                                         "The shop does not accept this order."};

}  // namespace securecart::shop::functions::errc
