// What answers of the catalog are made from, as tags of the cache (storage/cache/cache.hpp), and
// the commit observer that drops them: whoever changed something reads it back.
//
//   product:<id>      one product
//   collection:<id>   one collection, as its products name it
//   catalog           any product or collection: lists
//   item:<id>         how much of an inventory item is left
//   shop              settings: currencies
//
// The space of all of them is the shop.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/cache/loading_cache.hpp"
#include "storage/database.hpp"

namespace securecart::shop::catalog {

std::string product_tag(std::string_view product_id);
std::string collection_tag(std::string_view collection_id);
std::string catalog_tag();
std::string item_tag(std::string_view item_id);
std::string shop_tag();

// The tags an event outdates, in the space of its shop. Pure.
std::vector<std::string> outdated_tags(const storage::CommittedEvent& event);

// Drops from `cache` what the event outdates.
void outdate(storage::LoadingCache& cache, const storage::CommittedEvent& event);

// Drops from `cache`, from now on, what commits outdate. `cache` must outlive `database`.
void keep_fresh(storage::Database& database, storage::LoadingCache& cache);

}  // namespace securecart::shop::catalog
