#include "storage/sqlite/group.hpp"

#include <sqlite3.h>

#include "base/log.hpp"
#include "storage/limits.hpp"

namespace securecart::storage::sqlite {

namespace {

constexpr std::string_view sql_begin = "BEGIN IMMEDIATE";
constexpr std::string_view sql_commit = "COMMIT";
constexpr std::string_view sql_savepoint = "SAVEPOINT batch";
constexpr std::string_view sql_release = "RELEASE batch";
constexpr std::string_view sql_rollback_to = "ROLLBACK TO batch";
constexpr std::string_view sql_claim_key =
    "INSERT INTO idempotency_keys (shop_id, scope, key, fingerprint, status, body, created_at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
constexpr std::string_view sql_find_key =
    "SELECT fingerprint, status, body FROM idempotency_keys "
    "WHERE shop_id = $1 AND scope = $2 AND key = $3";
constexpr std::string_view sql_append_event =
    "INSERT INTO event_log (origin, position, shop_id, type, subject, payload, at, trace) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
constexpr std::string_view sql_tail =
    "SELECT coalesce(max(position), 0) FROM event_log WHERE origin = $1";

Failure defect(std::string message) {
  return {Failure::Kind::defect, std::move(message)};
}

}  // namespace

GroupCommitter::GroupCommitter(Connection& connection, const Clock& clock, std::string origin,
                               Sabotage sabotage)
    : connection_(connection), clock_(clock), origin_(std::move(origin)), sabotage_(sabotage) {
  const Rows rows = connection_.query(sql_tail, {origin_});
  tail_ = rows[0].integer(0);
}

GroupResult GroupCommitter::commit(std::vector<Pending*>& group, const Joining& joining,
                                   const std::function<void()>& before_commit) {
  result_ = {};
  next_ = tail_ + 1;
  now_millis_ = to_millis(clock_.now());
  syncing_ = false;
  bool answered = false;
  try {
    apply_group(group, joining);
    if (before_commit) {
      before_commit();
      answered = true;
    }
    finish();
  } catch (const EngineError& error) {
    roll_back();
    // A transaction whose last write to the log file was not confirmed may still be found there
    // after a power cut; a disk that is full has not taken the commit record.
    const bool unknown = syncing_ && (error.code & 0xff) == SQLITE_IOERR;
    log::error("storage_commit_failed", {{"error", std::string_view(error.what())},
                                         {"code", error.code},
                                         {"batches", group.size()}});
    result_ = {};
    if (!answered) {
      result_.failed = group.size();
      for (Pending* pending : group) {
        pending->outcome =
            Failure{unknown ? Failure::Kind::outcome_unknown : Failure::Kind::unavailable,
                    std::string("the database could not commit: ") + error.what()};
      }
    }
  }
  return std::move(result_);
}

void GroupCommitter::apply_group(std::vector<Pending*>& group, const Joining& joining) {
  connection_.change(sql_begin, {});
  for (std::size_t i = 0; i < group.size(); ++i) {
    apply(*group[i]);
    if (!connection_.in_transaction()) {
      throw EngineError("a statement ended the transaction of its group", SQLITE_ABORT);
    }
    if (joining && i + 1 == group.size()) {
      joining(group);
    }
  }
}

void GroupCommitter::apply(Pending& pending) {
  if (clock_.steady() - pending.queued_at > limits::commit_deadline) {
    ++result_.failed;
    pending.outcome = Failure{Failure::Kind::unavailable, "waited too long for the database"};
    return;
  }
  const std::int64_t next_before = next_;
  const std::size_t events_before = result_.events.size();
  connection_.change(sql_savepoint, {});
  pending.outcome = apply_in_savepoint(pending.batch);
  const auto* commit = std::get_if<Commit>(&pending.outcome);
  const auto* committed = commit == nullptr ? nullptr : std::get_if<Committed>(commit);
  if (committed == nullptr) {
    ++(commit == nullptr ? result_.failed : result_.refused);
    connection_.change(sql_rollback_to, {});
    next_ = next_before;
    result_.events.resize(events_before);
  } else {
    ++(committed->replayed ? result_.replayed : result_.applied);
  }
  connection_.change(sql_release, {});
}

Outcome GroupCommitter::apply_in_savepoint(Batch& batch) {
  try {
    if (batch.statements.size() > limits::batch_statements) {
      return defect(std::to_string(batch.statements.size()) + " statements in one batch");
    }
    if (batch.key) {
      if (auto known = claim_key(*batch.key)) {
        return std::move(*known);
      }
    }
    for (std::size_t i = 0; i < batch.statements.size(); ++i) {
      if (auto refused = apply_statement(batch, i)) {
        return std::move(*refused);
      }
    }
    Committed committed;
    if (batch.key) {
      committed.response = std::move(batch.key->response);
    }
    append_events(batch);
    committed.position = batch.events.empty() ? 0 : next_ - 1;
    return Commit(std::move(committed));
  } catch (const std::logic_error& error) {
    return defect(error.what());
  }
}

// Stores the key; when it is there already, the answer of the batch that brought it.
std::optional<Outcome> GroupCommitter::claim_key(const BatchKey& key) {
  Prepared& claim = connection_.prepare(sql_claim_key);
  claim.bind(1, key.shop_id);
  claim.bind(2, key.scope);
  claim.bind(3, key.key);
  claim.bind(4, key.fingerprint);
  claim.bind(5, std::int64_t{key.response.status});
  claim.bind(6, key.response.body);
  claim.bind(7, now_millis_);
  if (connection_.change(claim).rows == 1 || sabotage_.skip_dedupe) {
    return std::nullopt;
  }
  const Rows rows = connection_.query(sql_find_key, {key.shop_id, key.scope, key.key});
  if (rows.empty()) {
    return defect("a key was refused although it is not there: " + key.key);
  }
  if (rows[0].text(0) != key.fingerprint) {
    return Commit(KeyReused());
  }
  Committed first;
  first.replayed = true;
  first.response = {static_cast<int>(rows[0].integer(1)), rows[0].text(2)};
  return Commit(std::move(first));
}

std::optional<Outcome> GroupCommitter::apply_statement(const Batch& batch, std::size_t index) {
  const Statement& statement = batch.statements[index];
  Connection::Change change = connection_.change(statement.sql, statement.parameters);
  const bool constraint = (change.code & 0xff) == SQLITE_CONSTRAINT;
  if (change.code == SQLITE_OK) {
    if (!statement.expected_rows || change.rows == *statement.expected_rows) {
      return std::nullopt;
    }
    change.message = std::to_string(change.rows) + " rows instead of " +
                     std::to_string(*statement.expected_rows) +
                     " in: " + std::string(statement.sql);
  }
  if (statement.refusal != nullptr && (constraint || change.code == SQLITE_OK)) {
    return Commit(Refused{index, statement.refusal});
  }
  return defect("statement " + std::to_string(index) + " of a batch: " + change.message);
}

void GroupCommitter::append_events(Batch& batch) {
  Prepared* append = nullptr;
  for (EventDraft& draft : batch.events) {
    if (draft.payload.size() > limits::event_payload_bytes) {
      throw std::logic_error("an event " + draft.type + " of " +
                             std::to_string(draft.payload.size()) + " bytes");
    }
    if (append == nullptr) {
      append = &connection_.prepare(sql_append_event);
    }
    CommittedEvent& event = result_.events.emplace_back();
    event = {origin_,
             next_,
             std::move(draft.shop_id),
             std::move(draft.type),
             std::move(draft.subject),
             std::move(draft.payload),
             from_millis(now_millis_),
             batch.trace};
    append->bind(1, event.origin);
    append->bind(2, event.position);
    append->bind(3, event.shop_id);
    append->bind(4, event.type);
    append->bind(5, event.subject);
    append->bind(6, event.payload);
    append->bind(7, now_millis_);
    append->bind(8, event.trace);
    if (const Connection::Change change = connection_.change(*append); change.code != SQLITE_OK) {
      throw std::logic_error("cannot append an event: " + change.message);
    }
    ++next_;
  }
}

void GroupCommitter::finish() {
  if (result_.applied == 0) {
    roll_back();  // nothing was written: no fsync
    return;
  }
  const SteadyTime start = clock_.steady();
  syncing_ = true;
  if (const Connection::Change change = connection_.change(sql_commit, {});
      change.code != SQLITE_OK) {
    throw EngineError(change.message, change.code);
  }
  result_.sync = clock_.steady() - start;
  tail_ = next_ - 1;
}

void GroupCommitter::roll_back() noexcept {
  // Some errors have rolled back already; then there is nothing left to do.
  if (connection_.in_transaction()) {
    sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

}  // namespace securecart::storage::sqlite
