// Products and collections as the API shows them (api/schemas/catalog.json).
#pragma once

#include "base/json.hpp"
#include "shop/catalog/collections.hpp"
#include "shop/catalog/service.hpp"

namespace securecart::shop::api {

// For shoppers.
json::object render_product(const catalog::StoreProduct& product);
json::object render_product_summary(const catalog::StoreSummary& summary);
json::object render_collection(const catalog::Collection& collection);

// For merchants.
json::object render_admin_product(const catalog::Product& product);
json::object render_admin_product_summary(const catalog::AdminSummary& summary);
json::object render_admin_collection(const catalog::Collection& collection);

}  // namespace securecart::shop::api
