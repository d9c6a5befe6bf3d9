// What can be wrong with stock.
#pragma once

#include "base/errors.hpp"

namespace securecart::shop::inventory::errc {

// Fewer units are left than asked for; `fields` names the lines.
inline constexpr ErrorKind out_of_stock{"out_of_stock", 409, "There is not enough stock."};
// An adjustment would take more than is physically there.
inline constexpr ErrorKind stock_below_zero{"stock_below_zero", 409,
                                            "The adjustment would take the stock below zero."};
// An adjustment would take units that orders already hold.
inline constexpr ErrorKind stock_reserved{"stock_reserved", 409,
                                          "These units are already promised to orders."};
// A location of that name exists.
inline constexpr ErrorKind location_name_taken{"location_name_taken", 409,
                                               "A location of this name exists already."};

}  // namespace securecart::shop::inventory::errc
