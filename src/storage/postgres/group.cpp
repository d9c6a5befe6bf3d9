#include "storage/postgres/group.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/duration.hpp"
#include "storage/limits.hpp"
#include "storage/postgres/messages.hpp"

namespace securecart::storage::postgres {

namespace {

using Part = Place::Part;

constexpr std::string_view sql_begin = "BEGIN";
constexpr std::string_view sql_commit = "COMMIT";
constexpr std::string_view sql_rollback = "ROLLBACK";
constexpr std::string_view sql_savepoint = "SAVEPOINT batch";
constexpr std::string_view sql_rollback_to = "ROLLBACK TO SAVEPOINT batch";
constexpr std::string_view sql_release = "RELEASE SAVEPOINT batch";
constexpr std::string_view sql_lock =
    "SELECT CASE WHEN current_setting('synchronous_commit') = $2::text "
    "THEN pg_advisory_xact_lock($1::bigint) ELSE storage_weak_commit($2::text) END";
constexpr std::string_view sql_marker =
    "INSERT INTO storage_batches (id, tail, at) SELECT $1::text, coalesce(max(position), 0), "
    "$2::bigint FROM event_log WHERE origin = $3::text RETURNING tail";
constexpr std::string_view sql_settle =
    "INSERT INTO storage_batches (id, tail, at) VALUES ($1, -1, $2) "
    "ON CONFLICT (id) DO UPDATE SET at = excluded.at RETURNING tail";
constexpr std::string_view sql_others =
    "SELECT position, shop_id, type, subject, payload, at, trace FROM event_log "
    "WHERE origin = $1 AND position > $2 ORDER BY position LIMIT $3";
constexpr std::string_view sql_claim_key =
    "INSERT INTO idempotency_keys (shop_id, scope, key, fingerprint, status, body, created_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)";
constexpr std::string_view sql_claim_key_again =
    "INSERT INTO idempotency_keys (shop_id, scope, key, fingerprint, status, body, created_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
constexpr std::string_view sql_find_key =
    "SELECT fingerprint, status, body FROM idempotency_keys "
    "WHERE shop_id = $1 AND scope = $2 AND key = $3";
constexpr std::string_view sql_append_events =
    "WITH tail AS (SELECT coalesce(max(position), 0) AS position FROM event_log "
    "WHERE origin = $1::text), added AS (INSERT INTO event_log (origin, position, shop_id, type, "
    "subject, payload, at, trace) SELECT $1::text, tail.position + event.n, event.shop_id, "
    "event.type, event.subject, event.payload, $2::bigint, event.trace FROM tail, "
    "unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[]) WITH ORDINALITY "
    "AS event (shop_id, type, subject, payload, trace, n) RETURNING position) "
    "SELECT max(position), pg_notify('securecart_events', $8::text || ' ' || max(position)) "
    "FROM added";
constexpr std::string_view sql_evict =
    "SELECT pg_terminate_backend(activity.pid) FROM pg_locks AS held JOIN pg_stat_activity AS "
    "activity ON activity.pid = held.pid WHERE held.locktype = 'advisory' AND held.granted "
    "AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND ((held.classid::bigint << 32) | held.objid::bigint) = $1 "
    "AND activity.wait_event_type = 'Client' AND activity.pid <> pg_backend_pid() "
    "AND activity.xact_start < now() - make_interval(secs => $2::bigint / 1000.0)";
constexpr std::string_view sql_prune =
    "DELETE FROM storage_batches WHERE id IN (SELECT id FROM storage_batches WHERE at < $1 "
    "ORDER BY at LIMIT 5000)";

constexpr std::string_view code_row_count = "SC001";
constexpr std::string_view code_weak_commit = "SC002";
// Of the class of lost connections by its number, but what it means here is a wrong number of
// parameters.
constexpr std::string_view code_protocol = "08P01";

// An element of an array literal.
void append_element(std::string& list, std::string_view text) {
  list += list.empty() ? "{\"" : ",\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      list += '\\';
    }
    list += c;
  }
  list += '"';
}

class EventLists {
 public:
  void add(const Batch& batch) {
    for (const EventDraft& draft : batch.events) {
      append_element(lists_[0], draft.shop_id);
      append_element(lists_[1], draft.type);
      append_element(lists_[2], draft.subject);
      append_element(lists_[3], draft.payload);
      append_element(lists_[4], batch.trace);
    }
  }
  bool empty() const { return lists_[0].empty(); }
  Values parameters(const Writing& writing) {
    Values values{writing.origin, writing.now_millis};
    for (std::string& list : lists_) {
      values.emplace_back(std::move(list) + "}");
    }
    values.emplace_back(writing.instance);
    return values;
  }

 private:
  std::string lists_[5];
};

void add_lock(Assembly& assembly, const Writing& writing) {
  assembly.add({Part::frame}, sql_begin);
  assembly.add_own({Part::lock}, sql_lock,
                   {lock_number(writing.origin), writing.synchronous_commit});
}

void add_marker(Assembly& assembly, std::size_t member, const std::string& id,
                const Writing& writing) {
  assembly.add_own({Part::marker, member}, sql_marker, {id, writing.now_millis, writing.origin});
}

void add_others(Assembly& assembly, const Writing& writing) {
  assembly.add_own({Part::others}, sql_others,
                   {writing.origin, writing.told, static_cast<std::int64_t>(limits::event_page)});
}

void add_batch(Assembly& assembly, std::size_t index, const Batch& batch, const Writing& writing,
               Guards& guards) {
  if (batch.key) {
    const BatchKey& key = *batch.key;
    assembly.add_own({Part::key, index}, writing.skip_dedupe ? sql_claim_key_again : sql_claim_key,
                     {key.shop_id, key.scope, key.key, key.fingerprint,
                      std::int64_t{key.response.status}, key.response.body, writing.now_millis});
  }
  for (std::size_t i = 0; i < batch.statements.size(); ++i) {
    const Statement& statement = batch.statements[i];
    assembly.add({Part::statement, index, i},
                 statement.expected_rows ? guards.text(statement.sql, *statement.expected_rows)
                                         : statement.sql,
                 &statement.parameters);
  }
}

bool has_nul(const std::string& text) {
  return text.find('\0') != std::string::npos;
}

bool has_nul(const Values& values) {
  return std::ranges::any_of(values, [](const Value& value) {
    const auto* text = std::get_if<std::string>(&value);
    return text != nullptr && has_nul(*text);
  });
}

}  // namespace

Remedy remedy_for(std::string_view sqlstate) {
  if (sqlstate == code_protocol) {
    return Remedy::refuse;
  }
  const std::string_view group = sqlstate.substr(0, 2);
  if (group == "40" || sqlstate == code_lock || sqlstate == "26000" || sqlstate == "0A000") {
    return Remedy::again;
  }
  if (sqlstate == "57014" || group == "53" || group == "58") {
    return Remedy::give_up;
  }
  if (group == "57" || group == "08" || group == "25" || group == "XX" || group.empty() ||
      sqlstate == code_weak_commit) {
    return Remedy::elsewhere;
  }
  return Remedy::refuse;
}

std::int64_t lock_number(const std::string& origin) {
  const std::string hash = sha256_hex("securecart writer of " + origin);
  return static_cast<std::int64_t>(std::stoull(hash.substr(0, 16), nullptr, 16) >> 1U);
}

void Assembly::add(Place place, std::string_view sql, const Values* parameters) {
  flight.items.push_back({sql, parameters});
  places.push_back(place);
}

void Assembly::add_own(Place place, std::string_view sql, Values parameters) {
  add(place, sql, &values.emplace_back(std::move(parameters)));
}

void Assembly::roll_back_first() {
  flight.items.insert(flight.items.begin(), {sql_rollback, nullptr, true});
  places.insert(places.begin(), Place{Part::frame});
}

std::string_view Guards::text(std::string_view sql, std::int64_t expected) {
  const auto found = by_text_.find(sql);
  if (found != by_text_.end()) {
    std::string& known = found->second[expected];
    if (!known.empty()) {
      return known;
    }
  }
  auto& texts =
      found != by_text_.end() ? found->second : by_text_[texts_.emplace_back(std::string(sql))];
  return texts[expected] = fmt::format(
             "WITH changed AS ({} RETURNING 1) SELECT CASE WHEN count(*) = {} THEN NULL ELSE "
             "storage_row_count(count(*), {}) END FROM changed",
             sql, expected, expected);
}

std::unique_ptr<Assembly> assemble_plain(const std::vector<Member>& members, const std::string& id,
                                         const Writing& writing, Guards& guards) {
  auto assembly = std::make_unique<Assembly>();
  add_lock(*assembly, writing);
  add_marker(*assembly, 0, id, writing);
  add_others(*assembly, writing);
  EventLists events;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].state == Member::State::open) {
      add_batch(*assembly, i, members[i].pending->batch, writing, guards);
      events.add(members[i].pending->batch);
    }
  }
  if (!events.empty()) {
    assembly->add_own({Part::events}, sql_append_events, events.parameters(writing));
  }
  assembly->add({Part::commit}, sql_commit);
  assembly->end_segment();
  return assembly;
}

std::unique_ptr<Assembly> assemble_careful(const std::vector<Member>& members,
                                           const Writing& writing, Guards& guards) {
  auto assembly = std::make_unique<Assembly>();
  add_lock(*assembly, writing);
  add_others(*assembly, writing);
  assembly->add({Part::savepoint}, sql_savepoint);
  assembly->end_segment();
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].state != Member::State::open) {
      continue;
    }
    const Batch& batch = members[i].pending->batch;
    assembly->add({Part::savepoint}, sql_rollback_to);
    add_marker(*assembly, i, members[i].id, writing);
    add_batch(*assembly, i, batch, writing, guards);
    EventLists events;
    events.add(batch);
    if (!events.empty()) {
      assembly->add_own({Part::events, i}, sql_append_events, events.parameters(writing));
    }
    assembly->add({Part::savepoint}, sql_release);
    assembly->add({Part::savepoint}, sql_savepoint);
    assembly->end_segment();
  }
  assembly->add({Part::savepoint}, sql_rollback_to);
  assembly->add({Part::commit}, sql_commit);
  assembly->end_segment();
  return assembly;
}

std::unique_ptr<Assembly> assemble_settling(const std::vector<std::string>& ids,
                                            const Writing& writing) {
  auto assembly = std::make_unique<Assembly>();
  add_lock(*assembly, writing);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    assembly->add_own({Part::marker, i}, sql_settle, {ids[i], writing.now_millis});
  }
  assembly->add({Part::commit}, sql_commit);
  assembly->end_segment();
  return assembly;
}

std::unique_ptr<Assembly> assemble_lookup(const std::vector<Member>& members) {
  auto assembly = std::make_unique<Assembly>();
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].state == Member::State::known) {
      const BatchKey& key = *members[i].pending->batch.key;
      assembly->add_own({Part::key, i}, sql_find_key, {key.shop_id, key.scope, key.key});
    }
  }
  assembly->end_segment();
  return assembly;
}

std::unique_ptr<Assembly> assemble_others(const Writing& writing) {
  auto assembly = std::make_unique<Assembly>();
  add_others(*assembly, writing);
  assembly->end_segment();
  return assembly;
}

std::unique_ptr<Assembly> assemble_eviction(const Writing& writing) {
  auto assembly = std::make_unique<Assembly>();
  assembly->add_own({Part::frame}, sql_evict,
                    {lock_number(writing.origin), to_millis(limits::postgres_stalled_writer)});
  assembly->end_segment();
  return assembly;
}

std::unique_ptr<Assembly> assemble_pruning(const Writing& writing) {
  auto assembly = std::make_unique<Assembly>();
  assembly->add_own({Part::frame}, sql_prune,
                    {writing.now_millis - to_millis(limits::postgres_marker_lifetime)});
  assembly->end_segment();
  return assembly;
}

std::string defect_of(const Batch& batch) {
  if (batch.statements.size() > limits::batch_statements) {
    return fmt::format("{} statements in one batch", batch.statements.size());
  }
  for (const EventDraft& draft : batch.events) {
    if (draft.payload.size() > limits::event_payload_bytes) {
      return fmt::format("an event {} of {} bytes", draft.type, draft.payload.size());
    }
  }
  const bool nul =
      std::ranges::any_of(batch.statements,
                          [](const Statement& one) { return has_nul(one.parameters); }) ||
      std::ranges::any_of(
          batch.events,
          [](const EventDraft& one) { return has_nul(one.payload) || has_nul(one.subject); }) ||
      (batch.key && (has_nul(batch.key->key) || has_nul(batch.key->response.body)));
  return nul ? "a batch holds a text with a NUL, which PostgreSQL cannot store" : "";
}

Outcome outcome_of(const Batch& batch, const Place& place, const Item& item) {
  if (place.part == Part::statement) {
    const Statement& statement = batch.statements[place.statement];
    const bool constraint = item.code.starts_with("23");
    if (statement.refusal != nullptr && (constraint || item.code == code_row_count)) {
      return Commit(Refused{place.statement, statement.refusal});
    }
    return Failure{Failure::Kind::defect,
                   fmt::format("statement {} of a batch: {} ({}) in: {}", place.statement,
                               item.message, item.code, statement.sql)};
  }
  return Failure{Failure::Kind::defect, fmt::format("a batch cannot be applied: {} ({}) in: {}",
                                                    item.message, item.code, item.sql)};
}

std::vector<CommittedEvent> events_of(const Rows& rows, const std::string& origin) {
  std::vector<CommittedEvent> events;
  for (const Row row : rows) {
    events.push_back({origin, row.integer(0), row.text(1), row.text(2), row.text(3), row.text(4),
                      from_millis(row.integer(5)), row.text(6)});
  }
  return events;
}

}  // namespace securecart::storage::postgres
