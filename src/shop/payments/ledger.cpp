#include "shop/payments/ledger.hpp"

#include <array>
#include <cassert>
#include <utility>

namespace securecart::shop::payments {
namespace {

using Parts = std::array<std::int64_t, 3>;  // of sales, shipping, tax
__extension__ using Wide = __int128;

// `amount` in proportion to the revenue's parts, by Webster's method of apportionment: its parts
// never shrink while the amount grows (largest remainders would: the Alabama paradox), and of three
// parts none is ever a whole unit away from its exact share.
Parts given_back(const Revenue& revenue, std::int64_t amount) {
  const Wide total = revenue.total();
  assert(amount >= 0 && amount <= total);
  const Parts weights{revenue.sales, revenue.shipping, revenue.tax};
  Parts parts{};
  if (total == 0) {
    return parts;
  }
  std::int64_t left = amount;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i] = static_cast<std::int64_t>(Wide{weights[i]} * amount / total);
    left -= parts[i];
  }
  // The next unit goes to the part with the largest weight a unit: w / (2 p + 1).
  const auto deserves_more = [&](std::size_t a, std::size_t b) {
    return Wide{weights[a]} * (2 * parts[b] + 1) > Wide{weights[b]} * (2 * parts[a] + 1);
  };
  for (; left > 0; --left) {
    std::size_t next = 0;
    for (std::size_t i = 1; i < parts.size(); ++i) {
      next = deserves_more(i, next) ? i : next;
    }
    ++parts[next];
  }
  return parts;
}

}  // namespace

std::string provider_account(std::string_view provider) {
  return "provider:" + std::string(provider);
}

void add_journal(storage::Batch& batch, const Ids& ids, const Journal& journal) {
  for (const Transfer& transfer : journal.transfers) {
    assert(transfer.amount >= 0);
    if (transfer.amount == 0) {
      continue;
    }
    batch.add(
        "INSERT INTO ledger_transfers (shop_id, id, journal_id, debit, credit, currency, amount, "
        "order_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        {journal.shop_id, ids.make("trf"), journal.id, transfer.debit, transfer.credit,
         journal.currency, transfer.amount, journal.order_id, to_millis(journal.at)});
  }
}

Revenue revenue_of(std::int64_t subtotal, std::int64_t shipping, std::int64_t tax,
                   std::int64_t shipping_tax, bool tax_included) {
  Revenue revenue;
  revenue.tax = tax;
  revenue.sales = tax_included ? subtotal - (tax - shipping_tax) : subtotal;
  revenue.shipping = tax_included ? shipping - shipping_tax : shipping;
  return revenue;
}

std::vector<Transfer> earn(const Revenue& revenue) {
  return {{std::string(receivable), std::string(sales), revenue.sales},
          {std::string(receivable), std::string(shipping_income), revenue.shipping},
          {std::string(receivable), std::string(tax_payable), revenue.tax}};
}

std::vector<Transfer> give_back(const Revenue& revenue, std::int64_t before, std::int64_t after) {
  const Parts from = given_back(revenue, before);
  const Parts to = given_back(revenue, after);
  const std::array accounts{sales, shipping_income, tax_payable};
  std::vector<Transfer> transfers;
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    std::string account(accounts[i]);
    std::string owed(receivable);
    if (to[i] >= from[i]) {
      transfers.push_back({std::move(account), std::move(owed), to[i] - from[i]});
    } else {
      transfers.push_back({std::move(owed), std::move(account), from[i] - to[i]});
    }
  }
  return transfers;
}

}  // namespace securecart::shop::payments
