#include "shop/catalog/cache_tags.hpp"

#include "base/json.hpp"

namespace securecart::shop::catalog {

namespace {

std::string tag(std::string_view kind, std::string_view id) {
  std::string text(kind);
  text += ':';
  text += id;
  return text;
}

// The texts of `payload`'s list `name`; none when it has no such list.
std::vector<std::string> listed(const std::string& payload, std::string_view name) {
  std::vector<std::string> texts;
  const Result<json::value> value = parse_json(payload);
  const json::object* object = value ? value->if_object() : nullptr;
  const json::value* list = object != nullptr ? object->if_contains(name) : nullptr;
  if (list != nullptr && list->is_array()) {
    for (const json::value& text : list->get_array()) {
      if (text.is_string()) {
        texts.emplace_back(text.get_string());
      }
    }
  }
  return texts;
}

}  // namespace

std::string product_tag(std::string_view product_id) {
  return tag("product", product_id);
}
std::string collection_tag(std::string_view collection_id) {
  return tag("collection", collection_id);
}
std::string catalog_tag() {
  return "catalog";
}
std::string item_tag(std::string_view item_id) {
  return tag("item", item_id);
}
std::string shop_tag() {
  return "shop";
}

std::vector<std::string> outdated_tags(const storage::CommittedEvent& event) {
  if (event.type.starts_with("product.")) {
    return {product_tag(event.subject), catalog_tag()};
  }
  if (event.type.starts_with("collection.")) {
    std::vector<std::string> tags = {collection_tag(event.subject), catalog_tag()};
    for (const std::string& product : listed(event.payload, "products")) {
      tags.push_back(product_tag(product));
    }
    return tags;
  }
  if (event.type == "stock.changed") {
    return {item_tag(event.subject)};
  }
  if (event.type == "shop.updated") {
    return {shop_tag()};
  }
  // Orders hold, release and ship stock; those that touch any name its items.
  std::vector<std::string> tags;
  if (event.type.starts_with("order.") && event.payload.find("\"items\"") != std::string::npos) {
    for (const std::string& item : listed(event.payload, "items")) {
      tags.push_back(item_tag(item));
    }
  }
  return tags;
}

void outdate(storage::LoadingCache& cache, const storage::CommittedEvent& event) {
  for (const std::string& outdated : outdated_tags(event)) {
    cache.invalidate(event.shop_id, outdated);
  }
}

void keep_fresh(storage::Database& database, storage::LoadingCache& cache) {
  database.on_commit([&cache](std::int64_t, std::span<const storage::CommittedEvent> events) {
    for (const storage::CommittedEvent& event : events) {
      outdate(cache, event);
    }
  });
}

}  // namespace securecart::shop::catalog
