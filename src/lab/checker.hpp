// Reconciles what clients were told with what the shop has: the judge of every drill. Pure, and
// written without the shop's own code, so that a mistake there cannot hide here.
//
//   history (intents, acks, fails) --+
//                                    +--> check() --> findings: each lost, doubled, oversold or
//   world (orders, money, stock, ----+                inconsistent thing, with what was expected
//          receipts, events, charges)
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lab/history.hpp"
#include "lab/limits.hpp"
#include "lab/world.hpp"

namespace securecart::lab {

struct CheckOptions {
  // Every order of the shop was asked for in this history: one without an intent is a finding.
  bool exclusive = false;
  // The installation has this shop alone: positions of its events are dense, and every charge of
  // the provider belongs to one of its payments.
  bool only_shop = false;
};

struct Finding {
  std::string_view rule;
  std::string subject;  // the order, key, item or entry it is about
  std::string expected;
  std::string found;
};

struct Rule {
  std::string_view name;
  std::string_view about;
  std::int64_t checked = 0;
  std::int64_t broken = 0;
};

struct Findings {
  std::vector<Rule> rules;        // in the order of the report
  std::vector<Finding> findings;  // at most limits::check_findings; `broken` counts all
  std::int64_t unknown_outcomes = 0;
  std::int64_t unknown_that_became_orders = 0;
  bool good() const;
};

Findings check(const History& history, const World& world, const CheckOptions& options);

// A table for people: each rule with how often it was checked and broken.
std::string summary_table(const Findings& findings);
// One finding, as a line.
std::string describe(const Finding& finding);

}  // namespace securecart::lab
