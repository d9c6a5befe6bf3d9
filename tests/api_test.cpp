// The whole API of a running shop against its own OpenAPI document: every operation is there,
// answers only what it documents, and never shows or touches what belongs to another shop.
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "tests/support/documented_api.hpp"
#include "tests/support/engines.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/shop_client.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {
namespace {

using Ids = std::map<std::string, std::string>;

constexpr std::string_view other_host = "other.test";

// What a path names although it is no thing of one shop, and how another shop is answered.
struct NamedOtherwise {
  std::string_view why;
  std::set<int> answers;
};
const std::map<std::string, NamedOtherwise> named_otherwise{
    {"getPaymentProvider", {"the provider's name; the settings are the caller's own", {200}}},
    {"updatePaymentProvider", {"the provider's name; the settings are the caller's own", {200}}},
    {"getProblem", {"a page about an error, the same for everybody", {200}}}};

// Ids in bodies that no table has to show: "operation member".
const std::set<std::string> ids_of_no_other_shop{
    // The name the caller gives to a method of its own; keys of methods begin with the shop.
    "createShippingZone /methods/id", "replaceShippingZone /methods/id",
    // Signed by the provider.
    "receivePaymentWebhook /shop_id", "receivePaymentWebhook /payment_id"};

// A call whose body names something.
struct Naming {
  std::string operation;
  json::object body;
  std::string refusal;  // when what it names is another shop's
};

// The members of a document whose text is one of these: "/lines/variant_id".
template <class IsId>
void find_ids(const json::value& document, const std::string& where, const IsId& is_id,
              std::set<std::string>& found) {
  if (const json::object* object = document.if_object()) {
    for (const auto& [name, member] : *object) {
      find_ids(member, where + "/" + std::string(name), is_id, found);
    }
  } else if (const json::array* array = document.if_array()) {
    for (const json::value& item : *array) {
      find_ids(item, where, is_id, found);
    }
  } else if (document.is_string() && is_id(std::string_view(document.get_string()))) {
    found.insert(where);
  }
}

json::array listed(json::object item) {
  return {std::move(item)};
}

class Api : public testing::TestWithParam<Engine> {
 protected:
  Api()
      : other_(make_other_shop(folder_.path())),
        shop_(folder_.path(), home_.options()),
        client_(shop_),
        other_client_(shop_.url(), text(other_, "secret_key"),
                      {{"X-Publishable-Key", text(other_, "publishable_key")}}) {
    const lab::ApiAnswer document = client_.call(net::Method::get, "/openapi.json");
    EXPECT_EQ(document.status, 200);
    operations_ = operations_of(document.body);
  }

  // A second shop in the same installation.
  json::object make_other_shop(const std::filesystem::path& data) const {
    const std::filesystem::path file = data / "other.json";
    std::string output;
    EXPECT_EQ(run_program(home_.behind({"shop", "create", "--data", data.string(), "--name",
                                        "Other", "--host", std::string(other_host), "--currency",
                                        "EUR", "--country", "NL", "--email", "owner@other.test",
                                        "--credentials", file.string()}),
                          &output),
              0)
        << output;
    std::ifstream stream(file);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    return json::parse(text).as_object();
  }

  static std::string text(const json::object& object, std::string_view member) {
    return std::string(get_string(object, member));
  }
  static const json::object& first_of(const json::object& object, std::string_view list) {
    return get_array(object, list).front().as_object();
  }

  enum class Told { by_host, by_key };

  // The other shop's people, holding the tokens of this one's cart and order.
  Fields as_other(const DocumentedOperation& operation, const std::string& session,
                  Told told = Told::by_host) {
    Fields fields{{"Idempotency-Key", client_.key()},
                  {"If-Match", "\"v1\""},
                  {"X-Cart-Token", cart_token_},
                  {"X-Order-Token", order_token_}};
    if (operation.admin()) {
      fields.emplace_back("Authorization", "Bearer " + text(other_, "secret_key"));
    } else {
      told == Told::by_host
          ? fields.emplace_back("Host", std::string(other_host))
          : fields.emplace_back("X-Publishable-Key", text(other_, "publishable_key"));
      fields.emplace_back("Authorization", "Bearer " + session);
    }
    return fields;
  }

  // The other shop's people in their own shop.
  Fields as_itself(const DocumentedOperation& operation) {
    Fields fields{{"Idempotency-Key", client_.key()},
                  {"If-Match", "\"v1\""},
                  {"X-Cart-Token", other_cart_token_}};
    if (operation.admin()) {
      fields.emplace_back("Authorization", "Bearer " + text(other_, "secret_key"));
    }
    return fields;
  }

  static lab::ApiAnswer must(lab::ApiAnswer answer) {
    EXPECT_TRUE(answer.ok()) << answer.describe();
    return answer;
  }
  static json::object first_item(ShopClient& client, const std::string& target) {
    const lab::ApiAnswer list = must(client.admin(net::Method::get, target));
    return first_of(list.body, "items");
  }
  std::string first_id(const std::string& target) {
    return text(first_item(client_, target), "id");
  }

  // An order that is paid for, so that nothing of it moves any more: its id, token and line.
  struct Placed {
    std::string id;
    std::string token;
    std::string line_id;
  };
  static Placed place(ShopClient& client, const std::string& variant) {
    const auto placed =
        client.at_once({ShopClient::completion(client.cart_of({{variant, 1}}), client.key())});
    EXPECT_TRUE(placed[0].ok()) << placed[0].describe();
    Placed order{text(placed[0].body, "id"), text(placed[0].body, "token"), ""};
    EXPECT_TRUE(eventually([&] {
      const json::object seen = client.admin(net::Method::get, "/v1/admin/orders/" + order.id).body;
      order.line_id = text(first_of(seen, "lines"), "id");
      return get_string(seen, "payment_status") == "paid";
    }));
    return order;
  }
  static std::string line_of(ShopClient& client, const TestCart& cart) {
    const lab::ApiAnswer seen = must(client.call(net::Method::get, "/v1/store/carts/" + cart.id,
                                                 nullptr, {{"X-Cart-Token", cart.token}}));
    return text(first_of(seen.body, "lines"), "id");
  }

  // Something of everything, all in the first shop.
  Ids make_things() {
    Ids ids{{"provider", "stripe"},
            {"problem", "invalid_request"},
            {"host", "127.0.0.1"},
            {"product", "marsh-teapot"},
            {"collection", "kitchen-table"}};
    const TestVariant lamp = client_.add_product("Lamp", 50);
    ids["product_id"] = lamp.product_id;
    ids["variant_id"] = lamp.variant_id;
    ids["item_id"] = lamp.item_id;
    const lab::ApiAnswer image = client_.admin(net::Method::get, "/v1/admin/products/marsh-teapot");
    EXPECT_EQ(image.status, 200) << image.describe();
    ids["image_id"] = text(first_of(image.body, "images"), "id");
    ids["collection_id"] = first_id("/v1/admin/collections");
    ids["location_id"] = first_id("/v1/admin/locations");
    ids["tax_class_id"] = first_id("/v1/admin/tax-classes");
    ids["rate_id"] = first_id("/v1/admin/tax-rates");
    const json::object zone = first_item(client_, "/v1/admin/shipping-zones");
    ids["zone_id"] = text(zone, "id");
    ids["method_id"] = text(first_of(zone, "methods"), "id");
    ids["staff_id"] = first_id("/v1/admin/staff");
    ids["key_id"] = first_id("/v1/admin/api-keys");
    ids["function_id"] = first_id("/v1/admin/functions");
    ids["number"] = "1";  // of its first version
    ids["shop_id"] = std::string(get_string(shop_.credentials(), "shop_id"));
    const TestCart open = client_.cart_of({{lamp.variant_id, 1}});
    ids["cart_id"] = open.id;
    cart_token_ = open.token;
    ids["line_id"] = line_of(client_, open);
    const Placed order = place(client_, lamp.variant_id);
    ids["order_id"] = order.id;
    ids["order_line_id"] = order.line_id;
    order_token_ = order.token;
    const std::string session = sign_up({});
    const lab::ApiAnswer me = client_.call(net::Method::get, "/v1/store/customers/me", nullptr,
                                           {{"Authorization", "Bearer " + session}});
    ids["customer_id"] = std::string(get_string(me.body, "id"));
    const lab::ApiAnswer address =
        client_.call(net::Method::post, "/v1/store/customers/me/addresses",
                     json::object{{"name", "Ada"},
                                  {"line1", "Rietwal 14"},
                                  {"city", "Haarlem"},
                                  {"postal_code", "2011 ZW"},
                                  {"country", "NL"}},
                     {{"Authorization", "Bearer " + session}});
    EXPECT_EQ(address.status, 201) << address.describe();
    ids["address_id"] = std::string(get_string(address.body, "id"));
    const lab::ApiAnswer import =
        client_.admin(net::Method::post, "/v1/admin/imports?dry_run=true",
                      json::value("Handle,Title\n"), {{"Idempotency-Key", client_.key()}});
    EXPECT_EQ(import.status, 202) << import.describe();
    ids["import_id"] = std::string(get_string(import.body, "id"));
    return ids;
  }

  // What the other shop has of its own; where it has nothing, the name of what the first one has.
  Ids make_other_things(Ids ids) {
    const auto post = [this](const std::string& target, json::object body) {
      return must(other_client_.admin(net::Method::post, target, body)).body;
    };
    const json::array bands = listed({{"prices", {{"EUR", 500}}}});
    const json::object zone = post("/v1/admin/shipping-zones",
                                   {{"name", "World"},
                                    {"countries", json::array{"*"}},
                                    {"methods", listed({{"name", "Post"}, {"bands", bands}})}});
    ids["zone_id"] = text(zone, "id");
    ids["method_id"] = text(first_of(zone, "methods"), "id");
    const TestVariant lamp = other_client_.add_product("Other", 50);
    ids["product_id"] = lamp.product_id;
    ids["variant_id"] = lamp.variant_id;
    ids["item_id"] = lamp.item_id;
    ids["location_id"] = text(first_item(other_client_, "/v1/admin/locations"), "id");
    ids["tax_class_id"] = text(first_item(other_client_, "/v1/admin/tax-classes"), "id");
    ids["collection_id"] = text(post("/v1/admin/collections", {{"title", "Other"}}), "id");
    ids["function_id"] = text(post("/v1/admin/functions",
                                   {{"name", "other"},
                                    {"trigger", "order_placed"},
                                    {"on_failure", "open"},
                                    {"source", "function run() { return {decision: 'accept'}; }"}}),
                              "id");
    const TestCart open = other_client_.cart_of({{lamp.variant_id, 1}});
    ids["cart_id"] = open.id;
    ids["line_id"] = line_of(other_client_, open);
    other_cart_token_ = open.token;
    const Placed order = place(other_client_, lamp.variant_id);
    ids["order_id"] = order.id;
    ids["order_line_id"] = order.line_id;
    ids["image_id"] = "unknown";
    return ids;
  }

  // Bodies of the other shop that name what the first shop has.
  static std::vector<Naming> namings(const Ids& own, const Ids& ids) {
    const json::array prices = listed({{"currency", "EUR"}, {"amount", 1'000}});
    const auto variant = [&prices](std::string_view member, const std::string& id) {
      return json::object{{"prices", prices}, {member, id}};
    };
    const auto with = [](json::object body, std::string_view member, json::value value) {
      body[member] = std::move(value);
      return body;
    };
    const json::object line{{"variant_id", ids.at("variant_id")}, {"quantity", 1}};
    const json::array order_lines = listed({{"line_id", ids.at("order_line_id")}, {"quantity", 1}});
    const json::object method{{"name", "Post"},
                              {"bands", listed({{"prices", {{"EUR", 500}}}})},
                              {"tax_class_id", ids.at("tax_class_id")}};
    const json::object zone{
        {"name", "Ours"}, {"countries", json::array{"SE"}}, {"methods", listed(method)}};
    std::vector<Naming> calls{
        {"createCart", {{"lines", listed(line)}}, "variant_unavailable"},
        {"addCartLine", line, "variant_unavailable"},
        {"updateCart",
         {{"shipping_method_id", ids.at("method_id")}},
         "shipping_method_unavailable"},
        {"createVariant", variant("image_id", ids.at("image_id")), "product_invalid"},
        {"createVariant", variant("inventory_item_id", ids.at("item_id")), "product_invalid"},
        {"updateVariant", {{"image_id", ids.at("image_id")}}, "product_invalid"},
        {"updateVariant", {{"inventory_item_id", ids.at("item_id")}}, "product_invalid"},
        {"adjustStock", {{"location_id", ids.at("location_id")}, {"delta", 1}}, "not_found"},
        {"transferStock",
         {{"from_location_id", own.at("location_id")},
          {"to_location_id", ids.at("location_id")},
          {"quantity", 1}},
         "not_found"},
        {"transferStock",
         {{"from_location_id", ids.at("location_id")},
          {"to_location_id", own.at("location_id")},
          {"quantity", 1}},
         "not_found"},
        {"createTaxRate",
         {{"tax_class_id", ids.at("tax_class_id")},
          {"country", "SE"},
          {"name", "Moms"},
          {"basis_points", 2'500}},
         "tax_class_unknown"},
        {"createShippingZone", zone, "tax_class_unknown"},
        {"replaceShippingZone", zone, "tax_class_unknown"},
        {"updateShopSettings",
         {{"default_tax_class_id", ids.at("tax_class_id")}},
         "tax_class_unknown"},
        {"createFulfilment", {{"lines", order_lines}}, "line_quantity"},
        {"createRefund", {{"lines", order_lines}}, "line_quantity"},
        {"testFunction", {{"order_id", ids.at("order_id")}}, "not_found"}};
    const json::object parts[] = {
        {{"tax_class_id", ids.at("tax_class_id")}},
        {{"collections", json::array{json::value(ids.at("collection_id"))}}},
        {{"images", listed({{"id", ids.at("image_id")}, {"src", "/images/a.svg"}})}},
        {{"variants", listed(variant("id", ids.at("variant_id")))}},
        {{"variants", listed(variant("image_id", ids.at("image_id")))}},
        {{"variants", listed(variant("inventory_item_id", ids.at("item_id")))}}};
    for (const json::object& part : parts) {
      json::object whole{{"title", "Ours"}, {"variants", listed({{"prices", prices}})}};
      for (const auto& [member, value] : part) {
        whole = with(std::move(whole), member, value);
      }
      calls.push_back({"createProduct", whole, "product_invalid"});
      calls.push_back({"updateProduct", part, "product_invalid"});
    }
    return calls;
  }

  // The session of a new customer, in the shop that answers to these fields.
  std::string sign_up(Fields fields) {
    const lab::ApiAnswer account =
        client_.call(net::Method::post, "/v1/store/customers",
                     json::object{{"email", "c" + client_.key() + "@example.com"},
                                  {"name", "Ada"},
                                  {"password", "correct horse battery"}},
                     std::move(fields));
    EXPECT_EQ(account.status, 201) << account.describe();
    return std::string(get_string(get_object(account.body, "session"), "token"));
  }

  // What a shop looks like, as far as single things can be read, and what it has of each kind.
  std::map<std::string, std::string> look(ShopClient& client, const Ids& ids) {
    static const std::set<std::string> kinds{
        "listAdminProducts", "listAdminCollections", "listLocations",
        "listStockLevels",   "listTaxClasses",       "listTaxRates",
        "listShippingZones", "listAdminOrders",      "listFunctions"};
    std::map<std::string, std::string> seen;
    for (const DocumentedOperation& operation : operations_) {
      const bool single = operation.method == net::Method::get && operation.admin() &&
                          operation.path.find('{') != std::string::npos;
      if ((single && operation.id != "getImport") || kinds.contains(operation.id)) {
        const std::string target = filled(operation.path, ids);
        json::object body = client.admin(net::Method::get, target).body;
        body.erase("request_id");
        seen[target] = to_string(json::value(std::move(body)));
      }
    }
    return seen;
  }

  const DocumentedOperation& operation(const std::string& id) const {
    const auto found = std::ranges::find(operations_, id, &DocumentedOperation::id);
    EXPECT_NE(found, operations_.end()) << id;
    return *found;
  }

  TempDir folder_;
  EngineHome home_{GetParam()};
  json::object other_;
  ShopProcess shop_;
  ShopClient client_;
  ShopClient other_client_;
  std::vector<DocumentedOperation> operations_;
  std::string cart_token_;
  std::string order_token_;
  std::string other_cart_token_;
};

INSTANTIATE_TEST_SUITE_P(Engines, Api, testing::Values(Engine::sqlite, Engine::postgres),
                         engine_name);

TEST_P(Api, NoOperationReachesAnotherShop) {
  const Ids ids = make_things();
  const auto before = look(client_, ids);
  const std::string session = sign_up({{"Host", std::string(other_host)}});
  int tried = 0;
  for (const DocumentedOperation& operation : operations_) {
    if (operation.path.find('{') == std::string::npos) {
      continue;
    }
    const auto otherwise = named_otherwise.find(operation.id);
    for (const Told told : {Told::by_host, Told::by_key}) {
      const lab::ApiAnswer answer =
          client_.call(operation.method, filled(operation.path, ids), operation.example(),
                       as_other(operation, session, told));
      if (otherwise == named_otherwise.end()) {
        EXPECT_EQ(answer.status, 404)
            << operation.id << " answers another shop " << answer.describe();
      } else if (answer.status != 412) {  // the second time its settings are changed
        EXPECT_TRUE(otherwise->second.answers.contains(answer.status))
            << operation.id << " (" << otherwise->second.why << ") answers " << answer.describe();
      }
    }
    ++tried;
  }
  EXPECT_GT(tried, 60);
  // Lists of the other shop hold nothing of this one.
  for (const DocumentedOperation& operation : operations_) {
    if (operation.method != net::Method::get || operation.path.find('{') != std::string::npos ||
        !(operation.admin() || operation.store())) {
      continue;
    }
    const std::string target =
        operation.path + (operation.path.ends_with("/search") ? "?q=lamp" : "");
    const lab::ApiAnswer answer =
        client_.call(net::Method::get, target, nullptr, as_other(operation, session));
    const std::string text = to_string(json::value(answer.body));
    for (const auto& [name, id] : ids) {
      if (name.ends_with("_id")) {
        EXPECT_EQ(text.find(id), std::string::npos)
            << operation.id << " shows another shop's " << name;
      }
    }
  }
  EXPECT_EQ(look(client_, ids), before);
}

TEST_P(Api, NoBodyReachesAnotherShop) {
  const Ids ids = make_things();
  const Ids own = make_other_things(ids);
  const auto before = look(client_, ids);
  const auto others_before = look(other_client_, own);
  std::set<std::string> foreign;
  for (const auto& [name, id] : ids) {
    if (own.at(name) != id) {
      foreign.insert(id);
    }
  }
  std::set<std::string> shown = ids_of_no_other_shop;
  for (const Naming& naming : namings(own, ids)) {
    const DocumentedOperation& called = operation(naming.operation);
    const lab::ApiAnswer answer =
        other_client_.call(called.method, filled(called.path, own), naming.body, as_itself(called));
    EXPECT_EQ(answer.code, naming.refusal)
        << naming.operation << to_string(json::value(naming.body)) << answer.describe();
    std::set<std::string> members;
    find_ids(
        naming.body, "",
        [&](std::string_view value) { return foreign.contains(std::string(value)); }, members);
    EXPECT_EQ(members.size(), 1U) << naming.operation;
    for (const std::string& member : members) {
      shown.insert(naming.operation + " " + member);
      if (answer.code == "product_invalid") {
        // Many things may be wrong with a product; this one is.
        EXPECT_NE(to_string(json::value(answer.body)).find(member.substr(member.rfind('/') + 1)),
                  std::string::npos)
            << naming.operation << " " << member << answer.describe();
      }
    }
  }
  for (const DocumentedOperation& called : operations_) {
    const std::size_t inner = called.path.rfind('{');
    const bool nested = inner != std::string::npos && called.path.find('{') < inner;
    if (!nested || called.path.ends_with("{number}")) {
      continue;  // versions are counted from 1 in every function
    }
    const std::string name = called.path.substr(inner + 1, called.path.rfind('}') - inner - 1);
    Ids mixed = own;
    mixed[name] = ids.at(name);
    const lab::ApiAnswer answer = other_client_.call(called.method, filled(called.path, mixed),
                                                     called.example(), as_itself(called));
    EXPECT_EQ(answer.status, 404) << called.id << answer.describe();
  }
  EXPECT_EQ(look(client_, ids), before);
  EXPECT_EQ(look(other_client_, own), others_before);
  // The table is whole: whatever a documented body names was another shop's once.
  for (const DocumentedOperation& operation : operations_) {
    std::set<std::string> members;
    find_ids(
        operation.example(), "",
        [](std::string_view value) { return value.contains("_01JZ8X4Q2W7K9M3N5P6R8T0V"); },
        members);
    for (const std::string& member : members) {
      EXPECT_TRUE(shown.contains(operation.id + " " + member))
          << operation.id << " takes " << member << ", which is never another shop's here";
    }
  }
}

// Whoever tries what the document shows is told what is wrong with the things it names, not with
// the request.
TEST_P(Api, EveryExampleIsAValidRequest) {
  const Ids ids = make_things();
  const std::string session = sign_up({});
  int tried = 0;
  for (const DocumentedOperation& operation : operations_) {
    const json::value body = operation.example();
    if (body.is_null() || operation.path.starts_with("/v1/webhooks/")) {
      continue;  // of a webhook only its sender has the signature
    }
    Fields fields{{"Idempotency-Key", client_.key()},
                  {"If-Match", "\"v1\""},
                  {"X-Cart-Token", cart_token_},
                  {"X-Order-Token", order_token_}};
    fields.emplace_back("Authorization",
                        "Bearer " + (operation.admin() ? shop_.secret_key() : session));
    const lab::ApiAnswer answer =
        client_.call(operation.method, filled(operation.path, ids), body, std::move(fields));
    EXPECT_NE(answer.code, "invalid_request")
        << operation.id << " " << to_string(body) << answer.describe();
    EXPECT_NE(answer.status, 400) << operation.id << answer.describe();
    EXPECT_LT(answer.status, 500) << operation.id << answer.describe();
    ++tried;
  }
  EXPECT_GT(tried, 30);
}

TEST_P(Api, EveryOperationAnswersOnlyWhatItDocuments) {
  Ids unknown = make_things();
  for (auto& [name, id] : unknown) {
    id = name == "provider" ? "test" : "unknown";
  }
  for (const DocumentedOperation& operation : operations_) {
    const std::string target = filled(operation.path, unknown);
    const json::value body = operation.example();
    // Nobody, somebody unknown, somebody who forgot the headers, somebody who sends nonsense.
    expect_documented(operation, client_.call(operation.method, target, body));
    expect_documented(operation, client_.call(operation.method, target, body,
                                              {{"Authorization", "Bearer sk_unknown"}}));
    expect_documented(operation, client_.admin(operation.method, target, body));
    expect_documented(operation,
                      client_.admin(operation.method, target, body,
                                    {{"Idempotency-Key", client_.key()}, {"If-Match", "\"v1\""}}));
    if (!body.is_null()) {
      expect_documented(
          operation, client_.admin(operation.method, target, json::object{{"no such member", 1}},
                                   {{"Idempotency-Key", client_.key()}, {"If-Match", "\"v1\""}}));
    }
  }
}

}  // namespace
}  // namespace securecart::test
