// The parts of the checker; checker.hpp is the way in.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lab/checker.hpp"

namespace securecart::lab {

// Counts what was checked and keeps what was wrong.
class Report {
 public:
  Report();

  // Returns `good`. The texts are only made when it is not.
  template <class Expected, class Found>
  bool expect(std::string_view rule, bool good, const std::string& subject, Expected expected,
              Found found) {
    count(rule, good);
    if (!good && findings_.findings.size() < most_) {
      findings_.findings.push_back({name_of(rule), subject, expected(), found()});
    }
    return good;
  }
  bool equal(std::string_view rule, const std::string& subject, std::string_view what,
             std::int64_t expected, std::int64_t found);
  bool same(std::string_view rule, const std::string& subject, std::string_view what,
            std::string_view expected, std::string_view found);
  bool that(std::string_view rule, bool good, const std::string& subject, std::string_view expected,
            std::string_view found);

  Findings& findings() { return findings_; }

 private:
  void count(std::string_view rule, bool good);
  std::string_view name_of(std::string_view rule) const;

  Findings findings_;
  std::map<std::string_view, std::size_t> places_;
  std::size_t most_;
};

// What several checks look up.
struct Index {
  explicit Index(const History& history, const World& world);

  std::unordered_map<std::string_view, const WorldOrder*> orders;                // by id
  std::unordered_map<std::string_view, std::vector<const WorldOrder*>> by_cart;  // by cart
  std::unordered_map<std::string_view, const Intent*> intents;                   // by key
  std::unordered_map<std::string_view, std::vector<const Intent*>> intents_of_cart;
  // "order ord_… (7K3F9-QX2MB, cart cart_…, key k-1)"
  std::string name(const WorldOrder& order) const;
};

struct CheckContext {
  const History& history;
  const World& world;
  const CheckOptions& options;
  const Index& index;
  Report& report;
};

void check_promises(const CheckContext& context);  // the history against the orders
void check_payments(const CheckContext& context);
void check_ledger(const CheckContext& context);
void check_stock(const CheckContext& context);
void check_events(const CheckContext& context);
void check_receipts(const CheckContext& context);

}  // namespace securecart::lab
