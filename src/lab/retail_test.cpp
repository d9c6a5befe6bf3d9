#include "lab/retail.hpp"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/limits.hpp"

namespace securecart::lab {
namespace {

constexpr std::string_view header =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

std::vector<RetailLine> parsed(std::string_view rows) {
  Result<std::vector<RetailLine>> lines = parse_retail(std::string(header) + std::string(rows));
  EXPECT_TRUE(lines) << lines.error().detail;
  return lines ? std::move(*lines) : std::vector<RetailLine>();
}

std::string problem_of(std::string_view text) {
  const Result<std::vector<RetailLine>> lines = parse_retail(text);
  return lines ? std::string("none") : lines.error().detail;
}

std::string problem_of_row(std::string_view row) {
  return problem_of(std::string(header) + std::string(row));
}

RetailPlan plan(std::string_view rows, std::size_t most = 0) {
  return plan_retail(parsed(rows), most);
}

// The shop does exactly what the plan asks for.
std::vector<ReplayedOrder> faithful_shop(const RetailPlan& plan) {
  std::vector<ReplayedOrder> orders;
  for (const RetailCheckout& checkout : plan.checkouts) {
    orders.push_back({fmt::format("ord_{}", orders.size()), checkout.label(), checkout.country,
                      checkout.code, checkout.units, checkout.pence, 0, "GBP", "paid"});
  }
  for (const RetailRefund& refund : plan.refunds) {
    orders[refund.checkout].refunded += refund.pence;
  }
  return orders;
}

TEST(RetailFile, ReadsALine) {
  const auto lines = parsed(
      "536389,22196,SMALL HEART MEASURING SPOONS ,24,12/1/2010 10:03,0.85,12431,Australia\n");
  ASSERT_EQ(lines.size(), 1U);
  const RetailLine& line = lines[0];
  EXPECT_EQ(line.invoice, "536389");
  EXPECT_EQ(line.stock_code, "22196");
  EXPECT_EQ(line.description, "SMALL HEART MEASURING SPOONS");
  EXPECT_EQ(line.quantity, 24);
  EXPECT_EQ(format_rfc3339(line.at), "2010-12-01T10:03:00.000Z");
  EXPECT_EQ(line.price, 8'500);
  EXPECT_EQ(line.customer, "12431");
  EXPECT_EQ(line.country, "Australia");
  EXPECT_EQ(line.line, 2U);
}

TEST(RetailFile, ReadsOddities) {
  const auto lines = parsed(
      "536544,21216,\"SET 3 TEA,COFFEE,SUGAR\",1,1/31/2011 9:05,11.02,,United Kingdom\n"
      "536544,22423,caf\xE9 POT \xA3"
      "5,1,1/31/2011 9:05,3,17850.0,United Kingdom\n"
      "C536379,D,Discount,-1,12/1/2010 9:41,27.5,14527,United Kingdom\n"
      "A563186,B,Adjust bad debt,1,8/12/2011 14:51,-11062.06,,United Kingdom\n"
      "550193,PADS,PADS TO MATCH ALL CUSHIONS,1,4/15/2011 9:27,0.001,13952,United Kingdom\n"
      "536414,22139,,56,12/1/2010 11:52,0,,United Kingdom\n");
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[0].description, "SET 3 TEA,COFFEE,SUGAR");
  EXPECT_EQ(lines[0].customer, "");
  EXPECT_EQ(lines[0].price, 110'200);
  EXPECT_EQ(lines[1].description, "café POT £5");
  EXPECT_EQ(lines[1].price, 30'000);
  EXPECT_EQ(lines[1].customer, "17850");
  EXPECT_EQ(kind_of(lines[2]), RetailKind::returned);
  EXPECT_EQ(lines[3].price, -110'620'600);
  EXPECT_EQ(kind_of(lines[3]), RetailKind::other);
  EXPECT_EQ(lines[4].price, 10);
  EXPECT_EQ(kind_of(lines[4]), RetailKind::other) << "no shop can charge a tenth of a penny";
  EXPECT_EQ(kind_of(lines[5]), RetailKind::sale) << "a gift is a sale for nothing";
}

TEST(RetailFile, TakesColumnsInAnyOrderUtf8AndCrLf) {
  const Result<std::vector<RetailLine>> lines = parse_retail(
      "\xEF\xBB\xBF"
      "Country,unitprice,Quantity,Extra,StockCode,InvoiceNo,InvoiceDate,CustomerID,"
      "Description\r\nEIRE,1.5,2,x,22423,1,2/28/2011 23:59,7,caf\xC3\xA9\r\n");
  ASSERT_TRUE(lines) << lines.error().detail;
  ASSERT_EQ(lines->size(), 1U);
  EXPECT_EQ(lines->front().description, "café");
  EXPECT_EQ(lines->front().price, 15'000);
  EXPECT_EQ(lines->front().country, "EIRE");
}

TEST(RetailFile, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(problem_of(""), "the file is empty");
  EXPECT_EQ(problem_of("a,b\n"),
            "line 1: the column InvoiceNo is missing: this is not the Online Retail file");
  EXPECT_EQ(problem_of_row("1,2,x,many,12/1/2010 10:03,1,1,France\n"),
            "line 2: Quantity is 'many', not a whole number");
  EXPECT_EQ(problem_of_row("1,2,x,1,2/30/2010 10:03,1,1,France\n"),
            "line 2: InvoiceDate is '2/30/2010 10:03', not a date like 12/1/2010 10:03");
  EXPECT_EQ(problem_of_row("1,2,x,1,12/1/2010 10:03,1.00001,1,France\n"),
            "line 2: UnitPrice is '1.00001', not a price in pounds");
  EXPECT_EQ(problem_of_row("1,2,x,1,12/1/2010 10:03,,1,France\n"),
            "line 2: UnitPrice is '', not a price in pounds");
  EXPECT_EQ(problem_of_row("1,2,x,99999999,12/1/2010 10:03,4000000000,1,France\n"),
            "line 2: UnitPrice is '4000000000', not an amount that a shop takes");
  EXPECT_EQ(problem_of_row("1,2\n"), "line 2: Quantity is '', not a whole number");
}

RC_GTEST_PROP(RetailFile, ReadsAnyPriceExactly, ()) {
  const auto pounds = *rc::gen::inRange(0, 1'000'000);
  const auto rest = *rc::gen::inRange(0, 10'000);
  const bool negative = *rc::gen::arbitrary<bool>();
  const std::string text = fmt::format("{}{}.{:04}", negative ? "-" : "", pounds, rest);
  const auto lines =
      parse_retail(std::string(header) + "1,2,x,1,12/1/2010 10:03," + text + ",1,France\n");
  RC_ASSERT(lines.has_value());
  const std::int64_t amount = std::int64_t{pounds} * 10'000 + rest;
  RC_ASSERT(lines->front().price == (negative ? -amount : amount));
}

TEST(RetailCountries, HaveCodesOfTheirOwn) {
  EXPECT_EQ(country_code("EIRE"), "IE");
  EXPECT_EQ(country_code("RSA"), "ZA");
  EXPECT_EQ(country_code("united kingdom"), "GB");
  EXPECT_EQ(country_code("European Community"), std::nullopt);
  EXPECT_EQ(country_code("Unspecified"), std::nullopt);
}

TEST(RetailPlan, MergesTheSameCodeAtTheSamePrice) {
  const RetailPlan made = plan(
      "1,22423,CAKESTAND,2,12/1/2010 10:03,12.75,7,France\n"
      "1,22423,CAKESTAND,3,12/1/2010 10:03,12.75,7,France\n"
      "1,22423,CAKESTAND,1,12/1/2010 10:03,10.95,7,France\n");
  ASSERT_EQ(made.products.size(), 1U);
  EXPECT_EQ(made.products[0].handle, "retail-22423");
  EXPECT_EQ(made.products[0].prices, (std::vector<std::int64_t>{1'275, 1'095}));
  ASSERT_EQ(made.stock.size(), 1U);
  EXPECT_EQ(made.stock[0].units, 6);
  ASSERT_EQ(made.checkouts.size(), 1U);
  ASSERT_EQ(made.checkouts[0].lines.size(), 2U);
  EXPECT_EQ(made.checkouts[0].lines[0].quantity, 5);
  EXPECT_EQ(made.checkouts[0].pence, 5 * 1'275 + 1'095);
  EXPECT_EQ(made.checkouts[0].key(), "replay-1-1");
}

TEST(RetailPlan, KeepsCodesApartThatOnlyLookAlike) {
  const RetailPlan made = plan(
      "1,15056bl,BLUE,1,12/1/2010 10:03,1,7,France\n"
      "1,15056BL,BLUE,1,12/1/2010 10:03,1,7,France\n");
  ASSERT_EQ(made.products.size(), 2U);
  EXPECT_EQ(made.products[0].handle, "retail-15056bl");
  EXPECT_EQ(made.products[1].handle, "retail-15056bl-2");
}

TEST(RetailPlan, NamesWhatHasNoDescription) {
  EXPECT_EQ(plan("1,22139,,1,12/1/2010 10:03,1,7,France\n").products[0].title, "Item 22139");
}

TEST(RetailPlan, SplitsAnInvoiceThatNoCartHolds) {
  std::string rows;
  for (std::size_t i = 0; i < 2 * limits::cart_lines + 1; ++i) {
    rows += fmt::format("9,{},THING,2,12/1/2010 10:03,1.25,,EIRE\n", i);
  }
  const RetailPlan made = plan(rows);
  ASSERT_EQ(made.checkouts.size(), 3U);
  EXPECT_EQ(made.checkouts[2].lines.size(), 1U);
  EXPECT_EQ(made.checkouts[2].label(), "Invoice 9 part 3");
  EXPECT_EQ(made.checkouts[2].parts, 3);
  EXPECT_EQ(made.sales.invoices, 1);
  EXPECT_EQ(made.sales.orders, 3);
}

TEST(RetailPlan, SplitsAQuantityThatNoLineHolds) {
  const RetailPlan made =
      plan("9,23843,PAPER CRAFT BIRDIE,80995,12/9/2011 9:15,2.08,16446,United Kingdom\n");
  ASSERT_EQ(made.checkouts.size(), 9U);
  std::int64_t units = 0;
  for (const RetailCheckout& checkout : made.checkouts) {
    EXPECT_LE(checkout.lines[0].quantity, limits::line_quantity);
    units += checkout.units;
  }
  EXPECT_EQ(units, 80'995);
  EXPECT_TRUE(reconcile(made, faithful_shop(made)).equal);
}

TEST(RetailPlan, SplitsAProductThatHasTooManyPrices) {
  std::string rows;
  for (std::size_t i = 0; i < limits::product_variants + 1; ++i) {
    rows += fmt::format("{},DOT,DOTCOM POSTAGE,1,12/1/2010 10:03,{}.99,,EIRE\n", i, i);
  }
  const RetailPlan made = plan(rows);
  ASSERT_EQ(made.products.size(), 2U);
  EXPECT_EQ(made.products[1].prices.size(), 1U);
  ASSERT_EQ(made.stock.size(), 1U);
  EXPECT_EQ(made.stock[0].products, (std::vector<std::size_t>{0, 1}));
}

TEST(RetailPlan, OrdersInvoicesByTheirEarliestLine) {
  const RetailPlan made = plan(
      "2,22423,X,1,12/1/2010 10:05,1,,EIRE\n"
      "1,22423,X,1,12/1/2010 10:06,1,,EIRE\n"
      "1,22424,X,1,12/1/2010 10:04,1,,EIRE\n",
      1);
  ASSERT_EQ(made.checkouts.size(), 1U);
  EXPECT_EQ(made.checkouts[0].invoice, "1");
  EXPECT_EQ(made.file.lines, 2) << "only what was taken counts";
}

TEST(RetailPlan, ReturnsWhatWasBoughtBefore) {
  const RetailPlan made = plan(
      "1,22423,X,5,12/1/2010 10:00,2.50,7,EIRE\n"
      "2,22423,X,2,12/1/2010 11:00,2.50,7,EIRE\n"
      "C3,22423,X,-4,12/1/2010 12:00,2.50,7,EIRE\n"  // 2 of invoice 2, 2 of invoice 1
      "C4,22423,X,-4,12/1/2010 13:00,2.50,7,EIRE\n"  // only 3 are left: not placed
      "C5,22423,X,-1,12/1/2010 13:00,2.49,7,EIRE\n"  // never bought at that price
      "C6,22423,X,-1,12/1/2010 13:00,2.50,8,EIRE\n"  // by somebody else
      "C7,22423,X,-1,12/1/2010 13:00,2.50,,EIRE\n"   // by nobody known
      "C8,22423,X,-1,12/1/2010 09:00,2.50,7,EIRE\n"  // before it was bought
      "9,22423,X,-10,12/1/2010 13:00,0,,EIRE\n");    // written off
  ASSERT_EQ(made.refunds.size(), 2U);
  EXPECT_EQ(made.checkouts[made.refunds[0].checkout].invoice, "2");
  EXPECT_EQ(made.refunds[0].quantity, 2);
  EXPECT_EQ(made.refunds[0].pence, 500);
  EXPECT_EQ(made.checkouts[made.refunds[1].checkout].invoice, "1");
  EXPECT_EQ(made.refunds[1].quantity, 2);
  EXPECT_NE(made.refunds[0].key(), made.refunds[1].key());
  EXPECT_EQ(made.refundable.amount, -100'000);
  EXPECT_EQ(made.returned.lines, 7);
  EXPECT_EQ(made.file.amount, made.sales.amount + made.returned.amount + made.other.amount);
}

class RetailReconciliation : public testing::Test {
 protected:
  const RetailPlan made = plan(
      "1,22423,X,5,12/1/2010 10:00,2.50,7,EIRE\n"
      "2,22424,X,2,12/1/2010 11:00,0.01,7,France\n"
      "C3,22423,X,-1,12/1/2010 12:00,2.50,7,EIRE\n"
      "A4,B,DEBT,1,12/1/2010 12:00,-10,,EIRE\n");
  std::vector<ReplayedOrder> orders = faithful_shop(made);

  std::string problems() const {
    const Reconciliation result = reconcile(made, orders);
    EXPECT_EQ(result.equal, result.problems.empty());
    return fmt::format("{}", fmt::join(result.problems, "\n"));
  }
};

TEST_F(RetailReconciliation, IsEqualWhenTheShopIsFaithful) {
  const Reconciliation result = reconcile(made, orders);
  EXPECT_TRUE(result.equal) << problems();
  EXPECT_NE(result.table.find("EIRE"), std::string::npos);
  EXPECT_NE(result.table.find("12.52"), std::string::npos) << result.table;
  EXPECT_EQ(result.table.find("DIFFERS"), std::string::npos);
}

TEST_F(RetailReconciliation, SeesAPenny) {
  ++orders[1].pence;
  EXPECT_NE(problems().find("Invoice 2 part 1 (order ord_1): money 0.02 in the file, 0.03 in"),
            std::string::npos)
      << problems();
}

TEST_F(RetailReconciliation, SeesAUnit) {
  ++orders[0].units;
  EXPECT_NE(problems().find("units 5 in the file, 6 in the shop"), std::string::npos);
}

TEST_F(RetailReconciliation, SeesAMissingOrder) {
  orders.pop_back();
  EXPECT_NE(problems().find("Invoice 2 part 1 (key replay-2-1): missing in the shop"),
            std::string::npos);
}

TEST_F(RetailReconciliation, SeesADoubledOrder) {
  orders.push_back(orders[0]);
  EXPECT_NE(problems().find("Invoice 1 part 1 (key replay-1-1): 2 orders in the shop"),
            std::string::npos);
}

TEST_F(RetailReconciliation, SeesAStrangeOrder) {
  orders.push_back(orders[0]);
  orders.back().label = "Invoice 9 part 1";
  EXPECT_NE(problems().find("not among these invoices"), std::string::npos);
}

TEST_F(RetailReconciliation, SeesAnotherCountry) {
  orders[0].code = "FR";
  EXPECT_NE(problems().find("country IE in the file, FR in the shop"), std::string::npos);
}

TEST_F(RetailReconciliation, SeesAMissingRefund) {
  orders[0].refunded = 0;
  EXPECT_NE(problems().find("refunds: 2.50 GBP to be refunded, 0.00 GBP refunded"),
            std::string::npos);
}

}  // namespace
}  // namespace securecart::lab
