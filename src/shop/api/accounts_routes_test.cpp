// Accounts and shops over HTTP, in the process, for two shops side by side.
#include "shop/api/admin/accounts_routes.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "shop/accounts/errc.hpp"
#include "shop/accounts/limits.hpp"
#include "shop/api/admin/shops_routes.hpp"
#include "shop/api/store/accounts_routes.hpp"
#include "shop/api/store/shops_routes.hpp"
#include "shop/flows/create_shop.hpp"
#include "shop/shops/errc.hpp"
#include "tests/support/accounts_world.hpp"
#include "tests/support/api_harness.hpp"

namespace securecart::shop::api {
namespace {

using test::Answer;
using Fields = test::ApiHarness::Fields;

const std::string password = "correct horse battery";

std::string sign_in_body(std::string_view email, std::string_view with) {
  const json::object body = {{"email", email}, {"password", with}};
  return to_string(body);
}

class AccountsRoutesTest : public testing::Test {
 protected:
  AccountsRoutesTest() {
    store_accounts.mount(operations);
    admin_accounts.mount(operations);
    store_shops.mount(operations);
    admin_shops.mount(operations);
    api = std::make_unique<test::ApiHarness>(ApiParts{operations, schemas, *world.authenticator,
                                                      *world.database, world.clock, world.metrics});
  }

  flows::CreatedShop create(const std::string& host) {
    flows::NewShop wanted;
    wanted.settings.name = "Shop at " + host;
    wanted.settings.currencies = {"EUR"};
    wanted.settings.countries = {"NL"};
    wanted.hosts = {host};
    wanted.owner_email = "owner@example.com";
    wanted.owner_name = "Olive Owner";
    wanted.owner_password = password;
    return world
        .run([&] { return flows::create_shop(deps, shops, *world.accounts, world.random, wanted); })
        .value();
  }

  // The headers of a caller who shows a token, at a shop's host.
  static Fields at(const std::string& host) { return {{"Host", host}}; }
  static Fields as(const std::string& token, const std::string& host = "") {
    Fields fields = {{"Authorization", "Bearer " + token}};
    if (!host.empty()) {
      fields.emplace_back("Host", host);
    }
    return fields;
  }
  static Fields as_version(const std::string& token, std::int64_t version) {
    Fields fields = as(token);
    fields.emplace_back("If-Match", "\"v" + std::to_string(version) + "\"");
    return fields;
  }

  Answer enrol(const std::string& email, const std::string& host = "one.example") {
    const json::object body = {{"email", email}, {"name", "Ada Lovelace"}, {"password", password}};
    return api->post("/v1/store/customers", to_string(body), at(host));
  }
  Answer sign_in(std::string_view email, std::string_view with,
                 const std::string& host = "one.example") {
    return api->post("/v1/store/sessions", sign_in_body(email, with), at(host));
  }
  Answer sign_in_staff(std::string_view email, std::string_view with,
                       const std::string& host = "one.example") {
    return api->post("/v1/admin/sessions", sign_in_body(email, with), at(host));
  }
  static std::string token_of(const Answer& answer) {
    return std::string(get_string(get_object(answer.json.as_object(), "session"), "token"));
  }
  std::string key_with(const std::string& role) {
    const json::object body = {{"kind", "secret"}, {"name", role}, {"role", role}};
    return api->post("/v1/admin/api-keys", to_string(body), as(one.secret_key)).text("secret");
  }

  test::AccountsWorld world;
  shops::Shops shops{*world.database, world.clock, world.ids};
  const flows::Deps deps{.database = *world.database, .clock = world.clock, .ids = world.ids};
  StoreAccountRoutes store_accounts{*world.accounts};
  AdminAccountRoutes admin_accounts{deps, *world.accounts};
  StoreShopRoutes store_shops{shops, *world.database, true};
  AdminShopRoutes admin_shops{shops};
  Operations operations;
  Schemas schemas = Schemas::embedded();
  std::unique_ptr<test::ApiHarness> api;
  const flows::CreatedShop one = create("one.example");
  const flows::CreatedShop two = create("two.example");
};

// ---- The shop ----

TEST_F(AccountsRoutesTest, AShopIsFoundByHostAndByKey) {
  const Answer by_host = api->get("/v1/store/shop", at("one.example"));
  ASSERT_EQ(by_host.status, 200);
  EXPECT_EQ(by_host.text("id"), one.shop_id);
  EXPECT_TRUE(get_bool(by_host.json.as_object(), "test_payments"));
  const Answer by_key = api->get(
      "/v1/store/shop", {{"Host", "api.example"}, {"X-Publishable-Key", two.publishable_key}});
  EXPECT_EQ(by_key.text("id"), two.shop_id);
  EXPECT_EQ(api->get("/v1/store/shop", at("nowhere.example")).code(), "shop_unknown");
  const Fields both = {{"Host", "one.example"}, {"X-Publishable-Key", two.publishable_key}};
  EXPECT_EQ(api->get("/v1/store/shop", both).text("id"), two.shop_id) << "the key decides";
  const Fields wrong = {{"Host", "one.example"}, {"X-Publishable-Key", "pk_none"}};
  EXPECT_EQ(api->get("/v1/store/shop", wrong).code(), "shop_unknown") << "and is not passed over";
}

TEST_F(AccountsRoutesTest, EachShopHasItsOwnReceiptKey) {
  const Answer first = api->get("/v1/store/receipt-keys", at("one.example"));
  const Answer second = api->get("/v1/store/receipt-keys", at("two.example"));
  ASSERT_EQ(first.status, 200);
  EXPECT_EQ(get_array(first.json.as_object(), "items").size(), 1U);
  EXPECT_NE(first.body, second.body);
  EXPECT_EQ(first.body.find("secret"), std::string::npos);
}

TEST_F(AccountsRoutesTest, SettingsChangeWithTheirVersion) {
  const Answer before = api->get("/v1/admin/shop", as(one.secret_key));
  ASSERT_EQ(before.status, 200);
  EXPECT_EQ(before.header("ETag"), "\"v1\"");
  EXPECT_EQ(before.text("default_tax_class_id"), one.tax_class_id);
  const std::string body = R"({"tagline": "Made to be kept", "currencies": ["GBP", "EUR"],)"
                           R"( "presentation": {"logo": "/l.svg"}})";
  EXPECT_EQ(api->patch("/v1/admin/shop", body, as(one.secret_key)).code(), "precondition_required");
  const Answer after = api->patch("/v1/admin/shop", body, as_version(one.secret_key, 1));
  ASSERT_EQ(after.status, 200);
  EXPECT_EQ(after.header("ETag"), "\"v2\"");
  EXPECT_EQ(api->patch("/v1/admin/shop", body, as_version(one.secret_key, 1)).code(),
            "version_conflict");
  EXPECT_EQ(api->get("/v1/store/shop", at("one.example")).text("tagline"), "Made to be kept");
  EXPECT_EQ(api->get("/v1/store/shop", at("two.example")).text("tagline"), "");
}

TEST_F(AccountsRoutesTest, TaxIsIncludedOrAddedByDestination) {
  const auto change = [&](const std::string& body, std::int64_t version) {
    return api->patch("/v1/admin/shop", body, as_version(one.secret_key, version));
  };
  const auto seen = [&](const Answer& answer) {
    return to_string(json::value(get_object(answer.json.as_object(), "tax_included_in")));
  };
  EXPECT_EQ(seen(api->get("/v1/store/shop", at("one.example"))), "{}");
  EXPECT_EQ(seen(change(R"({"tax_included_in": {"US": false, "CA": false}})", 1)),
            R"({"CA":false,"US":false})");
  EXPECT_EQ(seen(change(R"({"tagline": "x"})", 2)), R"({"CA":false,"US":false})")
      << "what was not sent stays";
  EXPECT_EQ(seen(change(R"({"tax_included_in": {"US": false}})", 3)), R"({"US":false})");
  EXPECT_EQ(seen(api->get("/v1/store/shop", at("one.example"))), R"({"US":false})");
  EXPECT_EQ(seen(api->get("/v1/store/shop", at("two.example"))), "{}");
  EXPECT_EQ(seen(change(R"({"tax_included_in": {}})", 4)), "{}");
}

TEST_F(AccountsRoutesTest, SettingsRefuseNonsense) {
  for (const std::string_view body :
       {R"({"currencies": []})", R"({"currencies": ["EURO"]})", R"({"countries": ["nl"]})",
        R"({"name": ""})", R"({"unknown": 1})", R"({"default_currency": "USD"})",
        R"({"prices_include_tax": "yes"})", R"({"tax_included_in": {"us": false}})",
        R"({"tax_included_in": {"US": 1}})", R"({"tax_included_in": []})", R"([])",
        R"({"contact_email": "nobody"})"}) {
    EXPECT_EQ(api->patch("/v1/admin/shop", std::string(body), as_version(one.secret_key, 1)).code(),
              "invalid_request")
        << body;
  }
  const json::object foreign = {{"default_tax_class_id", two.tax_class_id}};
  EXPECT_EQ(api->patch("/v1/admin/shop", to_string(foreign), as_version(one.secret_key, 1)).code(),
            "tax_class_unknown");
}

TEST_F(AccountsRoutesTest, HostsBelongToOneShop) {
  const Answer added =
      api->post("/v1/admin/hosts", R"({"host": "WWW.One.Example"})", as(one.secret_key));
  ASSERT_EQ(added.status, 201);
  EXPECT_EQ(added.text("host"), "www.one.example");
  EXPECT_EQ(api->get("/v1/store/shop", at("www.one.example")).text("id"), one.shop_id);
  EXPECT_EQ(
      api->post("/v1/admin/hosts", R"({"host": "www.one.example"})", as(two.secret_key)).code(),
      "host_taken");
  EXPECT_EQ(api->post("/v1/admin/hosts", R"({"host": "a:80"})", as(one.secret_key)).code(),
            "invalid_request");
  EXPECT_EQ(api->del("/v1/admin/hosts/www.one.example", as(two.secret_key)).code(), "not_found");
  const Answer hosts = api->get("/v1/admin/hosts", as(one.secret_key));
  EXPECT_EQ(get_array(hosts.json.as_object(), "items").size(), 2U);
  EXPECT_EQ(api->del("/v1/admin/hosts/www.one.example", as(one.secret_key)).status, 204);
  EXPECT_EQ(api->get("/v1/store/shop", at("www.one.example")).code(), "shop_unknown");
}

// ---- Customers ----

TEST_F(AccountsRoutesTest, ACustomerRegistersAndSignsInAndOut) {
  const Answer enrolled = enrol("Ada@Example.com");
  ASSERT_EQ(enrolled.status, 201);
  EXPECT_EQ(enrolled.header("Cache-Control"), "no-store");
  EXPECT_EQ(enrol("ada@example.com").code(), "email_taken");
  const Answer signed_in = sign_in("ada@example.com", password);
  ASSERT_EQ(signed_in.status, 201);
  const std::string token = token_of(signed_in);
  const Answer me = api->get("/v1/store/customers/me", as(token, "one.example"));
  ASSERT_EQ(me.status, 200);
  EXPECT_EQ(me.text("email"), "ada@example.com");
  EXPECT_EQ(api->del("/v1/store/sessions/current", as(token, "one.example")).status, 204);
  EXPECT_EQ(api->get("/v1/store/customers/me", as(token, "one.example")).code(), "unauthorised");
  EXPECT_EQ(api->get("/v1/store/customers/me", as(token_of(enrolled), "one.example")).status, 200);
}

TEST_F(AccountsRoutesTest, RegistrationRefusesNonsense) {
  for (
      const std::string_view body :
      {R"({"email": "ada@example.com", "name": "Ada"})",
       R"({"email": "ada", "name": "Ada", "password": "correct horse"})",
       R"({"email": "ada@example.com", "name": "", "password": "correct horse"})",
       R"({"email": "ada@example.com", "name": "Ada", "password": "short"})",
       R"({"email": "ada@example.com", "name": "A", "password": "correct horse", "role": "owner"})",
       R"({"email": 7, "name": "Ada", "password": "correct horse"})", R"({)", ""}) {
    EXPECT_EQ(api->post("/v1/store/customers", std::string(body), at("one.example")).status / 100,
              4)
        << body;
  }
}

TEST_F(AccountsRoutesTest, UnknownEmailAndWrongPasswordLookTheSame) {
  ASSERT_EQ(enrol("ada@example.com").status, 201);
  Answer wrong = sign_in("ada@example.com", "wrong horse battery");
  Answer unknown = sign_in("grace@example.com", "wrong horse battery");
  EXPECT_EQ(wrong.status, 401);
  wrong.json.as_object().erase("request_id");
  unknown.json.as_object().erase("request_id");
  EXPECT_EQ(wrong.json, unknown.json);
}

TEST_F(AccountsRoutesTest, GuessingIsSlowedDown) {
  ASSERT_EQ(enrol("ada@example.com").status, 201);
  for (std::int64_t i = 0; i < limits::login_failures_by_email; ++i) {
    EXPECT_EQ(sign_in("ada@example.com", "wrong horse").code(), "bad_credentials");
  }
  const Answer throttled = sign_in("ada@example.com", password);
  EXPECT_EQ(throttled.status, 429);
  EXPECT_EQ(throttled.code(), "login_throttled");
  EXPECT_EQ(throttled.header("Retry-After"), "2");
  // The other shop and the staff of this one are other doors.
  EXPECT_EQ(sign_in("ada@example.com", password, "two.example").code(), "bad_credentials");
  EXPECT_EQ(sign_in_staff("owner@example.com", password).status, 201);
  world.clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(sign_in("ada@example.com", password).status, 201);
}

TEST_F(AccountsRoutesTest, TooManyPasswordsAtOnceAreRefusedAtOnce) {
  ASSERT_EQ(enrol("ada@example.com").status, 201);
  {
    std::vector<accounts::Passwords::Place> places;
    while (Result<accounts::Passwords::Place> place = world.passwords->enter()) {
      places.push_back(std::move(*place));
    }
    const Answer refused = sign_in("ada@example.com", password);
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.code(), "sign_in_overloaded");
    EXPECT_NE(refused.header("Retry-After"), "");
    EXPECT_EQ(enrol("grace@example.com").code(), "sign_in_overloaded");
    EXPECT_EQ(sign_in_staff("owner@example.com", password).code(), "sign_in_overloaded");
  }
  EXPECT_EQ(sign_in("ada@example.com", password).status, 201);
}

TEST_F(AccountsRoutesTest, ASessionIsOfOneShop) {
  const std::string token = token_of(enrol("ada@example.com"));
  for (const std::string_view path :
       {"/v1/store/customers/me", "/v1/store/customers/me/addresses", "/v1/store/shop"}) {
    EXPECT_EQ(api->get(path, as(token, "two.example")).code(), "unauthorised") << path;
  }
  EXPECT_EQ(api->del("/v1/store/sessions/current", as(token, "two.example")).code(),
            "unauthorised");
  EXPECT_EQ(api->get("/v1/admin/me", as(token, "one.example")).status / 100, 4);
  EXPECT_EQ(api->get("/v1/store/customers/me", as(token, "one.example")).status, 200);
}

TEST_F(AccountsRoutesTest, ACustomerChangesTheOwnAccount) {
  const std::string first = token_of(enrol("ada@example.com"));
  const std::string second = token_of(sign_in("ada@example.com", password));
  const auto change = [&](const std::string& body) {
    return api->patch("/v1/store/customers/me", body, as(first, "one.example"));
  };
  EXPECT_EQ(change(R"({"name": "Ada King"})").text("name"), "Ada King");
  EXPECT_EQ(change(R"({"password": "another horse"})").code(), "bad_credentials");
  EXPECT_EQ(change(R"({"email": "x"})").code(), "invalid_request");
  const json::object wanted = {{"password", "another horse battery"},
                               {"current_password", password}};
  EXPECT_EQ(change(to_string(wanted)).status, 200);
  EXPECT_EQ(api->get("/v1/store/customers/me", as(first, "one.example")).status, 200);
  EXPECT_EQ(api->get("/v1/store/customers/me", as(second, "one.example")).code(), "unauthorised");
  EXPECT_EQ(sign_in("ada@example.com", password).code(), "bad_credentials");
  EXPECT_EQ(sign_in("ada@example.com", "another horse battery").status, 201);
}

TEST_F(AccountsRoutesTest, AddressesAreTheOwnersAlone) {
  const std::string ada = token_of(enrol("ada@example.com"));
  const std::string grace = token_of(enrol("grace@example.com"));
  const std::string path = "/v1/store/customers/me/addresses";
  const std::string body =
      R"({"name": "Ada", "line1": "Rietwal 14", "city": "Haarlem", "postal_code": "2011 ZW",)"
      R"( "country": "NL", "company": null})";
  const Answer added = api->post(path, body, as(ada, "one.example"));
  ASSERT_EQ(added.status, 201);
  const std::string address = path + "/" + added.text("id");
  EXPECT_EQ(api->patch(address, R"({"city": "Zaandam"})", as(grace, "one.example")).code(),
            "not_found");
  EXPECT_EQ(api->del(address, as(grace, "one.example")).code(), "not_found");
  EXPECT_EQ(api->patch(address, R"({"city": "Zaandam"})", as(ada, "one.example")).text("city"),
            "Zaandam");
  EXPECT_EQ(api->patch(address, R"({"country": "XX"})", as(ada, "one.example")).code(),
            "invalid_request");
  const Answer list = api->get(path, as(ada, "one.example"));
  EXPECT_EQ(get_array(list.json.as_object(), "items").size(), 1U);
  const Answer none = api->get(path, as(grace, "one.example"));
  EXPECT_EQ(get_array(none.json.as_object(), "items").size(), 0U);
  EXPECT_EQ(api->del(address, as(ada, "one.example")).status, 204);
  EXPECT_EQ(api->del(address, as(ada, "one.example")).code(), "not_found");
  EXPECT_EQ(api->get(path, at("one.example")).code(), "unauthorised");
}

TEST_F(AccountsRoutesTest, TheMerchantListsCustomers) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(enrol("customer" + std::to_string(i) + "@example.com").status, 201);
  }
  const Answer first = api->get("/v1/admin/customers?limit=3", as(one.secret_key));
  ASSERT_EQ(first.status, 200);
  EXPECT_EQ(get_array(first.json.as_object(), "items").size(), 3U);
  const std::string cursor = first.text("next_cursor");
  const Answer rest = api->get("/v1/admin/customers?limit=3&cursor=" + cursor, as(one.secret_key));
  EXPECT_EQ(get_array(rest.json.as_object(), "items").size(), 2U);
  EXPECT_FALSE(has(rest.json.as_object(), "next_cursor"));
  EXPECT_EQ(api->get("/v1/admin/customers?cursor=nonsense", as(one.secret_key)).code(),
            "invalid_request");
  EXPECT_EQ(api->get("/v1/admin/staff?cursor=" + cursor, as(one.secret_key)).code(),
            "invalid_request");
  const Answer found = api->get("/v1/admin/customers?q=customer3", as(one.secret_key));
  const json::array& items = get_array(found.json.as_object(), "items");
  ASSERT_EQ(items.size(), 1U);
  const std::string id(get_string(items[0].as_object(), "id"));
  EXPECT_EQ(api->get("/v1/admin/customers/" + id, as(one.secret_key)).status, 200);
  EXPECT_EQ(api->get("/v1/admin/customers/" + id, as(two.secret_key)).code(), "not_found");
  const Answer theirs = api->get("/v1/admin/customers", as(two.secret_key));
  EXPECT_EQ(get_array(theirs.json.as_object(), "items").size(), 0U);
}

TEST_F(AccountsRoutesTest, TheMerchantSetsACustomerRight) {
  const Answer enrolled = enrol("ada@example.com");
  ASSERT_EQ(enrol("grace@example.com").status, 201);
  const std::string token = token_of(enrolled);
  const std::string path =
      "/v1/admin/customers/" +
      std::string(get_string(get_object(enrolled.json.as_object(), "customer"), "id"));
  const auto change = [&](const std::string& body, std::int64_t version) {
    return api->patch(path, body, as_version(one.secret_key, version));
  };
  EXPECT_EQ(api->patch(path, R"({"name": "Ada King"})", as(one.secret_key)).code(),
            "precondition_required");
  const Answer renamed = change(R"({"name": " Ada King "})", 1);
  ASSERT_EQ(renamed.status, 200);
  EXPECT_EQ(renamed.text("name"), "Ada King");
  EXPECT_EQ(renamed.text("email"), "ada@example.com");
  EXPECT_EQ(renamed.header("ETag"), "\"v2\"");
  EXPECT_EQ(change(R"({"name": "Late"})", 1).code(), "version_conflict");
  EXPECT_EQ(change(R"({"email": "grace@example.com"})", 2).code(), "email_taken");
  EXPECT_EQ(change(R"({"password": "correct horse battery"})", 2).code(), "invalid_request");
  EXPECT_EQ(change(R"({"email": "Ada.King@Example.com"})", 2).text("email"),
            "ada.king@example.com");
  EXPECT_EQ(sign_in("ada.king@example.com", password).status, 201);
  EXPECT_EQ(sign_in("ada@example.com", password).code(), "bad_credentials");
  EXPECT_EQ(api->get("/v1/store/customers/me", as(token, "one.example")).status, 200);
  EXPECT_EQ(api->patch(path, R"({"name": "X"})", as_version(two.secret_key, 3)).code(),
            "not_found");
  EXPECT_EQ(api->patch(path, R"({"name": "X"})", as_version(key_with("viewer"), 3)).code(),
            "forbidden");
}

TEST_F(AccountsRoutesTest, AnErasedCustomerIsGone) {
  const Answer enrolled = enrol("ada@example.com");
  const std::string token = token_of(enrolled);
  const std::string path =
      "/v1/admin/customers/" +
      std::string(get_string(get_object(enrolled.json.as_object(), "customer"), "id"));
  ASSERT_EQ(api->get("/v1/store/customers/me", as(token, "one.example")).status, 200);
  EXPECT_EQ(api->del(path, as(one.secret_key)).status, 428);
  EXPECT_EQ(api->del(path, as_version(one.secret_key, 2)).status, 412);
  EXPECT_EQ(api->del(path, as_version(two.secret_key, 1)).code(), "not_found");
  EXPECT_EQ(api->del(path, as_version(key_with("viewer"), 1)).code(), "forbidden");
  EXPECT_EQ(api->get(path, as(one.secret_key)).status, 200) << "none of these did anything";
  EXPECT_EQ(api->del(path, as_version(one.secret_key, 1)).status, 204);
  EXPECT_EQ(api->get(path, as(one.secret_key)).code(), "not_found");
  EXPECT_EQ(api->del(path, as_version(one.secret_key, 1)).code(), "not_found");
  EXPECT_EQ(api->get("/v1/store/customers/me", as(token, "one.example")).code(), "unauthorised");
  EXPECT_EQ(sign_in("ada@example.com", password).code(), "bad_credentials");
  EXPECT_EQ(enrol("ada@example.com").status, 201) << "the address is free again";
}

// ---- Staff and keys ----

TEST_F(AccountsRoutesTest, StaffSignInAndOut) {
  EXPECT_EQ(sign_in_staff("owner@example.com", "wrong horse").code(), "bad_credentials");
  const Answer signed_in = sign_in_staff("owner@example.com", password);
  ASSERT_EQ(signed_in.status, 201);
  const std::string token = token_of(signed_in);
  const Answer me = api->get("/v1/admin/me", as(token));
  ASSERT_EQ(me.status, 200);
  EXPECT_EQ(me.text("role"), "owner");
  EXPECT_EQ(me.text("shop_id"), one.shop_id);
  EXPECT_EQ(api->del("/v1/admin/sessions/current", as(token)).status, 204);
  EXPECT_EQ(api->get("/v1/admin/me", as(token)).code(), "unauthorised");
  EXPECT_EQ(api->del("/v1/admin/sessions/current", as(one.secret_key)).code(), "forbidden");
  EXPECT_EQ(api->get("/v1/admin/me", as(one.secret_key)).status, 200);
}

TEST_F(AccountsRoutesTest, AStaffSessionLastsTwelveHours) {
  const std::string token = token_of(sign_in_staff("owner@example.com", password));
  world.clock.advance(limits::staff_session_lifetime - std::chrono::seconds(1));
  EXPECT_EQ(api->get("/v1/admin/me", as(token)).status, 200);
  world.clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(api->get("/v1/admin/me", as(token)).code(), "unauthorised");
}

TEST_F(AccountsRoutesTest, StaffAreTheShopsOwn) {
  const std::string body = R"({"email": "manager@example.com", "name": "Mina", "role": "manager",)"
                           R"( "password": "correct horse battery"})";
  const Answer added = api->post("/v1/admin/staff", body, as(one.secret_key));
  ASSERT_EQ(added.status, 201);
  EXPECT_EQ(added.body.find("argon2"), std::string::npos);
  EXPECT_EQ(api->post("/v1/admin/staff", body, as(one.secret_key)).code(), "email_taken");
  EXPECT_EQ(api->post("/v1/admin/staff", body, as(two.secret_key)).status, 201);
  const std::string path = "/v1/admin/staff/" + added.text("id");
  EXPECT_EQ(api->get(path, as(one.secret_key)).status, 200);
  EXPECT_EQ(api->get(path, as(two.secret_key)).code(), "not_found");
  EXPECT_EQ(api->patch(path, R"({"name": "X"})", as_version(two.secret_key, 1)).code(),
            "not_found");
  EXPECT_EQ(api->patch(path, R"({"role": "viewer"})", as_version(one.secret_key, 1)).text("role"),
            "viewer");
  EXPECT_EQ(api->patch(path, R"({"role": "king"})", as_version(one.secret_key, 2)).code(),
            "invalid_request");
  const std::string owner = "/v1/admin/staff/" + one.owner_id;
  EXPECT_EQ(api->patch(owner, R"({"disabled": true})", as_version(one.secret_key, 1)).code(),
            "last_owner");
  EXPECT_EQ(api->patch(owner, R"({"role": "viewer"})", as_version(one.secret_key, 1)).code(),
            "last_owner");
  const Answer list = api->get("/v1/admin/staff", as(one.secret_key));
  EXPECT_EQ(get_array(list.json.as_object(), "items").size(), 2U);
}

TEST_F(AccountsRoutesTest, AKeyIsShownOnceAndDiesAtOnce) {
  const std::string body = R"({"kind": "secret", "name": "Robot", "role": "viewer"})";
  const Answer added = api->post("/v1/admin/api-keys", body, as(one.secret_key));
  ASSERT_EQ(added.status, 201);
  const std::string secret = added.text("secret");
  const std::string id(get_string(get_object(added.json.as_object(), "key"), "id"));
  EXPECT_EQ(api->get("/v1/admin/api-keys", as(one.secret_key)).body.find(secret),
            std::string::npos);
  EXPECT_EQ(api->get("/v1/admin/me", as(secret)).text("role"), "viewer");
  EXPECT_EQ(api->del("/v1/admin/api-keys/" + id, as(two.secret_key)).code(), "not_found");
  EXPECT_EQ(api->get("/v1/admin/me", as(secret)).status, 200);
  EXPECT_EQ(api->del("/v1/admin/api-keys/" + id, as(one.secret_key)).status, 204);
  EXPECT_EQ(api->get("/v1/admin/me", as(secret)).code(), "unauthorised");
  EXPECT_EQ(
      api->post("/v1/admin/api-keys", R"({"kind": "secret", "name": "Robot"})", as(one.secret_key))
          .code(),
      "invalid_request");
}

TEST_F(AccountsRoutesTest, RolesHoldOnEveryRoute) {
  const std::string viewer = key_with("viewer");
  const std::string support = key_with("support");
  const std::string fulfilment = key_with("fulfilment");
  for (const Operation& operation : operations.all()) {
    if (operation.access != Access::admin || operation.permission == Permission::none) {
      continue;
    }
    std::string path(operation.path);
    for (std::size_t open = path.find('{'); open != std::string::npos; open = path.find('{')) {
      path.replace(open, path.find('}') - open + 1, "nothing");
    }
    for (const auto& [key, role] :
         {std::pair(viewer, accounts::Role::viewer), std::pair(support, accounts::Role::support),
          std::pair(fulfilment, accounts::Role::fulfilment)}) {
      const std::string body = operation.request_schema.empty() ? "" : "{}";
      const Answer answer = api->send(operation.method, path, body, as(key));
      EXPECT_EQ(answer.code() == "forbidden", !accounts::allows(role, operation.permission))
          << operation.id << " as " << accounts::to_string(role);
    }
    EXPECT_EQ(api->send(operation.method, path, "", at("one.example")).code(), "unauthorised")
        << operation.id;
  }
}

TEST_F(AccountsRoutesTest, AShopIsMadeWholeOrNotAtAll) {
  flows::NewShop wanted;
  wanted.settings.name = "Thief";
  wanted.settings.currencies = {"EUR"};
  wanted.settings.countries = {"NL"};
  wanted.hosts = {"three.example", "one.example"};
  wanted.owner_email = "owner@example.com";
  wanted.owner_name = "Thief";
  wanted.owner_password = password;
  const auto make = [&] {
    return world.run(
        [&] { return flows::create_shop(deps, shops, *world.accounts, world.random, wanted); });
  };
  EXPECT_TRUE(make().error().is(shops::errc::host_taken));
  EXPECT_EQ(world.read("SELECT COUNT(*) FROM shops")[0].integer(0), 2);
  EXPECT_EQ(world.read("SELECT COUNT(*) FROM shop_hosts")[0].integer(0), 2);
  wanted.hosts = {"three.example"};
  wanted.owner_password = "short";
  EXPECT_FALSE(make());
  wanted.owner_password = password;
  EXPECT_TRUE(make());
}

}  // namespace
}  // namespace securecart::shop::api
