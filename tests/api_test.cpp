// The whole API of a running shop against its own OpenAPI document: every operation is there,
// answers only what it documents, and never shows or touches what belongs to another shop.
#include <fstream>
#include <iterator>
#include <map>

#include <boost/json/parse.hpp>

#include "tests/support/documented_api.hpp"
#include "tests/support/engines.hpp"
#include "tests/support/shop_client.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {
namespace {

using Ids = std::map<std::string, std::string>;

constexpr std::string_view other_host = "other.test";

class Api : public testing::TestWithParam<Engine> {
 protected:
  Api()
      : other_(make_other_shop(folder_.path())),
        shop_(folder_.path(), home_.options()),
        client_(shop_) {
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

  enum class Naming { by_host, by_key };

  // The other shop's people, holding the tokens of this one's cart and order.
  Fields as_other(const DocumentedOperation& operation, const std::string& session,
                  Naming naming = Naming::by_host) {
    Fields fields{{"Idempotency-Key", client_.key()},
                  {"If-Match", "\"v1\""},
                  {"X-Cart-Token", cart_token_},
                  {"X-Order-Token", order_token_}};
    if (operation.admin()) {
      fields.emplace_back("Authorization",
                          "Bearer " + std::string(get_string(other_, "secret_key")));
    } else {
      naming == Naming::by_host
          ? fields.emplace_back("Host", std::string(other_host))
          : fields.emplace_back("X-Publishable-Key",
                                std::string(get_string(other_, "publishable_key")));
      fields.emplace_back("Authorization", "Bearer " + session);
    }
    return fields;
  }

  std::string first_id(const std::string& target) {
    const lab::ApiAnswer list = client_.admin(net::Method::get, target);
    EXPECT_EQ(list.status, 200) << target << list.describe();
    return std::string(get_string(get_array(list.body, "items").front().as_object(), "id"));
  }

  // Something of everything, all in the first shop.
  Ids make_things() {
    Ids ids{{"provider", "test"},
            {"host", "127.0.0.1"},
            {"product", "marsh-teapot"},
            {"collection", "kitchen-table"}};
    const TestVariant lamp = client_.add_product("Lamp", 50);
    ids["product_id"] = lamp.product_id;
    ids["variant_id"] = lamp.variant_id;
    ids["item_id"] = lamp.item_id;
    const lab::ApiAnswer image = client_.admin(net::Method::get, "/v1/admin/products/marsh-teapot");
    EXPECT_EQ(image.status, 200) << image.describe();
    ids["image_id"] =
        std::string(get_string(get_array(image.body, "images").front().as_object(), "id"));
    ids["collection_id"] = first_id("/v1/admin/collections");
    ids["location_id"] = first_id("/v1/admin/locations");
    ids["tax_class_id"] = first_id("/v1/admin/tax-classes");
    ids["rate_id"] = first_id("/v1/admin/tax-rates");
    ids["zone_id"] = first_id("/v1/admin/shipping-zones");
    ids["staff_id"] = first_id("/v1/admin/staff");
    ids["key_id"] = first_id("/v1/admin/api-keys");
    ids["function_id"] = first_id("/v1/admin/functions");
    ids["promotion_id"] = first_id("/v1/admin/promotions");
    ids["code"] = "WELCOME10";
    ids["number"] = "1";  // of its first version
    ids["shop_id"] = std::string(get_string(shop_.credentials(), "shop_id"));
    const TestCart open = client_.cart_of({{lamp.variant_id, 1}});
    ids["cart_id"] = open.id;
    cart_token_ = open.token;
    const lab::ApiAnswer cart = client_.call(net::Method::get, "/v1/store/carts/" + open.id,
                                             nullptr, {{"X-Cart-Token", open.token}});
    ids["line_id"] =
        std::string(get_string(get_array(cart.body, "lines").front().as_object(), "id"));
    const auto placed = client_.at_once(
        {ShopClient::completion(client_.cart_of({{lamp.variant_id, 1}}), client_.key())});
    ids["order_id"] = std::string(get_string(placed[0].body, "id"));
    order_token_ = std::string(get_string(placed[0].body, "token"));
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

  // What the first shop looks like, as far as single things can be read.
  std::map<std::string, std::string> look(const Ids& ids) {
    std::map<std::string, std::string> seen;
    for (const DocumentedOperation& operation : operations_) {
      if (operation.method == net::Method::get && operation.admin() &&
          operation.path.find('{') != std::string::npos && operation.id != "getImport") {
        const std::string target = filled(operation.path, ids);
        seen[target] = to_string(json::value(client_.admin(net::Method::get, target).body));
      }
    }
    return seen;
  }

  TempDir folder_;
  EngineHome home_{GetParam()};
  json::object other_;
  ShopProcess shop_;
  ShopClient client_;
  std::vector<DocumentedOperation> operations_;
  std::string cart_token_;
  std::string order_token_;
};

INSTANTIATE_TEST_SUITE_P(Engines, Api, testing::Values(Engine::sqlite, Engine::postgres),
                         engine_name);

TEST_P(Api, NoOperationReachesAnotherShop) {
  const Ids ids = make_things();
  const auto before = look(ids);
  const std::string session = sign_up({{"Host", std::string(other_host)}});
  int tried = 0;
  for (const DocumentedOperation& operation : operations_) {
    const bool named = operation.path.find('{') != std::string::npos;
    if (!named || operation.path.find("{provider}") != std::string::npos) {
      continue;
    }
    for (const Naming naming : {Naming::by_host, Naming::by_key}) {
      const lab::ApiAnswer answer =
          client_.call(operation.method, filled(operation.path, ids), operation.example(),
                       as_other(operation, session, naming));
      EXPECT_EQ(answer.status / 100, 4) << operation.id << " answers another shop " << answer.status
                                        << to_string(json::value(answer.body));
    }
    ++tried;
  }
  EXPECT_GT(tried, 40);
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
  EXPECT_EQ(look(ids), before);
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
