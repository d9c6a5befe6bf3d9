// Every error that the OpenAPI document of a running server declares for an operation is provoked
// here, over a socket: an error that is added without a way to meet it fails this test, and so does
// one that can no longer happen. tests/api_test.cpp shows the other half, that no answer is
// undocumented.
//
// What every operation may answer is provoked by loops over the document; what is an operation's
// own by the functions named after the nouns. Limits are reached, gates are filled, rivals do come
// first: tests/support/staged_database.hpp stages only what a database does.
#include <set>
#include <thread>

#include <fmt/format.h>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "shop/accounts/limits.hpp"
#include "shop/api/limits.hpp"
#include "shop/catalog/limits.hpp"
#include "shop/functions/limits.hpp"
#include "shop/payments/stripe_signature.hpp"
#include "shop/payments/webhook.hpp"
#include "shop/shops/limits.hpp"
#include "tests/support/documented_api.hpp"
#include "tests/support/raw_connection.hpp"
#include "tests/support/served_shop.hpp"

namespace securecart::test {
namespace {

using namespace std::chrono_literals;
using Things = std::map<std::string, std::string>;
using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::string_view password = "correct horse battery";
constexpr auto patience = 30s;

// A call of an operation: what it does not say is as usual.
struct Ask {
  std::string operation;
  json::value body = nullptr;
  Things path = {};
  Fields fields = {};  // an empty value takes the usual one away
  std::string query = {};
};

struct Held {
  std::string id;
  std::string token;
};

// Parts of bodies.
json::array prices(std::int64_t amount, std::string_view currency = "EUR") {
  return {json::object{{"currency", currency}, {"amount", amount}}};
}
json::object one_variant(json::object more = {}, std::int64_t amount = 1'000) {
  more["prices"] = prices(amount);
  more["grams"] = 100;
  return more;
}
json::object address() {
  return {{"name", "Ada Veen"},
          {"line1", "Rietwal 14"},
          {"city", "Haarlem"},
          {"postal_code", "2011 ZW"},
          {"country", "NL"}};
}
json::object payment(std::string_view method) {
  return {{"payment", json::object{{"provider", "test"}, {"method", method}}}};
}
constexpr std::string_view stripe_secret = "whsec_51Saltmarsh";
json::object source(std::string_view decision) {
  return {{"source", fmt::format("function run() {{ return {{decision: '{}'}}; }}", decision)}};
}
json::object function(std::string_view name, std::string_view trigger, std::string_view decision) {
  json::object made = source(decision);
  made["name"] = name;
  made["trigger"] = trigger;
  made["on_failure"] = "open";
  return made;
}
json::object zone(std::string_view name, std::string_view method_id = "",
                  std::string_view tax_class_id = "") {
  json::object method{
      {"name", "Parcel"},
      {"bands", json::array{json::object{{"max_grams", nullptr}, {"prices", {{"EUR", 500}}}}}}};
  if (!method_id.empty()) {
    method["id"] = method_id;
  }
  if (!tax_class_id.empty()) {
    method["tax_class_id"] = tax_class_id;
  }
  return {{"name", name}, {"countries", json::array{"SE"}}, {"methods", json::array{method}}};
}

// As many characters as there may be bytes, of two bytes each: the schema counts the former.
std::string wide(std::size_t characters) {
  std::string made;
  for (std::size_t i = 0; i < characters; ++i) {
    made += "\u00e9";
  }
  return made;
}
std::string text(const json::object& object, std::string_view member) {
  return std::string(get_string(object, member));
}
const json::object& first_of(const json::object& object, std::string_view list) {
  return get_array(object, list).front().as_object();
}
std::string tag(const json::object& object) {
  return fmt::format("\"v{}\"", get_int(object, "version"));
}

class ApiErrors : public testing::TestWithParam<Engine> {
 protected:
  ApiErrors() : shop_(GetParam()) {
    const lab::ApiAnswer document = shop_.call({.target = "/openapi.json"});
    EXPECT_EQ(document.status, 200);
    for (DocumentedOperation& operation : operations_of(document.body)) {
      operations_.emplace(operation.id, operation);
    }
  }

  // Asking.

  Fields usual_fields(const DocumentedOperation& operation) const {
    Fields fields;
    if (operation.admin()) {
      fields.emplace_back("Authorization", "Bearer " + shop_.credentials().secret_key);
    } else if (operation.shopper()) {
      fields.emplace_back("Authorization", "Bearer " + things_.at("session"));
    }
    if (operation.needs("Idempotency-Key")) {
      fields.emplace_back("Idempotency-Key", shop_.secret(16));
    }
    if (operation.needs("If-Match")) {
      fields.emplace_back("If-Match", "\"v1\"");
    }
    if (operation.path.starts_with("/v1/store/carts/{")) {
      fields.emplace_back("X-Cart-Token", things_.at("cart_token"));
    }
    if (operation.path.starts_with("/v1/store/orders/{")) {
      fields.emplace_back("X-Order-Token", things_.at("order_token"));
    }
    return fields;
  }

  lab::ApiCall made(const Ask& ask, const ServedShop& shop) const {
    const DocumentedOperation& operation = operations_.at(ask.operation);
    lab::ApiCall call;
    call.method = operation.method;
    Things ids = ask.path;
    ids.insert(things_.begin(), things_.end());
    call.target = filled(operation.path, ids) + ask.query;
    if (ask.body.is_string()) {
      call.body = ask.body.get_string();
      call.headers.emplace_back("Content-Type", "text/csv");
    } else if (!ask.body.is_null()) {
      call.body = to_string(ask.body);
    }
    for (auto& field : usual_fields(operation)) {
      call.headers.push_back(std::move(field));
    }
    if (ask.operation == "receivePaymentWebhook") {
      const auto signature = shop::payments::sign_webhook(
          shop.credentials().test_payments_secret, shop.secret(16), shop.clock().now(), call.body);
      call.headers.emplace_back("webhook-id", signature.id);
      call.headers.emplace_back("webhook-timestamp", signature.timestamp);
      call.headers.emplace_back("webhook-signature", signature.signature);
    }
    if (ask.operation == "receiveStripeWebhook") {
      call.headers.emplace_back(
          "Stripe-Signature",
          shop::payments::sign_stripe_event(stripe_secret, shop.clock().now(), call.body));
    }
    for (const auto& [name, value] : ask.fields) {
      std::erase_if(call.headers, [&](const auto& field) { return field.first == name; });
      if (!value.empty()) {
        call.headers.emplace_back(name, value);
      }
    }
    return call;
  }

  void note(const std::string& operation, const lab::ApiAnswer& answer) {
    expect_documented(operations_.at(operation), answer);
    if (!answer.ok()) {
      met_.insert(operation + " " + answer.code);
    }
  }

  lab::ApiAnswer ask(const Ask& ask) {
    lab::ApiAnswer answer = shop_.call(made(ask, shop_));
    note(ask.operation, answer);
    return answer;
  }
  json::object must(const Ask& wanted) {
    lab::ApiAnswer answer = ask(wanted);
    EXPECT_TRUE(answer.ok()) << wanted.operation << ": " << answer.describe();
    return std::move(answer.body);
  }
  void provoke(std::string_view code, const Ask& wanted) {
    const lab::ApiAnswer answer = ask(wanted);
    EXPECT_EQ(answer.code, code) << wanted.operation << ": " << answer.describe();
  }
  // Asks again until the answer is `code`: a limit is being filled.
  void provoke_within(std::size_t times, std::string_view code, const std::function<Ask()>& next) {
    for (std::size_t i = 0; i < times; ++i) {
      if (ask(next()).code == code) {
        return;
      }
    }
    ADD_FAILURE() << next().operation << " does not answer " << code << " in " << times << " calls";
  }

  // Things there are.

  std::string unique(std::string_view name) const {
    return fmt::format("{} {}", name, shop_.secret(6));
  }
  std::string email() const { return "c" + shop_.secret(6) + "@example.com"; }
  static Fields bearer(const std::string& token) { return {{"Authorization", "Bearer " + token}}; }

  struct Shopper {
    std::string id;
    std::string email;
    std::string session;
  };
  Shopper sign_up() {
    const std::string address = email();
    const json::object made =
        must({.operation = "createCustomer",
              .body = json::object{{"email", address}, {"name", "Ada"}, {"password", password}}});
    return {text(get_object(made, "customer"), "id"), address,
            text(get_object(made, "session"), "token")};
  }

  struct Goods {
    std::string product;
    std::string variant;
    std::string item;
  };
  // A published product of one variant with `units` in stock.
  Goods add_goods(std::int64_t units, json::object variant = one_variant()) {
    const json::object made = must({.operation = "createProduct",
                                    .body = json::object{{"title", unique("Lamp")},
                                                         {"status", "published"},
                                                         {"variants", json::array{variant}}}});
    const json::object& first = first_of(made, "variants");
    Goods goods{text(made, "id"), text(first, "id"), text(first, "inventory_item_id")};
    if (units > 0) {
      must({.operation = "adjustStock",
            .body = adjustment(units),
            .path = {{"item_id", goods.item}}});
    }
    return goods;
  }
  json::object adjustment(std::int64_t delta) const {
    return {{"location_id", things_.at("location_id")}, {"delta", delta}, {"kind", "receive"}};
  }

  Held new_cart(json::object body = {}) {
    const json::object made = must({.operation = "createCart", .body = std::move(body)});
    return {text(made, "id"), text(made, "token")};
  }
  Ask with_cart(std::string operation, const Held& cart, json::value body = nullptr) const {
    return {.operation = std::move(operation),
            .body = std::move(body),
            .path = {{"cart_id", cart.id}},
            .fields = {{"X-Cart-Token", cart.token}}};
  }
  static json::array lines(const std::string& variant, std::int64_t quantity) {
    return {json::object{{"variant_id", variant}, {"quantity", quantity}}};
  }
  // A cart that lacks nothing; a customer's, when there is a session.
  Held ready_cart(const std::string& variant, std::int64_t quantity = 1,
                  const std::string& session = "") {
    Ask opening{
        .operation = "createCart",
        .body = json::object{{"email", "ada@example.com"}, {"lines", lines(variant, quantity)}}};
    if (!session.empty()) {
      opening.fields = bearer(session);
    }
    const json::object made = must(opening);
    Held cart{text(made, "id"), text(made, "token")};
    must(with_cart("updateCart", cart, json::object{{"shipping_address", address()}}));
    const json::object methods = must(with_cart("listCartShippingMethods", cart));
    must(with_cart("updateCart", cart,
                   json::object{{"shipping_method_id", text(first_of(methods, "items"), "id")}}));
    return cart;
  }
  Held place(std::string_view method, const std::string& variant, std::int64_t quantity = 1,
             const std::string& session = "") {
    const Held cart = ready_cart(variant, quantity, session);
    const json::object order = must(with_cart("completeCart", cart, payment(method)));
    return {text(order, "id"), text(order, "token")};
  }
  Held place(std::string_view method) { return place(method, things_.at("variant_id")); }
  // With its payment in that state.
  Held place_until(std::string_view method, std::string_view status) {
    const Held order = place(method);
    await_payment(order, status);
    return order;
  }
  void await_payment(const Held& order, std::string_view status) {
    const SteadyTime until = shop_.clock().steady() + patience;
    std::string seen;
    while (seen != status && shop_.clock().steady() < until) {
      seen = text(must(with_order("getOrder", order)), "payment_status");
    }
    EXPECT_EQ(seen, status);
  }
  Ask with_order(std::string operation, const Held& order, json::value body = nullptr) const {
    Ask made{.operation = std::move(operation),
             .body = std::move(body),
             .path = {{"order_id", order.id}}};
    if (operations_.at(made.operation).store()) {
      made.fields = {{"X-Order-Token", order.token}};
    }
    return made;
  }

  void make_things() {
    things_ = {
        {"provider", "test"},    {"product", "marsh-teapot"}, {"collection", "kitchen-table"},
        {"host", "things.test"}, {"cart_token", ""},          {"order_token", ""},
        {"session", ""}};
    things_["location_id"] = text(first_of(must({.operation = "listLocations"}), "items"), "id");
    const Shopper shopper = sign_up();
    things_["customer_id"] = shopper.id;
    things_["session"] = shopper.session;
    things_["email"] = shopper.email;
    things_["address_id"] =
        text(must({.operation = "createCustomerAddress", .body = address()}), "id");
    make_settings();
    make_product();
    make_stripe();
    make_orders();
    make_functions();
    things_["import_id"] = text(
        must({.operation = "createImport", .body = "Handle,Title\n", .query = "?dry_run=true"}),
        "id");
  }

  void make_settings() {
    must({.operation = "createHost", .body = json::object{{"host", things_.at("host")}}});
    things_["second_location"] =
        text(must({.operation = "createLocation", .body = json::object{{"name", "Second"}}}), "id");
    const json::object tax_class =
        must({.operation = "createTaxClass", .body = json::object{{"name", "Lamps"}}});
    things_["tax_class_id"] = text(tax_class, "id");
    things_["rate_id"] = text(must({.operation = "createTaxRate", .body = rate("SE")}), "id");
    const json::object made = must({.operation = "createShippingZone", .body = zone("Things")});
    things_["zone_id"] = text(made, "id");
    things_["method_id"] = text(first_of(made, "methods"), "id");
    const json::object key =
        must({.operation = "createApiKey",
              .body = json::object{{"kind", "secret"}, {"name", "Things"}, {"role", "viewer"}}});
    things_["key_id"] = text(get_object(key, "key"), "id");
    things_["staff_email"] = email();
    things_["staff_id"] = text(must({.operation = "createStaff", .body = staff()}), "id");
    const json::object entered = must({.operation = "createStaffSession", .body = owner()});
    things_["owner_id"] = text(get_object(entered, "staff"), "id");
    things_["staff_session"] = text(get_object(entered, "session"), "token");
  }
  json::object rate(std::string_view country) const {
    return {{"tax_class_id", things_.at("tax_class_id")},
            {"country", country},
            {"name", "Moms"},
            {"basis_points", 2'500}};
  }
  json::object staff() const {
    return {{"email", things_.at("staff_email")},
            {"name", "Grace"},
            {"role", "viewer"},
            {"password", password}};
  }
  json::object owner() const {
    return {{"email", shop_.credentials().owner_email},
            {"password", shop_.credentials().owner_password}};
  }

  void make_product() {
    const json::object made = must(
        {.operation = "createProduct",
         .body = json::object{
             {"title", "Thing"},
             {"handle", "thing"},
             {"status", "published"},
             {"options", json::array{json::object{{"name", "Size"}, {"values", {"S", "M", "L"}}}}},
             {"images", json::array{json::object{{"src", "/images/sample/thing.svg"}}}},
             {"variants", json::array{one_variant({{"option_values", json::array{"S"}}}),
                                      one_variant({{"option_values", json::array{"M"}}})}}}});
    const json::object& variant = first_of(made, "variants");
    things_["product_id"] = text(made, "id");
    things_["variant_id"] = text(variant, "id");
    things_["item_id"] = text(variant, "inventory_item_id");
    things_["image_id"] = text(first_of(made, "images"), "id");
    must({.operation = "adjustStock", .body = adjustment(1'000)});
    const json::object collection =
        must({.operation = "createCollection", .body = json::object{{"title", "Things"}}});
    things_["collection_id"] = text(collection, "id");
    must({.operation = "putCollectionProduct"});
    things_["collection_tag"] = tag(must({.operation = "adminGetCollection"}));
  }

  void make_orders() {
    const Held cart = ready_cart(things_.at("variant_id"));
    things_["cart_id"] = cart.id;
    things_["cart_token"] = cart.token;
    things_["line_id"] = text(first_of(must(with_cart("getCart", cart)), "lines"), "id");
    const Held paid = place_until("tok_approved", "paid");
    things_["order_id"] = paid.id;
    things_["order_token"] = paid.token;
    declined_ = place_until("tok_declined", "declined");
    waiting_ = place_until("tok_needs_action", "requires_action");
    const json::object order = must(with_order("getAdminOrder", waiting_));
    report_ = {{"type", "charge.decided"},
               {"shop_id", shop_.credentials().shop_id},
               {"payment_id", text(first_of(order, "payments"), "id")},
               {"key", text(first_of(order, "payments"), "id")},
               {"id", "ch_things"},
               {"status", "captured"}};
  }

  void make_stripe() {
    things_["shop_id"] = shop_.credentials().shop_id;
    things_["provider"] = "stripe";
    must({.operation = "updatePaymentProvider",
          .body = json::object{{"enabled", true},
                               {"secret_key", "sk_test_51SaltmarshAndWren"},
                               {"webhook_secret", stripe_secret}}});
    things_["provider_tag"] = tag(must({.operation = "getPaymentProvider"}));
  }
  void switch_function(const std::string& id, bool enabled) {
    const Things path{{"function_id", id}};
    const json::object now = must({.operation = "getFunction", .body = nullptr, .path = path});
    must({.operation = "updateFunction",
          .body = json::object{{"enabled", enabled}},
          .path = path,
          .fields = {{"If-Match", tag(now)}}});
  }
  // A function, an order that one held, and no function that is on.
  void make_functions() {
    things_["function_id"] = text(
        must({.operation = "createFunction", .body = function("things", "order_placed", "accept")}),
        "id");
    things_["number"] = "1";
    things_["problem"] = "out_of_stock";
    const std::string holding = text(
        must({.operation = "createFunction", .body = function("holds", "order_placed", "review")}),
        "id");
    switch_function(holding, true);
    held_ = held_order();
    other_held_ = held_order();
    switch_function(holding, false);
  }
  Held held_order() {
    const Held order = place_until("tok_approved", "paid");
    const SteadyTime until = shop_.clock().steady() + patience;
    bool held = false;
    while (!held && shop_.clock().steady() < until) {
      for (const json::value& item : get_array(must({.operation = "listReviews"}), "items")) {
        held = held || to_string(item).find(order.id) != std::string::npos;
      }
    }
    EXPECT_TRUE(held) << "no function held " << order.id;
    return order;
  }

  // For each operation that needs more than its path: a call that is carried out.
  std::map<std::string, Ask> sound_calls() const {
    const json::object named{{"name", "Another"}};
    const json::object titled{{"title", "Another"}};
    const auto variant = things_.at("variant_id");
    const Ask asks[] = {
        {"searchProducts", nullptr, {}, {}, "?q=teapot"},
        {"createStaffSession", owner()},
        {"deleteStaffSession", nullptr, {}, bearer(things_.at("staff_session"))},
        {"createStaff", staff()},
        {"updateStaff", named},
        {"createApiKey", json::object{{"kind", "publishable"}, {"name", "Another"}}},
        {"updateCustomer", named},
        {"createProduct",
         json::object{{"title", "Another"}, {"variants", json::array{one_variant()}}}},
        {"updateProduct", titled},
        {"createVariant", one_variant({{"option_values", json::array{"L"}}})},
        {"updateVariant", json::object{{"sku", "ANOTHER"}}},
        {"createImage", json::object{{"src", "/images/sample/another.svg"}}},
        {"updateImage", json::object{{"alt", "Another"}}},
        {"createCollection", titled},
        {"updateCollection", titled, {}, {{"If-Match", things_.at("collection_tag")}}},
        {"deleteCollection", nullptr, {}, {{"If-Match", things_.at("collection_tag")}}},
        {"createImport", "Handle,Title\n"},
        {"createLocation", named},
        {"updateLocation", named},
        {"adjustStock", adjustment(1)},
        {"transferStock", transfer(1)},
        {"createTaxClass", named},
        {"createTaxRate", rate("FI")},
        {"createShippingZone", zone("Another")},
        {"replaceShippingZone", zone("Another")},
        {"updateShopSettings", json::object{{"tagline", "Another"}}},
        {"createHost", json::object{{"host", "another.test"}}},
        {"createCustomer",
         json::object{{"email", "another@example.com"}, {"name", "Grace"}, {"password", password}}},
        {"createCustomerSession",
         json::object{{"email", things_.at("email")}, {"password", password}}},
        {"updateCurrentCustomer", named},
        {"createCustomerAddress", address()},
        {"updateCustomerAddress", json::object{{"city", "Leiden"}}},
        {"createCart", json::object{}},
        {"updateCart", json::object{{"email", "grace@example.com"}}},
        {"addCartLine", json::object{{"variant_id", variant}, {"quantity", 1}}},
        {"updateCartLine", json::object{{"quantity", 2}}},
        {"completeCart", payment("tok_approved")},
        with_order("retryPayment", declined_, payment("tok_approved")),
        with_order("cancelOrder", waiting_, json::object{}),
        with_order("cancelMyOrder", waiting_, json::object{}),
        {"createFulfilment", json::object{}},
        {"createRefund", json::object{{"amount", 1}}},
        {"createFunction", function("another", "order_placed", "accept")},
        {"updateFunction", json::object{{"timeout_ms", 300}}},
        {"createFunctionVersion", source("accept")},
        {"testFunction", json::object{{"order_id", things_.at("order_id")}}},
        with_order("releaseOrder", other_held_),
        {"updatePaymentProvider",
         json::object{{"enabled", true}},
         {},
         {{"If-Match", things_.at("provider_tag")}}},
        {"receiveStripeWebhook", stripe_report()},
        {"receivePaymentWebhook", report_, {{"provider", "test"}}}};
    std::map<std::string, Ask> calls;
    for (const Ask& call : asks) {
      EXPECT_TRUE(operations_.contains(call.operation)) << call.operation;
      calls.emplace(call.operation, call);
    }
    for (const auto& [id, operation] : operations_) {
      calls.try_emplace(id, Ask{.operation = id});
    }
    return calls;
  }
  json::object stripe_report() const {
    return {{"id", "evt_1"},
            {"type", "payment_intent.payment_failed"},
            {"data",
             {{"object",
               {{"id", "pi_1"},
                {"status", "requires_payment_method"},
                {"metadata",
                 {{"shop_id", things_.at("shop_id")},
                  {"payment_id", text(report_, "payment_id")}}}}}}}};
  }
  json::object transfer(std::int64_t quantity) const {
    return {{"from_location_id", things_.at("location_id")},
            {"to_location_id", things_.at("second_location")},
            {"quantity", quantity}};
  }

  // What every operation may answer.

  bool declares(const std::string& operation, const std::string& code) const {
    return operations_.at(operation).errors().contains(code);
  }
  // Calls of all operations that declare `code`.
  std::vector<Ask> calls_declaring(const std::string& code) const {
    std::vector<Ask> calls;
    for (const auto& [id, call] : sound_calls()) {
      if (declares(id, code)) {
        calls.push_back(call);
      }
    }
    EXPECT_FALSE(calls.empty()) << "no operation declares " << code;
    return calls;
  }
  void provoke_everywhere(const std::string& code, Fields fields) {
    for (Ask& call : calls_declaring(code)) {
      call.fields.insert(call.fields.end(), fields.begin(), fields.end());
      provoke(code, call);
    }
  }

  void provoke_refusals() {
    for (Ask& call : calls_declaring("invalid_request")) {
      call.query += call.query.empty() ? "?no_such_parameter=1" : "&no_such_parameter=1";
      provoke("invalid_request", call);
    }
    provoke_everywhere("shop_unknown", {{"Host", "unknown.test"}, {"Authorization", ""}});
    provoke_everywhere("unauthorised", bearer("unknown"));
    for (Ask& call : calls_declaring("forbidden")) {
      const bool admin = operations_.at(call.operation).admin();
      call.fields = bearer(admin ? things_.at("session") : shop_.credentials().secret_key);
      provoke("forbidden", call);
    }
    provoke_everywhere("unsupported_media_type", {{"Content-Type", "text/plain"}});
    provoke_everywhere("idempotency_key_missing", {{"Idempotency-Key", ""}});
    provoke_everywhere("precondition_required", {{"If-Match", ""}});
    for (Ask& call : calls_declaring("version_conflict")) {
      if (operations_.at(call.operation).needs("If-Match")) {
        call.fields = {{"If-Match", "\"v999\""}};
        provoke("version_conflict", call);
      }
    }
    for (Ask& call : calls_declaring("not_found")) {
      if (operations_.at(call.operation).path.find('{') != std::string::npos) {
        for (const auto& [name, id] : things_) {
          call.path[name] = "unknown";
        }
        provoke("not_found", call);
      }
    }
  }

  void provoke_malformed_bodies() {
    for (const Ask& wanted : calls_declaring("unsupported_media_type")) {
      lab::ApiCall call = made(wanted, shop_);
      if (wanted.body.is_string()) {
        continue;  // a file, not a document
      }
      for (const std::string_view body : {"{", "[]", "{\"a\":\"\xff\"}", R"({"no such":1})"}) {
        call.body = body;
        const lab::ApiAnswer answer = shop_.call(call);
        EXPECT_EQ(answer.code, "invalid_request") << wanted.operation << ": " << answer.describe();
        note(wanted.operation, answer);
      }
    }
  }

  // No operation answers these, so none declares it.
  void provoke_wrong_methods() {
    std::map<std::string, std::set<net::Method>> offered;
    for (const auto& [id, operation] : operations_) {
      offered[operation.path].insert(operation.method);
    }
    for (const auto& [path, methods] : offered) {
      for (const net::Method method : {net::Method::get, net::Method::post, net::Method::put,
                                       net::Method::patch, net::Method::del}) {
        if (!methods.contains(method)) {
          const lab::ApiAnswer answer =
              shop_.call({.method = method, .target = filled(path, things_)});
          EXPECT_EQ(answer.code, "method_not_allowed")
              << net::to_string(method) << " " << path << ": " << answer.describe();
        }
      }
    }
  }

  // The header is enough: nobody has to send so much to be told.
  void provoke_body_too_large() {
    for (const Ask& wanted : calls_declaring("body_too_large")) {
      const lab::ApiCall call = made(wanted, shop_);
      RawConnection connection(shop_.port());
      connection.send(
          fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                      "Content-Length: {}\r\n\r\n",
                      net::to_string(call.method), call.target, limits::import_body_bytes + 1));
      const std::optional<RawResponse> response = connection.read_response();
      ASSERT_TRUE(response) << wanted.operation;
      lab::ApiAnswer answer;
      answer.status = response->status;
      answer.body = parse_json(response->body).value().as_object();
      answer.code = text(answer.body, "code");
      EXPECT_EQ(answer.code, "body_too_large") << wanted.operation;
      note(wanted.operation, answer);
    }
  }

  // With credentials nobody has seen, the first thing an operation does is to look them up.
  static void forget_who_asks(Ask& call, const DocumentedOperation& operation,
                              const ServedShop& shop) {
    if (operation.admin()) {
      call.fields = bearer("sk_" + shop.secret(limits::session_token_bytes));
    } else if (operation.store()) {
      call.fields = {{"Authorization", ""},
                     {"X-Publishable-Key", "pk_" + shop.secret(limits::session_token_bytes)}};
    }
  }
  static std::string_view first_read_of(const DocumentedOperation& operation) {
    return operation.id == "getReadiness"            ? "SELECT 1"
           : operation.id == "receivePaymentWebhook" ? "FROM payments"
           : operation.id == "receiveStripeWebhook"  ? "FROM payment_accounts"
                                                     : "FROM api_keys WHERE key_hash";
  }

  void provoke_failures_of_the_database() {
    const std::pair<std::string, Staged> failures[] = {{"unavailable", Staged::away},
                                                       {"internal", Staged::broken}};
    for (const auto& [code, staged] : failures) {
      for (Ask& call : calls_declaring(code)) {
        const DocumentedOperation& operation = operations_.at(call.operation);
        forget_who_asks(call, operation, shop_);
        const auto failing = shop_.database().when(first_read_of(operation), staged);
        provoke(code, call);
      }
    }
    // Here each operation must come as far as its batch.
    for (const Ask& call : calls_declaring("outcome_unknown")) {
      const auto failing = shop_.database().when("", Staged::unknown);
      provoke("outcome_unknown", call);
    }
  }

  // A shop whose answers are due soon, and that is then closed.
  void provoke_deadline_and_draining() {
    ServedShop hasty(GetParam(), [](cli::ApplicationOptions& options) {
      options.sample_shop = false;
      options.request_deadline = 300ms;
      options.drain_notice = patience;
    });
    std::vector<Ask> asks = calls_declaring("deadline_exceeded");
    std::vector<lab::ApiCall> calls;
    for (Ask& call : asks) {
      forget_who_asks(call, operations_.at(call.operation), hasty);
      calls.push_back(made(call, hasty));
    }
    {
      const auto keys = hasty.database().when("FROM api_keys WHERE key_hash", Staged::late);
      const auto readiness = hasty.database().when("SELECT 1", Staged::late);
      const auto payments = hasty.database().when("FROM payments", Staged::late);
      const auto accounts = hasty.database().when("FROM payment_accounts", Staged::late);
      std::vector<std::future<lab::ApiAnswer>> answers = hasty.send(std::move(calls));
      for (std::size_t i = 0; i < asks.size(); ++i) {
        const lab::ApiAnswer answer = answers[i].get();
        EXPECT_EQ(answer.code, "deadline_exceeded") << asks[i].operation << answer.describe();
        note(asks[i].operation, answer);
      }
    }
    std::atomic<bool> asked = false;
    std::thread closing(
        [&hasty, &asked] { hasty.stop([&asked] { return asked.exchange(false); }); });
    const SteadyTime until = hasty.clock().steady() + patience;
    lab::ApiAnswer answer;
    while (answer.code != "draining" && hasty.clock().steady() < until) {
      answer = hasty.call(made({.operation = "getReadiness"}, hasty));
    }
    EXPECT_EQ(answer.code, "draining");
    note("getReadiness", answer);
    asked = true;
    closing.join();
  }

  // A shop that answers one request at a time, and takes one write a second.
  void provoke_overload_and_rate_limit() {
    ServedShop narrow(GetParam(), [](cli::ApplicationOptions& options) {
      options.sample_shop = false;
      options.requests_at_once = 1;
      options.writes_per_second = 1;
    });
    Ask holding{.operation = "createCart", .body = json::object{}};
    forget_who_asks(holding, operations_.at("createCart"), narrow);
    std::vector<std::future<lab::ApiAnswer>> held;
    {
      const auto late = narrow.database().when("FROM api_keys WHERE key_hash", Staged::late);
      held = narrow.send({made(holding, narrow)});
      late.await_waiting(1);
      for (const Ask& call : calls_declaring("overloaded")) {
        const lab::ApiAnswer answer = narrow.call(made(call, narrow));
        EXPECT_EQ(answer.code, "overloaded") << call.operation << ": " << answer.describe();
        note(call.operation, answer);
      }
    }
    held.front().get();
    for (const Ask& call : calls_declaring("rate_limited")) {
      lab::ApiAnswer answer;
      for (int i = 0; i < 20 && answer.code != "rate_limited"; ++i) {
        answer = narrow.call(made(call, narrow));
      }
      EXPECT_EQ(answer.code, "rate_limited") << call.operation << ": " << answer.describe();
      note(call.operation, answer);
    }
  }

  // What is an operation's own.

  // A row that another writer changes or removes just before a batch with `sql`, each time.
  auto rival(std::string_view sql, std::vector<std::string_view> statements,
             const std::string& id) {
    return shop_.database().when(
        sql, [shop = shop_.credentials().shop_id, statements = std::move(statements), id] {
          storage::Batch batch;
          for (const std::string_view statement : statements) {
            batch.add(statement, {shop, id});
          }
          return batch;
        });
  }

  void provoke_of_sign_ins() {
    const std::pair<std::string, json::object> doors[] = {
        {"createStaffSession", owner()},
        {"createCustomerSession", {{"email", things_.at("email")}, {"password", password}}}};
    for (const auto& [operation, known] : doors) {
      json::object wrong = known;
      wrong["password"] = "not this one";
      provoke("bad_credentials", {operation, wrong});
      wrong["email"] = email();
      provoke_within(limits::login_failures_by_email + 1, "login_throttled",
                     [&] { return Ask{operation, wrong}; });
    }
    const Shopper shopper = sign_up();
    const json::object wrong{{"email", email()}, {"current_password", "not this one"}};
    provoke("bad_credentials", {"updateCurrentCustomer", wrong, {}, bearer(shopper.session)});
    provoke_within(limits::login_failures_by_email, "login_throttled", [&] {
      return Ask{"updateCurrentCustomer", wrong, {}, bearer(shopper.session)};
    });
  }

  void provoke_full_sign_in_gate() {
    const Ask waiting{"updateCurrentCustomer",
                      json::object{{"email", email()}, {"current_password", password}}};
    std::vector<lab::ApiCall> calls(
        limits::password_hashes_at_once + limits::password_hashes_waiting, made(waiting, shop_));
    std::vector<std::future<lab::ApiAnswer>> answers;
    {
      const auto late =
          shop_.database().when("SELECT email, password FROM customers", Staged::late);
      const std::size_t places = calls.size();
      answers = shop_.send(std::move(calls));
      late.await_waiting(places);
      json::object newcomer = staff();
      newcomer["email"] = email();
      provoke("sign_in_overloaded", {"createStaff", newcomer});
      provoke("sign_in_overloaded", {"updateStaff", json::object{{"password", password}}});
      for (const std::string operation :
           {"createStaffSession", "createCustomer", "createCustomerSession"}) {
        provoke("sign_in_overloaded", sound_calls().at(operation));
      }
      provoke("sign_in_overloaded", waiting);
    }
    for (std::future<lab::ApiAnswer>& answer : answers) {
      answer.get();
    }
  }

  void provoke_of_customers() {
    const Shopper other = sign_up();
    provoke("email_taken",
            {"createCustomer",
             json::object{{"email", other.email}, {"name", "Ada"}, {"password", password}}});
    provoke("email_taken", {"updateCurrentCustomer",
                            json::object{{"email", other.email}, {"current_password", password}}});
    const json::object customer = must({.operation = "getCustomer"});
    provoke("email_taken", {"updateCustomer",
                            json::object{{"email", other.email}},
                            {},
                            {{"If-Match", tag(customer)}}});
    place("tok_needs_action", things_.at("variant_id"), 1, other.session);
    provoke("customer_has_open_orders",
            {"eraseCustomer", nullptr, {{"customer_id", other.id}}, {}});
    {
      const auto first = rival("UPDATE customer_addresses SET address",
                               {"UPDATE customer_addresses SET address = '{}' WHERE shop_id = $1 "
                                "AND id = $2"},
                               things_.at("address_id"));
      provoke("version_conflict", sound_calls().at("updateCustomerAddress"));
    }
    provoke_within(limits::customer_addresses + 1, "too_many_addresses", [&] {
      return Ask{"createCustomerAddress", address(), {}, bearer(other.session)};
    });
    // Somebody else erases the customer while the customer is here.
    const std::pair<Ask, std::string_view> visits[] = {
        {{.operation = "getCurrentCustomer"}, "FROM customers WHERE shop_id = $1 AND id = $2"},
        {{"updateCurrentCustomer", json::object{{"name", "Grace"}}}, "UPDATE customers SET name"}};
    for (auto [call, sql] : visits) {
      const Shopper gone = sign_up();
      const auto first =
          rival(sql, {"DELETE FROM customers WHERE shop_id = $1 AND id = $2"}, gone.id);
      call.fields = bearer(gone.session);
      provoke("not_found", call);
    }
  }

  void provoke_of_staff() {
    provoke("email_taken", {"createStaff", staff()});
    const Things owner{{"staff_id", things_.at("owner_id")}};
    const json::object member = must({.operation = "getStaff", .path = owner});
    provoke("last_owner",
            {"updateStaff", json::object{{"role", "viewer"}}, owner, {{"If-Match", tag(member)}}});
    storage::Batch batch;
    for (std::size_t i = 0; i < limits::shop_staff; ++i) {
      batch.add(
          "INSERT INTO staff (shop_id, id, email, name, role, password, disabled, created_at) "
          "VALUES ($1, $2, $2, 'Many', 'viewer', '', 1, 0)",
          {shop_.credentials().shop_id, fmt::format("stf_{}", i)});
    }
    shop_.apply(std::move(batch));
    json::object newcomer = staff();
    newcomer["email"] = email();
    provoke("too_many_staff", {"createStaff", newcomer});
    provoke_within(limits::api_keys + 1, "too_many_keys", [this] {
      return Ask{"createApiKey", json::object{{"kind", "publishable"}, {"name", unique("Key")}}};
    });
  }

  void provoke_of_settings() {
    const std::string unknown_class = "tax_" + things_.at("rate_id").substr(5);
    provoke("host_taken", {"createHost", json::object{{"host", things_.at("host")}}});
    provoke_within(limits::shop_hosts + 1, "too_many_hosts", [n = 0]() mutable {
      return Ask{"createHost", json::object{{"host", fmt::format("host{}.test", n++)}}};
    });
    const json::object settings = must({.operation = "getShopSettings"});
    provoke("tax_class_unknown", {"updateShopSettings",
                                  json::object{{"default_tax_class_id", unknown_class}},
                                  {},
                                  {{"If-Match", tag(settings)}}});
    provoke("already_there", {"createTaxClass", json::object{{"name", "Lamps"}}});
    provoke("still_used", {.operation = "deleteTaxClass"});
    provoke("already_there", {"createTaxRate", rate("SE")});
    json::object unknown = rate("DK");
    unknown["tax_class_id"] = unknown_class;
    provoke("tax_class_unknown", {"createTaxRate", unknown});
    const json::object other = must({"createShippingZone", zone("Other")});
    provoke("already_there", {"createShippingZone", zone("Clash", things_.at("method_id"))});
    provoke("already_there", {"replaceShippingZone",
                              zone("Clash", things_.at("method_id")),
                              {{"zone_id", text(other, "id")}},
                              {}});
    const json::object untaxed = zone("Untaxed", "", unknown_class);
    provoke("tax_class_unknown", {"createShippingZone", untaxed});
    provoke("tax_class_unknown",
            {"replaceShippingZone", untaxed, {{"zone_id", text(other, "id")}}, {}});
    const json::object third = must({"createLocation", json::object{{"name", "Third"}}});
    const json::object second{{"name", "Second"}};
    provoke("location_name_taken", {"createLocation", second});
    provoke("location_name_taken",
            {"updateLocation", second, {{"location_id", text(third, "id")}}, {}});
  }

  void provoke_of_products() {
    const json::array nowhere{json::object{{"prices", prices(100, "JPY")}}};
    provoke("product_invalid",
            {"createProduct", json::object{{"title", "Wrong"}, {"variants", nowhere}}});
    provoke("product_invalid", {"updateProduct", json::object{{"variants", nowhere}}});
    provoke("product_invalid",
            {"createVariant", one_variant({{"option_values", json::array{"S"}}})});
    provoke("product_invalid", {"updateVariant", json::object{{"option_values", {"M"}}}});
    provoke(
        "product_invalid",
        {"createImage", json::object{{"src", "/a.svg"}, {"alt", wide(limits::image_alt_bytes)}}});
    provoke("product_invalid",
            {"updateImage", json::object{{"alt", wide(limits::image_alt_bytes)}}});
    provoke("handle_taken",
            {"createProduct",
             json::object{{"title", "Same"}, {"handle", "thing"}, {"variants", {one_variant()}}}});
    provoke("handle_taken", {"updateProduct", json::object{{"handle", "marsh-teapot"}}});
    const Goods single = add_goods(0);
    provoke("last_variant",
            {.operation = "deleteVariant",
             .path = {{"product_id", single.product}, {"variant_id", single.variant}}});
    provoke("not_found", {.operation = "listProducts", .query = "?collection=unknown"});
  }

  // What a product names is there when it is checked, and gone when it is stored.
  void provoke_busy_products() {
    for (json::object body :
         {json::object{{"title", "Late"}, {"variants", {one_variant()}}}, json::object{}}) {
      const std::string operation = body.empty() ? "updateProduct" : "createProduct";
      const std::string collection =
          text(must({"createCollection", json::object{{"title", unique("Collection")}}}), "id");
      const auto first =
          rival("INSERT INTO collection_products",
                {"DELETE FROM collections WHERE shop_id = $1 AND id = $2"}, collection);
      body["collections"] = json::array{collection};
      provoke("product_busy", {operation, body});
    }
  }

  void provoke_of_collections() {
    const Fields as_read{{"If-Match", things_.at("collection_tag")}};
    const json::object wrong{{"title", wide(limits::text_bytes)}};
    const json::object same{{"title", "Same"}, {"handle", "kitchen-table"}};
    provoke("collection_invalid", {"createCollection", wrong});
    provoke("collection_invalid", {"updateCollection", wrong, {}, as_read});
    provoke("handle_taken", {"createCollection", same});
    provoke("handle_taken", {"updateCollection", same, {}, as_read});
  }

  void provoke_of_inventory() {
    provoke("stock_below_zero", {"adjustStock", adjustment(-1'000'000)});
    provoke("stock_below_zero", {"transferStock", transfer(1'000'000)});
    const Goods sold = add_goods(5);
    place("tok_needs_action", sold.variant, 5);
    const Things item{{"item_id", sold.item}};
    provoke("stock_reserved", {"adjustStock", adjustment(-3), item, {}});
    provoke("stock_reserved", {"transferStock", transfer(3), item, {}});
  }

  void provoke_of_carts() {
    const std::string& variant = things_.at("variant_id");
    const std::string unknown = "var_" + things_.at("product_id").substr(5);
    json::array many = lines(variant, limits::line_quantity);
    many.push_back(lines(variant, 1).front());
    provoke("not_sold_there", {"createCart", json::object{{"currency", "JPY"}}});
    provoke("variant_unavailable", {"createCart", json::object{{"lines", lines(unknown, 1)}}});
    provoke("cart_limit", {"createCart", json::object{{"lines", many}}});
    provoke("not_sold_there", {"updateCart", json::object{{"currency", "JPY"}}});
    provoke("shipping_method_unavailable",
            {"updateCart",
             json::object{{"shipping_method_id", "ship_" + things_.at("rate_id").substr(5)}}});
    provoke("variant_unavailable", {"addCartLine", lines(unknown, 1).front()});
    provoke("cart_limit", {"addCartLine", lines(variant, limits::line_quantity).front()});
    provoke("shipping_address_missing", with_cart("listCartShippingMethods", new_cart()));

    const Held done = ready_cart(variant);
    must(with_cart("completeCart", done, payment("tok_approved")));
    const json::object cart = must(with_cart("getCart", done));
    for (Ask call : {with_cart("updateCart", done, json::object{{"email", "a@example.com"}}),
                     with_cart("addCartLine", done, lines(variant, 1).front()),
                     with_cart("updateCartLine", done, json::object{{"quantity", 2}}),
                     with_cart("removeCartLine", done)}) {
      call.path["line_id"] = text(first_of(cart, "lines"), "id");
      provoke("cart_completed", call);
    }
  }

  void provoke_of_completions() {
    const json::object paying = payment("tok_approved");
    provoke("cart_incomplete", with_cart("completeCart", new_cart(), paying));
    json::object other_total = paying;
    other_total["expected_total"] = 1;
    provoke("price_changed", {"completeCart", other_total});
    provoke("out_of_stock", with_cart("completeCart", ready_cart(add_goods(5).variant, 6), paying));
    const Goods dear = add_goods(5, one_variant({}, 1'000'000'000'000));
    provoke("cart_limit", with_cart("completeCart", ready_cart(dear.variant, 2), paying));
    const Goods archived = add_goods(5);
    const Held cart = ready_cart(archived.variant);
    must({.operation = "archiveProduct", .path = {{"product_id", archived.product}}});
    provoke("variant_unavailable", with_cart("completeCart", cart, paying));
    const auto first = rival("INSERT INTO orders",
                             {"UPDATE carts SET version = version + 1 WHERE shop_id = $1 AND id = "
                              "$2"},
                             things_.at("cart_id"));
    provoke("cart_changed", {"completeCart", paying});
  }

  void provoke_of_orders() {
    const Held paid{things_.at("order_id"), things_.at("order_token")};
    const json::object order = must(with_order("getOrder", paid));
    const json::object too_many{
        {"lines", json::array{json::object{{"line_id", text(first_of(order, "lines"), "id")},
                                           {"quantity", 99}}}}};
    provoke("order_state", with_order("retryPayment", paid, payment("tok_approved")));
    provoke("order_not_paid", with_order("createFulfilment", waiting_));
    provoke("order_state", with_order("createRefund", waiting_));
    provoke("line_quantity", with_order("createFulfilment", paid, too_many));
    provoke("line_quantity", with_order("createRefund", paid, too_many));
    provoke("refund_exceeds_payment",
            with_order("createRefund", paid, json::object{{"amount", 1'000'000'000}}));
    for (const auto& [id, of] : {std::pair<std::string, Held>{"retryPayment", declined_},
                                 {"cancelMyOrder", paid},
                                 {"cancelOrder", paid},
                                 {"createFulfilment", paid},
                                 {"createRefund", paid}}) {
      const auto first = rival("INSERT INTO order_history",
                               {"UPDATE orders SET version = version + 1 WHERE shop_id = $1 AND "
                                "id = $2"},
                               of.id);
      Ask call = with_order(id, of, sound_calls().at(id).body);
      provoke("order_changed", call);
    }
    const Goods later = add_goods(0, one_variant({{"backorder", true}}));
    const Held promised = place("tok_approved", later.variant);
    await_payment(promised, "paid");
    provoke("out_of_stock", with_order("createFulfilment", promised));
    {
      const auto failing = shop_.database().when("INSERT INTO receipt_chain", Staged::away);
      provoke("receipt_not_ready", with_order("getOrderReceipt", place("tok_approved")));
    }
    {
      const auto first = rival("UPDATE order_reviews",
                               {"UPDATE orders SET version = version + 1 WHERE shop_id = $1 AND "
                                "id = $2"},
                               held_.id);
      provoke("order_changed", with_order("releaseOrder", held_));
    }
    provoke("order_held", with_order("createFulfilment", held_));
    provoke("bad_signature",
            {"receiveStripeWebhook", stripe_report(), {}, {{"Stripe-Signature", "t=1,v1=00"}}});
    provoke("bad_signature", {"receivePaymentWebhook",
                              report_,
                              {{"provider", "test"}},
                              {{"webhook-signature", "v1,bm8="}}});
  }

  void provoke_of_functions() {
    const json::object things = function("things", "order_placed", "accept");
    provoke("function_name_taken", {"createFunction", things});
    provoke("function_name_taken", {"updateFunction", json::object{{"name", "holds"}}});
    json::object broken = things;
    broken["source"] = "function run( {";
    provoke("function_invalid", {"createFunction", broken});
    provoke("function_invalid", {"createFunctionVersion", json::object{{"source", "var x;"}}});
    {
      const auto first =
          rival("INSERT INTO function_versions",
                {"UPDATE functions SET latest_version = latest_version + 1, version = version + 1 "
                 "WHERE shop_id = $1 AND id = $2"},
                things_.at("function_id"));
      provoke("version_conflict", {"createFunctionVersion", source("accept")});
    }
    storage::Batch full;
    full.add("UPDATE functions SET latest_version = $1 WHERE shop_id = $2 AND id = $3",
             {limits::function_versions, things_.at("shop_id"), things_.at("function_id")});
    run_ready(shop_.database().commit(std::move(full)));
    provoke("function_limit", {"createFunctionVersion", source("accept")});
    const std::string refusing =
        text(must({.operation = "createFunction",
                   .body = function("refuses", "before_completion", "reject")}),
             "id");
    switch_function(refusing, true);
    provoke("order_refused", with_cart("completeCart", ready_cart(things_.at("variant_id")),
                                       payment("tok_approved")));
    switch_function(refusing, false);
    std::size_t made = 0;
    provoke_within(limits::shop_functions + 1, "function_limit", [&made] {
      return Ask{"createFunction", function(fmt::format("f{}", ++made), "order_placed", "accept")};
    });
  }
  void provoke_of_providers() {
    const json::object elsewhere{
        {"payment", json::object{{"provider", "stripe"}, {"method", "pm_card_visa"}}}};
    provoke("payment_provider_incomplete",
            {"updatePaymentProvider",
             json::object{{"publishable_key", "pk_live_51Saltmarsh"}},
             {},
             {{"If-Match", things_.at("provider_tag")}}});
    must({.operation = "updatePaymentProvider",
          .body = json::object{{"enabled", false}},
          .path = {},
          .fields = {{"If-Match", things_.at("provider_tag")}}});
    provoke("payment_provider_unavailable",
            with_cart("completeCart", ready_cart(things_.at("variant_id")), elsewhere));
    provoke("payment_provider_unavailable", with_order("retryPayment", declined_, elsewhere));
  }

  // Carries `call` out, then sends something else under its key.
  void provoke_reused_key(Ask call, json::value other) {
    call.fields.emplace_back("Idempotency-Key", shop_.secret(16));
    must(call);
    call.body = std::move(other);
    provoke("idempotency_key_reused", call);
  }

  void provoke_reused_keys() {
    provoke_reused_key({"adjustStock", adjustment(1)}, adjustment(2));
    provoke_reused_key({"transferStock", transfer(1)}, transfer(2));
    provoke_reused_key({"createImport", "Handle,Title\n"}, "Title,Handle\n");
    provoke_reused_key(
        with_cart("completeCart", ready_cart(things_.at("variant_id")), payment("tok_approved")),
        payment("tok_declined"));
    provoke_reused_key(with_order("retryPayment", declined_, payment("tok_approved")),
                       payment("tok_declined"));
    const json::object reason{{"reason", "another"}};
    const Held first = place("tok_needs_action");
    provoke_reused_key(with_order("cancelMyOrder", first), reason);
    provoke("order_state", with_order("cancelMyOrder", first));
    provoke_reused_key(with_order("cancelOrder", waiting_), reason);
    provoke("order_state", with_order("cancelOrder", waiting_));
    provoke("order_state", with_order("createFulfilment", waiting_));
    Ask release = with_order("releaseOrder", held_);
    release.fields.emplace_back("Idempotency-Key", shop_.secret(16));
    must(release);
    release.path["order_id"] = other_held_.id;
    provoke("idempotency_key_reused", release);
    provoke("order_state", with_order("releaseOrder", held_));
    const Held paid{things_.at("order_id"), things_.at("order_token")};
    provoke_reused_key(with_order("createRefund", paid, json::object{{"amount", 1}}), reason);
    provoke_reused_key(with_order("createFulfilment", paid), json::object{{"carrier", "Post"}});
  }

  void expect_all_met() const {
    for (const auto& [id, operation] : operations_) {
      for (const std::string& code : operation.errors()) {
        EXPECT_TRUE(met_.contains(id + " " + code))
            << id << " declares " << code
            << ", which nothing here provokes: provoke it, or declare it no longer";
      }
    }
  }

  // What goes wrong here does so on purpose.
  static void SetUpTestSuite() { log::configure(log::Level::error, log::Format::text); }

  ServedShop shop_;
  std::map<std::string, DocumentedOperation> operations_;
  Things things_;
  Held declined_;  // an order whose payment was declined
  Held waiting_;
  Held held_;
  Held other_held_;      // an order that waits for the shopper's bank
  json::object report_;  // what the provider would say of it
  std::set<std::string> met_;
};

INSTANTIATE_TEST_SUITE_P(Engines, ApiErrors, testing::Values(Engine::sqlite, Engine::postgres),
                         engine_name);

TEST_P(ApiErrors, EachDeclaredErrorIsProvoked) {
  make_things();
  provoke_refusals();
  provoke_malformed_bodies();
  provoke_wrong_methods();
  provoke_body_too_large();
  provoke_failures_of_the_database();
  provoke_deadline_and_draining();
  provoke_overload_and_rate_limit();
  provoke_of_sign_ins();
  provoke_full_sign_in_gate();
  provoke_of_customers();
  provoke_of_settings();
  provoke_of_products();
  provoke_busy_products();
  provoke_of_collections();
  provoke_of_inventory();
  provoke_of_carts();
  provoke_of_completions();
  provoke_of_orders();
  provoke_of_functions();
  provoke_of_providers();
  provoke_reused_keys();
  provoke_of_staff();
  expect_all_met();
}

}  // namespace
}  // namespace securecart::test
