// Puts every placed order's statement into its shop's chain, in the order of the event log: what
// waits becomes one entry of each shop. One writer (a chain has one end); its batch moves the
// cursor it was decided on, so a crash or a second instance can neither skip nor repeat an order.
#pragma once

#include <string>
#include <vector>

#include "events/log.hpp"
#include "shop/flows/deps.hpp"
#include "shop/flows/receipt_keys.hpp"

namespace securecart::shop::flows {

class ReceiptChain {
 public:
  ReceiptChain(const Deps& deps, events::Log& log, ReceiptKeys& keys)
      : deps_(deps), log_(log), keys_(keys) {}

  // Chains what was placed since, a page at most. Returns the position it stands at. Throws
  // Unavailable.
  Task<std::int64_t> step();

  static constexpr std::string_view consumer = "receipts";

 private:
  struct End {
    std::int64_t sequence = 0;
    std::string digest;
  };
  Task<std::int64_t> cursor();
  Task<End> end_of(std::string shop_id);
  // The next entry of a shop's chain: of these orders, which are placed.
  Task<void> add_entry(storage::Batch& batch, std::string shop_id,
                       std::vector<events::EventPtr> placed);

  const Deps& deps_;
  events::Log& log_;
  ReceiptKeys& keys_;
};

}  // namespace securecart::shop::flows
