// What answers of the catalog are made from, as tags of the cache (storage/cache/cache.hpp), and
// the commit observer that drops them: whoever changed something reads it back.
//
//   product:<shop>:<id>      one product
//   collection:<shop>:<id>   one collection, as its products name it
//   catalog:<shop>           any product or collection: lists
//   item:<shop>:<id>         how much of an inventory item is left
//   shop:<shop>              settings: currencies
#pragma once

#include <string>
#include <vector>

#include "storage/cache/cache.hpp"
#include "storage/database.hpp"

namespace securecart::shop::catalog {

std::string product_tag(const std::string& shop_id, const std::string& product_id);
std::string collection_tag(const std::string& shop_id, const std::string& collection_id);
std::string catalog_tag(const std::string& shop_id);
std::string item_tag(const std::string& shop_id, const std::string& item_id);
std::string shop_tag(const std::string& shop_id);

// The tags an event outdates. Pure.
std::vector<std::string> outdated_tags(const storage::CommittedEvent& event);

// Drops from `cache`, from now on, what commits outdate. `cache` must outlive `database`.
void keep_fresh(storage::Database& database, storage::Cache& cache);

}  // namespace securecart::shop::catalog
