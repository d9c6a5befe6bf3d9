// Places real invoices in a shop over HTTP and reconciles the shop with the file.
//
//   file -> plan (retail.hpp) -> prepare: countries, shipping, products, stock, customers
//                             -> checkouts at the chosen speed, then refunds of returns
//                             -> read all orders back -> reconcile
//
// Every step can be done again: products are known by their handles, stock and refunds by
// Idempotency-Keys, orders by the invoice in their address and by their key. So a replay that was
// broken off goes on where it was, and one that is run twice doubles nothing.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lab/api.hpp"
#include "lab/checkout.hpp"
#include "lab/history.hpp"
#include "lab/retail.hpp"

namespace securecart::lab {

struct ReplayOptions {
  std::string url;  // for the history
  std::string secret_key;
  std::string publishable_key;  // empty: one is made through the admin API
  double speed = 0;             // seconds of the file in one of ours; 0: as fast as it goes
  bool prepare = true;          // may extend the shop's countries and add a way of shipping
  Duration patience = std::chrono::seconds(30);
  Duration settle = std::chrono::seconds(60);
};

class Replay {
 public:
  // Called often; `step` is what is done, `done` of `all`.
  using Progress = std::function<void(std::string_view step, std::size_t done, std::size_t all)>;

  // All outlive this. The secret key also makes the customers' passwords, the same in every run.
  Replay(Api& api, HistoryWriter& history, const RetailPlan& plan, ReplayOptions options,
         Progress progress);

  // Throws ApiFailure when the shop cannot take the replay, with what to do about it.
  Task<Reconciliation> run();

 private:
  struct PlacedOrder {
    ReplayedOrder summary;
    std::map<std::string, std::string> line_of_variant;  // variant id -> line id
  };

  ApiCall admin(net::Method method, std::string target, const json::value& body) const;
  ApiCall admin(std::string target) const;

  Task<void> check_shop();
  Task<void> extend_countries(json::object shop);
  Task<void> make_shipping();
  Task<void> make_catalog();
  Task<void> make_stock_item(std::size_t index);
  Task<json::object> make_product(const RetailProduct& product, std::string item_id);
  Task<json::object> add_missing_prices(const RetailProduct& product, json::object made,
                                        std::string item_id);
  Task<void> receive(const RetailStock& stock, std::string item_id);
  std::vector<std::string> customers_to_come() const;
  Task<void> make_customer(std::string customer, std::size_t all);

  Task<void> read_orders();
  Task<void> place_all();
  Task<void> place(std::size_t index);
  Task<void> wait_until_due(const RetailCheckout& checkout);
  json::object address_of(const RetailCheckout& checkout) const;
  Task<void> refund(std::size_t index);
  Task<void> settle();
  Reconciliation compare() const;

  Api& api_;
  HistoryWriter& history_;
  const RetailPlan& plan_;
  const ReplayOptions options_;
  const Progress progress_;
  const std::string fingerprint_;
  std::string publishable_key_;
  std::string shop_id_;
  std::string location_id_;
  std::map<std::string, std::string> products_there_;  // handle -> id
  std::vector<std::vector<std::string>> variants_;     // of plan_.products, by price
  std::map<std::string, std::string> sessions_;        // customer -> session token
  std::multimap<std::string, PlacedOrder> orders_;     // label -> order
  std::vector<std::string> refusals_;
  std::size_t done_ = 0;
  SteadyTime began_{};
};

}  // namespace securecart::lab
