#include "shop/flows/sample_shop.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/assets.hpp"
#include "base/text_list.hpp"
#include "shop/carts/promotion_store.hpp"
#include "shop/carts/settings.hpp"
#include "shop/functions/store.hpp"
#include "shop/inventory/holds.hpp"

namespace securecart::shop::flows {
namespace {

constexpr std::string_view image_base = "/images/sample/";
constexpr std::string_view image_folder = "images/";

std::string text(const json::object& object, std::string_view name) {
  return std::string(get_string_or(object, name, ""));
}

// images/x.svg of sample/ is served as /images/sample/x.svg.
std::string image_address(std::string_view file) {
  if (!file.starts_with(image_folder)) {
    throw std::logic_error(fmt::format("sample/shop.json: {} is not below images/", file));
  }
  return std::string(image_base).append(file.substr(image_folder.size()));
}

// "VAT 21 %", "Sales tax 7.25 %".
std::string rate_name(std::string_view country, std::int64_t basis_points) {
  const std::string_view kind = country == "US" ? "Sales tax" : "VAT";
  return basis_points % 100 == 0
             ? fmt::format("{} {} %", kind, basis_points / 100)
             : fmt::format("{} {}.{:02} %", kind, basis_points / 100, basis_points % 100);
}

json::object sample_document() {
  return json::parse(embedded_asset("sample/shop.json")).as_object();
}

template <class T>
void require(const Result<T>& result, std::string_view what) {
  if (!result) {
    std::string why = result.error().detail;
    for (const FieldError& field : result.error().fields) {
      why.append("; ").append(field.where).append(": ").append(field.what);
    }
    throw std::logic_error(fmt::format("sample/shop.json: {}: {}", what, why));
  }
}

// Stocks one shop, step by step.
class Stocking {
 public:
  Stocking(SampleParts parts, CreatedShop shop)
      : parts_(parts), shop_(std::move(shop)), document_(sample_document()) {}

  Task<void> settings();
  Task<void> collections();
  Task<std::size_t> products();
  Task<void> functions();
  Task<void> promotions();

 private:
  void add_tax_classes(storage::Batch& batch);
  void add_rates(storage::Batch& batch);
  void add_locations(storage::Batch& batch);
  void add_zones(storage::Batch& batch);
  Task<void> find_ids();
  catalog::ProductInput product_input(const json::object& product);
  Task<void> stock(const json::object& product, const catalog::Product& stored);
  // A batch that is applied once, however often the step runs.
  storage::Batch once(const std::string& step) const;

  SampleParts parts_;
  CreatedShop shop_;
  json::object document_;
  std::map<std::string, std::string, std::less<>> tax_classes_;  // handle or name -> id
  std::map<std::string, std::string, std::less<>> locations_;
};

storage::Batch Stocking::once(const std::string& step) const {
  storage::Batch batch;
  batch.key = storage::BatchKey{shop_.shop_id, "sample", step, "sample", {200, ""}};
  return batch;
}

void Stocking::add_tax_classes(storage::Batch& batch) {
  for (const json::value& entry : get_array(document_, "tax_classes")) {
    const std::string handle = text(entry.as_object(), "handle");
    // The first one came with the shop.
    const bool first = tax_classes_.empty();
    tax_classes_[handle] = first ? shop_.tax_class_id : parts_.deps.ids.make("tax");
    if (!first) {
      carts::add_tax_class(batch, shop_.shop_id, tax_classes_[handle],
                           text(entry.as_object(), "name"));
    }
  }
}

void Stocking::add_rates(storage::Batch& batch) {
  for (const json::value& entry : get_array(document_, "tax_rates")) {
    const json::object& rate = entry.as_object();
    const std::int64_t points = get_int(rate, "basis_points");
    const std::string country = text(rate, "country");
    carts::add_tax_rate(batch, shop_.shop_id,
                        {parts_.deps.ids.make("rate"), tax_classes_.at(text(rate, "tax_class")),
                         country, text(rate, "region"), rate_name(country, points), points});
  }
}

void Stocking::add_locations(storage::Batch& batch) {
  std::int64_t priority = 0;
  for (const json::value& entry : get_array(document_, "locations")) {
    const std::string handle = text(entry.as_object(), "handle");
    const bool first = locations_.empty();
    locations_[handle] = first ? shop_.location_id : parts_.deps.ids.make("loc");
    if (!first) {
      batch.add("INSERT INTO locations (shop_id, id, name, priority) VALUES ($1, $2, $3, $4)",
                {shop_.shop_id, locations_[handle], text(entry.as_object(), "name"), ++priority});
    }
  }
}

void Stocking::add_zones(storage::Batch& batch) {
  for (const json::value& entry : get_array(document_, "shipping_zones")) {
    const json::object& zone = entry.as_object();
    carts::ShippingZoneInput input;
    input.id = parts_.deps.ids.make("zone");
    input.name = text(zone, "name");
    input.countries = text_list(get_array(zone, "countries"));
    for (const json::value& method_entry : get_array(zone, "methods")) {
      const json::object& method = method_entry.as_object();
      json::array bands;
      for (const json::value& band_entry : get_array(method, "bands")) {
        const json::object& band = band_entry.as_object();
        bands.push_back(json::object{{"max_grams", get_int(band, "up_to_grams")},
                                     {"prices", get_object(band, "prices")}});
      }
      input.methods.push_back({parts_.deps.ids.make("ship"), text(method, "name"),
                               text(method, "description"),
                               tax_classes_.at(text(method, "tax_class")), std::move(bands)});
    }
    carts::add_shipping_zone(batch, shop_.shop_id, input);
  }
}

Task<void> Stocking::settings() {
  storage::Batch batch = once("settings");
  add_tax_classes(batch);
  add_rates(batch);
  change_terms(batch, shop_.shop_id);
  add_locations(batch);
  add_zones(batch);
  const storage::Commit outcome = co_await parts_.deps.database.commit(std::move(batch));
  if (!std::holds_alternative<storage::Committed>(outcome)) {
    throw std::logic_error("sample/shop.json: its taxes or shipping contradict each other");
  }
  co_await find_ids();
}

// The ids an earlier start may have given: by name, as people would find them.
Task<void> Stocking::find_ids() {
  std::vector<storage::Query> queries;
  queries.push_back({"SELECT name, id FROM tax_classes WHERE shop_id = $1", {shop_.shop_id}});
  queries.push_back({"SELECT name, id FROM locations WHERE shop_id = $1", {shop_.shop_id}});
  const std::vector<storage::Rows> rows =
      co_await parts_.deps.database.read_all(std::move(queries));
  const auto match = [](const json::array& entries, const storage::Rows& found, auto& ids) {
    for (const json::value& entry : entries) {
      for (const storage::Row row : found) {
        if (row.text(0) == text(entry.as_object(), "name")) {
          ids[text(entry.as_object(), "handle")] = row.text(1);
        }
      }
    }
  };
  match(get_array(document_, "tax_classes"), rows[0], tax_classes_);
  match(get_array(document_, "locations"), rows[1], locations_);
}

Task<void> Stocking::collections() {
  std::int64_t position = 0;
  for (const json::value& entry : get_array(document_, "collections")) {
    const json::object& collection = entry.as_object();
    catalog::CollectionInput input;
    input.handle = text(collection, "handle");
    input.title = text(collection, "title");
    input.description = text(collection, "description_html");
    input.image = image_address(text(collection, "image"));
    input.position = ++position;
    const Result<catalog::Collection> stored =
        co_await parts_.collections.upsert(shop_.shop_id, std::move(input));
    require(stored, "collection " + text(collection, "handle"));
  }
}

catalog::ProductInput Stocking::product_input(const json::object& product) {
  catalog::ProductInput input;
  input.handle = text(product, "handle");
  input.title = text(product, "title");
  input.description = text(product, "description_html");
  input.vendor = text(product, "vendor");
  input.type = text(product, "type");
  input.tags = text_list(get_array(product, "tags"));
  input.status = catalog::parse_product_status(text(product, "status")).value();
  input.tax_class_id = tax_classes_.at(text(product, "tax_class"));
  for (const json::value& option : get_array(product, "options")) {
    input.options.push_back(
        {text(option.as_object(), "name"), text_list(get_array(option.as_object(), "values"))});
  }
  for (const json::value& image : get_array(product, "images")) {
    input.images.push_back({std::nullopt, image_address(text(image.as_object(), "file")),
                            text(image.as_object(), "alt")});
  }
  std::vector<std::string> member_of;
  for (const json::value& entry : get_array(document_, "collections")) {
    const std::vector<std::string> handles = text_list(get_array(entry.as_object(), "products"));
    if (std::ranges::find(handles, input.handle) != handles.end()) {
      member_of.push_back(text(entry.as_object(), "handle"));
    }
  }
  input.collections = std::move(member_of);
  for (const json::value& entry : get_array(product, "variants")) {
    const json::object& variant = entry.as_object();
    catalog::VariantInput made;
    made.option_values = text_list(get_array(variant, "options"));
    made.sku = text(variant, "sku");
    made.grams = get_int(variant, "grams");
    made.backorder = get_bool(variant, "backorder");
    made.image_src = image_address(text(variant, "image"));
    for (const auto& [currency, amount] : get_object(variant, "prices")) {
      catalog::Price price{std::string(currency), amount.as_int64(), std::nullopt};
      if (has(variant, "compare_at") && has(get_object(variant, "compare_at"), currency)) {
        price.compare_at = get_int(get_object(variant, "compare_at"), currency);
      }
      made.prices.push_back(std::move(price));
    }
    input.variants.push_back(std::move(made));
  }
  return input;
}

Task<void> Stocking::stock(const json::object& product, const catalog::Product& stored) {
  storage::Batch batch = once("stock " + stored.handle);
  const inventory::MovementContext context{.shop_id = shop_.shop_id,
                                           .region = parts_.deps.region,
                                           .order_id = "",
                                           .actor = "sample",
                                           .reason = "opening stock",
                                           .at = parts_.deps.clock.now()};
  for (const json::value& entry : get_array(product, "variants")) {
    const json::object& variant = entry.as_object();
    const auto found =
        std::ranges::find(stored.variants, text(variant, "sku"), &catalog::Variant::sku);
    if (found == stored.variants.end() || !found->inventory_item_id) {
      throw std::logic_error("sample/shop.json: " + text(variant, "sku") + " was not stored");
    }
    for (const auto& [location, units] : get_object(variant, "stock")) {
      inventory::add_adjustment(batch, parts_.deps.ids, context,
                                {*found->inventory_item_id, locations_.at(std::string(location)),
                                 units.as_int64(), "receive"});
    }
    batch.event("stock.changed", shop_.shop_id, *found->inventory_item_id, "{}");
  }
  co_await parts_.deps.database.commit(std::move(batch));
}

Task<std::size_t> Stocking::products() {
  std::size_t count = 0;
  for (const json::value& entry : get_array(document_, "products")) {
    const json::object& product = entry.as_object();
    const Result<catalog::UpsertOutcome> stored =
        co_await parts_.catalog.upsert(shop_.shop_id, product_input(product));
    require(stored, "product " + text(product, "handle"));
    co_await stock(product, stored->product);
    ++count;
  }
  co_return count;
}

// Its fraud check, switched off: to be tried on the first orders, then switched on.
Task<void> Stocking::functions() {
  functions::Function fraud;
  fraud.shop_id = shop_.shop_id;
  fraud.id = parts_.deps.ids.make("fn");
  fraud.name = "fraud-check";
  fraud.trigger = functions::order_placed;
  fraud.enabled = false;
  fraud.created_at = parts_.deps.clock.now();
  const functions::FunctionVersion first{
      1, std::string(embedded_asset("sample/functions/fraud_check.js")),
      "velocity, amount, address mismatch", "sample", fraud.created_at};
  storage::Batch batch = once("functions");
  functions::add_function(batch, fraud);
  functions::add_version(batch, fraud, first);
  co_await parts_.deps.database.commit(std::move(batch));
}

// A code to try the checkout with.
Task<void> Stocking::promotions() {
  carts::StoredPromotion welcome;
  welcome.promotion.id = parts_.deps.ids.make("promo");
  welcome.promotion.title = "Welcome";
  welcome.promotion.code = "WELCOME10";
  welcome.promotion.kind = carts::PromotionKind::percentage;
  welcome.promotion.terms.basis_points = 1'000;
  welcome.promotion.customer_limit = 1;
  welcome.created_at = parts_.deps.clock.now();
  storage::Batch batch = once("promotions");
  carts::add_promotion(batch, shop_.shop_id, welcome);
  co_await parts_.deps.database.commit(std::move(batch));
}

}  // namespace

NewShop sample_shop(std::string owner_password) {
  const json::object document = sample_document();
  const json::object& branding = get_object(document, "branding");
  NewShop shop;
  shop.settings.name = text(document, "name");
  shop.settings.tagline = text(document, "tagline");
  shop.settings.default_currency = text(document, "default_currency");
  shop.settings.currencies = text_list(get_array(document, "currencies"));
  shop.settings.countries = text_list(get_array(document, "countries"));
  shop.settings.home_country = text(document, "default_country");
  for (const json::value& entry : get_array(document, "tax_rates")) {
    const json::object& rate = entry.as_object();
    if (!get_bool(rate, "inclusive")) {
      shop.settings.tax_included_in[text(rate, "country")] = false;
    }
  }
  shop.settings.contact_email = text(document, "email");
  shop.settings.presentation = {{"logo", image_address(text(branding, "logo"))},
                                {"favicon", image_address(text(branding, "favicon"))},
                                {"colours", get_object(branding, "colours")},
                                {"hero", image_address(text(branding, "hero"))},
                                {"hero_alt", text(branding, "hero_alt")},
                                {"headline", text(branding, "hero_title")},
                                {"intro", text(branding, "hero_text")},
                                {"about", text(document, "description")},
                                {"featured", get_array(document, "featured")}};
  shop.hosts = text_list(get_array(document, "hosts"));
  shop.owner_email =
      "owner@" + shop.settings.contact_email.substr(shop.settings.contact_email.find('@') + 1);
  shop.owner_name = "Owner";
  shop.owner_password = std::move(owner_password);
  shop.tax_class_name = text(get_array(document, "tax_classes").front().as_object(), "name");
  shop.location_name = text(get_array(document, "locations").front().as_object(), "name");
  return shop;
}

Task<void> stock_sample_shop(SampleParts parts, CreatedShop shop,
                             std::function<void(std::string_view)> progress) {
  Stocking stocking(parts, std::move(shop));
  progress("taxes, shipping, locations");
  co_await stocking.settings();
  co_await stocking.functions();
  co_await stocking.promotions();
  progress("collections");
  co_await stocking.collections();
  progress("products, pictures and stock");
  const std::size_t count = co_await stocking.products();
  progress(fmt::format("{} products are on sale", count));
}

}  // namespace securecart::shop::flows
