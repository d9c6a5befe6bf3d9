// The one completion path of payments: the consumer that charges, the provider's webhook and the
// reaper all end here. Settling is a pure decision over the payment and its order; the batch is
// guarded by both versions, so of two settlers racing one wins and the other finds nothing to do.
#pragma once

#include <optional>
#include <string>

#include "shop/flows/deps.hpp"
#include "shop/orders/model.hpp"
#include "shop/payments/ledger.hpp"
#include "shop/payments/provider.hpp"
#include "shop/payments/store.hpp"

namespace securecart::shop::flows {

// A payment with its order, a refund with both. They are never deleted, but a database that failed
// over without its last commits may lack between two reads what it had: nullopt unless all is
// there.
struct PaymentOfOrder {
  payments::Payment payment;
  orders::Order order;
};
struct RefundOfOrder {
  payments::Refund refund;
  payments::Payment payment;
  orders::Order order;
};
Task<std::optional<PaymentOfOrder>> read_payment_of_order(const Deps& deps, std::string shop_id,
                                                          std::string payment_id);
Task<std::optional<RefundOfOrder>> read_refund_of_order(const Deps& deps, std::string shop_id,
                                                        std::string refund_id);

// What an outcome changes; nullopt: nothing (it is known already, or the provider is still at it).
std::optional<storage::Batch> decide_settlement(const payments::Payment& payment,
                                                const orders::Order& order,
                                                const payments::ChargeResult& result,
                                                const Deps& deps);

// Reads, decides and commits until the outcome is in the books. True when this call changed them.
Task<bool> settle_payment(const Deps& deps, std::string shop_id, std::string payment_id,
                          payments::ChargeResult result);

// The refund of money that came for an order that was cancelled meanwhile, and of refunds asked for
// by people: what the provider said of one.
std::optional<storage::Batch> decide_refund_settlement(const payments::Refund& refund,
                                                       const payments::Payment& payment,
                                                       const orders::Order& order,
                                                       const payments::RefundResult& result,
                                                       const Deps& deps);
Task<bool> settle_refund(const Deps& deps, std::string shop_id, std::string refund_id,
                         payments::RefundResult result);

payments::Revenue revenue_of(const orders::Order& order);

// Adds a pending refund to `batch` (the row and its event). What it gives back of the revenue is
// the caller's to say (a cancelled order gave it back already).
payments::Refund add_refund_request(storage::Batch& batch, const payments::Payment& payment,
                                    std::int64_t amount, std::string reason, std::string lines,
                                    const Deps& deps);

}  // namespace securecart::shop::flows
