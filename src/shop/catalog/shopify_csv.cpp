#include "shop/catalog/shopify_csv.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <tuple>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/csv.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "shop/catalog/limits.hpp"

namespace securecart::shop::catalog {
namespace {

enum class Column : std::uint8_t {
  handle,
  title,
  body,
  vendor,
  type,
  tags,
  published,
  status,
  option1_name,
  option1_value,
  option2_name,
  option2_value,
  option3_name,
  option3_value,
  sku,
  grams,
  tracker,
  quantity,
  policy,
  price,
  compare_at,
  requires_shipping,
  taxable,
  barcode,
  image_src,
  image_position,
  image_alt,
  seo_title,
  seo_description,
  variant_image,
  count
};
constexpr auto column_count = static_cast<std::size_t>(Column::count);

struct ColumnName {
  Column column;
  std::string_view older;
  std::string_view newer;
};
// In the order in which each header set is written.
constexpr std::array column_names{
    ColumnName{Column::handle, "Handle", "URL handle"},
    ColumnName{Column::title, "Title", "Title"},
    ColumnName{Column::body, "Body (HTML)", "Description"},
    ColumnName{Column::vendor, "Vendor", "Vendor"},
    ColumnName{Column::type, "Type", "Type"},
    ColumnName{Column::tags, "Tags", "Tags"},
    ColumnName{Column::published, "Published", "Published on online store"},
    ColumnName{Column::option1_name, "Option1 Name", "Option1 name"},
    ColumnName{Column::option1_value, "Option1 Value", "Option1 value"},
    ColumnName{Column::option2_name, "Option2 Name", "Option2 name"},
    ColumnName{Column::option2_value, "Option2 Value", "Option2 value"},
    ColumnName{Column::option3_name, "Option3 Name", "Option3 name"},
    ColumnName{Column::option3_value, "Option3 Value", "Option3 value"},
    ColumnName{Column::sku, "Variant SKU", "SKU"},
    ColumnName{Column::grams, "Variant Grams", "Weight value (grams)"},
    ColumnName{Column::tracker, "Variant Inventory Tracker", "Inventory tracker"},
    ColumnName{Column::quantity, "Variant Inventory Qty", "Inventory quantity"},
    ColumnName{Column::policy, "Variant Inventory Policy", "Continue selling when out of stock"},
    ColumnName{Column::price, "Variant Price", "Price"},
    ColumnName{Column::compare_at, "Variant Compare At Price", "Compare-at price"},
    ColumnName{Column::requires_shipping, "Variant Requires Shipping", "Requires shipping"},
    ColumnName{Column::taxable, "Variant Taxable", "Charge tax"},
    ColumnName{Column::barcode, "Variant Barcode", "Barcode"},
    ColumnName{Column::image_src, "Image Src", "Product image URL"},
    ColumnName{Column::image_position, "Image Position", "Image position"},
    ColumnName{Column::image_alt, "Image Alt Text", "Image alt text"},
    ColumnName{Column::seo_title, "SEO Title", "SEO title"},
    ColumnName{Column::seo_description, "SEO Description", "SEO description"},
    ColumnName{Column::variant_image, "Variant Image", "Variant image URL"},
    ColumnName{Column::status, "Status", "Status"},
};
constexpr std::array option_columns{
    std::pair(Column::option1_name, Column::option1_value),
    std::pair(Column::option2_name, Column::option2_value),
    std::pair(Column::option3_name, Column::option3_value),
};
// How a product without options is written.
constexpr std::string_view no_option_name = "Title";
constexpr std::string_view no_option_value = "Default Title";

std::optional<Column> column_named(std::string_view header) {
  for (const ColumnName& name : column_names) {
    if (equal_ignoring_case(header, name.older) || equal_ignoring_case(header, name.newer)) {
      return name.column;
    }
  }
  return std::nullopt;
}

// One row, owned: rows of a handle are gathered from all over the file.
struct CsvRow {
  std::size_t line = 0;
  std::array<std::string, column_count> known;
  std::map<std::string, std::string> kept;

  const std::string& operator[](Column column) const {
    return known[static_cast<std::size_t>(column)];
  }
};

struct CsvGroup {
  std::string handle;
  std::vector<CsvRow> rows;
};

std::optional<bool> parse_flag(std::string_view text) {
  const std::string word = to_lower(trim(text));
  if (word == "true" || word == "yes" || word == "1" || word == "continue") {
    return true;
  }
  if (word == "false" || word == "no" || word == "0" || word == "deny") {
    return false;
  }
  return std::nullopt;
}

// "9.99", "1200", "19.990" in a currency of two digits; never more precision than there is.
std::optional<std::int64_t> parse_price(std::string_view text, Currency currency) {
  text = trim(text);
  if (text.find('.') != std::string_view::npos) {
    while (text.ends_with('0')) {
      text.remove_suffix(1);
    }
    if (text.ends_with('.')) {
      text.remove_suffix(1);
    }
  }
  return parse_amount(text, currency);
}

std::optional<std::int64_t> parse_count(std::string_view text) {
  text = trim(text);
  // Spreadsheets write whole numbers as 12.0.
  if (const auto dot = text.find('.'); dot != std::string_view::npos) {
    if (text.find_first_not_of('0', dot + 1) != std::string_view::npos) {
      return std::nullopt;
    }
    text = text.substr(0, dot);
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

std::string as_attributes(const std::map<std::string, std::string>& kept) {
  json::object object;
  for (const auto& [name, value] : kept) {
    object[name] = value;
  }
  return securecart::to_string(json::value(std::move(object)));
}

// Makes one product of its rows; collects what is wrong with them.
class ProductReader {
 public:
  ProductReader(const CsvGroup& group, Currency currency, std::vector<CsvProblem>& problems)
      : group_(group), currency_(currency), problems_(problems) {}

  CsvProduct read() {
    product_.line = group_.rows.front().line;
    product_.input.handle = group_.handle;
    read_product();
    read_options();
    for (const CsvRow& row : group_.rows) {
      read_image(row);
    }
    order_images();
    for (const CsvRow& row : group_.rows) {
      if (is_variant(row)) {
        read_variant(row);
      }
    }
    if (product_.input.variants.empty()) {
      read_variant(group_.rows.front());
    }
    if (!has_price_) {
      // Nothing without a price is put on sale.
      product_.input.status = ProductStatus::draft;
    }
    return std::move(product_);
  }

 private:
  void problem(const CsvRow& row, std::string_view column, std::string what) {
    product_.sound = false;
    if (problems_.size() < limits::import_errors) {
      problems_.push_back({row.line, group_.handle, std::string(column), std::move(what)});
    }
  }

  // The first row that says something in this column: the product's own columns may stand on any.
  const CsvRow& row_with(Column column) const {
    const auto found = std::ranges::find_if(
        group_.rows, [column](const CsvRow& row) { return !trim(row[column]).empty(); });
    return found != group_.rows.end() ? *found : group_.rows.front();
  }
  std::string text_of(Column column) const { return std::string(trim(row_with(column)[column])); }

  bool flag(const CsvRow& row, Column column, std::string_view name, bool fallback) {
    if (trim(row[column]).empty()) {
      return fallback;
    }
    const std::optional<bool> value = parse_flag(row[column]);
    if (!value) {
      problem(row, name, fmt::format("'{}' is neither TRUE nor FALSE", row[column]));
    }
    return value.value_or(fallback);
  }

  std::int64_t count(const CsvRow& row, Column column, std::string_view name) {
    if (trim(row[column]).empty()) {
      return 0;
    }
    const std::optional<std::int64_t> value = parse_count(row[column]);
    if (!value) {
      problem(row, name, fmt::format("'{}' is not a whole number", row[column]));
    }
    return value.value_or(0);
  }

  void read_product() {
    ProductInput& input = product_.input;
    const CsvRow& first = group_.rows.front();
    input.title = text_of(Column::title);
    if (input.title.empty()) {
      problem(first, "Title", "the product has no title on any of its rows");
    }
    input.description = row_with(Column::body)[Column::body];
    input.vendor = text_of(Column::vendor);
    input.type = text_of(Column::type);
    const std::string tag_list = text_of(Column::tags);
    for (const std::string_view tag : split(tag_list, ',')) {
      const std::string word(trim(tag));
      if (!word.empty() && std::ranges::find(input.tags, word) == input.tags.end()) {
        input.tags.push_back(word);
      }
    }
    input.seo_title = text_of(Column::seo_title);
    input.seo_description = text_of(Column::seo_description);
    input.status = status();
    input.attributes = as_attributes(first.kept);
  }

  ProductStatus status() {
    const CsvRow& published_row = row_with(Column::published);
    const bool published = flag(published_row, Column::published, "Published", true);
    const std::string word = to_lower(text_of(Column::status));
    if (word == "draft") {
      return ProductStatus::draft;
    }
    if (word == "archived") {
      return ProductStatus::archived;
    }
    if (!word.empty() && word != "active" && word != "unlisted") {
      problem(row_with(Column::status), "Status",
              fmt::format("'{}' is none of active, draft, archived", word));
    }
    return published ? ProductStatus::published : ProductStatus::draft;
  }

  void read_options() {
    for (const auto& [name_column, value_column] : option_columns) {
      const std::string name = text_of(name_column);
      const bool used = std::ranges::any_of(
          group_.rows,
          [column = value_column](const CsvRow& row) { return !trim(row[column]).empty(); });
      if (name.empty() && !used) {
        continue;
      }
      if (equal_ignoring_case(name, no_option_name) && only_default_title(value_column)) {
        continue;
      }
      if (name.empty()) {
        problem(row_with(value_column), column_label(name_column),
                "the option has values but no name");
        continue;
      }
      options_.push_back(value_column);
      Option option{name, {}};
      for (const CsvRow& row : group_.rows) {
        const std::string value(trim(row[value_column]));
        if (!value.empty() && std::ranges::find(option.values, value) == option.values.end()) {
          option.values.push_back(value);
        }
      }
      product_.input.options.push_back(std::move(option));
    }
  }

  bool only_default_title(Column column) const {
    return std::ranges::all_of(group_.rows, [column](const CsvRow& row) {
      const std::string_view value = trim(row[column]);
      return value.empty() || equal_ignoring_case(value, no_option_value);
    });
  }

  static std::string_view column_label(Column column) {
    return std::ranges::find(column_names, column, &ColumnName::column)->older;
  }

  bool is_variant(const CsvRow& row) const {
    if (!options_.empty()) {
      return !trim(row[options_.front()]).empty();
    }
    return &row == &group_.rows.front() || !trim(row[Column::price]).empty() ||
           !trim(row[Column::sku]).empty();
  }

  void read_image(const CsvRow& row) {
    const std::string src(trim(row[Column::image_src]));
    if (src.empty()) {
      return;
    }
    std::int64_t position = count(row, Column::image_position, "Image Position");
    if (position == 0) {
      position = static_cast<std::int64_t>(images_.size()) + 1;
    }
    const bool known = std::ranges::any_of(
        images_, [&](const PlacedImage& image) { return image.input.src == src; });
    if (!known) {
      images_.push_back({position,
                         images_.size(),
                         {std::nullopt, src, std::string(trim(row[Column::image_alt]))}});
    }
  }

  void order_images() {
    std::ranges::sort(images_, {}, [](const PlacedImage& image) {
      return std::pair(image.position, image.order);
    });
    for (auto& [position, order, image] : images_) {
      product_.input.images.push_back(std::move(image));
    }
  }

  void read_variant(const CsvRow& row) {
    VariantInput variant;
    for (const Column column : options_) {
      const std::string value(trim(row[column]));
      if (value.empty()) {
        problem(row, column_label(column), "the variant has no value for this option");
      }
      variant.option_values.push_back(value);
    }
    variant.sku = std::string(trim(row[Column::sku]));
    variant.barcode = std::string(trim(row[Column::barcode]));
    variant.grams = count(row, Column::grams, "Variant Grams");
    variant.requires_shipping =
        flag(row, Column::requires_shipping, "Variant Requires Shipping", true);
    variant.taxable = flag(row, Column::taxable, "Variant Taxable", true);
    variant.track_stock = !trim(row[Column::tracker]).empty();
    variant.backorder = flag(row, Column::policy, "Variant Inventory Policy", false);
    variant.image_src = std::string(trim(row[Column::variant_image]));
    read_price(row, variant);
    if (&row != &group_.rows.front()) {
      variant.attributes = as_attributes(row.kept);
    }
    const bool doubled = std::ranges::any_of(
        product_.input.variants,
        [&](const VariantInput& other) { return other.option_values == variant.option_values; });
    if (doubled) {
      problem(row, "Option1 Value", "another row of the product has the same option values");
    }
    const std::int64_t quantity = count(row, Column::quantity, "Variant Inventory Qty");
    product_.opening_stock.push_back(variant.track_stock ? std::max<std::int64_t>(quantity, 0) : 0);
    product_.input.variants.push_back(std::move(variant));
  }

  void read_price(const CsvRow& row, VariantInput& variant) {
    Price price{std::string(currency_.code()), 0, std::nullopt};
    if (!trim(row[Column::price]).empty()) {
      const auto amount = parse_price(row[Column::price], currency_);
      if (!amount) {
        problem(row, "Variant Price",
                fmt::format("'{}' is not an amount of {}: write it like 12.50", row[Column::price],
                            currency_.code()));
      }
      price.amount = amount.value_or(0);
      has_price_ = true;
    }
    if (!trim(row[Column::compare_at]).empty()) {
      const auto amount = parse_price(row[Column::compare_at], currency_);
      if (!amount) {
        problem(
            row, "Variant Compare At Price",
            fmt::format("'{}' is not an amount of {}", row[Column::compare_at], currency_.code()));
      }
      if (amount.value_or(0) > 0) {
        price.compare_at = amount;
      }
    }
    variant.prices.push_back(std::move(price));
  }

  const CsvGroup& group_;
  const Currency currency_;
  std::vector<CsvProblem>& problems_;
  CsvProduct product_;
  std::vector<Column> options_;  // the value columns of the product's options
  struct PlacedImage {
    std::int64_t position;
    std::size_t order;  // of appearance, where positions are the same
    ImageInput input;
  };
  std::vector<PlacedImage> images_;
  bool has_price_ = false;
};

// The header: what each column is.
struct Header {
  std::vector<std::optional<Column>> columns;
  std::vector<std::string> names;
};

Result<Header> read_header(CsvReader& reader) {
  const Result<bool> first = reader.next();
  if (!first) {
    return std::unexpected(first.error());
  }
  if (!*first) {
    return fail(errc::invalid_request, "The file is empty: a header line is expected.");
  }
  Header header;
  for (const std::string_view field : reader.record().fields) {
    header.names.emplace_back(trim(field));
    header.columns.push_back(column_named(trim(field)));
  }
  const auto has = [&header](Column column) {
    return std::ranges::find(header.columns, column) != header.columns.end();
  };
  if (!has(Column::handle) && !has(Column::title)) {
    return fail(errc::invalid_request,
                "The first line is no header of a product file: it names neither Handle (URL "
                "handle) nor Title.",
                {{"line 1", "must name the columns, for example Handle, Title, Variant Price"}});
  }
  return header;
}

CsvRow row_of(const CsvRecord& record, const Header& header) {
  CsvRow row;
  row.line = record.line;
  for (std::size_t i = 0; i < header.columns.size() && i < record.fields.size(); ++i) {
    const std::string_view field = record.fields[i];
    if (header.columns[i]) {
      std::string& place = row.known[static_cast<std::size_t>(*header.columns[i])];
      if (place.empty()) {
        place = field;
      }
    } else if (!trim(field).empty() && !header.names[i].empty()) {
      row.kept.emplace(header.names[i], field);
    }
  }
  return row;
}

// Rows of one handle, in the order in which handles first appear.
class Grouping {
 public:
  explicit Grouping(std::vector<CsvProblem>& problems) : problems_(problems) {}

  void add(CsvRow row) {
    std::string handle = slugify(trim(row[Column::handle]));
    if (handle.empty()) {
      handle = slugify(trim(row[Column::title]));
    }
    if (handle.empty()) {
      if (problems_.size() < limits::import_errors) {
        problems_.push_back({row.line, "", "Handle",
                             "the row has neither handle nor title: it belongs to no product"});
      }
      return;
    }
    const auto [place, added] = index_.try_emplace(handle, groups_.size());
    if (added) {
      groups_.push_back({handle, {}});
    }
    groups_[place->second].rows.push_back(std::move(row));
  }
  const std::vector<CsvGroup>& groups() const { return groups_; }

 private:
  std::vector<CsvProblem>& problems_;
  std::vector<CsvGroup> groups_;
  std::map<std::string, std::size_t> index_;
};

}  // namespace

Result<CsvFile> read_shopify_csv(std::string_view text, Currency currency) {
  if (const std::size_t good = utf8_valid_prefix(text); good != text.size()) {
    const auto line =
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(good), '\n');
    return fail(errc::invalid_request,
                fmt::format("Line {} is not UTF-8. Save the file as CSV UTF-8.", line + 1));
  }
  CsvReader reader(text);
  const Result<Header> header = read_header(reader);
  if (!header) {
    return std::unexpected(header.error());
  }
  CsvFile file;
  for (std::size_t i = 0; i < header->columns.size(); ++i) {
    if (!header->columns[i] && !header->names[i].empty()) {
      file.kept_columns.push_back(header->names[i]);
    }
  }
  Grouping grouping(file.problems);
  while (true) {
    const Result<bool> more = reader.next();
    if (!more) {
      return std::unexpected(more.error());
    }
    if (!*more) {
      break;
    }
    grouping.add(row_of(reader.record(), *header));
  }
  for (const CsvGroup& group : grouping.groups()) {
    file.products.push_back(ProductReader(group, currency, file.problems).read());
  }
  std::ranges::sort(file.problems, {}, [](const CsvProblem& problem) {
    return std::tie(problem.line, problem.column, problem.what);
  });
  return file;
}

// Writing -----------------------------------------------------------------------------------------

namespace {

constexpr std::string_view flag_text(bool flag) {
  return flag ? "true" : "false";
}

std::string_view status_text(ProductStatus status) {
  switch (status) {
    case ProductStatus::published:
      return "active";
    case ProductStatus::archived:
      return "archived";
    case ProductStatus::draft:
      break;
  }
  return "draft";
}

class RowWriter {
 public:
  RowWriter(CsvFormat format, const std::vector<std::string>& kept)
      : format_(format), kept_(kept), kept_values_(kept.size()) {}

  void set(Column column, std::string value) {
    values_[static_cast<std::size_t>(column)] = std::move(value);
  }
  // The columns of an import that are kept for this.
  void set_kept(const std::string& attributes) {
    const json::value document = json::parse(attributes);
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      if (const json::value* value = document.as_object().if_contains(kept_[i])) {
        kept_values_[i] = value->is_string() ? std::string(value->get_string()) : "";
      }
    }
  }
  std::string line() const {
    std::vector<std::string_view> fields;
    for (const ColumnName& name : column_names) {
      fields.emplace_back(values_[static_cast<std::size_t>(name.column)]);
    }
    fields.insert(fields.end(), kept_values_.begin(), kept_values_.end());
    std::string text;
    CsvWriter(text).write(fields);
    return text;
  }
  CsvFormat format() const { return format_; }

 private:
  CsvFormat format_;
  const std::vector<std::string>& kept_;
  std::array<std::string, column_count> values_;
  std::vector<std::string> kept_values_;
};

void write_product(RowWriter& row, const Product& product) {
  row.set(Column::title, product.title);
  row.set(Column::body, product.description);
  row.set(Column::vendor, product.vendor);
  row.set(Column::type, product.type);
  row.set(Column::tags, fmt::format("{}", fmt::join(product.tags, ", ")));
  row.set(Column::published, std::string(flag_text(product.status == ProductStatus::published)));
  row.set(Column::status, std::string(status_text(product.status)));
  row.set(Column::seo_title, product.seo_title);
  row.set(Column::seo_description, product.seo_description);
  if (product.options.empty()) {
    row.set(Column::option1_name, std::string(no_option_name));
  }
  for (std::size_t i = 0; i < product.options.size() && i < option_columns.size(); ++i) {
    row.set(option_columns[i].first, product.options[i].name);
  }
}

void write_variant(RowWriter& row, const Product& product, const Variant& variant,
                   std::int64_t on_hand, Currency currency) {
  if (product.options.empty()) {
    row.set(Column::option1_value, std::string(no_option_value));
  }
  for (std::size_t i = 0; i < variant.option_values.size() && i < option_columns.size(); ++i) {
    row.set(option_columns[i].second, variant.option_values[i]);
  }
  row.set(Column::sku, variant.sku);
  row.set(Column::barcode, variant.barcode);
  row.set(Column::grams, std::to_string(variant.grams));
  row.set(Column::tracker, variant.track_stock ? "shopify" : "");
  row.set(Column::quantity, variant.track_stock ? std::to_string(on_hand) : "");
  const bool older = row.format() == CsvFormat::older;
  row.set(Column::policy, older ? (variant.backorder ? "continue" : "deny")
                                : std::string(flag_text(variant.backorder)));
  row.set(Column::requires_shipping, std::string(flag_text(variant.requires_shipping)));
  row.set(Column::taxable, std::string(flag_text(variant.taxable)));
  const auto price = std::ranges::find(variant.prices, currency.code(), &Price::currency);
  if (price != variant.prices.end()) {
    row.set(Column::price, format_amount(price->amount, currency));
    if (price->compare_at) {
      row.set(Column::compare_at, format_amount(*price->compare_at, currency));
    }
  }
  if (variant.image_id) {
    const auto image = std::ranges::find(product.images, *variant.image_id, &Image::id);
    if (image != product.images.end()) {
      row.set(Column::variant_image, image->src);
    }
  }
}

void write_image(RowWriter& row, const Image& image, std::size_t position) {
  row.set(Column::image_src, image.src);
  row.set(Column::image_position, std::to_string(position));
  row.set(Column::image_alt, image.alt);
}

}  // namespace

ShopifyCsvWriter::ShopifyCsvWriter(CsvFormat format, Currency currency,
                                   std::vector<std::string> kept_columns)
    : format_(format), currency_(currency), kept_columns_(std::move(kept_columns)) {}

std::string ShopifyCsvWriter::header() const {
  std::vector<std::string_view> names;
  for (const ColumnName& name : column_names) {
    names.push_back(format_ == CsvFormat::older ? name.older : name.newer);
  }
  names.insert(names.end(), kept_columns_.begin(), kept_columns_.end());
  std::string text;
  CsvWriter(text).write(names);
  return text;
}

std::string ShopifyCsvWriter::rows(const Product& product,
                                   const std::vector<std::int64_t>& on_hand) const {
  std::string text;
  const std::size_t lines = std::max(product.variants.size(), product.images.size());
  for (std::size_t i = 0; i < lines; ++i) {
    RowWriter row(format_, kept_columns_);
    row.set(Column::handle, product.handle);
    if (i == 0) {
      write_product(row, product);
      row.set_kept(product.attributes);
    } else if (i < product.variants.size()) {
      row.set_kept(product.variants[i].attributes);
    }
    if (i < product.variants.size()) {
      write_variant(row, product, product.variants[i], on_hand[i], currency_);
    }
    if (i < product.images.size()) {
      write_image(row, product.images[i], i + 1);
    }
    text += row.line();
  }
  return text;
}

}  // namespace securecart::shop::catalog
