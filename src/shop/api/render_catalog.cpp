#include "shop/api/render_catalog.hpp"

#include "base/clock.hpp"
#include "base/text_list.hpp"

namespace securecart::shop::api {
namespace {

json::value nullable(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}

json::value nullable(const std::optional<std::int64_t>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

json::object render(const catalog::Price& price) {
  return {{"currency", price.currency},
          {"amount", price.amount},
          {"compare_at", nullable(price.compare_at)}};
}

json::value image_or_null(const std::optional<catalog::Image>& image) {
  if (!image) {
    return nullptr;
  }
  return json::object{{"src", image->src}, {"alt", image->alt}};
}

json::array render(const std::vector<catalog::Image>& images) {
  json::array rendered;
  for (const catalog::Image& image : images) {
    rendered.emplace_back(json::object{
        {"id", image.id}, {"src", image.src}, {"alt", image.alt}, {"position", rendered.size()}});
  }
  return rendered;
}

json::array render(const std::vector<catalog::Option>& options) {
  json::array rendered;
  for (const catalog::Option& option : options) {
    rendered.emplace_back(
        json::object{{"name", option.name}, {"values", json_list(option.values)}});
  }
  return rendered;
}

// What shoppers and merchants both see.
json::object render_head(const catalog::Product& product) {
  return {{"id", product.id},
          {"handle", product.handle},
          {"title", product.title},
          {"description", product.description},
          {"vendor", product.vendor},
          {"type", product.type},
          {"tags", json_list(product.tags)},
          {"options", render(product.options)},
          {"images", render(product.images)},
          {"seo",
           json::object{{"title", product.seo_title}, {"description", product.seo_description}}}};
}

json::object render_variant_head(const catalog::Variant& variant) {
  return {{"id", variant.id},
          {"title", variant.title},
          {"option_values", json_list(variant.option_values)},
          {"sku", variant.sku},
          {"image_id", nullable(variant.image_id)},
          {"backorder", variant.backorder},
          {"requires_shipping", variant.requires_shipping},
          {"grams", variant.grams}};
}

json::object render(const catalog::Variant& variant, const catalog::Availability& availability) {
  json::object rendered = render_variant_head(variant);
  rendered["price"] = render(variant.prices.front());
  rendered["available"] = availability.available;
  rendered["quantity_available"] = nullable(availability.quantity);
  return rendered;
}

json::object render_for_admin(const catalog::Variant& variant, std::size_t position) {
  json::object rendered = render_variant_head(variant);
  json::array prices;
  for (const catalog::Price& price : variant.prices) {
    prices.emplace_back(render(price));
  }
  rendered["prices"] = std::move(prices);
  rendered["position"] = position;
  rendered["barcode"] = variant.barcode;
  rendered["taxable"] = variant.taxable;
  rendered["track_stock"] = variant.track_stock;
  rendered["inventory_item_id"] = nullable(variant.inventory_item_id);
  rendered["units"] = variant.units;
  return rendered;
}

}  // namespace

json::object render_product(const catalog::StoreProduct& store) {
  json::object rendered = render_head(store.product);
  json::array variants;
  for (std::size_t i = 0; i < store.product.variants.size(); ++i) {
    variants.emplace_back(render(store.product.variants[i], store.availability[i]));
  }
  rendered["variants"] = std::move(variants);
  json::array collections;
  for (const catalog::CollectionRef& ref : store.product.collections) {
    collections.emplace_back(json::object{{"handle", ref.handle}, {"title", ref.title}});
  }
  rendered["collections"] = std::move(collections);
  return rendered;
}

json::object render_product_summary(const catalog::StoreSummary& summary) {
  json::object price = render(summary.price);
  price["varies"] = summary.varies;
  return {{"id", summary.id},
          {"handle", summary.handle},
          {"title", summary.title},
          {"vendor", summary.vendor},
          {"type", summary.type},
          {"tags", json_list(summary.tags)},
          {"image", image_or_null(summary.image)},
          {"price", std::move(price)},
          {"available", summary.available}};
}

json::object render_collection(const catalog::Collection& collection) {
  return {
      {"id", collection.id},
      {"handle", collection.handle},
      {"title", collection.title},
      {"description", collection.description},
      {"image", collection.image.empty() ? json::value(nullptr) : json::value(collection.image)},
      {"product_count", collection.product_count}};
}

json::object render_admin_product(const catalog::Product& product) {
  json::object rendered = render_head(product);
  json::array variants;
  for (const catalog::Variant& variant : product.variants) {
    variants.emplace_back(render_for_admin(variant, variants.size()));
  }
  rendered["variants"] = std::move(variants);
  json::array collections;
  for (const catalog::CollectionRef& ref : product.collections) {
    collections.emplace_back(
        json::object{{"id", ref.id}, {"handle", ref.handle}, {"title", ref.title}});
  }
  rendered["collections"] = std::move(collections);
  rendered["status"] = catalog::to_string(product.status);
  rendered["tax_class_id"] = nullable(product.tax_class_id);
  rendered["version"] = product.version;
  rendered["created_at"] = format_rfc3339(product.created_at);
  rendered["updated_at"] = format_rfc3339(product.updated_at);
  return rendered;
}

json::object render_admin_product_summary(const catalog::AdminSummary& summary) {
  return {{"id", summary.id},
          {"handle", summary.handle},
          {"title", summary.title},
          {"vendor", summary.vendor},
          {"type", summary.type},
          {"status", catalog::to_string(summary.status)},
          {"image", image_or_null(summary.image)},
          {"variant_count", summary.variants},
          {"version", summary.version},
          {"created_at", format_rfc3339(summary.created_at)},
          {"updated_at", format_rfc3339(summary.updated_at)}};
}

json::object render_admin_collection(const catalog::Collection& collection) {
  json::object rendered = render_collection(collection);
  rendered["published"] = collection.published;
  rendered["position"] = collection.position;
  rendered["version"] = collection.version;
  return rendered;
}

}  // namespace securecart::shop::api
