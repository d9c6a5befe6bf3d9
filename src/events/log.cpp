#include "events/log.hpp"

#include <algorithm>

#include "events/limits.hpp"
#include "storage/limits.hpp"

namespace securecart::events {

namespace {

constexpr std::string_view sql_after =
    "SELECT position, shop_id, type, subject, payload, at, trace FROM event_log "
    "WHERE origin = $1 AND position > $2 ORDER BY position LIMIT $3";
constexpr std::string_view sql_shop_after =
    "SELECT position, shop_id, type, subject, payload, at, trace FROM event_log "
    "WHERE shop_id = $4 AND origin = $1 AND position > $2 ORDER BY position LIMIT $3";
constexpr std::string_view sql_tail =
    "SELECT coalesce(max(position), 0) FROM event_log WHERE origin = $1";

Event event_of(storage::Row row, const std::string& origin) {
  return {origin,
          row.integer(0),
          row.text(1),
          row.text(2),
          row.text(3),
          row.text(4),
          from_millis(row.integer(5)),
          row.text(6)};
}

Page page_of(const storage::Rows& rows, const std::string& origin, std::int64_t position,
             const EventTypes& types) {
  Page page;
  page.through = position;
  for (const storage::Row row : rows) {
    page.through = row.integer(0);
    if (types.contain(row.text(2))) {
      page.events.push_back(std::make_shared<const Event>(event_of(row, origin)));
    }
  }
  return page;
}

std::size_t bytes_of(const Event& event) {
  return sizeof(Event) + event.payload.size();
}

}  // namespace

void Log::State::append(std::int64_t new_tail, std::span<const Event> events) {
  const std::scoped_lock lock(mutex);
  for (const Event& event : events) {
    // A gap means that another process committed in between: what is kept must stay dense.
    if (!recent.empty() && recent.back()->position + 1 != event.position) {
      recent.clear();
      recent_bytes = 0;
    }
    recent.push_back(std::make_shared<const Event>(event));
    recent_bytes += bytes_of(event);
  }
  while (!recent.empty() &&
         (recent.size() > limits::recent_events || recent_bytes > limits::recent_event_bytes)) {
    recent_bytes -= bytes_of(*recent.front());
    recent.pop_front();
  }
  tail = std::max(tail, new_tail);
  grown.notify_all();
}

Log::Log(storage::Database& database, std::string origin)
    : database_(database), origin_(std::move(origin)), state_(std::make_shared<State>()) {
  database_.on_commit([state = state_](std::int64_t tail, std::span<const Event> events) {
    state->append(tail, events);
  });
}

std::optional<Page> Log::recent_after(std::int64_t position, const EventTypes& types,
                                      std::size_t limit) const {
  const std::scoped_lock lock(state_->mutex);
  const auto& recent = state_->recent;
  if (recent.empty() || position + 1 < recent.front()->position ||
      position > recent.back()->position) {
    return std::nullopt;
  }
  Page page;
  page.through = position;
  auto next = recent.begin() + (position + 1 - recent.front()->position);
  for (; next != recent.end() && limit > 0; ++next, --limit) {
    page.through = (*next)->position;
    if (types.contain((*next)->type)) {
      page.events.push_back(*next);
    }
  }
  return page;
}

Task<Page> Log::read_after(std::int64_t position, EventTypes types, std::size_t limit) {
  limit = std::min(limit, limits::event_page);
  if (auto page = recent_after(position, types, limit)) {
    co_return std::move(*page);
  }
  storage::Query query{sql_after, {origin_, position, static_cast<std::int64_t>(limit)}};
  Task<storage::Rows> reading = database_.read(std::move(query), storage::Freshness::replica);
  const storage::Rows rows = co_await reading;
  co_return page_of(rows, origin_, position, types);
}

Task<Page> Log::read_shop_after(std::string shop_id, std::int64_t position, EventTypes types,
                                std::size_t limit) {
  limit = std::min(limit, limits::event_page);
  storage::Query query{sql_shop_after,
                       {origin_, position, static_cast<std::int64_t>(limit), std::move(shop_id)}};
  Task<storage::Rows> reading = database_.read(std::move(query), storage::Freshness::replica);
  const storage::Rows rows = co_await reading;
  co_return page_of(rows, origin_, position, types);
}

Task<std::optional<Event>> Log::find(std::int64_t position) {
  Task<Page> reading = read_after(position - 1, {}, 1);
  const Page page = co_await reading;
  if (page.events.empty() || page.events.front()->position != position) {
    co_return std::nullopt;
  }
  co_return *page.events.front();
}

Task<std::int64_t> Log::read_tail() {
  storage::Query query{sql_tail, {origin_}};
  Task<storage::Rows> reading = database_.read(std::move(query));
  const storage::Rows rows = co_await reading;
  const std::int64_t tail = rows[0].integer(0);
  const std::scoped_lock lock(state_->mutex);
  if (tail > state_->tail) {
    state_->tail = tail;
    state_->grown.notify_all();
  }
  co_return tail;
}

std::int64_t Log::tail() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->tail;
}

Task<void> Log::wait_after(std::int64_t position) {
  const std::shared_ptr<State> state = state_;
  std::unique_lock lock(state->mutex);
  const std::uint64_t wakes = state->wakes;
  while (state->tail <= position && state->wakes == wakes) {
    Signal::Wait waiting = state->grown.wait(lock);
    co_await waiting;
  }
}

void Log::wake() {
  const std::scoped_lock lock(state_->mutex);
  ++state_->wakes;
  state_->grown.notify_all();
}

}  // namespace securecart::events
