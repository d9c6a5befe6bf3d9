#include "shop/payments/ledger.hpp"

#include <array>
#include <cassert>
#include <utility>

#include "base/money.hpp"

namespace securecart::shop::payments {

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

std::vector<Transfer> give_back(const Revenue& revenue, std::int64_t amount) {
  assert(amount >= 0 && amount <= revenue.total());
  const std::array weights{revenue.sales, revenue.shipping, revenue.tax};
  const std::vector<std::int64_t> parts = allocate(amount, weights);
  return {{std::string(sales), std::string(receivable), parts[0]},
          {std::string(shipping_income), std::string(receivable), parts[1]},
          {std::string(tax_payable), std::string(receivable), parts[2]}};
}

std::vector<Transfer> earn_again(const Revenue& revenue, std::int64_t amount) {
  std::vector<Transfer> transfers = give_back(revenue, amount);
  for (Transfer& transfer : transfers) {
    std::swap(transfer.debit, transfer.credit);
  }
  return transfers;
}

}  // namespace securecart::shop::payments
