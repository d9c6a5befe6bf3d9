// Forgets a customer (GDPR article 17) and keeps what the law wants kept: orders stay with their
// number, lines, money, taxes, country, ledger and receipt, which carry nobody's name.
//
//   gone         the account with its addresses, sessions and failed sign-ins; e-mail and addresses
//                of the customer's orders and carts; why they were cancelled or refunded, where
//                somebody wrote it, and the numbers their parcels were followed by
//   gone within  the same in answers kept for repeated requests: by a consumer of the event, which
//   moments      a crash cannot make forget it
//   kept         orders under the id of a customer who is not there any more
//
// Events name orders and customers by id only, so the log needs no change. What staff write as the
// reason of a stock adjustment is about goods, and stays.
//
// Orders placed as a guest are not the customer's, whatever their e-mail address says
// (accounts/customers.hpp). Event: customer.erased.
#pragma once

#include <cstdint>
#include <string>

#include "base/errors.hpp"
#include "base/task.hpp"
#include "events/consumer.hpp"
#include "shop/flows/deps.hpp"

namespace securecart::shop::flows {

// Errors: not_found, version_conflict, customer_has_open_orders. Throws Unavailable.
Task<Result<void>> erase_customer(const Deps& deps, std::string shop_id, std::string customer_id,
                                  std::int64_t version);

// Handler of the consumer "erasures" (events/consumer.hpp): takes the customer out of the answers
// that are kept for repeated requests.
inline events::EventTypes erasure_events() {
  return {{"customer.erased"}};
}
Task<events::ConsumerOutcome> blank_answers(const Deps& deps, const events::Event& event);

}  // namespace securecart::shop::flows
