// The queries of lists: each order and filter is SQL of its own, so that each has its index and a
// page costs what a page holds, wherever in the list it is (no OFFSET).
#pragma once

#include <string_view>

#include "shop/catalog/service.hpp"
#include "storage/database.hpp"

namespace securecart::shop::catalog {

// Rows (product id, sort value) of what shoppers may see, one more than the limit.
storage::Query store_list_query(const ListRequest& request);
// Rows (product id, created_at) of what merchants see, one more than the limit.
storage::Query admin_list_query(const std::string& shop_id, std::optional<ProductStatus> status,
                                const std::optional<PageKey>& after, std::size_t limit);
// Whether request.collection can be seen: a row when it can.
storage::Query visible_collection_query(const std::string& shop_id,
                                        const std::string& id_or_handle);

// Whether a product can be seen: a row when it can.
storage::Query recommended_from_query(const std::string& shop_id, const std::string& id_or_handle);
// Rows (product id) of what is bought together with a product and for sale, most often first.
storage::Query recommendations_query(const std::string& shop_id, const std::string& id_or_handle,
                                     const std::string& currency);

// Rows of one product's variants for sale, the cheapest first: what summary_from() takes.
storage::Query store_summary_query(const std::string& shop_id, const std::string& product_id,
                                   const std::string& currency, const std::string& region);
std::optional<StoreSummary> store_summary_from(const storage::Rows& rows,
                                               const std::string& currency);
storage::Query admin_summary_query(const std::string& shop_id, const std::string& product_id);
std::optional<AdminSummary> admin_summary_from(const storage::Rows& rows);

}  // namespace securecart::shop::catalog
