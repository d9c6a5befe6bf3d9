#include "lab/replay.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/executor.hpp"
#include "lab/fields.hpp"
#include "lab/limits.hpp"
#include "lab/parallel.hpp"
#include "lab/world_reader.hpp"

namespace securecart::lab {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t at_once = limits::replay_orders_at_once;
constexpr std::size_t sign_ups_at_once = 4;
constexpr std::string_view currency = "GBP";
constexpr std::string_view make_a_shop =
    " Make one for the replay while no shop is served from its data folder:\n"
    "  securecart shop create --name Replay --currency GBP --country GB --email you@example.com "
    "--credentials replay.json\n"
    "then serve, and give --credentials replay.json";
constexpr std::string_view shipping_name = "Replay";

std::string text(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : std::string();
}

bool contains(const json::array& list, std::string_view wanted) {
  return std::ranges::any_of(list, [wanted](const json::value& value) {
    return value.is_string() && std::string_view(value.get_string()) == wanted;
  });
}

std::string price_label(std::int64_t pence) {
  return fmt::format("{}.{:02}", pence / 100, pence % 100);
}

// The cheapest way of shipping must cost nothing, or the totals would not be the file's.
std::size_t free_shipping(const json::array& methods) {
  for (std::size_t i = 0; i < methods.size(); ++i) {
    if (int_of(as_object(methods[i]), "amount", -1) == 0) {
      return i;
    }
  }
  return methods.size();
}

json::object variant_of(const RetailProduct& product, std::int64_t pence,
                        const std::string& item_id) {
  const json::object price{{"currency", currency}, {"amount", pence}};
  json::object variant{{"option_values", json::array{price_label(pence)}},
                       {"sku", product.stock_code},
                       {"prices", json::array{price}}};
  if (!item_id.empty()) {
    variant["inventory_item_id"] = item_id;
  }
  return variant;
}

// Tells this plan from another, so that each brings the stock it needs, once.
std::string fingerprint(const RetailPlan& plan) {
  std::string facts;
  for (const RetailCheckout& checkout : plan.checkouts) {
    facts += fmt::format("{} {} {}\n", checkout.label(), checkout.units, checkout.pence);
  }
  return sha256_hex(facts).substr(0, 16);
}

std::string version_tag(const json::object& resource) {
  return fmt::format("\"v{}\"", int_of(resource, "version"));
}

}  // namespace

Replay::Replay(Api& api, HistoryWriter& history, const RetailPlan& plan, ReplayOptions options,
               Progress progress)
    : api_(api),
      history_(history),
      plan_(plan),
      options_(std::move(options)),
      progress_(std::move(progress)),
      fingerprint_(fingerprint(plan)),
      publishable_key_(options_.publishable_key),
      variants_(plan.products.size()) {}

ApiCall Replay::admin(net::Method method, std::string target, const json::value& body) const {
  return {.method = method,
          .target = std::move(target),
          .headers = {{"Authorization", "Bearer " + options_.secret_key}},
          .body = to_string(body)};
}

ApiCall Replay::admin(std::string target) const {
  return {.target = std::move(target),
          .headers = {{"Authorization", "Bearer " + options_.secret_key}}};
}

Task<Reconciliation> Replay::run() {
  StoreKey borrowed;
  if (publishable_key_.empty()) {
    borrowed = co_await borrow_store_key(api_, options_.secret_key, options_.patience);
    publishable_key_ = borrowed.secret;
  }
  co_await check_shop();
  RunStarted started{"load replay", options_.url, shop_id_, 0, api_.clock().now()};
  co_await history_.write(std::move(started));
  co_await make_catalog();
  co_await read_orders();
  done_ = 0;
  const std::vector<std::string> customers = customers_to_come();
  auto sign_up = [this, &customers](std::size_t i) -> Task<void> {
    return make_customer(customers[i], customers.size());
  };
  co_await in_parallel(customers.size(), sign_ups_at_once, sign_up);
  co_await place_all();
  co_await settle();
  co_await read_orders();
  if (!plan_.refunds.empty()) {
    done_ = 0;
    // One after the other: two of them may change the same order.
    auto give_back = [this](std::size_t i) -> Task<void> { return refund(i); };
    co_await in_parallel(plan_.refunds.size(), 1, give_back);
    co_await settle();
    co_await read_orders();
  }
  co_await history_.write(RunEnded{api_.clock().now()});
  if (!borrowed.id.empty()) {
    co_await return_store_key(api_, options_.secret_key, borrowed, options_.patience);
  }
  co_return compare();
}

// Orders of other invoices (another file, a larger --limit) are left out, and told.
Reconciliation Replay::compare() const {
  std::set<std::string> labels;
  for (const RetailCheckout& checkout : plan_.checkouts) {
    labels.insert(checkout.label());
  }
  std::vector<ReplayedOrder> replayed;
  for (const auto& [label, order] : orders_) {
    if (labels.contains(label)) {
      replayed.push_back(order.summary);
    }
  }
  Reconciliation result = reconcile(plan_, replayed);
  if (replayed.size() < orders_.size()) {
    result.table += fmt::format("{} orders of other invoices are in this shop and not counted\n",
                                orders_.size() - replayed.size());
  }
  result.problems.insert(result.problems.begin(), refusals_.begin(), refusals_.end());
  result.equal = result.problems.empty();
  return result;
}

Task<void> Replay::check_shop() {
  const json::object shop = co_await api_.must(admin("/v1/admin/shop"), options_.patience);
  shop_id_ = text_of(shop, "id");
  if (!contains(array_of(shop, "currencies"), currency)) {
    throw ApiFailure("the invoices are in pounds and this shop does not sell in GBP." +
                     std::string(make_a_shop));
  }
  const json::object& exceptions = object_of(shop, "tax_included_in");
  const bool added_somewhere = std::ranges::any_of(
      exceptions, [](const json::key_value_pair& country) { return !country.value().as_bool(); });
  if (!bool_of(shop, "prices_include_tax") || added_somewhere) {
    throw ApiFailure(
        "this shop adds tax to its prices, so its totals cannot be those of the invoices." +
        std::string(make_a_shop));
  }
  const json::object locations =
      co_await api_.must(admin("/v1/admin/locations"), options_.patience);
  if (array_of(locations, "items").empty()) {
    throw ApiFailure("the shop has no location to keep stock at: POST /v1/admin/locations");
  }
  location_id_ = text_of(as_object(array_of(locations, "items")[0]), "id");
  co_await extend_countries(shop);
  co_await make_shipping();
}

Task<void> Replay::extend_countries(json::object shop) {
  json::array countries = array_of(shop, "countries");
  std::vector<std::string> missing;
  for (const auto& [name, code] : plan_.countries) {
    if (!contains(countries, code)) {
      countries.emplace_back(code);
      missing.push_back(fmt::format("{} ({})", code, name));
    }
  }
  if (missing.empty()) {
    co_return;
  }
  if (!options_.prepare) {
    throw ApiFailure(fmt::format(
        "the shop does not ship to {}. Add them (PATCH /v1/admin/shop, countries), or leave out "
        "--no-prepare",
        fmt::join(missing, ", ")));
  }
  ApiCall call = admin(net::Method::patch, "/v1/admin/shop",
                       json::object{{"countries", std::move(countries)}});
  call.headers.emplace_back("If-Match", version_tag(shop));
  co_await api_.must(std::move(call), options_.patience);
}

Task<void> Replay::make_shipping() {
  const json::object zones =
      co_await api_.must(admin("/v1/admin/shipping-zones"), options_.patience);
  const json::object band{{"prices", json::object{{currency, 0}}}};
  const json::object method{{"name", shipping_name}, {"bands", json::array{band}}};
  bool everywhere = false;
  for (const json::value& value : array_of(zones, "items")) {
    const json::object& zone = as_object(value);
    const json::array& countries = array_of(zone, "countries");
    everywhere |= contains(countries, "*");
    const bool concerns_us =
        contains(countries, "*") ||
        std::ranges::any_of(plan_.countries, [&countries](const auto& country) {
          return contains(countries, country.second);
        });
    const json::array& methods = array_of(zone, "methods");
    const bool is_free = std::ranges::any_of(methods, [](const json::value& one) {
      return std::ranges::any_of(array_of(as_object(one), "bands"), [](const json::value& each) {
        return !as_object(each).contains("max_grams") &&
               int_of(object_of(as_object(each), "prices"), currency, -1) == 0;
      });
    });
    if (!concerns_us || is_free) {
      continue;
    }
    if (!options_.prepare) {
      throw ApiFailure("the zone '" + text_of(zone, "name") +
                       "' has no way of shipping that costs nothing in GBP, so totals cannot be "
                       "those of the invoices: add one, or leave out --no-prepare");
    }
    json::array extended = methods;
    extended.push_back(method);
    ApiCall call = admin(net::Method::put, "/v1/admin/shipping-zones/" + text_of(zone, "id"),
                         json::object{{"name", text_of(zone, "name")},
                                      {"countries", countries},
                                      {"methods", std::move(extended)}});
    call.headers.emplace_back("If-Match", version_tag(zone));
    co_await api_.must(std::move(call), options_.patience);
  }
  if (everywhere) {
    co_return;
  }
  if (!options_.prepare) {
    throw ApiFailure(
        "the shop has no zone for every country ('*'): add one with a way of shipping "
        "that costs nothing in GBP, or leave out --no-prepare");
  }
  ApiCall call = admin(
      net::Method::post, "/v1/admin/shipping-zones",
      json::object{
          {"name", "Replay"}, {"countries", json::array{"*"}}, {"methods", json::array{method}}});
  co_await api_.must(std::move(call), options_.patience);
}

Task<void> Replay::make_catalog() {
  const std::vector<json::object> there =
      co_await api_.list("/v1/admin/products", {{"Authorization", "Bearer " + options_.secret_key}},
                         options_.patience);
  for (const json::object& product : there) {
    products_there_.emplace(text_of(product, "handle"), text_of(product, "id"));
  }
  done_ = 0;
  auto make = [this](std::size_t i) -> Task<void> { return make_stock_item(i); };
  co_await in_parallel(plan_.stock.size(), at_once, make);
}

// All variants of a stock code, in as many products as it takes, over one stock item.
Task<void> Replay::make_stock_item(std::size_t index) {
  const RetailStock& stock = plan_.stock[index];
  std::string item_id;
  for (const std::size_t number : stock.products) {
    const RetailProduct& product = plan_.products[number];
    const json::object made = co_await make_product(product, item_id);
    std::map<std::int64_t, std::string> by_price;
    for (const json::value& value : array_of(made, "variants")) {
      const json::object& variant = as_object(value);
      item_id = item_id.empty() ? text_of(variant, "inventory_item_id") : item_id;
      for (const json::value& price : array_of(variant, "prices")) {
        if (text_of(as_object(price), "currency") == currency) {
          by_price[int_of(as_object(price), "amount", -1)] = text_of(variant, "id");
        }
      }
    }
    for (const std::int64_t pence : product.prices) {
      if (!by_price.contains(pence)) {
        throw ApiFailure(
            fmt::format("product {} has no variant at {} GBP", product.handle, price_label(pence)));
      }
      variants_[number].push_back(by_price[pence]);
    }
  }
  co_await receive(stock, item_id);
  progress_("products", ++done_, plan_.stock.size());
}

// The first variant brings the stock item, the others share it.
Task<json::object> Replay::make_product(const RetailProduct& product, std::string item_id) {
  json::object made;
  const auto known = products_there_.find(product.handle);
  if (known != products_there_.end()) {
    made = co_await api_.must(admin("/v1/admin/products/" + known->second), options_.patience);
  } else {
    const json::object option{{"name", "Price"}};
    const json::object wanted{
        {"handle", product.handle},
        {"title", product.title},
        {"vendor", "Online Retail"},
        {"type", "Replay"},
        {"status", "published"},
        {"options", json::array{option}},
        {"variants", json::array{variant_of(product, product.prices[0], item_id)}}};
    made = co_await api_.must(admin(net::Method::post, "/v1/admin/products", wanted),
                              options_.patience);
  }
  co_return co_await add_missing_prices(product, std::move(made), std::move(item_id));
}

// All prices the product does not have yet, in one change; what it has is named, so that it stays.
Task<json::object> Replay::add_missing_prices(const RetailProduct& product, json::object made,
                                              std::string item_id) {
  json::array values;
  json::array variants;
  for (const json::value& value : array_of(made, "variants")) {
    const json::object& variant = as_object(value);
    const json::array& chosen = array_of(variant, "option_values");
    item_id = item_id.empty() ? text_of(variant, "inventory_item_id") : item_id;
    values.emplace_back(chosen.empty() ? std::string() : text(chosen[0]));
    variants.push_back(json::object{{"id", text_of(variant, "id")}});
  }
  const std::size_t there = variants.size();
  for (const std::int64_t pence : product.prices) {
    if (!contains(values, price_label(pence))) {
      values.emplace_back(price_label(pence));
      variants.push_back(variant_of(product, pence, item_id));
    }
  }
  if (variants.size() == there) {
    co_return made;
  }
  const json::object option{{"name", "Price"}, {"values", std::move(values)}};
  ApiCall call =
      admin(net::Method::patch, "/v1/admin/products/" + text_of(made, "id"),
            json::object{{"options", json::array{option}}, {"variants", std::move(variants)}});
  call.headers.emplace_back("If-Match", version_tag(made));
  co_return co_await api_.must(std::move(call), options_.patience);
}

Task<void> Replay::receive(const RetailStock& stock, std::string item_id) {
  ApiCall call = admin(net::Method::post, "/v1/admin/inventory/" + item_id + "/adjustments",
                       json::object{{"location_id", location_id_},
                                    {"delta", stock.units},
                                    {"kind", "receive"},
                                    {"reason", "replay of " + stock.stock_code}});
  call.headers.emplace_back("Idempotency-Key", fmt::format("replay-{}-{}", fingerprint_, item_id));
  co_await api_.must(std::move(call), options_.patience);
}

// Those who still have something to buy: signing in costs the shop tens of milliseconds each.
std::vector<std::string> Replay::customers_to_come() const {
  std::vector<std::string> customers;
  std::set<std::string> seen;
  for (const RetailCheckout& checkout : plan_.checkouts) {
    if (!checkout.customer.empty() && !orders_.contains(checkout.label()) &&
        seen.insert(checkout.customer).second) {
      customers.push_back(checkout.customer);
    }
  }
  return customers;
}

// A password that another run of the same replay makes again.
Task<void> Replay::make_customer(std::string customer, std::size_t all) {
  const std::string email = fmt::format("customer-{}@retail.example", customer);
  const std::string password = to_hex(hmac_sha256(options_.secret_key, email)).substr(0, 32);
  ApiCall sign_up{.method = net::Method::post,
                  .target = "/v1/store/customers",
                  .headers = {{"X-Publishable-Key", publishable_key_}}};
  sign_up.body = to_string(json::value(
      json::object{{"email", email}, {"name", "Customer " + customer}, {"password", password}}));
  const SteadyTime until = api_.clock().steady() + options_.patience;
  ApiAnswer answer = co_await api_.patiently(sign_up, until);
  if (answer.code == "email_taken") {
    ApiCall sign_in{.method = net::Method::post,
                    .target = "/v1/store/sessions",
                    .headers = {{"X-Publishable-Key", publishable_key_}}};
    sign_in.body = to_string(json::value(json::object{{"email", email}, {"password", password}}));
    answer = co_await api_.patiently(std::move(sign_in), until);
  }
  if (!answer.ok()) {
    throw ApiFailure(fmt::format("customer {}: {}", customer, answer.describe()));
  }
  sessions_[customer] = text_of(object_of(answer.body, "session"), "token");
  progress_("customers", ++done_, all);
}

Task<void> Replay::read_orders() {
  orders_.clear();
  WorldReader reader(api_, options_.secret_key, options_.patience);
  const std::vector<json::object> orders = co_await reader.read_orders([](std::string_view) {});
  for (const json::object& order : orders) {
    const json::object& address = object_of(order, "shipping_address");
    PlacedOrder placed;
    ReplayedOrder& summary = placed.summary;
    summary.label = text_of(address, "line1");
    if (!summary.label.starts_with("Invoice ")) {
      continue;  // somebody else's: the shop may be used for other things as well
    }
    summary.id = text_of(order, "id");
    summary.country = text_of(address, "city");
    summary.code = text_of(address, "country");
    summary.currency = text_of(order, "currency");
    summary.payment_status = text_of(order, "payment_status");
    summary.pence = int_of(object_of(order, "totals"), "total");
    summary.refunded = int_of(object_of(order, "totals"), "refunded");
    for (const json::value& value : array_of(order, "lines")) {
      const json::object& line = as_object(value);
      summary.units += int_of(line, "quantity");
      placed.line_of_variant[text_of(line, "variant_id")] = text_of(line, "id");
    }
    std::string label = summary.label;
    orders_.emplace(std::move(label), std::move(placed));
  }
}

Task<void> Replay::place_all() {
  done_ = 0;
  began_ = api_.clock().steady();
  auto one = [this](std::size_t i) -> Task<void> { return place(i); };
  co_await in_parallel(plan_.checkouts.size(), at_once, one);
}

Task<void> Replay::wait_until_due(const RetailCheckout& checkout) {
  if (options_.speed <= 0) {
    co_return;
  }
  const std::chrono::duration<double> since = checkout.at - plan_.checkouts.front().at;
  const SteadyTime due = began_ + std::chrono::duration_cast<Duration>(since / options_.speed);
  const Duration ahead = due - api_.clock().steady();
  if (ahead > Duration::zero()) {
    co_await sleep_for(ahead);
  }
}

json::object Replay::address_of(const RetailCheckout& checkout) const {
  return {{"name", checkout.customer.empty() ? "Guest" : "Customer " + checkout.customer},
          {"line1", checkout.label()},
          {"city", checkout.country},
          {"postal_code", "-"},
          {"country", checkout.code}};
}

Task<void> Replay::place(std::size_t index) {
  const RetailCheckout& checkout = plan_.checkouts[index];
  if (orders_.contains(checkout.label())) {
    progress_("invoices", ++done_, plan_.checkouts.size());
    co_return;
  }
  co_await wait_until_due(checkout);
  CartWish wish;
  wish.publishable_key = publishable_key_;
  wish.currency = currency;
  wish.email = checkout.customer.empty()
                   ? fmt::format("invoice-{}@retail.example", checkout.invoice)
                   : fmt::format("customer-{}@retail.example", checkout.customer);
  const auto session = sessions_.find(checkout.customer);
  wish.session = session == sessions_.end() ? std::string() : session->second;
  for (const RetailCheckoutLine& line : checkout.lines) {
    wish.lines.push_back({variants_[line.product][line.price], line.quantity});
  }
  wish.address = address_of(checkout);
  wish.choose_shipping = free_shipping;
  const SteadyTime until = api_.clock().steady() + options_.patience;
  std::expected<ReadyCart, ApiAnswer> cart = co_await fill_cart(api_, wish, until);
  if (!cart) {
    refusals_.push_back(fmt::format("{}: {}", checkout.label(), cart.error().describe()));
    progress_("invoices", ++done_, plan_.checkouts.size());
    co_return;
  }
  Intent intent;
  intent.client = static_cast<std::int64_t>(index);
  intent.cart_id = cart->id;
  intent.key = checkout.key();
  intent.currency = currency;
  intent.total = checkout.pence;  // the file's: the shop refuses when its own differs
  intent.method = "tok_approved";
  intent.lines = wish.lines;
  const Completion completion =
      co_await complete(api_, history_, std::move(intent), cart->token, publishable_key_, until);
  // Reused: an earlier run placed it, and was cut off before it could be read back.
  const bool there = completion.answer.code == "idempotency_key_reused";
  if (completion.outcome != Completion::Outcome::placed && !there) {
    refusals_.push_back(fmt::format("{}: {}", checkout.label(), completion.answer.describe()));
  }
  progress_("invoices", ++done_, plan_.checkouts.size());
}

Task<void> Replay::refund(std::size_t index) {
  const RetailRefund& wanted = plan_.refunds[index];
  const RetailCheckout& checkout = plan_.checkouts[wanted.checkout];
  const RetailCheckoutLine& line = checkout.lines[wanted.checkout_line];
  const auto placed = orders_.find(checkout.label());
  if (placed == orders_.end()) {
    co_return;  // told as a missing order
  }
  const auto line_id = placed->second.line_of_variant.find(variants_[line.product][line.price]);
  const json::object part{
      {"line_id", line_id == placed->second.line_of_variant.end() ? "" : line_id->second},
      {"quantity", wanted.quantity}};
  ApiCall call = admin(
      net::Method::post, "/v1/admin/orders/" + placed->second.summary.id + "/refunds",
      json::object{{"lines", json::array{part}}, {"reason", "return, invoice " + wanted.invoice}});
  call.headers.emplace_back("Idempotency-Key", wanted.key());
  const ApiAnswer answer =
      co_await api_.patiently(std::move(call), api_.clock().steady() + options_.patience);
  if (!answer.ok()) {
    refusals_.push_back(fmt::format("refund of invoice {}, line {}: {}", wanted.invoice,
                                    wanted.line, answer.describe()));
  }
  progress_("refunds", ++done_, plan_.refunds.size());
}

Task<void> Replay::settle() {
  progress_("payments settle", 0, 0);
  WorldReader reader(api_, options_.secret_key, options_.patience);
  if (!co_await reader.wait_until_settled(options_.settle)) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options_.settle);
    refusals_.push_back(
        fmt::format("after {} s some payments, refunds or receipts are still without an outcome",
                    seconds.count()));
  }
}

}  // namespace securecart::lab
