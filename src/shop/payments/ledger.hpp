// Double-entry ledger. Every entry debits one account and credits another with one amount, so a
// journal balances by construction; the history check still adds them up from outside.
//
//   receivable       what shoppers owe us          sales, shipping_income  what we earned
//   provider:<name>  what a provider holds for us  tax_payable             what we owe the state
//
//   placed    receivable -> sales, shipping_income, tax_payable          (total)
//   captured  provider:x -> receivable                                   (captured)
//   refund    sales, shipping_income, tax_payable -> receivable, then receivable -> provider:x
//   cancelled sales, shipping_income, tax_payable -> receivable          (reversed in full)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "storage/database.hpp"

namespace securecart::shop::payments {

inline constexpr std::string_view receivable = "receivable";
inline constexpr std::string_view sales = "sales";
inline constexpr std::string_view shipping_income = "shipping_income";
inline constexpr std::string_view tax_payable = "tax_payable";
std::string provider_account(std::string_view provider);

struct Transfer {
  std::string debit;
  std::string credit;
  std::int64_t amount = 0;  // >= 0; a transfer of nothing is left out
};

struct Journal {
  std::string shop_id;
  std::string id;  // what happened: "ord_…:placed", "pay_…:captured", "ref_…:requested"
  std::string order_id;
  std::string currency;
  Timestamp at;
  std::vector<Transfer> transfers;
};
void add_journal(storage::Batch& batch, const Ids& ids, const Journal& journal);

// What an order's total is made of, without tax in sales and shipping.
struct Revenue {
  std::int64_t sales = 0;
  std::int64_t shipping = 0;
  std::int64_t tax = 0;
  std::int64_t total() const { return sales + shipping + tax; }
};
// `subtotal` and `shipping` after discounts; `shipping_tax` is the part of `tax` that is on
// shipping.
Revenue revenue_of(std::int64_t subtotal, std::int64_t shipping, std::int64_t tax,
                   std::int64_t shipping_tax, bool tax_included);
std::vector<Transfer> earn(const Revenue& revenue);
// Moves what is given back of the revenue from `before` to `after`, both of 0 to total(): forward
// for a refund, backward when one could not be paid out. What is given back of each account depends
// on the sum alone, not on the steps to it, so however often a revenue is refunded in parts, giving
// all of it back leaves nothing on any account.
std::vector<Transfer> give_back(const Revenue& revenue, std::int64_t before, std::int64_t after);

}  // namespace securecart::shop::payments
