#include "shop/flows/order_functions.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "shop/flows/limits.hpp"
#include "shop/functions/errc.hpp"
#include "shop/functions/store.hpp"
#include "shop/orders/errc.hpp"
#include "shop/orders/store.hpp"

namespace securecart::shop::flows {
namespace {

using namespace std::chrono_literals;
using functions::ActiveFunction;
using functions::Conclusion;
using functions::Decision;
using functions::Ending;
using functions::RunReport;
using orders::Order;
using storage::Query;
using storage::Row;
using storage::Rows;

// Other orders of the same e-mail address, $3 a day and $4 an hour before $5.
constexpr std::string_view recent_sql =
    "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN placed_at >= $4 THEN 1 ELSE 0 END), 0) AS "
    "BIGINT), CAST(COALESCE(SUM(total), 0) AS BIGINT), COUNT(DISTINCT shipping_address) "
    "FROM orders WHERE shop_id = $1 AND email = $2 AND placed_at >= $3 AND placed_at <= $5 "
    "AND id <> $6";
constexpr std::string_view declined_sql =
    "SELECT COUNT(*) FROM payments p JOIN orders o ON o.shop_id = p.shop_id AND o.id = p.order_id "
    "WHERE o.shop_id = $1 AND o.email = $2 AND o.placed_at >= $3 AND o.placed_at <= $4 "
    "AND p.created_at <= $4 AND p.status = 'declined'";
constexpr std::string_view earlier_sql =
    "SELECT COUNT(*) FROM orders WHERE shop_id = $1 AND email = $2 AND placed_at < $3 "
    "AND payment_status IN ('paid', 'partially_refunded') AND status <> 'cancelled'";

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

// How much the same address has been buying.
Task<json::object> velocity(const Deps& deps, std::string shop_id, std::string email,
                            std::string order_id, Timestamp at) {
  const std::int64_t now = to_millis(at);
  const std::int64_t day = to_millis(at - 24h);
  const std::int64_t hour = to_millis(at - 1h);
  std::vector<Query> queries;
  queries.push_back({recent_sql, {shop_id, email, day, hour, now, order_id}});
  queries.push_back({declined_sql, {shop_id, email, day, now}});
  queries.push_back({earlier_sql, {shop_id, email, day}});
  const std::vector<Rows> rows = co_await deps.database.read_all(std::move(queries));
  const Row recent = rows[0][0];
  co_return json::object{
      {"orders_24h", recent.integer(0)},       {"orders_1h", recent.integer(1)},
      {"total_24h", recent.integer(2)},        {"shipping_addresses_24h", recent.integer(3)},
      {"declined_24h", rows[1][0].integer(0)}, {"earlier_paid_orders", rows[2][0].integer(0)}};
}

json::object input_of(std::string_view trigger, Timestamp at, json::object order,
                      json::object velocity) {
  return {{"trigger", trigger},
          {"now", format_rfc3339(at)},
          {"order", std::move(order)},
          {"velocity", std::move(velocity)}};
}

// The same order gives the same dice.
std::uint64_t seed_of(std::string_view text) {
  return std::stoull(sha256_hex(text).substr(0, 15), nullptr, 16);
}

Task<Conclusion> run_one(const Deps& deps, ActiveFunction function, std::string input, Timestamp at,
                         Duration most) {
  RunReport report;
  report.ending = Ending::overloaded;
  if (deps.functions != nullptr && most > Duration(0)) {
    functions::RunRequest request;
    request.source = function.source;
    request.seed = seed_of(input);
    request.input = std::move(input);
    request.now = at;
    const auto milliseconds = std::clamp(function.timeout_ms, limits::function_timeout_least_ms,
                                         limits::function_timeout_most_ms);
    request.timeout = std::min<Duration>(std::chrono::milliseconds(milliseconds), most);
    report = co_await deps.functions->run(std::move(request));
  }
  co_return functions::conclude(function, std::move(report));
}

json::array flags_of(const std::vector<FunctionRun>& runs) {
  json::array flags;
  for (const FunctionRun& run : runs) {
    if (run.conclusion.decision != Decision::accept) {
      flags.push_back(functions::render_flag(run.function, run.conclusion));
    }
  }
  return flags;
}

std::string order_payload(const Order& order) {
  return to_string(json::value(json::object{{"order_id", order.id}, {"number", order.number}}));
}

void log_runs(storage::Batch& batch, const Deps& deps, const std::string& shop_id,
              const std::string& order_id, const std::vector<FunctionRun>& runs) {
  for (const FunctionRun& run : runs) {
    functions::add_run(batch, deps.ids.make("run"), shop_id, order_id, run.function, run.conclusion,
                       deps.clock.now());
  }
}

}  // namespace

Task<json::object> function_input(const Deps& deps, Order order, std::string_view trigger) {
  json::array lines;
  for (const orders::Line& line : order.lines) {
    lines.push_back(json::object{{"product_id", line.product_id},
                                 {"variant_id", line.variant_id},
                                 {"title", line.title},
                                 {"sku", line.sku},
                                 {"quantity", line.quantity},
                                 {"unit_price", line.unit_price},
                                 {"total", line.total}});
  }
  json::object told{
      {"id", order.id},
      {"number", order.number},
      {"email", order.email},
      {"customer_id", text_or_null(order.customer_id)},
      {"currency", order.currency},
      {"subtotal", order.subtotal},
      {"discount_total", order.discount_total},
      {"shipping_total", order.shipping_total},
      {"tax_total", order.tax_total},
      {"total", order.total},
      {"shipping_address", order.shipping_address},
      {"billing_address", order.billing_address},
      {"payment_provider", order.payment ? json::value(order.payment->provider) : json::value()},
      {"lines", std::move(lines)}};
  json::object speed =
      co_await velocity(deps, order.shop_id, order.email, order.id, order.placed_at);
  co_return input_of(trigger, order.placed_at, std::move(told), std::move(speed));
}

Task<json::object> function_input(const Deps& deps, CartSnapshot cart, std::string provider) {
  const carts::Totals totals = cart.totals();
  json::array lines;
  for (std::size_t i = 0; i < cart.lines.size(); ++i) {
    const SnapshotLine& line = cart.lines[i];
    lines.push_back(json::object{{"product_id", line.product_id},
                                 {"variant_id", line.variant_id},
                                 {"title", line.title},
                                 {"sku", line.sku},
                                 {"quantity", line.quantity},
                                 {"unit_price", line.unit_price.value_or(0)},
                                 {"total", totals.line_totals[i]}});
  }
  json::object told{{"id", nullptr},
                    {"number", nullptr},
                    {"email", cart.email},
                    {"customer_id", text_or_null(cart.customer_id)},
                    {"currency", cart.currency},
                    {"subtotal", totals.subtotal},
                    {"discount_total", totals.discount},
                    {"shipping_total", totals.shipping},
                    {"tax_total", totals.tax},
                    {"total", totals.total},
                    {"shipping_address", cart.shipping_address},
                    {"billing_address",
                     cart.billing_address.is_null() ? cart.shipping_address : cart.billing_address},
                    {"payment_provider", provider},
                    {"lines", std::move(lines)}};
  const Timestamp at = deps.clock.now();
  json::object speed = co_await velocity(deps, cart.shop_id, cart.email, "", at);
  co_return input_of(functions::before_completion, at, std::move(told), std::move(speed));
}

Task<std::vector<FunctionRun>> ask_before_completion(const Deps& deps, CartSnapshot cart,
                                                     std::string provider) {
  std::vector<FunctionRun> runs;
  if (cart.terms->functions.empty() || !cart.order_id.empty()) {
    co_return runs;
  }
  const std::vector<ActiveFunction> active = cart.terms->functions;
  const Timestamp at = deps.clock.now();
  const json::object told = co_await function_input(deps, std::move(cart), std::move(provider));
  const std::string input = to_string(json::value(told));
  Duration left = limits::function_inline_budget;
  for (const ActiveFunction& function : active) {
    FunctionRun run{function, {}};
    run.conclusion = co_await run_one(deps, function, input, at, left);
    left -= run.conclusion.report.took;
    runs.push_back(std::move(run));
    if (runs.back().conclusion.decision == Decision::reject) {
      break;
    }
  }
  co_return runs;
}

std::optional<Error> refusal_of(const std::vector<FunctionRun>& runs) {
  if (runs.empty() || runs.back().conclusion.decision != Decision::reject) {
    return std::nullopt;
  }
  // The reasons are for the shop's people: told to whoever was caught, they would teach.
  const bool asked = runs.back().conclusion.outcome == "finished";
  return Error(functions::errc::order_refused,
               asked ? "The shop does not accept this order; ask it, or change the cart."
                     : "The shop could not check this order; try again in a while.");
}

void add_runs(storage::Batch& batch, const Deps& deps, const Order& order,
              const std::vector<FunctionRun>& runs) {
  log_runs(batch, deps, order.shop_id, order.id, runs);
  const json::array flags = flags_of(runs);
  if (!flags.empty()) {
    functions::add_review(batch, order.shop_id, order.id, flags, deps.clock.now());
    batch.event("order.held", order.shop_id, order.id, order_payload(order));
  }
}

Task<void> log_refused(const Deps& deps, std::string shop_id, std::vector<FunctionRun> runs) {
  storage::Batch batch;
  log_runs(batch, deps, shop_id, "", runs);
  co_await deps.database.commit(std::move(batch));
}

Task<events::ConsumerOutcome> run_functions(const Deps& deps, const events::Event& event) {
  Query query{functions::active_sql, {event.shop_id, std::string(functions::order_placed)}};
  const Rows rows = co_await deps.database.read(std::move(query));
  const std::vector<ActiveFunction> active = functions::active_of(rows);
  if (active.empty()) {
    co_return storage::Batch();
  }
  std::optional<OrderSnapshot> snapshot =
      co_await read_order_snapshot(deps, event.shop_id, event.subject);
  if (!snapshot || snapshot->order.state.status == orders::Status::cancelled) {
    co_return storage::Batch();
  }
  const Order& order = snapshot->order;
  const json::object told = co_await function_input(deps, order, functions::order_placed);
  const std::string input = to_string(json::value(told));
  std::vector<FunctionRun> runs;
  for (const ActiveFunction& function : active) {
    FunctionRun run{function, {}};
    run.conclusion =
        co_await run_one(deps, function, input, order.placed_at, limits::function_inline_budget);
    if (run.conclusion.report.ending == Ending::overloaded) {
      co_return events::Retry{.reason = "no function worker was free", .counts = false};
    }
    runs.push_back(std::move(run));
  }
  storage::Batch batch;
  log_runs(batch, deps, order.shop_id, order.id, runs);
  json::array flags = flags_of(runs);
  if (!flags.empty()) {
    // Whoever is about to send the goods on the order as it was must look again.
    orders::add_change(batch, order, orders::Change{order.state}, deps.clock.now());
    if (snapshot->review) {
      const json::array& before = snapshot->review->flags;
      flags.insert(flags.begin(), before.begin(), before.end());
    }
    functions::add_review(batch, order.shop_id, order.id, flags, deps.clock.now());
    batch.event("order.held", order.shop_id, order.id, order_payload(order));
  }
  co_return batch;
}

Task<Conclusion> try_function(const Deps& deps, ActiveFunction function, Order order) {
  const Timestamp at = order.placed_at;
  const json::object told = co_await function_input(deps, std::move(order), function.trigger);
  std::string input = to_string(json::value(told));
  co_return co_await run_one(deps, std::move(function), std::move(input), at,
                             limits::function_inline_budget);
}

Result<OrderPlan> decide_release(const OrderSnapshot& snapshot, const ReleaseRequest& request,
                                 const Deps& deps) {
  if (!snapshot.review || snapshot.review->status != "held") {
    return fail(orders::errc::order_state, "The order is not held: there is nothing to release.");
  }
  const Order& order = snapshot.order;
  const Timestamp now = deps.clock.now();
  OrderPlan plan{{}, order, ""};
  orders::add_change(plan.batch, order, orders::Change{order.state}, now);
  functions::add_review_decision(plan.batch, order.shop_id, order.id, "released", request.actor,
                                 now);
  plan.batch.event("order.released", order.shop_id, order.id, order_payload(order));
  plan.order.version = order.version + 1;
  plan.order.updated_at = now;
  return plan;
}

}  // namespace securecart::shop::flows
