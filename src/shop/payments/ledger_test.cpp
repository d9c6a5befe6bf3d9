#include "shop/payments/ledger.hpp"

#include <map>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace securecart::shop::payments {
namespace {

using Accounts = std::map<std::string, std::int64_t, std::less<>>;  // debits less credits

void post(Accounts& accounts, const std::vector<Transfer>& transfers) {
  for (const Transfer& transfer : transfers) {
    RC_ASSERT(transfer.amount >= 0);
    accounts[transfer.debit] += transfer.amount;
    accounts[transfer.credit] -= transfer.amount;
  }
}

Revenue any_revenue() {
  return {*rc::gen::inRange<std::int64_t>(0, 300), *rc::gen::inRange<std::int64_t>(0, 50),
          *rc::gen::inRange<std::int64_t>(0, 80)};
}

TEST(Ledger, RevenueIsWithoutTax) {
  const Revenue included = revenue_of(12'100, 605, 2'205, 105, true);
  EXPECT_EQ(included.sales, 10'000);
  EXPECT_EQ(included.shipping, 500);
  EXPECT_EQ(included.total(), 12'705);
  const Revenue on_top = revenue_of(10'000, 500, 2'205, 105, false);
  EXPECT_EQ(on_top.sales, 10'000);
  EXPECT_EQ(on_top.shipping, 500);
  EXPECT_EQ(on_top.total(), 12'705);
}

TEST(Ledger, AHalfGivenBackIsHalfOfEach) {
  const auto transfers = give_back({1'000, 100, 200}, 0, 650);
  ASSERT_EQ(transfers.size(), 3U);
  EXPECT_EQ(transfers[0].amount, 500);
  EXPECT_EQ(transfers[1].amount, 50);
  EXPECT_EQ(transfers[2].amount, 100);
  EXPECT_EQ(transfers[2].debit, tax_payable);
  EXPECT_EQ(transfers[2].credit, receivable);
}

TEST(Ledger, NothingEarnedNothingGivenBack) {
  for (const Transfer& transfer : give_back({}, 0, 0)) {
    EXPECT_EQ(transfer.amount, 0);
  }
}

RC_GTEST_PROP(Ledger, WhatIsGivenBackNeverShrinksWhileTheSumGrows, ()) {
  const Revenue revenue = any_revenue();
  Accounts accounts;
  post(accounts, earn(revenue));
  for (std::int64_t sum = 0; sum < revenue.total(); ++sum) {
    const auto step = give_back(revenue, sum, sum + 1);
    for (const Transfer& transfer : step) {
      RC_ASSERT(transfer.amount == 0 || transfer.credit == receivable);
    }
    post(accounts, step);
    RC_ASSERT(accounts[std::string(receivable)] == revenue.total() - sum - 1);
    // Credits are negative here: no account ever gives back more than it got.
    RC_ASSERT(accounts[std::string(sales)] <= 0);
    RC_ASSERT(accounts[std::string(shipping_income)] <= 0);
    RC_ASSERT(accounts[std::string(tax_payable)] <= 0);
  }
}

// Refunds in parts, some of which fail, and then all that is left: every account is empty.
RC_GTEST_PROP(Ledger, AllGivenBackLeavesNothing, (bool large)) {
  Revenue revenue = any_revenue();
  if (large) {
    revenue = {revenue.sales * 3'000'000'019, revenue.shipping * 1'000'003, revenue.tax * 999'983};
  }
  Accounts accounts;
  post(accounts, earn(revenue));
  std::int64_t given = 0;
  const auto steps = *rc::gen::inRange(0, 12);
  for (int i = 0; i < steps; ++i) {
    const std::int64_t to = *rc::gen::inRange<std::int64_t>(0, revenue.total() + 1);
    const auto step = give_back(revenue, given, to);
    std::int64_t moved = 0;
    for (const Transfer& transfer : step) {
      moved += transfer.credit == receivable ? transfer.amount : -transfer.amount;
    }
    RC_ASSERT(moved == to - given);
    post(accounts, step);
    given = to;
  }
  post(accounts, give_back(revenue, given, revenue.total()));
  for (const auto& [account, balance] : accounts) {
    RC_ASSERT(balance == 0);
  }
}

TEST(Ledger, AJournalLeavesOutTransfersOfNothing) {
  ManualClock clock;
  SecureRandom random;
  const Ids ids(clock, random);
  storage::Batch batch;
  add_journal(batch, ids,
              {.shop_id = "shop_1",
               .id = "ord_1:placed",
               .order_id = "ord_1",
               .currency = "EUR",
               .at = clock.now(),
               .transfers = earn({.sales = 100, .shipping = 0, .tax = 21})});
  EXPECT_EQ(batch.statements.size(), 2U);
}

}  // namespace
}  // namespace securecart::shop::payments
