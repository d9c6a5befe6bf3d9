// Merchants' functions on orders, at the two points they can be asked:
//
//   before_completion   cart -> ask each -> all accept: the order is placed
//                                           one reviews: it is placed, and held
//                                           one rejects: it is not placed
//   order_placed        the consumer "functions": held when one reviews or rejects
//
// A held order is paid like any other, and nothing of it leaves until people release it; or they
// cancel it, and the money goes back. What each run said, took and logged is in the run log.
//
// What a function is told depends on the order and the time it was placed alone, so that a run on a
// past order says today what it said then.
#pragma once

#include <string>
#include <vector>

#include "events/consumer.hpp"
#include "shop/flows/cart_snapshot.hpp"
#include "shop/flows/change_order.hpp"
#include "shop/flows/deps.hpp"
#include "shop/functions/model.hpp"

namespace securecart::shop::flows {

// A function with what it said.
struct FunctionRun {
  functions::ActiveFunction function;
  functions::Conclusion conclusion;
};

// What functions are told (docs/functions.md has the contract). Of an order: as of when it was
// placed. Of a cart: now, with `provider` of the payment to come.
Task<json::object> function_input(const Deps& deps, orders::Order order, std::string_view trigger);
Task<json::object> function_input(const Deps& deps, CartSnapshot cart, std::string provider);

// Asks the shop's functions before an order. Every run, in order, until one rejects.
// Throws Unavailable when the database is gone, and never for a function's sake.
Task<std::vector<FunctionRun>> ask_before_completion(const Deps& deps, CartSnapshot cart,
                                                     std::string provider);
// The refusal of the last run when it rejected; none otherwise.
std::optional<Error> refusal_of(const std::vector<FunctionRun>& runs);
// Into the batch that places the order: the run log, and the hold when one of them asks for it.
void add_runs(storage::Batch& batch, const Deps& deps, const orders::Order& order,
              const std::vector<FunctionRun>& runs);
// The run log of an order that was refused and is not there.
Task<void> log_refused(const Deps& deps, std::string shop_id, std::vector<FunctionRun> runs);

// Handler of the consumer "functions".
inline events::EventTypes function_events() {
  return {{"order.placed"}};
}
Task<events::ConsumerOutcome> run_functions(const Deps& deps, const events::Event& event);

// One run of `source` on a past order; nothing is written.
Task<functions::Conclusion> try_function(const Deps& deps, functions::ActiveFunction function,
                                         orders::Order order);

struct ReleaseRequest {
  std::string actor;
};
// People let a held order go.
Result<OrderPlan> decide_release(const OrderSnapshot& snapshot, const ReleaseRequest& request,
                                 const Deps& deps);

}  // namespace securecart::shop::flows
