#include "lab/retail.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/csv.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "lab/limits.hpp"

namespace securecart::lab {
namespace {

constexpr std::int64_t per_penny = 100;                  // ten-thousandths of a pound
constexpr std::int64_t most_amount = 1'000'000'000'000;  // of a line: a hundred million pounds
constexpr std::int64_t most_quantity = 100'000'000;
constexpr std::string_view home = "GB";

constexpr std::array<std::string_view, 8> column_names{"InvoiceNo",  "StockCode",   "Description",
                                                       "Quantity",   "InvoiceDate", "UnitPrice",
                                                       "CustomerID", "Country"};
enum Column { invoice, stock_code, description, quantity, date, price, customer, country };

struct Country {
  std::string_view name;
  std::string_view code;
};
constexpr Country known_countries[] = {
    {"Australia", "AU"},
    {"Austria", "AT"},
    {"Bahrain", "BH"},
    {"Belgium", "BE"},
    {"Brazil", "BR"},
    {"Canada", "CA"},
    {"Channel Islands", "JE"},
    {"Cyprus", "CY"},
    {"Czech Republic", "CZ"},
    {"Denmark", "DK"},
    {"EIRE", "IE"},
    {"Finland", "FI"},
    {"France", "FR"},
    {"Germany", "DE"},
    {"Greece", "GR"},
    {"Hong Kong", "HK"},
    {"Iceland", "IS"},
    {"Israel", "IL"},
    {"Italy", "IT"},
    {"Japan", "JP"},
    {"Lebanon", "LB"},
    {"Lithuania", "LT"},
    {"Malta", "MT"},
    {"Netherlands", "NL"},
    {"Norway", "NO"},
    {"Poland", "PL"},
    {"Portugal", "PT"},
    {"RSA", "ZA"},
    {"Saudi Arabia", "SA"},
    {"Singapore", "SG"},
    {"Spain", "ES"},
    {"Sweden", "SE"},
    {"Switzerland", "CH"},
    {"USA", "US"},
    {"United Arab Emirates", "AE"},
    {"United Kingdom", "GB"},
};

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<std::int64_t> parse_quantity(std::string_view text) {
  std::int64_t number = 0;
  if (!read_number(trim(text), number) || number > most_quantity || number < -most_quantity) {
    return std::nullopt;
  }
  return number;
}

// Pounds with up to four digits behind the point, in ten-thousandths.
std::optional<std::int64_t> parse_price(std::string_view text) {
  text = trim(text);
  const bool negative = text.starts_with('-');
  text.remove_prefix(negative ? 1 : 0);
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  std::string digits(point < text.size() ? text.substr(point + 1) : std::string_view());
  if (digits.size() > 4 || (whole.empty() && digits.empty())) {
    return std::nullopt;
  }
  digits.resize(4, '0');
  std::uint32_t pounds = 0;
  std::uint32_t rest = 0;
  if ((!whole.empty() && !read_number(whole, pounds)) || !read_number(digits, rest)) {
    return std::nullopt;
  }
  const std::int64_t amount = std::int64_t{pounds} * 10'000 + rest;
  return negative ? -amount : amount;
}

// m/d/yyyy h:mm
std::optional<Timestamp> parse_date(std::string_view text) {
  const std::vector<std::string_view> parts = split(trim(text), ' ');
  if (parts.size() != 2) {
    return std::nullopt;
  }
  const std::vector<std::string_view> day = split(parts[0], '/');
  const std::vector<std::string_view> time = split(parts[1], ':');
  unsigned month = 0;
  unsigned day_of_month = 0;
  int year = 0;
  unsigned hour = 0;
  unsigned minute = 0;
  if (day.size() != 3 || time.size() < 2 || !read_number(day[0], month) ||
      !read_number(day[1], day_of_month) || !read_number(day[2], year) ||
      !read_number(time[0], hour) || !read_number(time[1], minute) || hour > 23 || minute > 59) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day_of_month)};
  if (!date.ok() || year < 1900 || year > 9999) {
    return std::nullopt;
  }
  return Timestamp(std::chrono::sys_days(date) + std::chrono::hours(hour) +
                   std::chrono::minutes(minute));
}

// Spreadsheets write 17850 as 17850.0.
std::string parse_customer(std::string_view text) {
  text = trim(text);
  return std::string(text.ends_with(".0") ? text.substr(0, text.size() - 2) : text);
}

using Places = std::array<std::size_t, column_names.size()>;

Result<Places> read_header(const CsvRecord& record) {
  Places places{};
  for (std::size_t i = 0; i < column_names.size(); ++i) {
    const auto found = std::ranges::find_if(record.fields, [i](std::string_view field) {
      return equal_ignoring_case(trim(field), column_names[i]);
    });
    if (found == record.fields.end()) {
      return fail(errc::invalid_request,
                  fmt::format("line {}: the column {} is missing: this is not the Online Retail "
                              "file",
                              record.line, column_names[i]));
    }
    places[i] = static_cast<std::size_t>(found - record.fields.begin());
  }
  return places;
}

Result<RetailLine> read_line(const CsvRecord& record, const Places& places) {
  const auto field = [&](Column column) {
    return places[column] < record.fields.size() ? record.fields[places[column]]
                                                 : std::string_view();
  };
  const auto wrong = [&](Column column, std::string_view what) {
    return fail(errc::invalid_request, fmt::format("line {}: {} is '{}', not {}", record.line,
                                                   column_names[column], field(column), what));
  };
  RetailLine line;
  line.line = record.line;
  line.invoice = trim(field(invoice));
  line.stock_code = trim(field(stock_code));
  line.description = trim(field(description));
  line.customer = parse_customer(field(customer));
  line.country = trim(field(country));
  const auto units = parse_quantity(field(quantity));
  const auto at = parse_date(field(date));
  const auto unit_price = parse_price(field(price));
  if (line.invoice.empty()) {
    return wrong(invoice, "the number of an invoice");
  }
  if (line.stock_code.empty()) {
    return wrong(stock_code, "a stock code");
  }
  if (!units) {
    return wrong(quantity, "a whole number");
  }
  if (!at) {
    return wrong(date, "a date like 12/1/2010 10:03");
  }
  if (!unit_price) {
    return wrong(price, "a price in pounds");
  }
  line.quantity = *units;
  line.at = *at;
  line.price = *unit_price;
  if (line.price != 0 && std::abs(line.quantity) > most_amount / std::abs(line.price)) {
    return wrong(price, "an amount that a shop takes");
  }
  return line;
}

// Collects the plan, one line after the other.
class Planner {
 public:
  Planner(const std::vector<RetailLine>& lines, std::size_t most_invoices)
      : lines_(lines), most_invoices_(most_invoices) {}

  RetailPlan run() {
    gather_invoices();
    for (const Invoice& one : invoices_) {
      plan_invoice(one);
    }
    for (const RetailLine* line : returns_) {
      match_return(*line);
    }
    sum_up();
    return std::move(plan_);
  }

 private:
  struct Invoice {
    std::string number;
    Timestamp at;
    std::vector<const RetailLine*> lines;
  };

  void gather_invoices();
  void plan_invoice(const Invoice& one);
  std::pair<std::size_t, std::size_t> variant_of(const RetailLine& line);
  std::size_t stock_of(const RetailLine& line);
  std::string free_handle(const std::string& code);
  RetailCheckout& part_for(std::vector<RetailCheckout>& parts, std::size_t product,
                           std::size_t price, const RetailCheckout& head);
  void match_return(const RetailLine& line);
  void sum_up();

  const std::vector<RetailLine>& lines_;
  const std::size_t most_invoices_;
  std::vector<Invoice> invoices_;
  std::vector<const RetailLine*> returns_;
  RetailPlan plan_;
  std::map<std::string, std::size_t, std::less<>> stock_;
  std::map<std::pair<std::string, std::int64_t>, std::pair<std::size_t, std::size_t>> variants_;
  std::set<std::string> handles_;
  std::set<std::string> customers_;
  // customer, product, price -> checkout and line, oldest first, with what can still be returned
  struct Bought {
    std::size_t checkout;
    std::size_t line;
    std::int64_t left;
  };
  std::map<std::tuple<std::string, std::size_t, std::size_t>, std::vector<Bought>> bought_;
};

void Planner::gather_invoices() {
  std::map<std::string, std::size_t> places;
  for (const RetailLine& line : lines_) {
    const auto [place, fresh] = places.emplace(line.invoice, invoices_.size());
    if (fresh) {
      invoices_.push_back({line.invoice, line.at, {}});
    }
    Invoice& one = invoices_[place->second];
    one.at = std::min(one.at, line.at);
    one.lines.push_back(&line);
  }
  std::ranges::sort(invoices_, [](const Invoice& a, const Invoice& b) {
    return std::tie(a.at, a.number) < std::tie(b.at, b.number);
  });
  if (most_invoices_ > 0 && invoices_.size() > most_invoices_) {
    invoices_.resize(most_invoices_);
  }
}

void add(RetailSums& sums, const RetailLine& line) {
  ++sums.lines;
  sums.units += line.quantity;
  sums.amount += line.amount();
}

std::size_t Planner::stock_of(const RetailLine& line) {
  const auto [place, fresh] = stock_.emplace(line.stock_code, plan_.stock.size());
  if (fresh) {
    plan_.stock.push_back({line.stock_code, {}, 0});
  }
  return place->second;
}

// Codes that differ only in case or in signs (15056bl, 15056BL) stay apart.
std::string Planner::free_handle(const std::string& code) {
  std::string base = "retail-" + slugify(code, 100);
  std::string handle = base;
  for (int n = 2; !handles_.insert(handle).second; ++n) {
    handle = fmt::format("{}-{}", base, n);
  }
  return handle;
}

std::pair<std::size_t, std::size_t> Planner::variant_of(const RetailLine& line) {
  const std::int64_t pence = line.price / per_penny;
  const auto known = variants_.find({line.stock_code, pence});
  if (known != variants_.end()) {
    return known->second;
  }
  RetailStock& stock = plan_.stock[stock_of(line)];
  if (stock.products.empty() ||
      plan_.products[stock.products.back()].prices.size() == limits::product_variants) {
    stock.products.push_back(plan_.products.size());
    std::string title(utf8_prefix(line.description, limits::text_bytes));
    plan_.products.push_back({free_handle(line.stock_code),
                              title.empty() ? "Item " + line.stock_code : std::move(title),
                              line.stock_code,
                              {}});
  }
  const std::size_t product = stock.products.back();
  std::vector<std::int64_t>& prices = plan_.products[product].prices;
  prices.push_back(pence);
  const std::pair<std::size_t, std::size_t> variant{product, prices.size() - 1};
  variants_.emplace(std::pair(line.stock_code, pence), variant);
  return variant;
}

RetailCheckout& Planner::part_for(std::vector<RetailCheckout>& parts, std::size_t product,
                                  std::size_t price, const RetailCheckout& head) {
  for (RetailCheckout& part : parts) {
    const bool holds_it = std::ranges::any_of(part.lines, [&](const RetailCheckoutLine& line) {
      return line.product == product && line.price == price;
    });
    if (part.lines.size() < limits::cart_lines && !holds_it) {
      return part;
    }
  }
  parts.push_back(head);
  return parts.back();
}

void Planner::plan_invoice(const Invoice& one) {
  std::vector<RetailCheckoutLine> merged;
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> places;
  for (const RetailLine* line : one.lines) {
    const RetailKind kind = kind_of(*line);
    add(plan_.file, *line);
    if (kind != RetailKind::sale) {
      add(kind == RetailKind::returned ? plan_.returned : plan_.other, *line);
      if (kind == RetailKind::returned) {
        returns_.push_back(line);
      }
      continue;
    }
    add(plan_.sales, *line);
    const auto [product, price] = variant_of(*line);
    plan_.stock[stock_of(*line)].units += line->quantity;
    const auto [place, fresh] = places.emplace(std::pair(product, price), merged.size());
    if (fresh) {
      merged.push_back({product, price, 0});
    }
    merged[place->second].quantity += line->quantity;
  }
  if (merged.empty()) {
    return;
  }
  const RetailLine& first = *one.lines.front();
  RetailCheckout head;
  head.invoice = one.number;
  head.customer = first.customer;
  head.country = first.country.empty() ? "Unspecified" : first.country;
  head.code = country_code(head.country).value_or(home);
  head.at = one.at;
  std::vector<RetailCheckout> parts;
  for (RetailCheckoutLine line : merged) {
    const std::int64_t pence = plan_.products[line.product].prices[line.price];
    while (line.quantity > 0) {
      const std::int64_t units = std::min<std::int64_t>(line.quantity, limits::line_quantity);
      RetailCheckout& part = part_for(parts, line.product, line.price, head);
      part.lines.push_back({line.product, line.price, units});
      part.units += units;
      part.pence += units * pence;
      line.quantity -= units;
    }
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i].part = static_cast<int>(i) + 1;
    parts[i].parts = static_cast<int>(parts.size());
    for (std::size_t j = 0; j < parts[i].lines.size(); ++j) {
      const RetailCheckoutLine& line = parts[i].lines[j];
      bought_[{head.customer, line.product, line.price}].push_back(
          {plan_.checkouts.size(), j, line.quantity});
    }
    plan_.checkouts.push_back(std::move(parts[i]));
  }
  if (!head.customer.empty() && customers_.insert(head.customer).second) {
    plan_.customers.push_back(head.customer);
  }
}

// The latest purchases are returned first; a return is placed whole or not at all.
void Planner::match_return(const RetailLine& line) {
  const auto variant = variants_.find({line.stock_code, line.price / per_penny});
  if (line.customer.empty() || line.price <= 0 || line.price % per_penny != 0 ||
      variant == variants_.end()) {
    return;
  }
  const auto found = bought_.find({line.customer, variant->second.first, variant->second.second});
  if (found == bought_.end()) {
    return;
  }
  std::int64_t missing = -line.quantity;
  std::vector<std::pair<Bought*, std::int64_t>> takes;
  for (auto bought = found->second.rbegin(); bought != found->second.rend(); ++bought) {
    const std::int64_t units = std::min(missing, bought->left);
    if (units > 0 && plan_.checkouts[bought->checkout].at <= line.at) {
      takes.emplace_back(&*bought, units);
      missing -= units;
    }
  }
  if (missing > 0) {
    return;
  }
  add(plan_.refundable, line);
  for (const auto& [bought, units] : takes) {
    bought->left -= units;
    plan_.refunds.push_back({line.invoice, line.line, bought->checkout, bought->line, units,
                             units * (line.price / per_penny)});
  }
}

void Planner::sum_up() {
  for (const RetailCheckout& checkout : plan_.checkouts) {
    RetailSums& sums = plan_.by_country[checkout.country];
    for (RetailSums* sum : {&sums, &plan_.sales}) {
      sum->invoices += checkout.part == 1 ? 1 : 0;
      ++sum->orders;
    }
    sums.units += checkout.units;
    sums.amount += checkout.pence * per_penny;
    plan_.countries.emplace(checkout.country, checkout.code);
  }
  plan_.file.invoices = static_cast<std::int64_t>(invoices_.size());
}

}  // namespace

Result<std::vector<RetailLine>> parse_retail(std::string_view bytes) {
  if (bytes.size() > limits::retail_file_bytes) {
    return fail(errc::invalid_request,
                fmt::format("the file is larger than {} bytes", limits::retail_file_bytes));
  }
  const std::string text = is_utf8(bytes) ? std::string(bytes) : latin1_to_utf8(bytes);
  CsvReader reader(text, {.rows = limits::retail_rows});
  Result<bool> more = reader.next();
  if (more && !*more) {
    return fail(errc::invalid_request, "the file is empty");
  }
  if (!more) {
    return std::unexpected(more.error());
  }
  const Result<Places> places = read_header(reader.record());
  if (!places) {
    return std::unexpected(places.error());
  }
  std::vector<RetailLine> lines;
  for (more = reader.next(); more && *more; more = reader.next()) {
    Result<RetailLine> line = read_line(reader.record(), *places);
    if (!line) {
      return std::unexpected(line.error());
    }
    lines.push_back(std::move(*line));
  }
  if (!more) {
    return std::unexpected(more.error());
  }
  return lines;
}

RetailKind kind_of(const RetailLine& line) {
  if (line.quantity < 0 && line.price >= 0) {
    return RetailKind::returned;
  }
  const bool cancelled = line.invoice.starts_with('C') || line.invoice.starts_with('c');
  const bool sold = line.quantity > 0 && line.price >= 0 && line.price % per_penny == 0;
  return sold && !cancelled ? RetailKind::sale : RetailKind::other;
}

std::optional<std::string_view> country_code(std::string_view name) {
  const auto found = std::ranges::find_if(known_countries, [name](const Country& country) {
    return equal_ignoring_case(country.name, name);
  });
  return found == std::end(known_countries) ? std::nullopt : std::optional(found->code);
}

std::string RetailCheckout::key() const {
  return fmt::format("replay-{}-{}", invoice, part);
}

std::string RetailCheckout::label() const {
  return fmt::format("Invoice {} part {}", invoice, part);
}

std::string RetailRefund::key() const {
  return fmt::format("replay-{}-{}-{}-{}", invoice, line, checkout, checkout_line);
}

RetailPlan plan_retail(const std::vector<RetailLine>& lines, std::size_t most_invoices) {
  return Planner(lines, most_invoices).run();
}

}  // namespace securecart::lab
