#include "events/relay_seat.hpp"

#include <algorithm>
#include <vector>

#include "events/limits.hpp"

namespace securecart::events {

namespace {

constexpr ErrorKind not_ours{"seat_taken", 409, "Another process relays."};

constexpr std::string_view sql_look =
    "SELECT life, position, owner, beat FROM relay_positions WHERE consumer = $1 AND origin = $2";
constexpr std::string_view sql_cursor =
    "SELECT position FROM consumer_cursors WHERE consumer = $1 AND origin = $2";
constexpr std::string_view sql_make =
    "INSERT INTO relay_positions (consumer, origin, life, position, owner, beat) "
    "VALUES ($1, $2, '', 0, $3, 1) ON CONFLICT (consumer, origin) DO NOTHING";
constexpr std::string_view sql_take =
    "UPDATE relay_positions SET owner = $3, beat = beat + 1 "
    "WHERE consumer = $1 AND origin = $2 AND owner = $4 AND beat = $5";
constexpr std::string_view sql_stay =
    "UPDATE relay_positions SET beat = beat + 1, position = CASE WHEN life = $4 AND position < $5 "
    "THEN $5 ELSE position END WHERE consumer = $1 AND origin = $2 AND owner = $3";
constexpr std::string_view sql_begin =
    "UPDATE relay_positions SET life = $4, position = $5, beat = beat + 1 "
    "WHERE consumer = $1 AND origin = $2 AND owner = $3";
constexpr std::string_view sql_release =
    "UPDATE relay_positions SET owner = '', beat = beat + 1 "
    "WHERE consumer = $1 AND origin = $2 AND owner = $3";

}  // namespace

RelaySeat::RelaySeat(storage::Database& database, const Clock& clock, std::string consumer,
                     std::string origin, std::string owner)
    : database_(database),
      clock_(clock),
      consumer_(std::move(consumer)),
      origin_(std::move(origin)),
      owner_(std::move(owner)) {}

Task<RelaySeat::View> RelaySeat::look() {
  std::vector<storage::Query> queries{{sql_look, {consumer_, origin_}},
                                      {sql_cursor, {consumer_, origin_}}};
  Task<std::vector<storage::Rows>> reading =
      database_.read_all(std::move(queries), storage::Freshness::current);
  const std::vector<storage::Rows> rows = co_await reading;
  View view;
  view.cursor = rows[1].empty() ? 0 : rows[1][0].integer(0);
  exists_ = !rows[0].empty();
  if (!exists_) {
    co_return view;
  }
  const storage::Row row = rows[0][0];
  view.life = row.text(0);
  view.position = row.integer(1);
  view.held = row.text(2) == owner_;
  if (row.text(2) != seen_owner_ || row.integer(3) != seen_beat_) {
    seen_owner_ = row.text(2);
    seen_beat_ = row.integer(3);
    seen_at_ = clock_.steady();
  }
  co_return view;
}

Task<bool> RelaySeat::commit(storage::Batch batch) {
  if (batch.statements.empty()) {
    co_return false;
  }
  Task<storage::Commit> committing = database_.commit(std::move(batch));
  const storage::Commit outcome = co_await committing;
  co_return std::holds_alternative<storage::Committed>(outcome);
}

// Empty when somebody else is on it.
storage::Batch RelaySeat::take(const View& view) const {
  storage::Batch batch;
  const bool abandoned =
      seen_owner_.empty() || clock_.steady() - seen_at_ >= Duration(limits::relay_patience);
  if (!exists_) {
    batch.add(sql_make, {consumer_, origin_, owner_}).expect(1, not_ours);
  } else if (!view.held && abandoned) {
    batch.add(sql_take, {consumer_, origin_, owner_, seen_owner_, seen_beat_}).expect(1, not_ours);
  }
  return batch;
}

Task<RelaySeat::View> RelaySeat::beat(std::string life, std::int64_t confirmed) {
  Task<View> looking = look();
  View view = co_await looking;
  storage::Batch batch;
  if (view.held) {
    batch.add(sql_stay, {consumer_, origin_, owner_, life, confirmed}).expect(1, not_ours);
    if (view.life == life) {
      view.position = std::max(view.position, confirmed);
    }
  } else {
    batch = take(view);
  }
  Task<bool> committing = commit(std::move(batch));
  view.held = co_await committing;
  co_return view;
}

Task<RelaySeat::View> RelaySeat::begin_life(std::string life) {
  Task<View> looking = look();
  View view = co_await looking;
  storage::Batch batch;
  batch.add(sql_begin, {consumer_, origin_, owner_, life, view.cursor}).expect(1, not_ours);
  Task<bool> committing = commit(std::move(batch));
  view.held = co_await committing;
  if (view.held) {
    view.life = std::move(life);
    view.position = view.cursor;
  }
  co_return view;
}

Task<void> RelaySeat::release() {
  storage::Batch batch;
  batch.add(sql_release, {consumer_, origin_, owner_});
  Task<bool> committing = commit(std::move(batch));
  co_await committing;
}

}  // namespace securecart::events
