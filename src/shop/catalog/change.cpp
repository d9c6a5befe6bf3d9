#include "shop/catalog/change.hpp"

#include <algorithm>
#include <set>

#include "base/json.hpp"
#include "base/text.hpp"
#include "base/text_list.hpp"
#include "shop/catalog/errc.hpp"
#include "shop/catalog/rows.hpp"

namespace securecart::shop::catalog {

namespace {

using storage::Batch;
using storage::nullable;
using storage::Value;
using storage::Values;

std::string json_of(const std::vector<Option>& options) {
  json::array array;
  for (const Option& option : options) {
    json::object object;
    object["name"] = option.name;
    object["values"] = json::array(option.values.begin(), option.values.end());
    array.emplace_back(std::move(object));
  }
  return securecart::to_string(json::value(std::move(array)));
}

std::int64_t integer(bool value) {
  return value ? 1 : 0;
}

std::string payload(const Product& product) {
  json::object object;
  object["handle"] = product.handle;
  object["status"] = to_string(product.status);
  object["version"] = product.version;
  return securecart::to_string(json::value(std::move(object)));
}

// Writes the difference between two states of one product.
class Writer {
 public:
  Writer(Batch& batch, const std::string& shop_id, const Product* stored, const Product& wanted)
      : batch_(batch), shop_id_(shop_id), stored_(stored), wanted_(wanted) {}

  void insert_product();
  void update_product();
  void images();
  void variants();
  void prices();
  void collections();
  void lowest_prices();

 private:
  template <class Part>
  const Part* stored_part(const std::vector<Part> Product::* parts, const std::string& id) const {
    if (stored_ == nullptr) {
      return nullptr;
    }
    const auto found = std::ranges::find(stored_->*parts, id, &Part::id);
    return found == (stored_->*parts).end() ? nullptr : &*found;
  }
  template <class Part>
  bool wants(const std::vector<Part> Product::* parts, const std::string& id) const {
    return std::ranges::find(wanted_.*parts, id, &Part::id) != (wanted_.*parts).end();
  }
  template <class Part>
  std::size_t stored_position(const std::vector<Part> Product::* parts, const Part* part) const {
    return static_cast<std::size_t>(part - (stored_->*parts).data());
  }

  void remove_variants();
  void free_option_values();
  void insert_items();
  void insert_variants();
  void update_variant(const Variant& variant, const Variant& before, std::size_t position);
  void update_item_sku(const Variant& variant, const Variant& before);
  void remove_unused_items();
  Values variant_row(const Variant& variant, std::size_t position) const;

  Batch& batch_;
  const std::string& shop_id_;
  const Product* stored_;  // null: nothing is there yet
  const Product& wanted_;
};

void Writer::insert_product() {
  batch_
      .add(
          "INSERT INTO products (shop_id, id, handle, title, title_key, description, vendor, type, "
          "tags, options, status, tax_class_id, seo_title, seo_description, attributes, version, "
          "created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
          "$13, $14, $15, $16, $17, $18)",
          {shop_id_, wanted_.id, wanted_.handle, wanted_.title, title_key(wanted_.title),
           wanted_.description, wanted_.vendor, wanted_.type, store_text_list(wanted_.tags),
           json_of(wanted_.options), std::string(to_string(wanted_.status)),
           nullable(wanted_.tax_class_id), wanted_.seo_title, wanted_.seo_description,
           wanted_.attributes, wanted_.version, to_millis(wanted_.created_at),
           to_millis(wanted_.updated_at)})
      .expect(1, errc::handle_taken);
}

void Writer::update_product() {
  // Two statements, since one has one refusal: the version first, then the handle.
  batch_
      .add(
          "UPDATE products SET version = version + 1, updated_at = $4 WHERE shop_id = $1 AND "
          "id = $2 AND version = $3",
          {shop_id_, wanted_.id, stored_->version, to_millis(wanted_.updated_at)})
      .expect(1, errc::version_conflict);
  batch_
      .add(
          "UPDATE products SET handle = $3, title = $4, title_key = $5, description = $6, "
          "vendor = $7, type = $8, tags = $9, options = $10, status = $11, tax_class_id = $12, "
          "seo_title = $13, seo_description = $14, attributes = $15 WHERE shop_id = $1 AND "
          "id = $2",
          {shop_id_, wanted_.id, wanted_.handle, wanted_.title, title_key(wanted_.title),
           wanted_.description, wanted_.vendor, wanted_.type, store_text_list(wanted_.tags),
           json_of(wanted_.options), std::string(to_string(wanted_.status)),
           nullable(wanted_.tax_class_id), wanted_.seo_title, wanted_.seo_description,
           wanted_.attributes})
      .expect(1, errc::handle_taken);
}

void Writer::images() {
  if (stored_ != nullptr) {
    for (const Image& image : stored_->images) {
      if (!wants(&Product::images, image.id)) {
        batch_.add("DELETE FROM images WHERE shop_id = $1 AND id = $2", {shop_id_, image.id});
      }
    }
  }
  std::vector<Values> added;
  for (std::size_t i = 0; i < wanted_.images.size(); ++i) {
    const Image& image = wanted_.images[i];
    const auto position = static_cast<std::int64_t>(i);
    const Image* before = stored_part(&Product::images, image.id);
    if (before == nullptr) {
      added.push_back({shop_id_, image.id, wanted_.id, position, image.src, image.alt});
    } else if (*before != image || stored_position(&Product::images, before) != i) {
      batch_.add(
          "UPDATE images SET position = $3, src = $4, alt = $5 WHERE shop_id = $1 AND id = $2",
          {shop_id_, image.id, position, image.src, image.alt});
    }
  }
  static const InsertRows insert(
      "INSERT INTO images (shop_id, id, product_id, position, src, alt) VALUES", 6);
  insert.add(batch_, std::move(added));
}

void Writer::variants() {
  if (stored_ != nullptr) {
    remove_variants();
    free_option_values();
  }
  insert_items();
  for (std::size_t i = 0; stored_ != nullptr && i < wanted_.variants.size(); ++i) {
    const Variant& variant = wanted_.variants[i];
    if (const Variant* before = stored_part(&Product::variants, variant.id)) {
      Variant compared = variant;
      compared.prices = before->prices;
      if (compared != *before || stored_position(&Product::variants, before) != i) {
        update_variant(variant, *before, i);
      }
    }
  }
  insert_variants();
  if (stored_ != nullptr) {
    remove_unused_items();
  }
}

// Marks what goes, then removes all of it in a few statements. Open carts lose their line, and
// their version moves, so that a completion under way is refused instead of selling what is gone.
void Writer::remove_variants() {
  bool any = false;
  for (const Variant& variant : stored_->variants) {
    if (!wants(&Product::variants, variant.id)) {
      any = true;
      batch_.add("UPDATE variants SET position = -1 WHERE shop_id = $1 AND id = $2",
                 {shop_id_, variant.id});
    }
  }
  if (!any) {
    return;
  }
#define REMOVED_VARIANTS \
  "(SELECT id FROM variants WHERE shop_id = $1 AND product_id = $2 AND position = -1)"
  for (const std::string_view sql :
       {"UPDATE carts SET version = version + 1 WHERE shop_id = $1 AND status = 'open' AND id IN "
        "(SELECT cart_id FROM cart_lines WHERE shop_id = $1 AND variant_id IN " REMOVED_VARIANTS
        ")",
        "DELETE FROM cart_lines WHERE shop_id = $1 AND variant_id IN " REMOVED_VARIANTS,
        "DELETE FROM variant_prices WHERE shop_id = $1 AND variant_id IN " REMOVED_VARIANTS,
        "DELETE FROM variants WHERE shop_id = $1 AND product_id = $2 AND position = -1"}) {
    batch_.add(sql, {shop_id_, wanted_.id});
  }
#undef REMOVED_VARIANTS
}

// Values may move from one variant to another, and be the same on two in between: when any changes,
// all of them make room first.
void Writer::free_option_values() {
  const bool moved = std::ranges::any_of(wanted_.variants, [this](const Variant& variant) {
    const Variant* before = stored_part(&Product::variants, variant.id);
    return before != nullptr && before->option_values != variant.option_values;
  });
  if (!moved) {
    return;
  }
  for (const Variant& variant : wanted_.variants) {
    const Variant* before = stored_part(&Product::variants, variant.id);
    if (before != nullptr && before->option_values != variant.option_values) {
      batch_.add("UPDATE variants SET option_values = id WHERE shop_id = $1 AND id = $2",
                 {shop_id_, variant.id});
    }
  }
}

void Writer::insert_items() {
  std::set<std::string> known;
  if (stored_ != nullptr) {
    for (const Variant& variant : stored_->variants) {
      known.insert(variant.inventory_item_id.value_or(""));
    }
  }
  std::vector<Values> added;
  for (const Variant& variant : wanted_.variants) {
    if (variant.inventory_item_id && known.insert(*variant.inventory_item_id).second) {
      added.push_back(
          {shop_id_, *variant.inventory_item_id, variant.sku, to_millis(wanted_.updated_at)});
    }
  }
  // One that another product's variant counts too is there already.
  static const InsertRows insert(
      "INSERT INTO inventory_items (shop_id, id, sku, created_at) VALUES", 4,
      "ON CONFLICT (shop_id, id) DO NOTHING");
  insert.add(batch_, std::move(added));
}

Values Writer::variant_row(const Variant& variant, std::size_t position) const {
  return {shop_id_,
          variant.id,
          wanted_.id,
          static_cast<std::int64_t>(position),
          variant.title,
          store_text_list(variant.option_values),
          variant.sku,
          variant.barcode,
          variant.grams,
          integer(variant.requires_shipping),
          integer(variant.taxable),
          integer(variant.track_stock),
          integer(variant.backorder),
          nullable(variant.image_id),
          nullable(variant.inventory_item_id),
          variant.units,
          variant.attributes};
}

void Writer::insert_variants() {
  std::vector<Values> added;
  for (std::size_t i = 0; i < wanted_.variants.size(); ++i) {
    if (stored_part(&Product::variants, wanted_.variants[i].id) == nullptr) {
      added.push_back(variant_row(wanted_.variants[i], i));
    }
  }
  static const InsertRows insert(
      "INSERT INTO variants (shop_id, id, product_id, position, title, option_values, sku, "
      "barcode, grams, requires_shipping, taxable, track_stock, backorder, image_id, "
      "inventory_item_id, units, attributes) VALUES",
      17);
  insert.add(batch_, std::move(added), &errc::product_busy);
}

void Writer::update_variant(const Variant& variant, const Variant& before, std::size_t position) {
  batch_
      .add(
          "UPDATE variants SET product_id = $3, position = $4, title = $5, option_values = $6, "
          "sku = $7, barcode = $8, grams = $9, requires_shipping = $10, taxable = $11, "
          "track_stock = $12, backorder = $13, image_id = $14, inventory_item_id = $15, "
          "units = $16, attributes = $17, version = version + 1 WHERE shop_id = $1 AND id = $2",
          variant_row(variant, position))
      .expect(1, errc::product_busy);
  update_item_sku(variant, before);
}

void Writer::update_item_sku(const Variant& variant, const Variant& before) {
  const bool same_item = variant.inventory_item_id == before.inventory_item_id;
  const auto first =
      std::ranges::find(wanted_.variants, variant.inventory_item_id, &Variant::inventory_item_id);
  // A shared item carries the code of the first variant that counts it.
  if (variant.inventory_item_id && same_item && variant.sku != before.sku &&
      first->id == variant.id) {
    batch_.add("UPDATE inventory_items SET sku = $3 WHERE shop_id = $1 AND id = $2",
               {shop_id_, *variant.inventory_item_id, variant.sku});
  }
}

// An item nobody sells and nothing was ever counted of is gone; one with a history stays.
void Writer::remove_unused_items() {
  std::set<std::string> kept;
  for (const Variant& variant : wanted_.variants) {
    kept.insert(variant.inventory_item_id.value_or(""));
  }
  for (const Variant& variant : stored_->variants) {
    if (variant.inventory_item_id && kept.insert(*variant.inventory_item_id).second) {
      batch_.add(
          "DELETE FROM inventory_items WHERE shop_id = $1 AND id = $2 AND NOT EXISTS (SELECT 1 "
          "FROM variants WHERE shop_id = $1 AND inventory_item_id = $2) AND NOT EXISTS (SELECT 1 "
          "FROM stock_levels WHERE shop_id = $1 AND item_id = $2) AND NOT EXISTS (SELECT 1 FROM "
          "stock_movements WHERE shop_id = $1 AND item_id = $2) AND NOT EXISTS (SELECT 1 FROM "
          "reservations WHERE shop_id = $1 AND item_id = $2)",
          {shop_id_, *variant.inventory_item_id});
    }
  }
}

void Writer::prices() {
  std::vector<Values> written;
  for (const Variant& variant : wanted_.variants) {
    const Variant* before = stored_part(&Product::variants, variant.id);
    const bool loses_one =
        before != nullptr && std::ranges::any_of(before->prices, [&](const Price& price) {
          return std::ranges::find(variant.prices, price.currency, &Price::currency) ==
                 variant.prices.end();
        });
    if (loses_one) {
      batch_.add("DELETE FROM variant_prices WHERE shop_id = $1 AND variant_id = $2",
                 {shop_id_, variant.id});
    }
    for (const Price& price : variant.prices) {
      const bool as_it_is = before != nullptr && !loses_one &&
                            std::ranges::find(before->prices, price) != before->prices.end();
      if (!as_it_is) {
        written.push_back(
            {shop_id_, variant.id, price.currency, price.amount, nullable(price.compare_at)});
      }
    }
  }
  static const InsertRows upsert(
      "INSERT INTO variant_prices (shop_id, variant_id, currency, amount, compare_at) VALUES", 5,
      "ON CONFLICT (shop_id, variant_id, currency) DO UPDATE SET amount = excluded.amount, "
      "compare_at = excluded.compare_at");
  upsert.add(batch_, std::move(written));
}

void Writer::collections() {
  static const std::vector<CollectionRef> none;
  const std::vector<CollectionRef>& before = stored_ != nullptr ? stored_->collections : none;
  const auto holds = [](const std::vector<CollectionRef>& refs, const std::string& id) {
    return std::ranges::find(refs, id, &CollectionRef::id) != refs.end();
  };
  for (const CollectionRef& collection : before) {
    if (!holds(wanted_.collections, collection.id)) {
      batch_.add(
          "DELETE FROM collection_products WHERE shop_id = $1 AND collection_id = $2 AND "
          "product_id = $3",
          {shop_id_, collection.id, wanted_.id});
    }
  }
  for (const CollectionRef& collection : wanted_.collections) {
    if (!holds(before, collection.id)) {
      batch_
          .add(
              "INSERT INTO collection_products (shop_id, collection_id, product_id, position) "
              "VALUES ($1, $2, $3, (SELECT COALESCE(MAX(position), -1) + 1 FROM "
              "collection_products WHERE shop_id = $1 AND collection_id = $2)) "
              "ON CONFLICT (shop_id, collection_id, product_id) DO NOTHING",
              {shop_id_, collection.id, wanted_.id})
          .or_refuse(errc::product_busy);
    }
  }
}

void Writer::lowest_prices() {
  if (stored_ != nullptr) {
    batch_.add("DELETE FROM product_prices WHERE shop_id = $1 AND product_id = $2",
               {shop_id_, wanted_.id});
  }
  batch_.add(
      "INSERT INTO product_prices (shop_id, product_id, currency, lowest) SELECT $1, $2, "
      "price.currency, MIN(price.amount) FROM variants AS variant JOIN variant_prices AS price ON "
      "price.shop_id = variant.shop_id AND price.variant_id = variant.id WHERE variant.shop_id = "
      "$1 AND variant.product_id = $2 GROUP BY price.currency",
      {shop_id_, wanted_.id});
}

}  // namespace

std::string title_key(const std::string& title) {
  const std::string slug = slugify(title);
  return slug.empty() ? to_lower(title) : slug;
}

void add_creation(Batch& batch, const std::string& shop_id, const Product& wanted,
                  const ProductSearch& search) {
  Writer writer(batch, shop_id, nullptr, wanted);
  writer.insert_product();
  writer.images();
  writer.variants();
  writer.prices();
  writer.collections();
  writer.lowest_prices();
  search.index(batch, shop_id, wanted);
  batch.event("product.created", shop_id, wanted.id, payload(wanted));
}

void add_change(Batch& batch, const std::string& shop_id, const Product& stored,
                const Product& wanted, const ProductSearch& search) {
  Writer writer(batch, shop_id, &stored, wanted);
  writer.update_product();
  writer.images();
  writer.variants();
  writer.prices();
  writer.collections();
  writer.lowest_prices();
  search.index(batch, shop_id, wanted);
  const bool archived = wanted.status == ProductStatus::archived && stored.status != wanted.status;
  batch.event(archived ? "product.archived" : "product.updated", shop_id, wanted.id,
              payload(wanted));
}

}  // namespace securecart::shop::catalog
