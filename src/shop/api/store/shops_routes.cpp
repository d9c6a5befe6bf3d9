#include "shop/api/store/shops_routes.hpp"

#include <memory>
#include <utility>

#include "shop/api/errc.hpp"
#include "shop/api/render_accounts.hpp"
#include "shop/payments/accounts.hpp"

namespace securecart::shop::api {

void StoreShopRoutes::mount(Operations& operations) {
  using net::Method;
  operations.add({.id = "getShop",
                  .method = Method::get,
                  .path = "/v1/store/shop",
                  .tag = "Shop",
                  .summary = "Read the shop",
                  .response_schema = "Shop"},
                 *this, &StoreShopRoutes::get);
  operations.add({.id = "listReceiptKeys",
                  .method = Method::get,
                  .path = "/v1/store/receipt-keys",
                  .tag = "Shop",
                  .summary = "List the keys receipts are signed with",
                  .description = "The newest first: it signs. The others verify older receipts.",
                  .response_schema = "ReceiptKey[]"},
                 *this, &StoreShopRoutes::receipt_keys);
}

Task<Result<Reply>> StoreShopRoutes::get(Call& call) {
  Task<Result<std::shared_ptr<const shops::Shop>>> finding = shops_.find(call.shop());
  const Result<std::shared_ptr<const shops::Shop>> shop = co_await finding;
  if (!shop) {
    co_return std::unexpected(shop.error());
  }
  storage::Query query{payments::accounts_sql, {call.shop()}};
  const storage::Rows rows = co_await database_.read(std::move(query));
  json::object rendered = render_shop(**shop, false);
  json::array providers;
  for (const auto& account : payments::accepted(payments::accounts_of(rows, call.shop()))) {
    if (account.provider == "test") {
      rendered["test_payments"] = test_payments_;
    }
    if (account.provider != "test" || test_payments_) {
      const json::value key = account.publishable_key.empty()
                                  ? json::value(nullptr)
                                  : json::value(account.publishable_key);
      providers.push_back(json::object{{"provider", account.provider}, {"publishable_key", key}});
    }
  }
  rendered["payment_providers"] = std::move(providers);
  co_return reply(200, rendered);
}

Task<Result<Reply>> StoreShopRoutes::receipt_keys(Call& call) {
  Task<std::vector<shops::PublicReceiptKey>> reading = shops_.receipt_keys(call.shop());
  const std::vector<shops::PublicReceiptKey> keys = co_await reading;
  json::array items;
  for (const shops::PublicReceiptKey& key : keys) {
    items.emplace_back(json::object{{"id", key.id},
                                    {"public_key", key.public_key},
                                    {"created_at", format_rfc3339(key.created_at)}});
  }
  co_return reply(200, render_whole_list(std::move(items)));
}

}  // namespace securecart::shop::api
