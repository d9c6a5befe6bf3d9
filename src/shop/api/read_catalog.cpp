#include "shop/api/read_catalog.hpp"

#include <algorithm>

#include "base/text_list.hpp"

namespace securecart::shop::api {
namespace {

void read(const json::object& body, std::string_view name, std::string& into) {
  if (const json::value* value = body.if_contains(name)) {
    into = std::string(value->as_string());
  }
}

void read(const json::object& body, std::string_view name, std::int64_t& into) {
  if (body.contains(name)) {
    into = get_int(body, name);
  }
}

void read(const json::object& body, std::string_view name, bool& into) {
  if (body.contains(name)) {
    into = get_bool(body, name);
  }
}

// Null clears.
void read(const json::object& body, std::string_view name, std::optional<std::string>& into) {
  if (const json::value* value = body.if_contains(name)) {
    into = value->is_null() ? std::nullopt : std::optional<std::string>(value->as_string());
  }
}

void read(const json::object& body, std::string_view name, std::vector<std::string>& into) {
  if (const json::value* value = body.if_contains(name)) {
    into = text_list(value->as_array());
  }
}

std::vector<catalog::Price> prices_of(const json::value& list) {
  std::vector<catalog::Price> prices;
  for (const json::value& value : list.as_array()) {
    const json::object& price = value.as_object();
    prices.push_back(
        {std::string(get_string(price, "currency")), get_int(price, "amount"),
         has(price, "compare_at") ? std::optional(get_int(price, "compare_at")) : std::nullopt});
  }
  return prices;
}

std::vector<catalog::Option> options_of(const json::value& list) {
  std::vector<catalog::Option> options;
  for (const json::value& value : list.as_array()) {
    const json::object& option = value.as_object();
    options.push_back({std::string(get_string(option, "name")), {}});
    read(option, "values", options.back().values);
  }
  return options;
}

// Reads each element of the list `name` onto the part that has its id, or onto a new one.
template <class Part>
void read_parts(const json::object& body, std::string_view name, std::vector<Part>& into,
                void (*read_part)(const json::object&, Part&)) {
  const json::value* list = body.if_contains(name);
  if (list == nullptr) {
    return;
  }
  std::vector<Part> parts;
  for (const json::value& value : list->as_array()) {
    const json::object& object = value.as_object();
    Part part;
    read(object, "id", part.id);
    const auto known = std::ranges::find(into, part.id, &Part::id);
    if (part.id && known != into.end()) {
      part = *known;
    }
    read_part(object, part);
    parts.push_back(std::move(part));
  }
  into = std::move(parts);
}

}  // namespace

void read_image(const json::object& body, catalog::ImageInput& input) {
  read(body, "src", input.src);
  read(body, "alt", input.alt);
}

void read_variant(const json::object& body, catalog::VariantInput& input) {
  read(body, "option_values", input.option_values);
  read(body, "sku", input.sku);
  read(body, "barcode", input.barcode);
  read(body, "grams", input.grams);
  read(body, "requires_shipping", input.requires_shipping);
  read(body, "taxable", input.taxable);
  read(body, "track_stock", input.track_stock);
  read(body, "backorder", input.backorder);
  read(body, "inventory_item_id", input.inventory_item_id);
  read(body, "units", input.units);
  if (body.contains("image_src")) {
    input.image_id.reset();
    read(body, "image_src", input.image_src);
  }
  read(body, "image_id", input.image_id);
  if (const json::value* prices = body.if_contains("prices")) {
    input.prices = prices_of(*prices);
  }
}

void read_product(const json::object& body, catalog::ProductInput& input) {
  read(body, "handle", input.handle);
  read(body, "title", input.title);
  read(body, "description", input.description);
  read(body, "vendor", input.vendor);
  read(body, "type", input.type);
  read(body, "tags", input.tags);
  read(body, "tax_class_id", input.tax_class_id);
  if (body.contains("status")) {
    input.status = *catalog::parse_product_status(get_string(body, "status"));
  }
  if (const json::value* options = body.if_contains("options")) {
    input.options = options_of(*options);
  }
  if (const json::value* seo = body.if_contains("seo")) {
    read(seo->as_object(), "title", input.seo_title);
    read(seo->as_object(), "description", input.seo_description);
  }
  read_parts(body, "images", input.images, &read_image);
  read_parts(body, "variants", input.variants, &read_variant);
  if (const json::value* collections = body.if_contains("collections")) {
    input.collections = text_list(collections->as_array());
  }
}

void read_collection(const json::object& body, catalog::CollectionInput& input) {
  read(body, "handle", input.handle);
  read(body, "title", input.title);
  read(body, "description", input.description);
  read(body, "published", input.published);
  if (const json::value* image = body.if_contains("image")) {
    input.image = image->is_null() ? "" : std::string(image->as_string());
  }
  if (body.contains("position")) {
    input.position = get_int(body, "position");
  }
}

}  // namespace securecart::shop::api
