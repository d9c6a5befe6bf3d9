// Payment providers over the admin API, and what Stripe reports, in the process.
#include "shop/api/admin/payment_routes.hpp"

#include <memory>

#include <gtest/gtest.h>

#include "shop/accounts/cached_authenticator.hpp"
#include "shop/api/store/payment_webhooks.hpp"
#include "shop/api/store/shops_routes.hpp"
#include "shop/flows/create_shop.hpp"
#include "shop/payments/stripe_signature.hpp"
#include "storage/cache/loading_cache.hpp"
#include "storage/cache/memory_cache.hpp"
#include "tests/support/accounts_world.hpp"
#include "tests/support/api_harness.hpp"
#include "tests/support/flows_world.hpp"
#include "tests/support/stripe_double.hpp"

namespace securecart::shop::api {
namespace {

using test::Answer;
using Fields = test::ApiHarness::Fields;

const std::string keys =
    R"({"enabled": true, "publishable_key": "pk_test_51Saltmarsh",
        "secret_key": "sk_test_51SaltmarshAndWren9f2c",
        "webhook_secret": "whsec_51Saltmarsh77aa"})";

class PaymentProvidersTest : public testing::Test {
 protected:
  PaymentProvidersTest() {
    providers.mount(operations);
    store.mount(operations);
    api = std::make_unique<test::ApiHarness>(ApiParts{operations, schemas, *world.authenticator,
                                                      *world.database, world.clock, world.metrics});
    api->with("Host", "one.example").with("Authorization", "Bearer " + shop.secret_key);
  }
  flows::CreatedShop create() {
    flows::NewShop wanted;
    wanted.settings.name = "Shop";
    wanted.settings.currencies = {"EUR"};
    wanted.settings.countries = {"NL"};
    wanted.hosts = {"one.example"};
    wanted.owner_email = "owner@example.com";
    wanted.owner_name = "Olive Owner";
    wanted.owner_password = "correct horse battery";
    return world
        .run([&] { return flows::create_shop(deps, shops, *world.accounts, world.random, wanted); })
        .value();
  }
  Answer change(const std::string& provider, std::int64_t version, const std::string& body) {
    return api->patch("/v1/admin/payment-providers/" + provider, body,
                      {{"If-Match", "\"v" + std::to_string(version) + "\""}});
  }
  json::array taken() {
    return get_array(api->get("/v1/store/shop").json.as_object(), "payment_providers");
  }

  test::AccountsWorld world;
  shops::Shops shops{*world.database, world.clock, world.ids};
  const flows::Deps deps{.database = *world.database, .clock = world.clock, .ids = world.ids};
  payments::ProviderAccounts accounts{*world.database, world.random,
                                      std::string(sealing_key_bytes, 'k')};
  PaymentProviderRoutes providers{deps, accounts};
  StoreShopRoutes store{shops, *world.database, true};
  Operations operations;
  Schemas schemas = Schemas::embedded();
  const flows::CreatedShop shop = create();
  std::unique_ptr<test::ApiHarness> api;
};

TEST_F(PaymentProvidersTest, AreSetUpWithoutEverShowingTheirSecrets) {
  const Answer before = api->get("/v1/admin/payment-providers/stripe");
  EXPECT_EQ(before.header("ETag"), "\"v1\"");
  EXPECT_FALSE(get_bool(before.json.as_object(), "enabled"));
  const Answer after = change("stripe", 1, keys);
  ASSERT_EQ(after.status, 200) << after.body;
  EXPECT_EQ(after.header("ETag"), "\"v2\"");
  EXPECT_EQ(after.text("mode"), "test");
  EXPECT_EQ(after.text("webhook_path"), "/v1/webhooks/payments/stripe/" + shop.shop_id);
  const json::object& secret = get_object(after.json.as_object(), "secret_key");
  EXPECT_EQ(get_string(secret, "hint"), "sk_test_…9f2c");
  EXPECT_EQ(after.body.find("SaltmarshAndWren"), std::string::npos);
  for (const storage::Row row :
       world.read("SELECT secret_key, webhook_secret FROM payment_accounts")) {
    EXPECT_EQ(row.text(0).find("SaltmarshAndWren"), std::string::npos) << "stored encrypted";
    EXPECT_EQ(row.text(1).find("77aa"), std::string::npos);
  }
  const auto open = world.run([this] { return accounts.keys(shop.shop_id, "stripe"); });
  ASSERT_TRUE(open);
  EXPECT_EQ(open->secret_key, "sk_test_51SaltmarshAndWren9f2c");
  EXPECT_EQ(open->webhook_secret, "whsec_51Saltmarsh77aa");
  const payments::ProviderAccounts stranger(*world.database, world.random,
                                            std::string(sealing_key_bytes, 'x'));
  EXPECT_FALSE(world.run([&] { return stranger.keys(shop.shop_id, "stripe"); }));
}

TEST_F(PaymentProvidersTest, AreWhatTheStorefrontIsTold) {
  ASSERT_EQ(taken().size(), 1U);
  change("stripe", 1, keys);
  const json::array both = taken();
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(get_string(both[0].as_object(), "publishable_key"), "pk_test_51Saltmarsh");
  ASSERT_EQ(change("test", 1, R"({"enabled": false})").status, 200);
  EXPECT_EQ(taken().size(), 1U);
  EXPECT_FALSE(get_bool(api->get("/v1/store/shop").json.as_object(), "test_payments"));
}

TEST_F(PaymentProvidersTest, TestPaymentsAreNeverTakenBesideALiveAccount) {
  const Answer live = change("stripe", 1,
                             R"({"enabled": true, "secret_key": "rk_live_51Saltmarsh",
                                 "webhook_secret": "whsec_51Saltmarsh"})");
  ASSERT_EQ(live.status, 200) << live.body;
  const json::array providers_taken = taken();
  ASSERT_EQ(providers_taken.size(), 1U);
  EXPECT_EQ(get_string(providers_taken[0].as_object(), "provider"), "stripe");
}

TEST_F(PaymentProvidersTest, RefuseWhatCannotWork) {
  EXPECT_EQ(change("stripe", 1, R"({"enabled": true})").code(), "payment_provider_incomplete");
  EXPECT_EQ(change("stripe", 1, R"({"secret_key": "pk_test_51Saltmarsh"})").code(),
            "invalid_request");
  EXPECT_EQ(change("stripe", 1, R"({"webhook_secret": "secret"})").code(), "invalid_request");
  EXPECT_EQ(change("test", 1, R"({"secret_key": "sk_test_51Saltmarsh"})").code(),
            "invalid_request");
  EXPECT_EQ(change("paper", 1, R"({"enabled": true})").code(), "not_found");
  EXPECT_EQ(change("stripe", 2, keys).code(), "version_conflict");
  ASSERT_EQ(change("stripe", 1, keys).status, 200);
  EXPECT_EQ(change("stripe", 1, keys).code(), "version_conflict");
  EXPECT_EQ(change("stripe", 2, R"({"publishable_key": "pk_live_51Saltmarsh"})").code(),
            "payment_provider_incomplete")
      << "a live key beside a test one";
  EXPECT_EQ(api->patch("/v1/admin/payment-providers/stripe", keys).code(), "precondition_required");
}

class StripeWebhookTest : public testing::Test {
 protected:
  StripeWebhookTest() {
    webhooks.mount(operations);
    api = std::make_unique<test::ApiHarness>(
        ApiParts{operations, schemas, authenticator, world.database, world.clock, world.metrics});
    storage::Batch batch;
    auto account = run_ready(accounts.read(world.shop_a, "stripe"));
    account = accounts
                  .decide(*account, {.enabled = true,
                                     .publishable_key = {},
                                     .secret_key = "sk_test_51Saltmarsh",
                                     .webhook_secret = secret})
                  .value();
    accounts.add_account(batch, *account, world.clock.now());
    world.apply(std::move(batch));
    world.pays_with = "stripe";
  }
  Answer send(const std::string& body, const std::string& signed_with) {
    return api->post(
        "/v1/webhooks/payments/stripe/" + world.shop_a, body,
        {{"Stripe-Signature", payments::sign_stripe_event(signed_with, world.clock.now(), body)}});
  }
  json::object intent(const flows::OrderSnapshot& order, std::string_view status) {
    return {{"id", "pi_1"},
            {"status", status},
            {"amount_received", order.order.total},
            {"currency", "eur"},
            {"metadata", {{"shop_id", world.shop_a}, {"payment_id", order.payments.at(0).id}}}};
  }
  std::string payment_status(const flows::OrderSnapshot& order) {
    return world.see_order(order.order.id).payments.at(0).status;
  }

  const std::string secret = "whsec_51Saltmarsh";
  test::FlowsWorld world;
  const catalog::Variant lamp = world.product("Lamp", 1'210, 1'000);
  payments::ProviderAccounts accounts{world.database, world.random,
                                      std::string(sealing_key_bytes, 'k')};
  storage::MemoryCache memory{1 << 20, world.clock, world.metrics};
  storage::LoadingCache cache{memory, world.random, world.metrics};
  accounts::CachedAuthenticator authenticator{world.database, cache, world.clock};
  PaymentWebhooks webhooks{world.deps, accounts, "test-secret"};
  Operations operations;
  Schemas schemas = Schemas::embedded();
  std::unique_ptr<test::ApiHarness> api;
};

TEST_F(StripeWebhookTest, AWebhookThatComesFirstOrTwiceSettlesOnce) {
  const flows::OrderSnapshot order = world.place({{lamp.id, 1}});
  const std::string body =
      test::StripeDouble::event("payment_intent.succeeded", intent(order, "succeeded"));
  EXPECT_EQ(send(body, secret).status, 204);
  EXPECT_EQ(send(body, secret).status, 204);
  EXPECT_EQ(payment_status(order), "captured");
  EXPECT_EQ(world.see_order(order.order.id).payments[0].provider_reference, "pi_1");
  // An older event that comes late.
  EXPECT_EQ(send(test::StripeDouble::event("payment_intent.requires_action",
                                           intent(order, "requires_action")),
                 secret)
                .status,
            204);
  EXPECT_EQ(payment_status(order), "captured");
  world.check_books();
}

TEST_F(StripeWebhookTest, OtherNewsMakesTheReaperAsk) {
  const flows::OrderSnapshot order = world.place({{lamp.id, 1}});
  EXPECT_EQ(world.count("SELECT COUNT(*) FROM payments WHERE next_check_at <= $1",
                        {to_millis(world.clock.now())}),
            0);
  EXPECT_EQ(send(test::StripeDouble::event("payment_intent.payment_failed",
                                           intent(order, "requires_payment_method")),
                 secret)
                .status,
            204);
  EXPECT_EQ(payment_status(order), "pending");
  EXPECT_EQ(world.count("SELECT COUNT(*) FROM payments WHERE next_check_at <= $1",
                        {to_millis(world.clock.now())}),
            1);
}

TEST_F(StripeWebhookTest, OnlySignedEventsOfTheShopCount) {
  const flows::OrderSnapshot order = world.place({{lamp.id, 1}});
  const json::object paid = intent(order, "succeeded");
  const std::string body = test::StripeDouble::event("payment_intent.succeeded", paid);
  EXPECT_EQ(send(body, "whsec_of_somebody_else").code(), "bad_signature");
  EXPECT_EQ(api->post("/v1/webhooks/payments/stripe/" + world.shop_a, body).code(),
            "bad_signature");
  EXPECT_EQ(api->post("/v1/webhooks/payments/stripe/" + world.shop_b, body).code(), "not_found");
  json::object less = paid;
  less["amount_received"] = 1;
  json::object foreign = paid;
  foreign["metadata"].as_object()["shop_id"] = world.shop_b;
  json::object nobodys = paid;
  nobodys["metadata"] = json::object();
  for (const json::object& wrong : {less, foreign, nobodys}) {
    EXPECT_EQ(send(test::StripeDouble::event("payment_intent.succeeded", wrong), secret).status,
              204);
    EXPECT_EQ(payment_status(order), "pending");
  }
  world.clock.advance(std::chrono::hours(1));
  const std::string old =
      payments::sign_stripe_event(secret, world.clock.now() - std::chrono::minutes(6), body);
  EXPECT_EQ(
      api->post("/v1/webhooks/payments/stripe/" + world.shop_a, body, {{"Stripe-Signature", old}})
          .code(),
      "bad_signature")
      << "a replay";
}

}  // namespace
}  // namespace securecart::shop::api
