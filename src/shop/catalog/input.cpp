#include "shop/catalog/input.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/limits.hpp"
#include "base/money.hpp"
#include "base/text.hpp"
#include "shop/catalog/errc.hpp"
#include "shop/catalog/limits.hpp"
#include "shop/catalog/sanitise_html.hpp"

namespace securecart::shop::catalog {

namespace {

std::string trimmed(std::string_view text) {
  return std::string(trim(text));
}

std::vector<std::string> trimmed(const std::vector<std::string>& texts) {
  std::vector<std::string> trims;
  for (const std::string& text : texts) {
    trims.push_back(trimmed(text));
  }
  return trims;
}

// In order, without empty ones and without repeats.
std::vector<std::string> clean_tags(const std::vector<std::string>& tags) {
  std::vector<std::string> clean;
  for (const std::string& tag : tags) {
    std::string text = trimmed(tag);
    if (!text.empty() && std::ranges::find(clean, text) == clean.end()) {
      clean.push_back(std::move(text));
    }
  }
  return clean;
}

// Options with values as given, or, when an option names none, as its variants use them.
std::vector<Option> assemble_options(const ProductInput& input) {
  std::vector<Option> options;
  for (std::size_t i = 0; i < input.options.size(); ++i) {
    Option option{trimmed(input.options[i].name), trimmed(input.options[i].values)};
    const bool derive = option.values.empty();
    for (const VariantInput& variant : input.variants) {
      if (derive && i < variant.option_values.size()) {
        std::string value = trimmed(variant.option_values[i]);
        if (std::ranges::find(option.values, value) == option.values.end()) {
          option.values.push_back(std::move(value));
        }
      }
    }
    options.push_back(std::move(option));
  }
  return options;
}

// Gives each part of the input the id of the stored part it stands for, each id once.
class Matcher {
 public:
  Matcher(const ProductInput& input, const Product* stored, const Ids& ids)
      : input_(input), stored_(stored), ids_(ids) {}

  std::vector<Image> images();
  std::vector<Variant> variants(std::vector<Image>& images);
  std::vector<FieldError> take_errors() { return std::move(errors_); }

 private:
  std::string image_id(const ImageInput& image, std::size_t index);
  std::optional<std::string> image_of(const VariantInput& variant, std::vector<Image>& images,
                                      std::size_t index);
  const Variant* stored_variant(const VariantInput& variant, std::size_t index);
  Variant variant(const VariantInput& input, const Variant* before);
  bool claim(const std::string& id) { return claimed_.insert(id).second; }

  const ProductInput& input_;
  const Product* stored_;
  const Ids& ids_;
  std::set<std::string> claimed_;
  std::vector<FieldError> errors_;
};

std::string Matcher::image_id(const ImageInput& image, std::size_t index) {
  if (stored_ != nullptr) {
    for (const Image& known : stored_->images) {
      const bool same = image.id ? *image.id == known.id : trim(image.src) == known.src;
      if (same && claim(known.id)) {
        return known.id;
      }
    }
  }
  if (image.id) {
    errors_.push_back({fmt::format("/images/{}/id", index), "the product has no such image"});
  }
  return ids_.make("img");
}

std::vector<Image> Matcher::images() {
  // Those named by id first, so that another of the same address does not take their id.
  std::vector<Image> images(input_.images.size());
  for (const bool by_id : {true, false}) {
    for (std::size_t i = 0; i < images.size(); ++i) {
      const ImageInput& image = input_.images[i];
      if (image.id.has_value() == by_id) {
        images[i] = {image_id(image, i), trimmed(image.src), trimmed(image.alt)};
      }
    }
  }
  return images;
}

std::optional<std::string> Matcher::image_of(const VariantInput& variant,
                                             std::vector<Image>& images, std::size_t index) {
  if (variant.image_id) {
    const bool known = std::ranges::any_of(
        images, [&](const Image& image) { return image.id == *variant.image_id; });
    if (!known) {
      errors_.push_back(
          {fmt::format("/variants/{}/image_id", index), "the product has no such image"});
    }
    return variant.image_id;
  }
  const std::string src = trimmed(variant.image_src);
  if (src.empty()) {
    return std::nullopt;
  }
  for (const Image& image : images) {
    if (image.src == src) {
      return image.id;
    }
  }
  images.push_back({image_id({std::nullopt, src, ""}, images.size()), src, ""});
  return images.back().id;
}

const Variant* Matcher::stored_variant(const VariantInput& variant, std::size_t index) {
  if (stored_ != nullptr) {
    const std::vector<std::string> values = trimmed(variant.option_values);
    for (const Variant& known : stored_->variants) {
      const bool same = variant.id ? *variant.id == known.id : values == known.option_values;
      if (same && claim(known.id)) {
        return &known;
      }
    }
  }
  if (variant.id) {
    errors_.push_back({fmt::format("/variants/{}/id", index), "the product has no such variant"});
  }
  return nullptr;
}

Variant Matcher::variant(const VariantInput& input, const Variant* before) {
  Variant made;
  made.id = before != nullptr ? before->id : ids_.make("var");
  made.version = before != nullptr ? before->version : 1;
  made.option_values = trimmed(input.option_values);
  made.title = variant_title(made.option_values);
  made.sku = trimmed(input.sku);
  made.barcode = trimmed(input.barcode);
  made.grams = input.grams;
  made.requires_shipping = input.requires_shipping;
  made.taxable = input.taxable;
  made.track_stock = input.track_stock;
  made.backorder = input.backorder;
  made.units = input.units;
  made.prices = input.prices;
  std::ranges::sort(made.prices, {}, &Price::currency);
  made.attributes = input.attributes;
  if (made.track_stock) {
    const bool counted = before != nullptr && before->inventory_item_id;
    made.inventory_item_id = input.inventory_item_id ? input.inventory_item_id
                             : counted               ? before->inventory_item_id
                                                     : std::optional(ids_.make("item"));
  }
  return made;
}

std::vector<Variant> Matcher::variants(std::vector<Image>& images) {
  std::vector<const Variant*> before(input_.variants.size(), nullptr);
  for (const bool by_id : {true, false}) {
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (input_.variants[i].id.has_value() == by_id) {
        before[i] = stored_variant(input_.variants[i], i);
      }
    }
  }
  std::vector<Variant> variants;
  for (std::size_t i = 0; i < before.size(); ++i) {
    variants.push_back(variant(input_.variants[i], before[i]));
    variants.back().image_id = image_of(input_.variants[i], images, i);
  }
  return variants;
}

// Collects what is wrong, by place.
class Checker {
 public:
  Checker(const Product& product, const ShopCurrencies& currencies, const Product* stored)
      : product_(product), currencies_(currencies), stored_(stored) {}

  std::vector<FieldError> run() {
    texts();
    options();
    images();
    if (product_.variants.empty() || product_.variants.size() > limits::product_variants) {
      error("/variants", fmt::format("between 1 and {} variants", limits::product_variants));
    }
    for (std::size_t i = 0; i < product_.variants.size(); ++i) {
      variant(product_.variants[i], fmt::format("/variants/{}", i));
    }
    distinct_variants();
    return std::move(errors_);
  }

 private:
  void error(std::string where, std::string what) {
    errors_.push_back({std::move(where), std::move(what)});
  }
  void text(std::string_view text, std::string where, std::size_t most, bool required = false) {
    if (required && text.empty()) {
      error(where, "must not be empty");
    }
    if (text.size() > most) {
      error(where, fmt::format("at most {} bytes", most));
    }
    if (!is_utf8(text)) {
      error(std::move(where), "must be UTF-8");
    }
  }
  void texts();
  void options();
  void images();
  void variant(const Variant& variant, const std::string& where);
  void price(const Price& price, const std::string& where);
  bool is_old(const Variant& variant, const Price& price) const;
  void distinct_variants();

  const Product& product_;
  const ShopCurrencies& currencies_;
  const Product* stored_;  // null: the product is new
  std::vector<FieldError> errors_;
};

void Checker::texts() {
  text(product_.title, "/title", limits::text_bytes, true);
  if (!is_handle(product_.handle)) {
    error("/handle", "lower-case letters, digits, '-' and '_', at most 255 bytes");
  }
  text(product_.description, "/description", limits::long_text_bytes);
  text(product_.vendor, "/vendor", limits::text_bytes);
  text(product_.type, "/type", limits::text_bytes);
  text(product_.seo_title, "/seo/title", limits::text_bytes);
  text(product_.seo_description, "/seo/description", limits::seo_description_bytes);
  text(product_.attributes, "/attributes", limits::metadata_bytes);
  if (product_.tags.size() > limits::product_tags) {
    error("/tags", fmt::format("at most {} tags", limits::product_tags));
  }
  for (std::size_t i = 0; i < product_.tags.size(); ++i) {
    text(product_.tags[i], fmt::format("/tags/{}", i), limits::text_bytes);
  }
  if (product_.collections.size() > limits::product_collections) {
    error("/collections", fmt::format("at most {} collections", limits::product_collections));
  }
}

void Checker::options() {
  if (product_.options.size() > limits::product_options) {
    error("/options", fmt::format("at most {} options", limits::product_options));
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < product_.options.size(); ++i) {
    const Option& option = product_.options[i];
    const std::string where = fmt::format("/options/{}", i);
    text(option.name, where + "/name", limits::text_bytes, true);
    if (!names.insert(to_lower(option.name)).second) {
      error(where + "/name", "another option has this name");
    }
    if (option.values.empty() || option.values.size() > limits::product_variants) {
      error(where + "/values", fmt::format("between 1 and {} values", limits::product_variants));
    }
    std::set<std::string> values;
    for (std::size_t j = 0; j < option.values.size(); ++j) {
      const std::string place = fmt::format("{}/values/{}", where, j);
      text(option.values[j], place, limits::text_bytes, true);
      if (!values.insert(option.values[j]).second) {
        error(place, "this value is there twice");
      }
    }
  }
}

void Checker::images() {
  if (product_.images.size() > limits::product_images) {
    error("/images", fmt::format("at most {} images", limits::product_images));
  }
  for (std::size_t i = 0; i < product_.images.size(); ++i) {
    const std::string where = fmt::format("/images/{}", i);
    if (!is_image_source(product_.images[i].src)) {
      error(where + "/src", "an http or https address or a path beginning with '/'");
    }
    text(product_.images[i].src, where + "/src", limits::url_bytes);
    text(product_.images[i].alt, where + "/alt", limits::image_alt_bytes);
  }
}

void Checker::variant(const Variant& variant, const std::string& where) {
  if (variant.option_values.size() != product_.options.size()) {
    error(where + "/option_values",
          fmt::format("one value for each of the {} options", product_.options.size()));
  }
  const std::size_t options = std::min(variant.option_values.size(), product_.options.size());
  for (std::size_t i = 0; i < options; ++i) {
    const Option& option = product_.options[i];
    if (std::ranges::find(option.values, variant.option_values[i]) == option.values.end()) {
      error(
          fmt::format("{}/option_values/{}", where, i),
          fmt::format("'{}' is not a value of option '{}'", variant.option_values[i], option.name));
    }
  }
  text(variant.sku, where + "/sku", limits::text_bytes);
  text(variant.barcode, where + "/barcode", limits::text_bytes);
  text(variant.attributes, where + "/attributes", limits::metadata_bytes);
  if (variant.grams < 0 || variant.grams > limits::variant_grams) {
    error(where + "/grams", fmt::format("between 0 and {}", limits::variant_grams));
  }
  if (variant.units < 1 || variant.units > limits::variant_units) {
    error(where + "/units", fmt::format("between 1 and {}", limits::variant_units));
  }
  if (variant.prices.empty()) {
    error(where + "/prices", "at least one price");
  }
  for (std::size_t i = 0; i < variant.prices.size(); ++i) {
    const std::string place = fmt::format("{}/prices/{}", where, i);
    if (!is_old(variant, variant.prices[i])) {
      price(variant.prices[i], place);
    }
    if (i > 0 && variant.prices[i].currency == variant.prices[i - 1].currency) {
      error(place + "/currency", fmt::format("two prices in {}", variant.prices[i].currency));
    }
  }
}

// A price that stays as it is may be in a currency the shop has given up since: that does not keep
// the merchant from changing or archiving the product.
bool Checker::is_old(const Variant& variant, const Price& price) const {
  if (stored_ == nullptr) {
    return false;
  }
  const auto before = std::ranges::find(stored_->variants, variant.id, &Variant::id);
  return before != stored_->variants.end() &&
         std::ranges::find(before->prices, price) != before->prices.end();
}

void Checker::price(const Price& price, const std::string& where) {
  if (!currencies_.has(price.currency)) {
    error(where + "/currency", fmt::format("the shop does not sell in '{}'", price.currency));
  }
  if (price.amount < 0 || price.amount > max_amount) {
    error(where + "/amount", fmt::format("between 0 and {}", max_amount));
  }
  if (price.compare_at && (*price.compare_at < 0 || *price.compare_at > max_amount)) {
    error(where + "/compare_at", fmt::format("between 0 and {}", max_amount));
  }
}

void Checker::distinct_variants() {
  std::set<std::vector<std::string>> seen;
  for (std::size_t i = 0; i < product_.variants.size(); ++i) {
    if (!seen.insert(product_.variants[i].option_values).second) {
      error(fmt::format("/variants/{}/option_values", i), "another variant has these values");
    }
  }
}

// The variant's image by its place, since ids of new images differ from one assembly to the next.
std::optional<std::size_t> image_index(const Product& product, const Variant& variant) {
  for (std::size_t i = 0; variant.image_id && i < product.images.size(); ++i) {
    if (product.images[i].id == *variant.image_id) {
      return i;
    }
  }
  return std::nullopt;
}

VariantInput input_of(const Variant& stored) {
  VariantInput input;
  input.id = stored.id;
  input.option_values = stored.option_values;
  input.sku = stored.sku;
  input.barcode = stored.barcode;
  input.grams = stored.grams;
  input.requires_shipping = stored.requires_shipping;
  input.taxable = stored.taxable;
  input.track_stock = stored.track_stock;
  input.backorder = stored.backorder;
  input.image_id = stored.image_id;
  input.inventory_item_id = stored.inventory_item_id;
  input.units = stored.units;
  input.prices = stored.prices;
  input.attributes = stored.attributes;
  return input;
}

void keep_unstated(VariantInput& input, const Variant& stored) {
  if (!input.inventory_item_id) {
    input.inventory_item_id = stored.inventory_item_id;
    input.units = stored.units;
  }
  for (const Price& price : stored.prices) {
    if (std::ranges::find(input.prices, price.currency, &Price::currency) == input.prices.end()) {
      input.prices.push_back(price);
    }
  }
}

}  // namespace

ProductInput input_of(const Product& stored) {
  ProductInput input;
  input.handle = stored.handle;
  input.title = stored.title;
  input.description = stored.description;
  input.vendor = stored.vendor;
  input.type = stored.type;
  input.tags = stored.tags;
  input.options = stored.options;
  input.status = stored.status;
  input.tax_class_id = stored.tax_class_id;
  input.seo_title = stored.seo_title;
  input.seo_description = stored.seo_description;
  input.attributes = stored.attributes;
  for (const Image& image : stored.images) {
    input.images.push_back({image.id, image.src, image.alt});
  }
  for (const Variant& variant : stored.variants) {
    input.variants.push_back(input_of(variant));
  }
  return input;
}

void keep_unstated(ProductInput& input, const Product& stored) {
  if (!input.tax_class_id) {
    input.tax_class_id = stored.tax_class_id;
  }
  for (VariantInput& variant : input.variants) {
    const auto before =
        std::ranges::find(stored.variants, trimmed(variant.option_values), &Variant::option_values);
    if (before != stored.variants.end()) {
      keep_unstated(variant, *before);
    }
  }
}

Result<Product> assemble(const ProductInput& input, const Product* stored,
                         std::vector<CollectionRef> collections, const ShopCurrencies& currencies,
                         const Ids& ids, Timestamp now) {
  Product product;
  product.id = stored != nullptr ? stored->id : ids.make("prod");
  product.title = trimmed(input.title);
  product.handle = trimmed(input.handle);
  if (product.handle.empty()) {
    const std::string made = slugify(product.title);
    product.handle = made.empty() ? to_lower(product.id) : made;
  }
  product.description = sanitise_html(input.description);
  product.vendor = trimmed(input.vendor);
  product.type = trimmed(input.type);
  product.tags = clean_tags(input.tags);
  product.options = assemble_options(input);
  product.status = input.status;
  product.tax_class_id = input.tax_class_id;
  product.seo_title = trimmed(input.seo_title);
  product.seo_description = trimmed(input.seo_description);
  product.attributes = input.attributes;
  Matcher matcher(input, stored, ids);
  product.images = matcher.images();
  product.variants = matcher.variants(product.images);
  product.collections = std::move(collections);
  std::ranges::sort(product.collections, {}, &CollectionRef::id);
  product.version = stored != nullptr ? stored->version + 1 : 1;
  product.created_at = stored != nullptr ? stored->created_at : now;
  product.updated_at = now;

  std::vector<FieldError> errors = matcher.take_errors();
  std::ranges::move(check(product, currencies, stored), std::back_inserter(errors));
  if (!errors.empty()) {
    return fail(errc::product_invalid, "See `errors` for what to change.", std::move(errors));
  }
  return product;
}

std::vector<FieldError> check(const Product& product, const ShopCurrencies& currencies,
                              const Product* stored) {
  return Checker(product, currencies, stored).run();
}

bool same_content(const Product& a, const Product& b) {
  const auto same_image = [](const Image& x, const Image& y) {
    return x.src == y.src && x.alt == y.alt;
  };
  const auto same_variant = [&](const Variant& x, const Variant& y) {
    Variant y_as_x = y;
    y_as_x.id = x.id;
    y_as_x.image_id = x.image_id;
    y_as_x.version = x.version;
    return x == y_as_x && image_index(a, x) == image_index(b, y);
  };
  return a.handle == b.handle && a.title == b.title && a.description == b.description &&
         a.vendor == b.vendor && a.type == b.type && a.tags == b.tags && a.options == b.options &&
         a.status == b.status && a.tax_class_id == b.tax_class_id && a.seo_title == b.seo_title &&
         a.seo_description == b.seo_description && a.attributes == b.attributes &&
         std::ranges::equal(a.images, b.images, same_image) &&
         std::ranges::equal(a.variants, b.variants, same_variant) && a.collections == b.collections;
}

bool is_handle(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  return !text.empty() && text.size() <= limits::text_bytes && std::ranges::all_of(text, fits) &&
         is_utf8(text);
}

bool is_image_source(std::string_view text) {
  const bool path = text.starts_with('/') && !text.starts_with("//");
  const bool address = text.starts_with("https://") || text.starts_with("http://");
  const auto visible = [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != '\x7F'; };
  return (path || address) && std::ranges::all_of(text, visible);
}

}  // namespace securecart::shop::catalog
