// The order path under concurrency, from outside: a real server, real sockets.
#include <algorithm>
#include <map>
#include <set>

#include "tests/support/engines.hpp"
#include "tests/support/shop_client.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {
namespace {

class OrderPath : public testing::TestWithParam<Engine> {
 protected:
  OrderPath() : shop_(folder_.path(), home_.options()), client_(shop_) {}

  std::map<std::string, int> by_outcome(const std::vector<lab::ApiAnswer>& answers) {
    std::map<std::string, int> counts;
    for (const lab::ApiAnswer& answer : answers) {
      ++counts[answer.ok() ? "ok" : answer.code];
    }
    return counts;
  }

  json::object level(const std::string& item) {
    const lab::ApiAnswer levels = client_.admin(net::Method::get, "/v1/admin/inventory/" + item);
    return get_array(levels.body, "items").front().as_object();
  }

  std::set<std::string> orders_of(const std::vector<lab::ApiAnswer>& answers) {
    std::set<std::string> orders;
    for (const lab::ApiAnswer& answer : answers) {
      if (answer.ok()) {
        orders.insert(std::string(get_string(answer.body, "id")));
      }
    }
    return orders;
  }

  // All that the test provider ever took.
  std::vector<json::object> charges_at_the_provider() {
    ShopClient provider(std::string(get_string(shop_.credentials(), "test_payments_url")),
                        std::string(get_string(shop_.credentials(), "test_payments_secret")));
    std::vector<json::object> charges;
    for (std::size_t known = 1; charges.size() != known;) {
      known = charges.size();
      const std::string after =
          charges.empty() ? "" : std::string(get_string(charges.back(), "id"));
      const lab::ApiAnswer page = provider.admin(net::Method::get, "/charges?after=" + after);
      EXPECT_EQ(page.status, 200) << page.describe();
      for (const json::value& charge : get_array(page.body, "items")) {
        charges.push_back(charge.as_object());
      }
    }
    return charges;
  }

  TempDir folder_;
  EngineHome home_{GetParam()};
  ShopProcess shop_;
  ShopClient client_;
};

INSTANTIATE_TEST_SUITE_P(Engines, OrderPath, testing::Values(Engine::sqlite, Engine::postgres),
                         engine_name);

TEST_P(OrderPath, SixtyFourBuyersOfTheLastFiveUnitsMakeFiveOrders) {
  const TestVariant lamp = client_.add_product("Last lamps", 5);
  std::vector<ShopClient::Request> requests;
  for (int i = 0; i < 64; ++i) {
    requests.push_back(
        ShopClient::completion(client_.cart_of({{lamp.variant_id, 1}}), client_.key()));
  }
  const auto answers = client_.at_once(requests);
  const std::map<std::string, int> expected{{"ok", 5}, {"out_of_stock", 59}};
  EXPECT_EQ(by_outcome(answers), expected);
  EXPECT_EQ(orders_of(answers).size(), 5U);
  const json::object left = level(lamp.item_id);
  EXPECT_EQ(get_int(left, "available"), 0);
  EXPECT_EQ(get_int(left, "reserved") + get_int(left, "sold"), 5);
}

TEST_P(OrderPath, TheSameCompletionAHundredTimesIsOneOrder) {
  const TestVariant lamp = client_.add_product("Lamps", 1000);
  const TestCart cart = client_.cart_of({{lamp.variant_id, 1}});
  const std::string key = client_.key();
  const auto answers = client_.at_once(std::vector(100, ShopClient::completion(cart, key)));
  EXPECT_EQ(by_outcome(answers), (std::map<std::string, int>{{"ok", 100}}));
  EXPECT_EQ(orders_of(answers).size(), 1U);
  EXPECT_EQ(get_int(level(lamp.item_id), "available"), 999);
}

TEST_P(OrderPath, AHundredKeysOnOneCartAreOneOrder) {
  const TestVariant lamp = client_.add_product("Lamps", 1000);
  const TestCart cart = client_.cart_of({{lamp.variant_id, 1}});
  std::vector<ShopClient::Request> requests;
  for (int i = 0; i < 100; ++i) {
    requests.push_back(ShopClient::completion(cart, client_.key()));
  }
  const auto answers = client_.at_once(requests);
  EXPECT_EQ(by_outcome(answers), (std::map<std::string, int>{{"ok", 100}}));
  EXPECT_EQ(orders_of(answers).size(), 1U);
  EXPECT_EQ(get_int(level(lamp.item_id), "available"), 999);
}

TEST_P(OrderPath, AKeyOfAnotherCartIsRefused) {
  const TestVariant lamp = client_.add_product("Lamps", 1000);
  const std::string key = client_.key();
  const auto first =
      client_.at_once({ShopClient::completion(client_.cart_of({{lamp.variant_id, 1}}), key)});
  const auto second =
      client_.at_once({ShopClient::completion(client_.cart_of({{lamp.variant_id, 2}}), key)});
  EXPECT_EQ(first[0].status, 201);
  EXPECT_EQ(second[0].status, 422);
  EXPECT_EQ(second[0].code, "idempotency_key_reused");
}

TEST_P(OrderPath, TwoLinesThatShareAnItemCannotOversell) {
  const TestVariant single = client_.add_product("Chair", 5);
  const TestVariant other = client_.add_product("Chair, other listing", 0, single.item_id);
  const auto too_many = client_.at_once({ShopClient::completion(
      client_.cart_of({{single.variant_id, 3}, {other.variant_id, 3}}), client_.key())});
  EXPECT_EQ(too_many[0].code, "out_of_stock");
  // And at once, from carts that each would fit.
  std::vector<ShopClient::Request> requests;
  for (int i = 0; i < 20; ++i) {
    requests.push_back(ShopClient::completion(
        client_.cart_of({{single.variant_id, 1}, {other.variant_id, 1}}), client_.key()));
  }
  const auto answers = client_.at_once(requests);
  EXPECT_EQ(by_outcome(answers)["ok"], 2);
  EXPECT_EQ(get_int(level(single.item_id), "available"), 1);
}

TEST_P(OrderPath, WebhooksRacingTheCompletionChargeOnce) {
  constexpr int races = 1000;
  constexpr int wave = 50;
  const TestVariant lamp = client_.add_product("Lamps", races);
  std::set<std::string> orders;
  for (int done = 0; done < races; done += wave) {
    std::vector<ShopClient::Request> requests;
    for (int i = 0; i < wave; ++i) {
      requests.push_back(ShopClient::completion(client_.cart_of({{lamp.variant_id, 1}}),
                                                client_.key(), "tok_duplicate_webhook"));
    }
    orders.merge(orders_of(client_.at_once(requests)));
  }
  EXPECT_EQ(orders.size(), static_cast<std::size_t>(races));
  // Every order is paid, once: one capture in the ledger for each.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  std::size_t waiting = 1;
  while (waiting > 0 && std::chrono::steady_clock::now() < deadline) {
    waiting = client_.all("/v1/admin/orders?payment_status=pending").size();
  }
  EXPECT_EQ(waiting, 0U);
  std::map<std::string, int> captures;
  for (const json::object& transfer : client_.all("/v1/admin/ledger/transfers")) {
    if (get_string(transfer, "debit") == "provider:test") {
      ++captures[std::string(get_string(transfer, "order_id"))];
    }
  }
  EXPECT_EQ(captures.size(), static_cast<std::size_t>(races));
  EXPECT_TRUE(std::ranges::all_of(captures, [](const auto& entry) { return entry.second == 1; }));
  // And by the provider's own books, where a charge stands whether the shop knows of it or not.
  const std::vector<json::object> charges = charges_at_the_provider();
  std::set<std::string> payments;
  for (const json::object& charge : charges) {
    EXPECT_EQ(get_string(charge, "status"), "captured");
    EXPECT_EQ(get_int(charge, "refunded"), 0);
    payments.insert(std::string(get_string(charge, "payment_id")));
  }
  EXPECT_EQ(charges.size(), static_cast<std::size_t>(races));
  EXPECT_EQ(payments.size(), static_cast<std::size_t>(races));
}

TEST_P(OrderPath, AnOrderThatIsCancelledGivesItsStockAndMoneyBack) {
  const TestVariant lamp = client_.add_product("Lamps", 10);
  const auto placed = client_.at_once(
      {ShopClient::completion(client_.cart_of({{lamp.variant_id, 4}}), client_.key())});
  const std::string id(get_string(placed[0].body, "id"));
  const std::string path = "/v1/admin/orders/" + id;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  const auto wait_for = [&](const char* status) {
    while (std::chrono::steady_clock::now() < deadline) {
      if (get_string(client_.admin(net::Method::get, path).body, "payment_status") == status) {
        return true;
      }
    }
    return false;
  };
  ASSERT_TRUE(wait_for("paid"));
  const lab::ApiAnswer cancelled = client_.admin(net::Method::post, path + "/cancel",
                                                 json::object{{"reason", "changed my mind"}},
                                                 {{"Idempotency-Key", client_.key()}});
  EXPECT_EQ(cancelled.status, 200) << cancelled.describe();
  EXPECT_EQ(get_string(cancelled.body, "status"), "cancelled");
  EXPECT_EQ(get_int(level(lamp.item_id), "available"), 10);
  bool refunded = false;
  while (!refunded && std::chrono::steady_clock::now() < deadline) {
    const lab::ApiAnswer order = client_.admin(net::Method::get, path);
    const json::array& refunds = get_array(order.body, "refunds");
    refunded = refunds.size() == 1 && get_string(refunds[0].as_object(), "status") == "succeeded";
  }
  EXPECT_TRUE(refunded);
  for (const json::value& balance :
       get_array(client_.admin(net::Method::get, "/v1/admin/ledger/balances").body, "items")) {
    EXPECT_EQ(get_int(balance.as_object(), "balance"), 0)
        << get_string(balance.as_object(), "account");
  }
}

TEST_P(OrderPath, FulfillingAndRefundingALineMovesStockAndMoney) {
  const TestVariant lamp = client_.add_product("Lamps", 10);
  const auto placed = client_.at_once(
      {ShopClient::completion(client_.cart_of({{lamp.variant_id, 4}}), client_.key())});
  const std::string path = "/v1/admin/orders/" + std::string(get_string(placed[0].body, "id"));
  const std::string line(get_string(get_array(placed[0].body, "lines").front().as_object(), "id"));
  lab::ApiAnswer sent;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  do {
    sent = client_.admin(net::Method::post, path + "/fulfilments",
                         json::object{{"carrier", "PostNL"}, {"tracking_number", "3S1"}},
                         {{"Idempotency-Key", client_.key()}});
  } while (sent.code == "order_not_paid" && std::chrono::steady_clock::now() < deadline);
  ASSERT_EQ(sent.status, 201) << sent.describe();
  EXPECT_EQ(get_string(sent.body, "status"), "completed");
  EXPECT_EQ(get_int(level(lamp.item_id), "on_hand"), 6);
  const lab::ApiAnswer refund = client_.admin(
      net::Method::post, path + "/refunds",
      json::object{{"lines", json::array{json::object{{"line_id", line}, {"quantity", 1}}}},
                   {"restock", true},
                   {"reason", "one arrived broken"}},
      {{"Idempotency-Key", client_.key()}});
  ASSERT_EQ(refund.status, 201) << refund.describe();
  EXPECT_EQ(get_string(refund.body, "payment_status"), "partially_refunded");
  EXPECT_EQ(get_int(get_object(refund.body, "totals"), "refunded"), 1000);
  EXPECT_EQ(get_int(level(lamp.item_id), "available"), 7);
  const lab::ApiAnswer too_much =
      client_.admin(net::Method::post, path + "/refunds", json::object{{"amount", 1'000'000}},
                    {{"Idempotency-Key", client_.key()}});
  EXPECT_EQ(too_much.code, "refund_exceeds_payment");
}

TEST_P(OrderPath, AnErasedCustomerLeavesWhatWasSoldAndNothingElse) {
  const TestVariant lamp = client_.add_product("Lamps", 10);
  const lab::ApiAnswer account = client_.call(net::Method::post, "/v1/store/customers",
                                              json::object{{"email", "ada@example.com"},
                                                           {"name", "Ada Lovelace"},
                                                           {"password", "correct horse battery"}});
  ASSERT_EQ(account.status, 201) << account.describe();
  const std::string token(get_string(get_object(account.body, "session"), "token"));
  const TestCart cart =
      client_.cart_of({{lamp.variant_id, 1}}, {{"Authorization", "Bearer " + token}});
  const auto completion = ShopClient::completion(cart, client_.key());
  const lab::ApiAnswer placed = client_.at_once({completion})[0];
  ASSERT_EQ(placed.status, 201) << placed.describe();
  EXPECT_EQ(get_string(placed.body, "email"), "ada@example.com");

  const std::string order = "/v1/admin/orders/" + std::string(get_string(placed.body, "id"));
  const std::string customer =
      "/v1/admin/customers/" + std::string(get_string(get_object(account.body, "customer"), "id"));
  const Fields version{{"If-Match", "\"v1\""}};
  EXPECT_EQ(client_.admin(net::Method::del, customer, nullptr, version).code,
            "customer_has_open_orders");
  const lab::ApiAnswer cancelled =
      client_.admin(net::Method::post, order + "/cancel", json::object{{"reason", "asked"}},
                    {{"Idempotency-Key", client_.key()}});
  ASSERT_EQ(cancelled.status, 200) << cancelled.describe();
  EXPECT_EQ(client_.admin(net::Method::del, customer, nullptr, version).status, 204);

  const lab::ApiAnswer kept = client_.admin(net::Method::get, order);
  EXPECT_EQ(get_string(kept.body, "email"), "");
  EXPECT_TRUE(kept.body.at("shipping_address").is_null());
  EXPECT_EQ(get_string(kept.body, "tax_country"), "NL");
  EXPECT_EQ(get_int(get_object(kept.body, "totals"), "total"), cart.total);
  // The answer that was kept for the client who asks again is blanked moments later.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  lab::ApiAnswer again;
  do {
    again = client_.at_once({completion})[0];
  } while (!get_string_or(again.body, "email", "").empty() &&
           std::chrono::steady_clock::now() < deadline);
  EXPECT_EQ(again.status, 201) << again.describe();
  EXPECT_EQ(get_string(again.body, "id"), get_string(placed.body, "id"));
  EXPECT_EQ(get_string(again.body, "email"), "");
  EXPECT_TRUE(again.body.at("shipping_address").is_null());
}

}  // namespace
}  // namespace securecart::test
