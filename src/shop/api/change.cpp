#include "shop/api/change.hpp"

#include "shop/orders/errc.hpp"

namespace securecart::shop::api {
namespace {

constexpr int change_attempts = 5;

}  // namespace

Task<Result<Reply>> change_order(const flows::Deps& deps, Call& call, std::string order_id,
                                 OrderDecision decide, OrderAnswer answer) {
  for (int attempt = 1;; ++attempt) {
    const std::optional<flows::OrderSnapshot> snapshot =
        co_await flows::read_order_snapshot(deps, call.shop(), order_id);
    if (!snapshot) {
      co_return fail(errc::not_found, "There is no such order.");
    }
    Result<flows::OrderPlan> plan = decide(*snapshot);
    if (!plan) {
      co_return std::unexpected(std::move(plan.error()));
    }
    Reply reply = answer(*plan);
    plan->batch.key = call.batch_key(reply);
    storage::Commit outcome = co_await deps.database.commit(std::move(plan->batch));
    const auto* refused = std::get_if<storage::Refused>(&outcome);
    const bool again = refused != nullptr && refused->kind == &orders::errc::order_changed;
    if (!again || attempt == change_attempts) {
      co_return settle(std::move(outcome), std::move(reply));
    }
  }
}

}  // namespace securecart::shop::api
