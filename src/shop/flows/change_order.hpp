// What people do to an order after it was placed: cancel, fulfil, refund, pay again. Each is one
// pure decision over the order as read, and one batch guarded by its version.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shop/flows/deps.hpp"
#include "shop/functions/store.hpp"
#include "shop/inventory/holds.hpp"
#include "shop/orders/model.hpp"
#include "shop/payments/store.hpp"

namespace securecart::shop::flows {

// Where the units of a line came from, and how many units of the item one of the line's variant is.
struct Origin {
  std::string line_id;
  std::string item_id;
  std::string location_id;
  std::int64_t units = 1;
};

// An order with everything a change of it is decided on.
struct OrderSnapshot {
  orders::Order order;
  std::vector<inventory::Hold> holds;  // what it still holds of the stock, by line
  std::vector<Origin> origins;
  std::vector<payments::Payment> payments;
  std::vector<payments::Refund> refunds;
  std::optional<functions::Review> review;  // when functions had something to say of it
};
Task<std::optional<OrderSnapshot>> read_order_snapshot(const Deps& deps, std::string shop_id,
                                                       std::string order_id);

struct LineQuantity {
  std::string line_id;
  std::int64_t quantity = 0;
};

struct CancelRequest {
  std::string actor;
  std::string reason;
};
struct FulfilRequest {
  std::string actor;
  std::vector<LineQuantity> lines;  // empty: everything still open
  std::string carrier;
  std::string tracking_number;
  std::string tracking_url;
};
struct RefundOrderRequest {
  std::string actor;
  std::optional<std::int64_t> amount;  // empty: the value of `lines`, or all that is left
  std::vector<LineQuantity> lines;
  std::string reason;
  bool restock = false;  // put the units of `lines` back on sale
};
struct RetryPaymentRequest {
  std::string actor;
  std::string provider;
  std::string method;
};

// The batch and the order as it will be once the batch is committed (for the answer).
struct OrderPlan {
  storage::Batch batch;
  orders::Order order;
  std::string made_id;  // of the fulfilment, refund or payment that was made
};
Result<OrderPlan> decide_cancel(const OrderSnapshot& snapshot, const CancelRequest& request,
                                const Deps& deps);
Result<OrderPlan> decide_fulfilment(const OrderSnapshot& snapshot, const FulfilRequest& request,
                                    const Deps& deps);
Result<OrderPlan> decide_refund(const OrderSnapshot& snapshot, const RefundOrderRequest& request,
                                const Deps& deps);
Result<OrderPlan> decide_retry(const OrderSnapshot& snapshot, const RetryPaymentRequest& request,
                               const Deps& deps);

}  // namespace securecart::shop::flows
