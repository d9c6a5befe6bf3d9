// The end of a replay: the file's own sums beside the shop's.
#include <algorithm>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "lab/retail.hpp"

namespace securecart::lab {
namespace {

std::string pounds(std::int64_t ten_thousandths) {
  const bool negative = ten_thousandths < 0;
  const std::int64_t size = negative ? -ten_thousandths : ten_thousandths;
  const std::int64_t rest = size % 10'000;
  const std::string digits =
      rest % 100 == 0 ? fmt::format("{:02}", rest / 100) : fmt::format("{:04}", rest);
  return fmt::format("{}{}.{}", negative ? "-" : "", size / 10'000, digits);
}

class Reconciler {
 public:
  Reconciler(const RetailPlan& plan, const std::vector<ReplayedOrder>& orders)
      : plan_(plan), orders_(orders) {}

  Reconciliation run() {
    compare_orders();
    compare_countries();
    compare_returns();
    result_.equal = result_.problems.empty();
    return std::move(result_);
  }

 private:
  void problem(std::string what) { result_.problems.push_back(std::move(what)); }
  void compare_orders();
  void compare_order(const RetailCheckout& checkout, const ReplayedOrder& order);
  void compare_countries();
  void compare_returns();
  void row(std::string_view name, const RetailSums& file, const RetailSums& shop);
  static void add(RetailSums& sums, const ReplayedOrder& order);

  const RetailPlan& plan_;
  const std::vector<ReplayedOrder>& orders_;
  Reconciliation result_;
};

void Reconciler::compare_order(const RetailCheckout& checkout, const ReplayedOrder& order) {
  const auto differs = [&](std::string_view what, const std::string& file,
                           const std::string& shop) {
    if (file != shop) {
      problem(fmt::format("{} (order {}): {} {} in the file, {} in the shop", checkout.label(),
                          order.id, what, file, shop));
    }
  };
  differs("units", std::to_string(checkout.units), std::to_string(order.units));
  differs("money", pounds(checkout.pence * 100), pounds(order.pence * 100));
  differs("country", checkout.code, order.code);
  differs("country", checkout.country, order.country);
  differs("currency", "GBP", order.currency);
}

void Reconciler::compare_orders() {
  std::unordered_map<std::string, std::vector<const ReplayedOrder*>> placed;
  for (const ReplayedOrder& order : orders_) {
    placed[order.label].push_back(&order);
  }
  for (const RetailCheckout& checkout : plan_.checkouts) {
    const auto found = placed.find(checkout.label());
    if (found == placed.end()) {
      problem(fmt::format("{} (key {}): missing in the shop", checkout.label(), checkout.key()));
      continue;
    }
    if (found->second.size() > 1) {
      problem(fmt::format("{} (key {}): {} orders in the shop, {} and {}", checkout.label(),
                          checkout.key(), found->second.size(), found->second[0]->id,
                          found->second[1]->id));
    }
    compare_order(checkout, *found->second.front());
    placed.erase(found);
  }
  for (const auto& [label, orders] : placed) {
    problem(fmt::format("{} (order {}): in the shop and not among these invoices", label,
                        orders.front()->id));
  }
}

void Reconciler::add(RetailSums& sums, const ReplayedOrder& order) {
  sums.invoices += order.label.ends_with(" part 1") ? 1 : 0;
  ++sums.orders;
  sums.units += order.units;
  sums.amount += order.pence * 100;
}

void Reconciler::row(std::string_view name, const RetailSums& file, const RetailSums& shop) {
  const bool equal = file.invoices == shop.invoices && file.orders == shop.orders &&
                     file.units == shop.units && file.amount == shop.amount;
  result_.table +=
      fmt::format("{:<20} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9} {:>13} {:>13}  {}\n", name,
                  file.invoices, shop.invoices, file.orders, shop.orders, file.units, shop.units,
                  pounds(file.amount), pounds(shop.amount), equal ? "equal" : "DIFFERS");
  if (!equal) {
    problem(fmt::format("{}: the sums differ", name));
  }
}

void Reconciler::compare_countries() {
  result_.table += fmt::format("{:<20} {:^17} {:^17} {:^19} {:^27}\n", "", "invoices", "orders",
                               "units", "money, GBP");
  result_.table +=
      fmt::format("{:<20} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9} {:>13} {:>13}\n", "country", "file",
                  "shop", "file", "shop", "file", "shop", "file", "shop");
  std::map<std::string, RetailSums> shop;
  RetailSums all;
  for (const ReplayedOrder& order : orders_) {
    add(shop[order.country], order);
    add(all, order);
  }
  for (const auto& [country, sums] : plan_.by_country) {
    row(country, sums, shop[country]);
    shop.erase(country);
  }
  for (const auto& [country, sums] : shop) {
    row(country, {}, sums);
  }
  row("all sales", plan_.sales, all);
}

void Reconciler::compare_returns() {
  const auto tell = [&](std::string_view name, const RetailSums& sums, std::string_view note) {
    result_.table += fmt::format("{:<20} {:>9} lines {:>9} units {:>15} GBP  {}\n", name,
                                 sums.lines, sums.units, pounds(sums.amount), note);
  };
  result_.table += "\n";
  tell("sales", plan_.sales, "placed as checkouts");
  std::int64_t refunded = 0;
  for (const ReplayedOrder& order : orders_) {
    refunded += order.refunded;
  }
  RetailSums unmatched = plan_.returned;
  unmatched.lines -= plan_.refundable.lines;
  unmatched.units -= plan_.refundable.units;
  unmatched.amount -= plan_.refundable.amount;
  tell("returns, refunded", plan_.refundable,
       fmt::format("the shop refunded {} GBP", pounds(refunded * 100)));
  tell("returns, unmatched", unmatched, "of nothing bought before: no checkout, no refund");
  tell("other lines", plan_.other, "negative price or part of a penny: no checkout");
  tell("the whole file", plan_.file, "");
  if (refunded * 100 != -plan_.refundable.amount) {
    problem(fmt::format("refunds: {} GBP to be refunded, {} GBP refunded by the shop",
                        pounds(-plan_.refundable.amount), pounds(refunded * 100)));
  }
  const std::int64_t parts = plan_.sales.amount + plan_.returned.amount + plan_.other.amount;
  if (parts != plan_.file.amount) {
    problem("the parts of the file do not add up to the file");
  }
}

}  // namespace

Reconciliation reconcile(const RetailPlan& plan, const std::vector<ReplayedOrder>& orders) {
  return Reconciler(plan, orders).run();
}

}  // namespace securecart::lab
