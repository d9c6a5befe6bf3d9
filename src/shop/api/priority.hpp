// Who is refused first when an instance has more to do than it can.
#pragma once

#include <array>
#include <string_view>

#include "shop/api/operation.hpp"

namespace securecart::shop::api {

// The last one is refused first.
enum class Priority {
  checkout,  // an order comes to be, or is paid
  cart,      // on the way there, and looking at one's order
  account,   // shoppers signing in, merchants changing something
  browse,    // looking around
  bulk,      // lists and exports of the admin API, the event feed
};
inline constexpr std::size_t priorities = 5;
inline constexpr std::array<Priority, priorities> all_priorities{
    Priority::checkout, Priority::cart, Priority::account, Priority::browse, Priority::bulk};

std::string_view name_of(Priority priority);

// Pure: by what the row says of the operation.
Priority priority_of(const Operation& operation);

}  // namespace securecart::shop::api
