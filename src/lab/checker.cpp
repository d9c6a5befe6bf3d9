#include "lab/checker.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include <fmt/format.h>

#include "lab/checks.hpp"
#include "lab/limits.hpp"

namespace securecart::lab {
namespace {

constexpr std::array all_rules{
    Rule{"acknowledged", "an acknowledged order exists, with the total that was said"},
    Rule{"one answer", "one key is never answered with two orders"},
    Rule{"refused", "what was refused is no order"},
    Rule{"one order", "no cart has two orders, no order is listed twice"},
    Rule{"as asked", "an order has the lines, currency and total of its intent"},
    Rule{"intended", "every order was asked for (--exclusive)"},
    Rule{"sums", "an order's lines, discounts, shipping and tax add up to its total"},
    Rule{"promotions", "no promotion was used more often than it may, nor counted wrongly"},
    Rule{"settled", "every payment and refund has its outcome"},
    Rule{"paid once", "an order has one captured payment, over its total"},
    Rule{"charged once", "the provider took each payment once, and nothing else"},
    Rule{"journals", "every journal is posted once and balances"},
    Rule{"accounts", "balances are the sums of the entries and add up to zero"},
    Rule{"order accounts", "an order's revenue, provider money and receivable are what they must"},
    Rule{"stock sums", "each counter of stock is the sum of its movements"},
    Rule{"stock held", "what is reserved is what open orders hold"},
    Rule{"oversold", "never more is held and sold than there is"},
    Rule{"events", "positions rise; each order is placed, paid and cancelled once"},
    Rule{"handled", "no consumer of the log is behind"},
    Rule{"receipts", "each order is once in the chain; the chain and its signatures hold"},
};

}  // namespace

Report::Report() : most_(limits::check_findings) {
  findings_.rules.assign(all_rules.begin(), all_rules.end());
  for (std::size_t i = 0; i < all_rules.size(); ++i) {
    places_.emplace(all_rules[i].name, i);
  }
}

void Report::count(std::string_view rule, bool good) {
  const auto place = places_.find(rule);
  assert(place != places_.end() && "every rule is in the table");
  Rule& counted = findings_.rules[place->second];
  ++counted.checked;
  counted.broken += good ? 0 : 1;
}

std::string_view Report::name_of(std::string_view rule) const {
  return places_.find(rule)->first;
}

bool Report::equal(std::string_view rule, const std::string& subject, std::string_view what,
                   std::int64_t expected, std::int64_t found) {
  return expect(
      rule, expected == found, subject, [&] { return fmt::format("{} {}", what, expected); },
      [&] { return fmt::format("{}", found); });
}

bool Report::same(std::string_view rule, const std::string& subject, std::string_view what,
                  std::string_view expected, std::string_view found) {
  return expect(
      rule, expected == found, subject, [&] { return fmt::format("{} {}", what, expected); },
      [&] { return found.empty() ? std::string("nothing") : std::string(found); });
}

bool Report::that(std::string_view rule, bool good, const std::string& subject,
                  std::string_view expected, std::string_view found) {
  return expect(
      rule, good, subject, [&] { return std::string(expected); },
      [&] { return std::string(found); });
}

Index::Index(const History& history, const World& world) {
  for (const WorldOrder& order : world.orders) {
    orders.emplace(order.id, &order);
    by_cart[order.cart_id].push_back(&order);
  }
  for (const Intent& intent : history.intents) {
    intents.emplace(intent.key, &intent);
    intents_of_cart[intent.cart_id].push_back(&intent);
  }
}

std::string Index::name(const WorldOrder& order) const {
  const auto asked = intents_of_cart.find(order.cart_id);
  return fmt::format("order {} ({}, cart {}, key {})", order.id, order.number, order.cart_id,
                     asked == intents_of_cart.end() ? "unknown" : asked->second.front()->key);
}

Findings check(const History& history, const World& world, const CheckOptions& options) {
  const Index index(history, world);
  Report report;
  const CheckContext context{history, world, options, index, report};
  check_promises(context);
  check_payments(context);
  check_ledger(context);
  check_stock(context);
  check_events(context);
  check_receipts(context);
  return std::move(report.findings());
}

bool Findings::good() const {
  return std::ranges::all_of(rules, [](const Rule& rule) { return rule.broken == 0; });
}

std::string summary_table(const Findings& findings) {
  std::string table = fmt::format("{:<16} {:>10} {:>8}  {}\n", "rule", "checked", "broken", "");
  for (const Rule& rule : findings.rules) {
    table +=
        fmt::format("{:<16} {:>10} {:>8}  {}\n", rule.name, rule.checked, rule.broken, rule.about);
  }
  return table;
}

std::string describe(const Finding& finding) {
  return fmt::format("{}: {}: expected {}, found {}", finding.rule, finding.subject,
                     finding.expected, finding.found);
}

}  // namespace securecart::lab
