// Reads whole products: the queries of one product, and the product their rows make.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shop/catalog/model.hpp"
#include "storage/database.hpp"

namespace securecart::shop::catalog {

// The product of this id or handle: five queries of one snapshot.
std::vector<storage::Query> product_queries(const std::string& shop_id,
                                            const std::string& id_or_handle);
// From the rows of product_queries(); nullopt when there is none.
std::optional<Product> product_from(std::span<const storage::Rows> results);

// What is left of the product's items in a region, in units of the item, by item id.
storage::Query stock_query(const std::string& shop_id, const std::string& id_or_handle,
                           const std::string& region);

storage::Query currencies_query(const std::string& shop_id);
// Asserts that the shop is there: callers come with one that was looked up.
ShopCurrencies currencies_from(const storage::Rows& rows);

}  // namespace securecart::shop::catalog
