// Payments, the provider's charges, and the double-entry ledger.
#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "lab/checks.hpp"

namespace securecart::lab {
namespace {

bool is_open(std::string_view status) {
  return status == "pending" || status == "unknown";
}

bool is_paid(const WorldOrder& order) {
  return order.payment_status == "paid" || order.payment_status == "partially_refunded" ||
         order.payment_status == "refunded";
}

std::int64_t sum_of_refunds(const WorldOrder& order, bool also_pending) {
  std::int64_t sum = 0;
  for (const WorldRefund& refund : order.refunds) {
    const bool counts =
        refund.status == "succeeded" || (also_pending && refund.status == "pending");
    sum += counts ? refund.amount : 0;
  }
  return sum;
}

void check_settled(const CheckContext& context, const WorldOrder& order) {
  const std::string name = context.index.name(order);
  for (const WorldPayment& payment : order.payments) {
    context.report.that("settled", !is_open(payment.status),
                        fmt::format("{}, payment {}", name, payment.id), "an outcome",
                        payment.status);
  }
  for (const WorldRefund& refund : order.refunds) {
    context.report.that("settled", refund.status != "pending",
                        fmt::format("{}, refund {}", name, refund.id), "an outcome", refund.status);
  }
}

void check_paid_once(const CheckContext& context, const WorldOrder& order) {
  const std::string name = context.index.name(order);
  std::int64_t captured = 0;
  std::int64_t times = 0;
  for (const WorldPayment& payment : order.payments) {
    if (payment.status == "captured") {
      captured += payment.amount;
      ++times;
      context.report.equal("paid once", name, "a payment over the total", order.total,
                           payment.amount);
    }
  }
  const bool free_of_charge = order.total == 0;
  const std::int64_t due = is_paid(order) && !free_of_charge ? 1 : 0;
  context.report.equal("paid once", name,
                       fmt::format("captured payments of a {} order:", order.payment_status), due,
                       times);
  context.report.equal("paid once", name, "captured_total", captured, order.captured);
  context.report.equal("paid once", name, "refunds of", sum_of_refunds(order, true),
                       order.refunded);
  context.report.expect(
      "paid once", order.refunded <= order.captured, name,
      [&] { return fmt::format("refunds of at most {}", order.captured); },
      [&] { return fmt::format("{}", order.refunded); });
}

using ChargesByKey = std::unordered_map<std::string_view, std::vector<const WorldCharge*>>;

void check_charge(const CheckContext& context, const ChargesByKey& charges, const WorldOrder& order,
                  const WorldPayment& payment) {
  const std::string name =
      fmt::format("{}, payment {} (key {})", context.index.name(order), payment.id, payment.key);
  const auto found = charges.find(payment.key);
  std::vector<const WorldCharge*> taken;
  if (found != charges.end()) {
    for (const WorldCharge* charge : found->second) {
      if (charge->status == "captured") {
        taken.push_back(charge);
      }
    }
  }
  const std::int64_t due = payment.status == "captured" ? 1 : 0;
  if (!context.report.equal("charged once", name,
                            fmt::format("captured charges of a {} payment:", payment.status), due,
                            static_cast<std::int64_t>(taken.size())) ||
      due == 0) {
    return;
  }
  const WorldCharge& charge = *taken.front();
  context.report.equal("charged once", name, "a charge of", payment.amount, charge.amount);
  context.report.same("charged once", name, "a charge in", payment.currency, charge.currency);
  std::int64_t refunded = 0;
  for (const WorldRefund& refund : order.refunds) {
    refunded += refund.payment_id == payment.id && refund.status == "succeeded" ? refund.amount : 0;
  }
  context.report.equal("charged once", name, "refunded at the provider", refunded, charge.refunded);
}

// One order's money must not have been taken under two keys either; `paid once` sees that in the
// payments, this sees it in the provider's own books.
void check_charges(const CheckContext& context) {
  ChargesByKey charges;
  std::unordered_map<std::string_view, std::int64_t> by_payment;
  for (const WorldCharge& charge : *context.world.charges) {
    charges[charge.key].push_back(&charge);
    by_payment[charge.payment_id] += charge.status == "captured" ? 1 : 0;
  }
  std::set<std::string_view> known;
  for (const WorldOrder& order : context.world.orders) {
    for (const WorldPayment& payment : order.payments) {
      check_charge(context, charges, order, payment);
      known.insert(payment.id);
      const auto times = by_payment.find(payment.id);
      context.report.expect(
          "charged once", times == by_payment.end() || times->second <= 1,
          fmt::format("{}, payment {}", context.index.name(order), payment.id),
          [] { return "at most one captured charge"; },
          [&] { return fmt::format("{}: charged twice", times->second); });
    }
  }
  for (const WorldCharge& charge : *context.world.charges) {
    if (context.options.only_shop && charge.status == "captured") {
      context.report.that("charged once", known.contains(charge.payment_id),
                          fmt::format("charge {} (key {})", charge.id, charge.key),
                          "a payment of an order",
                          "none: money was taken for an order that is not there");
    }
  }
}

// Debits less credits.
using Accounts = std::map<std::pair<std::string, std::string>, std::int64_t>;  // account, currency

void post(Accounts& accounts, const WorldTransfer& transfer) {
  accounts[{transfer.debit, transfer.currency}] += transfer.amount;
  accounts[{transfer.credit, transfer.currency}] -= transfer.amount;
}

void check_journals(const CheckContext& context) {
  struct Journal {
    Accounts accounts;
    std::set<std::pair<std::string_view, std::string_view>> pairs;
    bool doubled = false;
    std::string order_id;
  };
  std::map<std::string_view, Journal> journals;
  for (const WorldTransfer& transfer : context.world.transfers) {
    Journal& journal = journals[transfer.journal_id];
    post(journal.accounts, transfer);
    journal.doubled |= !journal.pairs.insert({transfer.debit, transfer.credit}).second;
    journal.order_id = transfer.order_id;
    context.report.expect(
        "journals", transfer.amount > 0 && transfer.debit != transfer.credit,
        "entry " + transfer.id, [] { return "an amount between two accounts"; },
        [&] {
          return fmt::format("{} from {} to {}", transfer.amount, transfer.credit, transfer.debit);
        });
  }
  for (const auto& [id, journal] : journals) {
    const std::string name = fmt::format("journal {}", id);
    std::map<std::string_view, std::int64_t> sums;
    for (const auto& [account, balance] : journal.accounts) {
      sums[account.second] += balance;
    }
    for (const auto& [currency, sum] : sums) {
      context.report.equal("journals", name, fmt::format("a sum in {} of", currency), 0, sum);
    }
    context.report.that("journals", !journal.doubled, name, "to be posted once",
                        "the same entry twice");
    context.report.that("journals",
                        journal.order_id.empty() || context.index.orders.contains(journal.order_id),
                        name, "an order behind it", "no such order: " + journal.order_id);
  }
}

void check_accounts(const CheckContext& context) {
  Accounts sums;
  for (const WorldTransfer& transfer : context.world.transfers) {
    post(sums, transfer);
  }
  std::map<std::string, std::int64_t> by_currency;
  for (const WorldBalance& balance : context.world.balances) {
    context.report.equal(
        "accounts", fmt::format("account {} in {}", balance.account, balance.currency),
        "the sum of its entries,", sums[{balance.account, balance.currency}], balance.balance);
    sums.erase({balance.account, balance.currency});
    by_currency[balance.currency] += balance.balance;
  }
  for (const auto& [account, sum] : sums) {
    context.report.equal("accounts", fmt::format("account {} in {}", account.first, account.second),
                         "a balance of", sum, 0);
  }
  for (const auto& [currency, sum] : by_currency) {
    context.report.equal("accounts", "all accounts in " + currency, "a sum of", 0, sum);
  }
}

struct OrderAccounts {
  std::int64_t revenue = 0;  // credits less debits of sales, shipping_income, tax_payable
  std::int64_t provider = 0;
  std::int64_t receivable = 0;
  std::int64_t placed = 0;  // of the journal that books the order
  std::int64_t placed_tax = 0;

  void post(const std::string& account, std::int64_t amount) {
    if (account == "receivable") {
      receivable += amount;
    } else if (account.starts_with("provider:")) {
      provider += amount;
    } else {
      revenue -= amount;
    }
  }
};

void check_order_accounts(const CheckContext& context) {
  std::unordered_map<std::string_view, OrderAccounts> accounts;
  for (const WorldTransfer& transfer : context.world.transfers) {
    OrderAccounts& of_order = accounts[transfer.order_id];
    of_order.post(transfer.debit, transfer.amount);
    of_order.post(transfer.credit, -transfer.amount);
    if (transfer.journal_id == transfer.order_id + ":placed") {
      of_order.placed += transfer.amount;
      of_order.placed_tax += transfer.credit == "tax_payable" ? transfer.amount : 0;
    }
  }
  for (const WorldOrder& order : context.world.orders) {
    const std::string name = context.index.name(order);
    const OrderAccounts& books = accounts[order.id];
    const bool cancelled = order.status == "cancelled";
    context.report.equal("order accounts", name, "booked when placed:", order.total, books.placed);
    context.report.equal("order accounts", name, "tax booked when placed:", order.tax,
                         books.placed_tax);
    context.report.equal("order accounts", name, "revenue",
                         cancelled ? 0 : order.total - order.refunded, books.revenue);
    context.report.equal("order accounts", name, "provider money",
                         order.captured - sum_of_refunds(order, false), books.provider);
    const bool at_rest = sum_of_refunds(order, true) == sum_of_refunds(order, false);
    if (is_paid(order) && at_rest) {
      context.report.equal("order accounts", name, "receivable", 0, books.receivable);
    }
  }
}

}  // namespace

void check_payments(const CheckContext& context) {
  for (const WorldOrder& order : context.world.orders) {
    check_settled(context, order);
    check_paid_once(context, order);
  }
  if (context.world.charges) {
    check_charges(context);
  }
}

void check_ledger(const CheckContext& context) {
  check_journals(context);
  check_accounts(context);
  check_order_accounts(context);
}

}  // namespace securecart::lab
