#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "lab/checks.hpp"

namespace securecart::lab {
namespace {

using Stand = std::pair<std::string, std::string>;  // item, location

struct Counters {
  std::int64_t on_hand = 0;
  std::int64_t granted = 0;
  std::int64_t reserved = 0;
  std::int64_t sold = 0;
  std::int64_t backordered = 0;
};

std::string name_of(const Stand& stand) {
  return fmt::format("item {} at {}", stand.first, stand.second);
}

void check_level_sums(const CheckContext& context) {
  std::map<Stand, Counters> sums;
  for (const WorldMovement& movement : context.world.movements) {
    Counters& sum = sums[{movement.item_id, movement.location_id}];
    sum.on_hand += movement.on_hand;
    sum.granted += movement.granted;
    sum.reserved += movement.reserved;
    sum.sold += movement.sold;
    sum.backordered += movement.backordered;
  }
  for (const WorldLevel& level : context.world.levels) {
    const Stand stand{level.item_id, level.location_id};
    const std::string name = name_of(stand);
    const Counters sum = sums[stand];
    sums.erase(stand);
    context.report.equal("stock sums", name, "on_hand", sum.on_hand, level.on_hand);
    context.report.equal("stock sums", name, "granted", sum.granted, level.granted);
    context.report.equal("stock sums", name, "reserved", sum.reserved, level.reserved);
    context.report.equal("stock sums", name, "sold", sum.sold, level.sold);
    context.report.equal("stock sums", name, "backordered", sum.backordered, level.backordered);
  }
  for (const auto& [stand, sum] : sums) {
    context.report.that("stock sums", false, name_of(stand), "a stock level", "only movements");
  }
}

// What the orders hold, by item and location, and what each order holds by its own movements.
void check_holds(const CheckContext& context) {
  std::map<Stand, Counters> held;
  std::map<std::pair<std::string, Stand>, Counters> of_order;
  for (const WorldOrder& order : context.world.orders) {
    for (const WorldReservation& reservation : order.reservations) {
      const Stand stand{reservation.item_id, reservation.location_id};
      held[stand].reserved += reservation.quantity;
      held[stand].backordered += reservation.backordered;
      Counters& own = of_order[{order.id, stand}];
      own.reserved += reservation.quantity;
      own.backordered += reservation.backordered;
    }
  }
  for (const WorldLevel& level : context.world.levels) {
    const Stand stand{level.item_id, level.location_id};
    const Counters sum = held[stand];
    held.erase(stand);
    context.report.equal("stock held", name_of(stand), "reserved by open orders:", sum.reserved,
                         level.reserved);
    context.report.equal("stock held", name_of(stand),
                         "backordered by open orders:", sum.backordered, level.backordered);
  }
  for (const auto& [stand, sum] : held) {
    context.report.equal("stock held", name_of(stand), "a level that holds", sum.reserved, 0);
  }
  for (const WorldMovement& movement : context.world.movements) {
    if (!movement.order_id.empty()) {
      Counters& own = of_order[{movement.order_id, {movement.item_id, movement.location_id}}];
      own.reserved -= movement.reserved;
      own.backordered -= movement.backordered;
    }
  }
  for (const auto& [key, left] : of_order) {
    const auto& [order_id, stand] = key;
    const auto order = context.index.orders.find(order_id);
    const bool known = order != context.index.orders.end();
    const std::string name = fmt::format(
        "{}, {}", known ? context.index.name(*order->second) : "order " + order_id, name_of(stand));
    if (context.report.that("stock held", known, name, "an order behind the movement",
                            "no such order")) {
      context.report.expect(
          "stock held", left.reserved == 0 && left.backordered == 0, name,
          [] { return "movements that add up to what the order still holds"; },
          [&] { return fmt::format("a difference of {}", left.reserved + left.backordered); });
    }
  }
}

// An order takes its stock once: of one item at one location there is one movement that reserves.
void check_reserved_once(const CheckContext& context) {
  std::map<std::pair<std::string, Stand>, std::int64_t> times;
  for (const WorldMovement& movement : context.world.movements) {
    if (movement.kind == "reserve" && !movement.order_id.empty()) {
      ++times[{movement.order_id, {movement.item_id, movement.location_id}}];
    }
  }
  for (const auto& [key, count] : times) {
    context.report.equal("stock held", fmt::format("order {}, {}", key.first, name_of(key.second)),
                         "movements that reserve:", 1, count);
  }
}

void check_limits(const CheckContext& context) {
  for (const WorldLevel& level : context.world.levels) {
    context.report.expect(
        "oversold", level.reserved + level.sold <= level.granted && level.on_hand >= 0,
        name_of({level.item_id, level.location_id}),
        [&] { return fmt::format("at most {} held and sold", level.granted); },
        [&] {
          return fmt::format("{} reserved, {} sold, {} on hand", level.reserved, level.sold,
                             level.on_hand);
        });
  }
}

// What a history says there ever was of a variant, against what the orders themselves say: this
// sees overselling also when the stock's own books agree with each other.
void check_sold_out(const CheckContext& context) {
  std::unordered_map<std::string_view, std::int64_t> ordered;
  for (const WorldOrder& order : context.world.orders) {
    if (order.status == "cancelled") {
      continue;
    }
    for (const WorldLine& line : order.lines) {
      ordered[line.variant_id] += line.quantity;
    }
  }
  for (const StockGiven& stock : context.history.stock) {
    const auto units = ordered.find(stock.variant_id);
    const std::int64_t sold = units == ordered.end() ? 0 : units->second;
    context.report.expect(
        "oversold", sold <= stock.units,
        fmt::format("variant {} (item {})", stock.variant_id, stock.item_id),
        [&] { return fmt::format("orders for at most {} units", stock.units); },
        [&] { return fmt::format("{}: oversold by {}", sold, sold - stock.units); });
  }
}

}  // namespace

void check_stock(const CheckContext& context) {
  check_level_sums(context);
  check_holds(context);
  check_reserved_once(context);
  check_limits(context);
  check_sold_out(context);
}

}  // namespace securecart::lab
