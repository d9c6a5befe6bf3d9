// Carries out a change of an order for a call: decide on a fresh snapshot, commit under the call's
// Idempotency-Key, decide again when the order changed in between.
#pragma once

#include <functional>

#include "shop/api/operation.hpp"
#include "shop/flows/change_order.hpp"
#include "shop/flows/deps.hpp"

namespace securecart::shop::api {

using OrderDecision = std::function<Result<flows::OrderPlan>(const flows::OrderSnapshot&)>;
using OrderAnswer = std::function<Reply(const flows::OrderPlan&)>;

// `decide` may be called several times. Errors: not_found, what `decide` refuses, order_changed
// when it keeps changing, idempotency_key_reused.
Task<Result<Reply>> change_order(const flows::Deps& deps, Call& call, std::string order_id,
                                 OrderDecision decide, OrderAnswer answer);

}  // namespace securecart::shop::api
