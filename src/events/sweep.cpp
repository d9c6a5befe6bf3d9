#include "events/sweep.hpp"

#include <algorithm>

#include "events/consumer_rows.hpp"
#include "events/limits.hpp"

namespace securecart::events {

namespace {

constexpr std::string_view sql_settled =
    "SELECT position FROM consumer_effects WHERE consumer = $1 AND origin = $2 AND position > $3 "
    "AND position <= $4 ORDER BY position";

}  // namespace

Sweep::Sweep(storage::Database& database, Log& log, std::string consumer, EventTypes types)
    : database_(database), log_(log), consumer_(std::move(consumer)), types_(std::move(types)) {}

Task<Sweep::Look> Sweep::look(std::int64_t known, Timestamp old_before, std::size_t most_due) {
  Look result;
  if (known > cursor_) {
    cursor_ = known;
  }
  if (scanned_ <= cursor_) {
    scanned_ = settled_ = cursor_;
    contiguous_ = true;
    oldest_.reset();
  }
  for (std::size_t pages = 0; pages < limits::sweep_pages; ++pages) {
    Task<Page> reading = log_.read_after(scanned_, types_);
    const Page page = co_await reading;
    if (page.through == scanned_) {
      last_oldest_ = oldest_;
      scanned_ = 0;  // the next round begins at the cursor
      break;
    }
    Task<std::vector<std::int64_t>> asking = settled_between(scanned_, page.through);
    const std::vector<std::int64_t> done = co_await asking;
    for (const EventPtr& event : page.events) {
      if (std::ranges::binary_search(done, event->position)) {
        continue;
      }
      if (contiguous_) {
        contiguous_ = false;
        settled_ = event->position - 1;
      }
      oldest_ = oldest_ ? std::min(*oldest_, event->at) : event->at;
      if (event->at <= old_before && result.due.size() < most_due) {
        result.due.push_back(event);
      }
    }
    settled_ = contiguous_ ? page.through : settled_;
    scanned_ = page.through;
  }
  if (settled_ > cursor_) {
    Task<void> saving = save(settled_);
    co_await saving;
    cursor_ = settled_;
  }
  result.cursor = cursor_;
  result.oldest = oldest_ ? oldest_ : last_oldest_;
  co_return result;
}

Task<std::vector<std::int64_t>> Sweep::settled_between(std::int64_t after, std::int64_t through) {
  storage::Query query{sql_settled, {consumer_, log_.origin(), after, through}};
  Task<storage::Rows> reading = database_.read(std::move(query));
  const storage::Rows rows = co_await reading;
  std::vector<std::int64_t> positions;
  for (const storage::Row row : rows) {
    positions.push_back(row.integer(0));
  }
  co_return positions;
}

Task<void> Sweep::save(std::int64_t cursor) {
  storage::Batch batch = cursor_batch(consumer_, log_.origin(), cursor);
  Task<storage::Commit> committing = database_.commit(std::move(batch));
  co_await committing;
}

}  // namespace securecart::events
