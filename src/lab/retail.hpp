// Real invoices as data: the "Online Retail" file (UCI Machine Learning Repository, CC BY 4.0), and
// the plan that turns it into products, customers and checkouts of a shop. Pure.
//
//   InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
//
// Latin-1 or UTF-8, columns in any order, dates as m/d/yyyy h:mm, prices in pounds. What the file
// holds, and what becomes of it:
//
//   quantity > 0, price of whole pence   a sale: a line of a checkout. The same stock code at the
//                                        same price twice in an invoice becomes one line.
//   quantity < 0 (invoices "C…", but not only)
//                                        a return: no checkout takes it. Where the customer bought
//                                        as many of the same code at the same price before, it is
//                                        placed as refunds of those orders; else it is only told.
//   price < 0, part of a penny, quantity 0, or a cancelled invoice with a positive quantity
//                                        neither: told in a row of its own.
//
// An invoice is one checkout; one of more than limits::cart_lines lines (or of more than
// limits::line_quantity of one thing) is several, its parts, because no cart holds it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/limits.hpp"

namespace securecart::lab {

struct RetailLine {
  std::size_t line = 0;  // of the file
  std::string invoice;
  std::string stock_code;
  std::string description;  // trimmed UTF-8; may be empty
  std::int64_t quantity = 0;
  Timestamp at;
  std::int64_t price = 0;  // ten-thousandths of a pound
  std::string customer;    // empty: nobody known
  std::string country;     // as the file names it

  std::int64_t amount() const { return quantity * price; }  // ten-thousandths of a pound
};

// The Error (invalid_request) names the line and what to mend.
Result<std::vector<RetailLine>> parse_retail(std::string_view bytes);

enum class RetailKind { sale, returned, other };
RetailKind kind_of(const RetailLine& line);

// ISO 3166-1 alpha-2 of a country as the file names it; nullopt when there is none (Unspecified).
std::optional<std::string_view> country_code(std::string_view name);

struct RetailProduct {
  std::string handle;  // derived from the stock code: the same in every run
  std::string title;
  std::string stock_code;
  std::vector<std::int64_t> prices;  // pence, one variant each, in order of appearance
};

// What is sold of a stock code in all: its products share one stock item.
struct RetailStock {
  std::string stock_code;
  std::vector<std::size_t> products;  // one, or more when it has more prices than variants fit
  std::int64_t units = 0;
};

struct RetailCheckoutLine {
  std::size_t product = 0;  // index into RetailPlan::products
  std::size_t price = 0;    // index into its prices
  std::int64_t quantity = 0;
};

struct RetailCheckout {
  std::string invoice;
  int part = 1;  // of `parts`
  int parts = 1;
  std::string customer;
  std::string country;  // as the file names it
  std::string code;     // ISO; GB for a name that has none
  Timestamp at;         // the invoice's earliest line
  std::vector<RetailCheckoutLine> lines;
  std::int64_t units = 0;
  std::int64_t pence = 0;

  std::string key() const;    // Idempotency-Key: the same in every run
  std::string label() const;  // in the address, so that a later run knows the order again
};

// Part of a return, to be refunded on one order's line.
struct RetailRefund {
  std::string invoice;  // of the return
  std::size_t line = 0;
  std::size_t checkout = 0;  // index into RetailPlan::checkouts
  std::size_t checkout_line = 0;
  std::int64_t quantity = 0;
  std::int64_t pence = 0;

  std::string key() const;
};

struct RetailSums {
  std::int64_t invoices = 0;
  std::int64_t orders = 0;
  std::int64_t lines = 0;
  std::int64_t units = 0;
  std::int64_t amount = 0;  // ten-thousandths of a pound
};

struct RetailPlan {
  std::vector<RetailProduct> products;
  std::vector<RetailStock> stock;
  std::vector<RetailCheckout> checkouts;  // by time
  std::vector<RetailRefund> refunds;
  std::vector<std::string> customers;
  std::map<std::string, std::string> countries;  // name -> ISO code, of the checkouts
  std::map<std::string, RetailSums> by_country;  // of the checkouts
  RetailSums sales;
  RetailSums returned;    // all of them
  RetailSums refundable;  // those of `returned` that are placed as refunds
  RetailSums other;
  RetailSums file;  // sales + returned + other
};
// `most_invoices` > 0 takes only the first so many invoices by time, with the returns among them.
RetailPlan plan_retail(const std::vector<RetailLine>& lines, std::size_t most_invoices);

// What the shop says of one order of the replay, read from its API.
struct ReplayedOrder {
  std::string id;
  std::string label;    // RetailCheckout::label()
  std::string country;  // as the file names it
  std::string code;
  std::int64_t units = 0;
  std::int64_t pence = 0;
  std::int64_t refunded = 0;
  std::string currency;
  std::string payment_status;
};

struct Reconciliation {
  bool equal = false;
  std::string table;                  // for people
  std::vector<std::string> problems;  // each missing, doubled or different order
};
Reconciliation reconcile(const RetailPlan& plan, const std::vector<ReplayedOrder>& orders);

}  // namespace securecart::lab
