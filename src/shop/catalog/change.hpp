// A product's change as one Batch. Pure: what is stored and what is wanted in, statements out.
#pragma once

#include <string>

#include "shop/catalog/model.hpp"
#include "shop/catalog/search.hpp"
#include "storage/database.hpp"

namespace securecart::shop::catalog {

// Adds everything that makes the shop's product `wanted`, which is not stored yet.
// Refusals: handle_taken, product_busy.
void add_creation(storage::Batch& batch, const std::string& shop_id, const Product& wanted,
                  const ProductSearch& search);

// Adds everything that turns `stored` into `wanted`, guarded by stored.version, with the event
// product.updated, or product.archived.
// Refusals: version_conflict, handle_taken, product_busy.
void add_change(storage::Batch& batch, const std::string& shop_id, const Product& stored,
                const Product& wanted, const ProductSearch& search);

// What lists sort by when they sort by title: lower case, without accents where slugify knows them.
std::string title_key(const std::string& title);

}  // namespace securecart::shop::catalog
