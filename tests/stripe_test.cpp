// A shop that is paid through Stripe, as a server in its shape answers: it goes away, comes back,
// reports twice. Every order is settled in the end, and nobody is charged twice.
#include <chrono>
#include <thread>

#include <boost/json/parse.hpp>

#include "net/server.hpp"
#include "shop/payments/stripe_signature.hpp"
#include "tests/support/engines.hpp"
#include "tests/support/shop_client.hpp"
#include "tests/support/stripe_double.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 90s;
constexpr const char* secret = "sk_test_51Saltmarsh";
constexpr const char* webhook_secret = "whsec_51Saltmarsh";

class StripeShop : public testing::TestWithParam<Engine> {
 protected:
  StripeShop() {
    runtime_.run();
    open_stripe(0);
    std::vector<std::string> options = home_.options();
    options.insert(options.end(), {"--stripe-url", "http://127.0.0.1:" + std::to_string(port_),
                                   "--payment-timeout-ms", "1500"});
    shop_ = std::make_unique<ShopProcess>(folder_.path(), options);
    client_ = std::make_unique<ShopClient>(*shop_);
    const lab::ApiAnswer set = client_->admin(
        net::Method::patch, "/v1/admin/payment-providers/stripe",
        json::object{{"enabled", true}, {"secret_key", secret}, {"webhook_secret", webhook_secret}},
        {{"If-Match", "\"v1\""}});
    EXPECT_EQ(set.status, 200) << set.describe();
    lamp_ = client_->add_product("Lamps", 1'000);
  }
  ~StripeShop() override {
    EXPECT_EQ(stripe_.complaints(), std::vector<std::string>());
    client_.reset();
    shop_.reset();
    server_.reset();
    runtime_.stop();
    runtime_.join();
  }
  void open_stripe(std::uint16_t at) {
    net::ServerOptions options;
    options.name = "stripe";
    options.port = at;
    server_ = std::make_unique<net::Server>(runtime_, options, stripe_, metrics_);
    port_ = server_->port();
    server_->start();
  }
  lab::ApiAnswer buy(const std::string& method) {
    const TestCart cart = client_->cart_of({{lamp_.variant_id, 1}});
    ShopClient::Request request = ShopClient::completion(cart, client_->key(), method);
    request.body.as_object()["payment"].as_object()["provider"] = "stripe";
    return client_->at_once({request})[0];
  }
  std::string place(const std::string& method = "pm_card_visa") {
    const lab::ApiAnswer placed = buy(method);
    EXPECT_EQ(placed.status, 201) << placed.describe();
    return std::string(get_string(placed.body, "id"));
  }
  json::object order(const std::string& id) {
    return client_->admin(net::Method::get, "/v1/admin/orders/" + id).body;
  }
  std::string payment_id(const std::string& id) {
    return std::string(get_string(get_array(order(id), "payments").at(0).as_object(), "id"));
  }
  void wait_for(const std::string& id, std::string_view payment_status) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (get_string(order(id), "payment_status") != payment_status) {
      if (std::chrono::steady_clock::now() > until) {
        FAIL() << id << " is " << get_string(order(id), "payment_status") << ", not "
               << payment_status;
      }
      std::this_thread::sleep_for(20ms);  // between two looks at a condition with a deadline
    }
  }
  void expect_paid_once(const std::string& id) {
    wait_for(id, "paid");
    EXPECT_EQ(stripe_.times_charged(payment_id(id)), 1) << id;
    EXPECT_EQ(stripe_.intents_made(payment_id(id)), 1) << id;
  }

  SystemClock clock_;
  net::Runtime runtime_{1, 1, clock_};
  observe::Metrics metrics_;
  StripeDouble stripe_{clock_, secret};
  std::unique_ptr<net::Server> server_;
  std::uint16_t port_ = 0;
  TempDir folder_;
  EngineHome home_{GetParam()};
  std::unique_ptr<ShopProcess> shop_;
  std::unique_ptr<ShopClient> client_;
  TestVariant lamp_;
};

INSTANTIATE_TEST_SUITE_P(Engines, StripeShop, testing::Values(Engine::sqlite, Engine::postgres),
                         engine_name);

TEST_P(StripeShop, OrdersArePaidDeclinedConfirmedAndRefunded) {
  const std::string paid = place();
  expect_paid_once(paid);
  const std::string declined = place("pm_card_visa_chargeDeclined");
  wait_for(declined, "declined");
  const std::string waiting = place("pm_card_authenticationRequired");
  wait_for(waiting, "requires_action");
  const json::object shown = order(waiting);
  EXPECT_TRUE(get_string(get_object(shown, "payment"), "action_url")
                  .starts_with("https://hooks.stripe.test/"));
  // The shopper confirms; Stripe reports, twice.
  const json::object intent = stripe_.authenticate(payment_id(waiting), true);
  const std::string event = StripeDouble::event("payment_intent.succeeded", intent);
  const std::string shop_id(get_string(shop_->credentials(), "shop_id"));
  for (int i = 0; i < 2; ++i) {
    const lab::ApiAnswer told = client_->call(
        net::Method::post, "/v1/webhooks/payments/stripe/" + shop_id, json::parse(event),
        {{"Content-Type", "application/json"},
         {"Stripe-Signature", shop::payments::sign_stripe_event(webhook_secret, clock_.now(),
                                                                to_string(json::parse(event)))}});
    EXPECT_EQ(told.status, 204) << told.describe();
  }
  expect_paid_once(waiting);
  const lab::ApiAnswer refund =
      client_->admin(net::Method::post, "/v1/admin/orders/" + paid + "/refunds",
                     json::object{{"amount", 300}}, {{"Idempotency-Key", client_->key()}});
  EXPECT_EQ(refund.status, 201) << refund.describe();
  const auto until = std::chrono::steady_clock::now() + patience;
  while (stripe_.refunded() < 300 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(20ms);  // between two looks at a condition with a deadline
  }
  EXPECT_EQ(stripe_.refunded(), 300);
}

TEST_P(StripeShop, WhileStripeIsAwayOrdersArePlacedAndAfterwardsAllAreSettledOnce) {
  server_.reset();
  std::vector<std::string> orders;
  for (int i = 0; i < 12; ++i) {
    orders.push_back(place());
  }
  for (const std::string& id : orders) {
    EXPECT_EQ(get_string(order(id), "payment_status"), "pending") << "the order is safe";
  }
  shop_->kill_now();
  shop_->start();
  open_stripe(port_);
  for (const std::string& id : orders) {
    expect_paid_once(id);
  }
}

TEST_P(StripeShop, AnswersLostEitherWayChargeOnce) {
  using Fault = StripeDouble::Fault;
  stripe_.silence = 4s;  // the shop has long gone
  stripe_.fail_next({Fault::slow, Fault::error_after, Fault::in_use, Fault::rate_limited,
                     Fault::slow, Fault::no_access, Fault::error_after});
  std::vector<std::string> orders;
  for (int i = 0; i < 8; ++i) {
    orders.push_back(place());
  }
  for (const std::string& id : orders) {
    expect_paid_once(id);
  }
}

}  // namespace
}  // namespace securecart::test
