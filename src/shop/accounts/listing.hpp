// One page of a list that goes by time and id, the newest first: "… WHERE shop_id = $1 AND
// (created_at, id) < ($2, $3) … ORDER BY created_at DESC, id DESC LIMIT $4".
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shop/accounts/model.hpp"
#include "storage/database.hpp"

namespace securecart::shop::accounts {

// $1 to $4; one row more than `limit`, which tells whether there is a next page.
inline storage::Values page_parameters(std::string shop_id, std::size_t limit,
                                       std::optional<Position> after) {
  Position from = std::move(after).value_or(Position{std::numeric_limits<std::int64_t>::max(), ""});
  return {std::move(shop_id), from.at, std::move(from.id), static_cast<std::int64_t>(limit + 1)};
}

template <class Item>
Page<Item> page_of_rows(const storage::Rows& rows, std::size_t limit,
                        Item (*item_of)(const storage::Row&)) {
  std::vector<Item> items;
  for (const storage::Row row : rows) {
    items.push_back(item_of(row));
  }
  return page_of(std::move(items), limit);
}

}  // namespace securecart::shop::accounts
