// Counts which products are bought together, for recommendations: from the event log, each order
// once, without a checkout waiting for it.
#pragma once

#include "base/task.hpp"
#include "events/consumer.hpp"
#include "shop/flows/deps.hpp"
#include "shop/flows/limits.hpp"

namespace securecart::shop::flows {

// Handler of the consumer "bought-together" (events/consumer.hpp). Of an order with more than
// limits::paired_products different products, the first so many lines count.
inline events::EventTypes bought_together_events() {
  return {{"order.placed"}};
}
Task<events::ConsumerOutcome> count_bought_together(const Deps& deps, const events::Event& event);

}  // namespace securecart::shop::flows
