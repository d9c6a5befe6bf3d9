// Reserving stock for an order: the decision, and the statements that carry it out.
//
// The decision is made on a snapshot and may be stale by the time it commits; that is harmless,
// because the statements are guarded by CHECK (reserved + sold <= granted) and refuse. The caller
// then decides again on a fresh snapshot (flows/complete_cart).
//
//   granted |=================================|
//           |  sold   | reserved | available  |      promised beyond it: backordered
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "storage/database.hpp"

namespace securecart::shop::inventory {

// What one region may sell of one item at one location.
struct Stand {
  std::string item_id;
  std::string location_id;
  std::int64_t granted = 0;
  std::int64_t reserved = 0;
  std::int64_t sold = 0;
  std::int64_t available() const { return granted - reserved - sold; }
};

// Units of an item an order line needs.
struct Need {
  std::string line_id;
  std::string item_id;
  std::int64_t units = 0;
  bool may_backorder = false;
};

// Units an order line holds of an item at a location.
struct Hold {
  std::string line_id;
  std::string item_id;
  std::string location_id;
  std::int64_t units = 0;
  std::int64_t backordered = 0;
};

struct Shortage {
  std::string line_id;
  std::string item_id;
  std::int64_t wanted = 0;
  std::int64_t available = 0;  // of the item, after the lines before this one took theirs
};

// Serves the needs in order from the stands in order (the caller sorts them by the priority of
// their location). Lines that share an item draw on one pool. All needs are met, or the shortages
// are told. `fallback_location` takes backorders of items that stand nowhere yet.
std::expected<std::vector<Hold>, std::vector<Shortage>> plan_holds(
    const std::vector<Need>& needs, std::vector<Stand> stands,
    const std::string& fallback_location);

// Who changes stock, and where: the part every movement shares.
struct MovementContext {
  std::string shop_id;
  std::string region;
  std::string order_id;  // empty when no order is behind it
  std::string actor;
  std::string reason;
  Timestamp at;
};

// reserved += units (and backordered), one guarded statement an item and location; a reservation
// row a line; a movement an item and location. Refuses with errc::out_of_stock.
void add_holds(storage::Batch& batch, const Ids& ids, const MovementContext& context,
               const std::vector<Hold>& holds);
// Gives holds back, wholly or in part. Refuses with `refusal` when they are not there (any more).
void add_release(storage::Batch& batch, const Ids& ids, const MovementContext& context,
                 const std::vector<Hold>& holds, const ErrorKind& refusal);
// Turns holds into sold units that leave the building: reserved -> sold, on_hand down. Backordered
// units need stock that has arrived since. Refuses with errc::out_of_stock.
void add_fulfilment(storage::Batch& batch, const Ids& ids, const MovementContext& context,
                    const std::vector<Hold>& holds);

struct Adjustment {
  std::string item_id;
  std::string location_id;
  std::int64_t delta = 0;  // of on_hand; the grant of the region moves with it
  std::string kind;        // receive, adjust, return, transfer
};
// Creates the level and the allotment at zero when they are not there yet. Refuses with
// errc::stock_below_zero or errc::stock_reserved.
void add_adjustment(storage::Batch& batch, const Ids& ids, const MovementContext& context,
                    const Adjustment& adjustment);

}  // namespace securecart::shop::inventory
