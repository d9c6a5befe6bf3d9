#include "shop/inventory/holds.hpp"

#include <algorithm>
#include <map>

#include "shop/inventory/errc.hpp"

namespace securecart::shop::inventory {
namespace {

using storage::Batch;
using storage::Values;

struct Totals {
  std::int64_t units = 0;
  std::int64_t backordered = 0;
};

// The holds of all lines, summed by (item, location): one row of allotments, one statement. A
// sorted map, so that concurrent batches on a row-locking database take their locks in one order.
std::map<std::pair<std::string, std::string>, Totals> by_stand(const std::vector<Hold>& holds) {
  std::map<std::pair<std::string, std::string>, Totals> sums;
  for (const Hold& hold : holds) {
    Totals& sum = sums[{hold.item_id, hold.location_id}];
    sum.units += hold.units;
    sum.backordered += hold.backordered;
  }
  return sums;
}

struct Movement {
  std::string kind;
  std::string item_id;
  std::string location_id;
  std::int64_t on_hand = 0;
  std::int64_t granted = 0;
  std::int64_t reserved = 0;
  std::int64_t sold = 0;
  std::int64_t backordered = 0;
};

void add_movement(Batch& batch, const Ids& ids, const MovementContext& context,
                  const Movement& movement) {
  storage::Value order;
  if (!context.order_id.empty()) {
    order = context.order_id;
  }
  batch.add(
      "INSERT INTO stock_movements (shop_id, id, item_id, location_id, region, kind, on_hand, "
      "granted, reserved, sold, backordered, order_id, actor, reason, at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
      {context.shop_id, ids.make("mov"), movement.item_id, movement.location_id, context.region,
       movement.kind, movement.on_hand, movement.granted, movement.reserved, movement.sold,
       movement.backordered, order, context.actor, context.reason, to_millis(context.at)});
}

void ensure_stand(Batch& batch, const MovementContext& context, const std::string& item_id,
                  const std::string& location_id) {
  batch.add(
      "INSERT INTO stock_levels (shop_id, item_id, location_id, on_hand) VALUES ($1, $2, $3, 0) "
      "ON CONFLICT (shop_id, item_id, location_id) DO NOTHING",
      {context.shop_id, item_id, location_id});
  batch.add(
      "INSERT INTO allotments (shop_id, item_id, location_id, region) VALUES ($1, $2, $3, $4) "
      "ON CONFLICT (shop_id, item_id, location_id, region) DO NOTHING",
      {context.shop_id, item_id, location_id, context.region});
}

}  // namespace

std::expected<std::vector<Hold>, std::vector<Shortage>> plan_holds(
    const std::vector<Need>& needs, std::vector<Stand> stands,
    const std::string& fallback_location) {
  std::vector<Hold> holds;
  std::vector<Shortage> shortages;
  for (const Need& need : needs) {
    std::int64_t missing = need.units;
    std::string backorder_at = fallback_location;
    bool stands_somewhere = false;
    for (Stand& stand : stands) {
      if (stand.item_id != need.item_id) {
        continue;
      }
      if (!stands_somewhere) {
        stands_somewhere = true;
        backorder_at = stand.location_id;
      }
      const std::int64_t taken = std::clamp<std::int64_t>(stand.available(), 0, missing);
      if (taken > 0) {
        stand.reserved += taken;
        missing -= taken;
        holds.push_back({need.line_id, need.item_id, stand.location_id, taken, 0});
      }
    }
    if (missing == 0) {
      continue;
    }
    if (!need.may_backorder) {
      shortages.push_back({need.line_id, need.item_id, need.units, need.units - missing});
      continue;
    }
    const auto same = std::ranges::find_if(holds, [&](const Hold& hold) {
      return hold.line_id == need.line_id && hold.item_id == need.item_id &&
             hold.location_id == backorder_at;
    });
    if (same != holds.end()) {
      same->backordered += missing;
    } else {
      holds.push_back({need.line_id, need.item_id, backorder_at, 0, missing});
    }
  }
  if (!shortages.empty()) {
    return std::unexpected(std::move(shortages));
  }
  return holds;
}

void add_holds(Batch& batch, const Ids& ids, const MovementContext& context,
               const std::vector<Hold>& holds) {
  for (const auto& [stand, sum] : by_stand(holds)) {
    const auto& [item_id, location_id] = stand;
    if (sum.backordered > 0) {
      ensure_stand(batch, context, item_id, location_id);
    }
    batch
        .add(
            "UPDATE allotments SET reserved = reserved + $5, backordered = backordered + $6 "
            "WHERE shop_id = $1 AND item_id = $2 AND location_id = $3 AND region = $4",
            {context.shop_id, item_id, location_id, context.region, sum.units, sum.backordered})
        .expect(1, errc::out_of_stock);
    add_movement(batch, ids, context,
                 {.kind = "reserve",
                  .item_id = item_id,
                  .location_id = location_id,
                  .reserved = sum.units,
                  .backordered = sum.backordered});
  }
  for (const Hold& hold : holds) {
    batch.add(
        "INSERT INTO reservations (shop_id, order_id, line_id, item_id, location_id, region, "
        "quantity, backordered) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        {context.shop_id, context.order_id, hold.line_id, hold.item_id, hold.location_id,
         context.region, hold.units, hold.backordered});
  }
}

namespace {

// Takes the held units off the lines' reservations: the guard that an order's hold is used up once.
void take_reservations(Batch& batch, const MovementContext& context, const std::vector<Hold>& holds,
                       const ErrorKind& refusal) {
  for (const Hold& hold : holds) {
    batch
        .add(
            "UPDATE reservations SET quantity = quantity - $6, backordered = backordered - $7 "
            "WHERE shop_id = $1 AND order_id = $2 AND line_id = $3 AND item_id = $4 AND "
            "location_id = $5",
            {context.shop_id, context.order_id, hold.line_id, hold.item_id, hold.location_id,
             hold.units, hold.backordered})
        .expect(1, refusal);
  }
}

}  // namespace

void add_release(Batch& batch, const Ids& ids, const MovementContext& context,
                 const std::vector<Hold>& holds, const ErrorKind& refusal) {
  take_reservations(batch, context, holds, refusal);
  for (const auto& [stand, sum] : by_stand(holds)) {
    const auto& [item_id, location_id] = stand;
    batch
        .add(
            "UPDATE allotments SET reserved = reserved - $5, backordered = backordered - $6 "
            "WHERE shop_id = $1 AND item_id = $2 AND location_id = $3 AND region = $4",
            {context.shop_id, item_id, location_id, context.region, sum.units, sum.backordered})
        .expect(1, refusal);
    add_movement(batch, ids, context,
                 {.kind = "release",
                  .item_id = item_id,
                  .location_id = location_id,
                  .reserved = -sum.units,
                  .backordered = -sum.backordered});
  }
}

void add_fulfilment(Batch& batch, const Ids& ids, const MovementContext& context,
                    const std::vector<Hold>& holds) {
  take_reservations(batch, context, holds, errc::out_of_stock);
  for (const auto& [stand, sum] : by_stand(holds)) {
    const auto& [item_id, location_id] = stand;
    const std::int64_t leaving = sum.units + sum.backordered;
    batch
        .add(
            "UPDATE allotments SET reserved = reserved - $5, backordered = backordered - $6, "
            "sold = sold + $7 "
            "WHERE shop_id = $1 AND item_id = $2 AND location_id = $3 AND region = $4",
            {context.shop_id, item_id, location_id, context.region, sum.units, sum.backordered,
             leaving})
        .expect(1, errc::out_of_stock);
    batch
        .add(
            "UPDATE stock_levels SET on_hand = on_hand - $4 "
            "WHERE shop_id = $1 AND item_id = $2 AND location_id = $3",
            {context.shop_id, item_id, location_id, leaving})
        .expect(1, errc::out_of_stock);
    add_movement(batch, ids, context,
                 {.kind = "fulfil",
                  .item_id = item_id,
                  .location_id = location_id,
                  .on_hand = -leaving,
                  .reserved = -sum.units,
                  .sold = leaving,
                  .backordered = -sum.backordered});
  }
}

void add_adjustment(Batch& batch, const Ids& ids, const MovementContext& context,
                    const Adjustment& adjustment) {
  ensure_stand(batch, context, adjustment.item_id, adjustment.location_id);
  batch
      .add(
          "UPDATE stock_levels SET on_hand = on_hand + $4 "
          "WHERE shop_id = $1 AND item_id = $2 AND location_id = $3",
          {context.shop_id, adjustment.item_id, adjustment.location_id, adjustment.delta})
      .expect(1, errc::stock_below_zero);
  batch
      .add(
          "UPDATE allotments SET granted = granted + $5 "
          "WHERE shop_id = $1 AND item_id = $2 AND location_id = $3 AND region = $4",
          {context.shop_id, adjustment.item_id, adjustment.location_id, context.region,
           adjustment.delta})
      .expect(1, errc::stock_reserved);
  add_movement(batch, ids, context,
               {.kind = adjustment.kind,
                .item_id = adjustment.item_id,
                .location_id = adjustment.location_id,
                .on_hand = adjustment.delta,
                .granted = adjustment.delta});
}

}  // namespace securecart::shop::inventory
