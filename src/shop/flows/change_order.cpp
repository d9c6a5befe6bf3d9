#include "shop/flows/change_order.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "base/money.hpp"
#include "shop/carts/promotion_store.hpp"
#include "shop/flows/settle_payment.hpp"
#include "shop/inventory/errc.hpp"
#include "shop/orders/errc.hpp"
#include "shop/orders/store.hpp"
#include "shop/payments/ledger.hpp"

namespace securecart::shop::flows {
namespace {

using orders::Order;
using orders::PaymentStatus;

constexpr std::string_view holds_sql =
    "SELECT line_id, item_id, location_id, quantity, backordered FROM reservations "
    "WHERE shop_id = $1 AND order_id = $2 AND (quantity > 0 OR backordered > 0) "
    "ORDER BY line_id, item_id, location_id";
constexpr std::string_view origins_sql =
    "SELECT r.line_id, r.item_id, r.location_id, v.units FROM reservations r "
    "JOIN order_lines l ON l.shop_id = r.shop_id AND l.order_id = r.order_id AND l.id = r.line_id "
    "JOIN variants v ON v.shop_id = l.shop_id AND v.id = l.variant_id "
    "WHERE r.shop_id = $1 AND r.order_id = $2 ORDER BY r.line_id, r.location_id";

inventory::MovementContext movement(const Order& order, const std::string& actor,
                                    std::string reason, const Deps& deps) {
  return {.shop_id = order.shop_id,
          .region = deps.region,
          .order_id = order.id,
          .actor = actor,
          .reason = std::move(reason),
          .at = deps.clock.now()};
}

// What every change ends with: the guarded row, a line of the story, the order as it will be.
void finish(OrderPlan& plan, const Order& before, const orders::Change& change,
            std::string_view kind, const std::string& actor, const json::object& detail,
            const Deps& deps) {
  const Timestamp now = deps.clock.now();
  orders::add_change(plan.batch, before, change, now);
  orders::add_history(plan.batch, deps.ids, before.shop_id, before.id, now, kind, actor, detail);
  plan.order.state = change.state;
  plan.order.refunded_total += change.refunded_delta;
  plan.order.captured_total += change.captured_delta;
  plan.order.version = before.version + 1;
  plan.order.updated_at = now;
  plan.order.history.push_back({"", now, std::string(kind), actor, detail});
}

json::array items_of(const std::vector<inventory::Hold>& holds) {
  std::vector<std::string> items;
  for (const inventory::Hold& hold : holds) {
    if (std::ranges::find(items, hold.item_id) == items.end()) {
      items.push_back(hold.item_id);
    }
  }
  json::array list;
  for (const std::string& item : items) {
    list.emplace_back(item);
  }
  return list;
}

json::array lines_json(const std::vector<LineQuantity>& lines) {
  json::array list;
  for (const LineQuantity& line : lines) {
    list.push_back(json::object{{"line_id", line.line_id}, {"quantity", line.quantity}});
  }
  return list;
}

void add_event(OrderPlan& plan, std::string type, json::object payload) {
  payload["order_id"] = plan.order.id;
  payload["number"] = plan.order.number;
  plan.batch.event(std::move(type), plan.order.shop_id, plan.order.id,
                   to_string(json::value(std::move(payload))));
}

orders::Line* find_line(Order& order, const std::string& line_id) {
  const auto found = std::ranges::find(order.lines, line_id, &orders::Line::id);
  return found != order.lines.end() ? &*found : nullptr;
}

const payments::Payment* captured_payment(const OrderSnapshot& snapshot) {
  const auto found =
      std::ranges::find(snapshot.payments, std::string("captured"), &payments::Payment::status);
  return found != snapshot.payments.end() ? &*found : nullptr;
}

// Checks that every line exists once and has the units left that `open` says.
template <class Open>
std::optional<Error> check_lines(const Order& order, const std::vector<LineQuantity>& lines,
                                 Open open) {
  std::vector<FieldError> fields;
  std::vector<std::string> seen;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string where = fmt::format("/lines/{}", i);
    const auto line = std::ranges::find(order.lines, lines[i].line_id, &orders::Line::id);
    if (line == order.lines.end()) {
      fields.push_back({where + "/line_id", "the order has no such line"});
    } else if (std::ranges::find(seen, line->id) != seen.end()) {
      fields.push_back({where + "/line_id", "the line is named twice; add the quantities up"});
    } else if (lines[i].quantity < 1 || lines[i].quantity > open(*line)) {
      fields.push_back({where + "/quantity", fmt::format("between 1 and {}", open(*line))});
    } else {
      seen.push_back(line->id);
    }
  }
  if (fields.empty()) {
    return std::nullopt;
  }
  return Error(orders::errc::line_quantity, "Correct the lines that `errors` names.",
               std::move(fields));
}

}  // namespace

Task<std::optional<OrderSnapshot>> read_order_snapshot(const Deps& deps, std::string shop_id,
                                                       std::string order_id) {
  std::optional<Order> order = co_await orders::read_order(deps.database, shop_id, order_id);
  if (!order) {
    co_return std::nullopt;
  }
  OrderSnapshot snapshot;
  snapshot.order = std::move(*order);
  // Read after the order: whatever changes in between moves the order's version, and the batch is
  // guarded by the version read first.
  std::vector<storage::Query> queries;
  queries.push_back({holds_sql, {shop_id, order_id}});
  queries.push_back({origins_sql, {shop_id, order_id}});
  queries.push_back({functions::review_sql, {shop_id, order_id}});
  const std::vector<storage::Rows> rows = co_await deps.database.read_all(std::move(queries));
  for (const storage::Row row : rows[0]) {
    snapshot.holds.push_back(
        {row.text(0), row.text(1), row.text(2), row.integer(3), row.integer(4)});
  }
  for (const storage::Row row : rows[1]) {
    snapshot.origins.push_back({row.text(0), row.text(1), row.text(2), row.integer(3)});
  }
  snapshot.review = functions::review_of(rows[2]);
  snapshot.payments = co_await payments::read_payments(deps.database, shop_id, order_id);
  snapshot.refunds = co_await payments::read_refunds(deps.database, shop_id, order_id);
  co_return snapshot;
}

Result<OrderPlan> decide_cancel(const OrderSnapshot& snapshot, const CancelRequest& request,
                                const Deps& deps) {
  const Order& order = snapshot.order;
  if (!orders::may_cancel(order.state)) {
    return fail(orders::errc::order_state,
                fmt::format("The order is {} and {}: only a placed order of which nothing has "
                            "left can be cancelled. Use a refund instead.",
                            orders::to_string(order.state.status),
                            orders::to_string(order.state.fulfilment)));
  }
  OrderPlan plan{{}, order, ""};
  inventory::add_release(
      plan.batch, deps.ids,
      movement(order, request.actor, "order " + order.number + " cancelled", deps), snapshot.holds,
      orders::errc::order_changed);
  // What earlier refunds gave back of the revenue is given back already.
  const payments::Revenue revenue = revenue_of(order);
  payments::add_journal(
      plan.batch, deps.ids,
      {.shop_id = order.shop_id,
       .id = order.id + ":cancelled",
       .order_id = order.id,
       .currency = order.currency,
       .at = deps.clock.now(),
       .transfers = payments::give_back(revenue, order.refunded_total, order.total)});
  carts::add_release(plan.batch, order.shop_id, order.id, deps.clock.now());
  orders::Change change{order.state};
  change.state.status = orders::Status::cancelled;
  const std::int64_t owed = order.captured_total - order.refunded_total;
  if (owed > 0) {
    const payments::Payment* payment = captured_payment(snapshot);
    assert(payment != nullptr && "captured money has a captured payment");
    add_refund_request(plan.batch, *payment, owed, "order cancelled", "[]", deps);
    change.refunded_delta = owed;
    change.state.payment = PaymentStatus::refunded;
  } else if (order.captured_total == 0) {
    change.state.payment = PaymentStatus::voided;
  }
  if (snapshot.review) {
    functions::add_review_decision(plan.batch, order.shop_id, order.id, "cancelled", request.actor,
                                   deps.clock.now());
  }
  finish(plan, order, change, "cancelled", request.actor, {{"reason", request.reason}}, deps);
  add_event(plan, "order.cancelled", {{"items", items_of(snapshot.holds)}});
  return plan;
}

Result<OrderPlan> decide_fulfilment(const OrderSnapshot& snapshot, const FulfilRequest& request,
                                    const Deps& deps) {
  const Order& order = snapshot.order;
  if (order.state.payment == PaymentStatus::pending ||
      order.state.payment == PaymentStatus::requires_action ||
      order.state.payment == PaymentStatus::declined) {
    return fail(orders::errc::order_not_paid,
                "Wait for the payment, or have the shopper pay again; then fulfil.");
  }
  if (snapshot.review && snapshot.review->status == "held") {
    return fail(orders::errc::order_held, "Look at its review, then release it or cancel it.");
  }
  if (!orders::may_fulfil(order.state)) {
    return fail(
        orders::errc::order_state,
        fmt::format("The order is {}, {} and {}: there is nothing to fulfil.",
                    orders::to_string(order.state.status), orders::to_string(order.state.payment),
                    orders::to_string(order.state.fulfilment)));
  }
  const auto open = [](const orders::Line& line) { return line.quantity - line.fulfilled; };
  std::vector<LineQuantity> lines = request.lines;
  if (lines.empty()) {
    for (const orders::Line& line : order.lines) {
      if (open(line) > 0) {
        lines.push_back({line.id, open(line)});
      }
    }
  }
  if (auto refusal = check_lines(order, lines, open)) {
    return std::unexpected(std::move(*refusal));
  }

  OrderPlan plan{{}, order, deps.ids.make("ful")};
  std::vector<inventory::Hold> leaving;
  std::int64_t ordered = 0;
  std::int64_t fulfilled = 0;
  for (const LineQuantity& wanted : lines) {
    orders::Line& line = *find_line(plan.order, wanted.line_id);
    plan.batch
        .add(
            "UPDATE order_lines SET fulfilled = fulfilled + $4 "
            "WHERE shop_id = $1 AND order_id = $2 AND id = $3",
            {order.shop_id, order.id, line.id, wanted.quantity})
        .expect(1, orders::errc::line_quantity);
    line.fulfilled += wanted.quantity;
    // A line's holds are in units of its item: its share of them leaves with it. The last units of
    // a line take whatever is still held.
    const bool last = line.fulfilled == line.quantity;
    for (const inventory::Hold& hold : snapshot.holds) {
      if (hold.line_id != line.id) {
        continue;
      }
      const std::int64_t still_open = line.quantity - line.fulfilled + wanted.quantity;
      inventory::Hold part = hold;
      if (!last) {
        part.units = hold.units * wanted.quantity / still_open;
        part.backordered = hold.backordered * wanted.quantity / still_open;
      }
      if (part.units + part.backordered > 0) {
        leaving.push_back(std::move(part));
      }
    }
  }
  for (const orders::Line& line : plan.order.lines) {
    ordered += line.quantity;
    fulfilled += line.fulfilled;
  }
  inventory::add_fulfilment(
      plan.batch, deps.ids,
      movement(order, request.actor, "order " + order.number + " fulfilled", deps), leaving);

  const Timestamp now = deps.clock.now();
  const json::array line_list = lines_json(lines);
  plan.batch.add(
      "INSERT INTO fulfilments (shop_id, order_id, id, lines, carrier, tracking_number, "
      "tracking_url, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      {order.shop_id, order.id, plan.made_id, to_string(json::value(line_list)), request.carrier,
       request.tracking_number, request.tracking_url, to_millis(now)});
  plan.order.fulfilments.push_back({plan.made_id, line_list, request.carrier,
                                    request.tracking_number, request.tracking_url, now});
  orders::Change change{order.state};
  change.state.fulfilment = orders::after_fulfilment(ordered, fulfilled);
  change.state.status = orders::settled_status(change.state);
  finish(plan, order, change, "fulfilled", request.actor,
         {{"fulfilment_id", plan.made_id},
          {"carrier", request.carrier},
          {"tracking_number", request.tracking_number}},
         deps);
  add_event(plan, "order.fulfilled",
            {{"fulfilment_id", plan.made_id}, {"items", items_of(leaving)}});
  return plan;
}

namespace {

// What the lines of a refund are worth: their share of what was paid for them, the last units of a
// line taking the remainder.
std::int64_t value_of(const Order& order, const std::vector<LineQuantity>& lines) {
  std::int64_t value = 0;
  for (const LineQuantity& wanted : lines) {
    const auto line = std::ranges::find(order.lines, wanted.line_id, &orders::Line::id);
    const std::int64_t paid =
        line->total - line->discount + (order.prices_include_tax ? 0 : line->tax);
    value += scale(paid, line->refunded + wanted.quantity, line->quantity) -
             scale(paid, line->refunded, line->quantity);
  }
  return value;
}

// Puts the units of refunded lines back on sale where they came from.
Result<json::array> add_restock(OrderPlan& plan, const OrderSnapshot& snapshot,
                                const RefundOrderRequest& request, const Deps& deps) {
  json::array items;
  for (const LineQuantity& wanted : request.lines) {
    const orders::Line& line = *find_line(plan.order, wanted.line_id);
    if (line.fulfilled < line.refunded) {
      return fail(orders::errc::order_state,
                  fmt::format("Of line {} only {} have left: what never left cannot come back. "
                              "Refund without `restock`, or cancel the order.",
                              line.id, line.fulfilled));
    }
    const auto origin = std::ranges::find(snapshot.origins, line.id, &Origin::line_id);
    if (origin == snapshot.origins.end()) {
      continue;  // its stock is not tracked
    }
    inventory::add_adjustment(
        plan.batch, deps.ids,
        movement(plan.order, request.actor, "order " + plan.order.number + " returned", deps),
        {origin->item_id, origin->location_id, wanted.quantity * origin->units, "return"});
    items.emplace_back(origin->item_id);
  }
  return items;
}

Result<std::int64_t> refund_amount(const Order& order, const RefundOrderRequest& request) {
  const std::int64_t left = order.captured_total - order.refunded_total;
  const std::int64_t amount = request.amount
                                  ? *request.amount
                                  : (request.lines.empty() ? left : value_of(order, request.lines));
  if (amount < 1 || amount > left) {
    return fail(orders::errc::refund_exceeds_payment,
                fmt::format("Between 1 and {} {} (minor units) can be refunded, not {}.", left,
                            order.currency, amount));
  }
  return amount;
}

}  // namespace

Result<OrderPlan> decide_refund(const OrderSnapshot& snapshot, const RefundOrderRequest& request,
                                const Deps& deps) {
  const Order& order = snapshot.order;
  const payments::Payment* payment = captured_payment(snapshot);
  if (!orders::may_refund(order.state) || payment == nullptr) {
    return fail(
        orders::errc::order_state,
        fmt::format("The order is {} and {}: there is nothing to refund.",
                    orders::to_string(order.state.status), orders::to_string(order.state.payment)));
  }
  const auto open = [](const orders::Line& line) { return line.quantity - line.refunded; };
  if (auto refusal = check_lines(order, request.lines, open)) {
    return std::unexpected(std::move(*refusal));
  }
  const Result<std::int64_t> amount = refund_amount(order, request);
  if (!amount) {
    return std::unexpected(amount.error());
  }

  OrderPlan plan{{}, order, ""};
  for (const LineQuantity& wanted : request.lines) {
    find_line(plan.order, wanted.line_id)->refunded += wanted.quantity;
    plan.batch
        .add(
            "UPDATE order_lines SET refunded = refunded + $4 "
            "WHERE shop_id = $1 AND order_id = $2 AND id = $3",
            {order.shop_id, order.id, wanted.line_id, wanted.quantity})
        .expect(1, orders::errc::line_quantity);
  }
  if (request.restock) {
    Result<json::array> items = add_restock(plan, snapshot, request, deps);
    if (!items) {
      return std::unexpected(std::move(items.error()));
    }
    for (const json::value& item : *items) {
      plan.batch.event("stock.changed", order.shop_id, std::string(item.as_string()), "{}");
    }
  }
  plan.made_id = add_refund_request(plan.batch, *payment, *amount, request.reason,
                                    to_string(json::value(lines_json(request.lines))), deps)
                     .id;
  payments::add_journal(plan.batch, deps.ids,
                        {.shop_id = order.shop_id,
                         .id = plan.made_id + ":requested",
                         .order_id = order.id,
                         .currency = order.currency,
                         .at = deps.clock.now(),
                         .transfers = payments::give_back(revenue_of(order), order.refunded_total,
                                                          order.refunded_total + *amount)});
  orders::Change change{order.state, *amount, 0};
  change.state.payment = orders::after_refund(order.captured_total, order.refunded_total + *amount);
  finish(plan, order, change, "refund_requested", request.actor,
         {{"refund_id", plan.made_id}, {"amount", *amount}, {"reason", request.reason}}, deps);
  return plan;
}

Result<OrderPlan> decide_retry(const OrderSnapshot& snapshot, const RetryPaymentRequest& request,
                               const Deps& deps) {
  const Order& order = snapshot.order;
  if (!orders::may_retry_payment(order.state) || snapshot.payments.empty()) {
    return fail(
        orders::errc::order_state,
        fmt::format("The order is {} and its payment {}: it does not wait for another "
                    "payment.",
                    orders::to_string(order.state.status), orders::to_string(order.state.payment)));
  }
  const payments::Payment payment = payments::next_attempt(snapshot.payments.back(),
                                                           {.shop_id = order.shop_id,
                                                            .order_id = order.id,
                                                            .currency = order.currency,
                                                            .amount = order.total,
                                                            .provider = request.provider,
                                                            .method = request.method,
                                                            .at = deps.clock.now()},
                                                           deps.ids);
  OrderPlan plan{{}, order, payment.id};
  payments::add_payment(plan.batch, payment);
  plan.order.payment = orders::PaymentView{
      payment.id, payment.attempt, payment.provider, payment.method, "pending", "", ""};
  orders::Change change{order.state};
  change.state.payment = PaymentStatus::pending;
  finish(plan, order, change, "payment_requested", request.actor, {{"attempt", payment.attempt}},
         deps);
  add_event(plan, "order.payment_requested", {{"payment_id", payment.id}});
  return plan;
}

}  // namespace securecart::shop::flows
