// Database and Batch: the one way anything in SecureCart is read and written.
//
// A write is a Batch: statements that are applied all or none in one transaction and one round
// trip. Decisions that must hold are in the SQL (constraints, guarded updates with an expected row
// count), never in a read that came before. A batch may carry a key: it is stored in the same
// transaction with a fingerprint of the request and the response, so a batch sent twice has its
// effect once and answers with the first response. A batch also appends its events
// (events/event.hpp reads them).
//
//   Batch batch;
//   batch.key = BatchKey{shop, "complete_cart", key, fingerprint, {201, body}};
//   batch.add("UPDATE carts SET status = 'completed' WHERE shop_id = $1 AND id = $2 AND "
//             "status = 'open' AND version = $3", {shop, cart, version})
//        .expect(1, errc::cart_changed);
//   batch.add("UPDATE allotments SET reserved = reserved + $3 WHERE …", {…})
//        .expect(1, errc::out_of_stock);
//   batch.event("order.placed", shop, order_id, payload);
//   Commit outcome = co_await database.commit(std::move(batch));
//
// SQL is portable between SQLite and PostgreSQL; parameters are $1, $2, … ; booleans are 0/1
// INTEGERs, times INTEGER milliseconds, money INTEGER minor units, JSON is TEXT.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/task.hpp"
#include "storage/limits.hpp"

namespace securecart::storage {

using Value = std::variant<std::monostate, std::int64_t, std::string>;
using Values = std::vector<Value>;

// nullopt becomes NULL.
Value nullable(const std::optional<std::string>& text);
Value nullable(std::optional<std::int64_t> number);

// A read. `sql` must outlive the call: a literal.
struct Query {
  std::string_view sql;
  Values parameters;
};

class Row;

// The rows of one query, held by value.
class Rows {
 public:
  explicit Rows(std::size_t columns = 0) : columns_(columns) {}
  std::size_t size() const { return columns_ == 0 ? 0 : values_.size() / columns_; }
  bool empty() const { return values_.empty(); }
  Row operator[](std::size_t index) const;

  class Iterator;
  Iterator begin() const;
  Iterator end() const;

  void append(Value value) { values_.push_back(std::move(value)); }

 private:
  friend class Row;
  std::size_t columns_;
  std::vector<Value> values_;
};

// A view of one row; columns by position in the SELECT list. Asserts on a wrong type.
class Row {
 public:
  Row(const Rows& rows, std::size_t index) : rows_(&rows), index_(index) {}
  bool is_null(std::size_t column) const;
  std::int64_t integer(std::size_t column) const;
  const std::string& text(std::size_t column) const;
  bool boolean(std::size_t column) const { return integer(column) != 0; }
  std::optional<std::int64_t> integer_or_null(std::size_t column) const;
  std::optional<std::string> text_or_null(std::size_t column) const;

 private:
  const Value& at(std::size_t column) const;
  const Rows* rows_;
  std::size_t index_;
};

class Rows::Iterator {
 public:
  Iterator(const Rows& rows, std::size_t index) : rows_(&rows), index_(index) {}
  Row operator*() const { return {*rows_, index_}; }
  Iterator& operator++() {
    ++index_;
    return *this;
  }
  bool operator==(const Iterator& other) const { return index_ == other.index_; }

 private:
  const Rows* rows_;
  std::size_t index_;
};

// One statement of a Batch.
struct Statement {
  std::string_view sql;  // a literal: it must outlive the batch
  Values parameters;
  // When set, the statement must change exactly this many rows.
  std::optional<std::int64_t> expected_rows;
  // The answer to the caller when the row count is another, or a constraint refuses the statement.
  // Null: such a failure is a defect and throws std::logic_error.
  const ErrorKind* refusal = nullptr;

  Statement& expect(std::int64_t rows, const ErrorKind& otherwise) {
    expected_rows = rows;
    refusal = &otherwise;
    return *this;
  }
  Statement& or_refuse(const ErrorKind& otherwise) {
    refusal = &otherwise;
    return *this;
  }
};

struct StoredResponse {
  int status = 200;
  std::string body;
};

struct BatchKey {
  std::string shop_id;
  std::string scope;        // the operation: keys of two operations never meet
  std::string key;          // from the client (Idempotency-Key), or derived (payment of an order)
  std::string fingerprint;  // SHA-256 of what was asked; another one under the same key is refused
  StoredResponse response;  // what to answer when the key is seen again
};

struct EventDraft {
  std::string type;  // order.placed
  std::string shop_id;
  std::string subject;  // the id the event is about
  std::string payload;  // JSON
};

struct Batch {
  std::optional<BatchKey> key;
  std::vector<Statement> statements;
  std::vector<EventDraft> events;
  // Trace id of what caused the batch, stored with its events. Empty: that of the log's trace.
  std::string trace;

  // The reference is valid until the next add().
  Statement& add(std::string_view sql, Values parameters = {}) {
    statements.push_back({sql, std::move(parameters), std::nullopt, nullptr});
    return statements.back();
  }
  void event(std::string type, std::string shop_id, std::string subject, std::string payload) {
    events.push_back({std::move(type), std::move(shop_id), std::move(subject), std::move(payload)});
  }
};

struct Committed {
  bool replayed = false;    // the key was there: nothing was applied, `response` is the stored one
  StoredResponse response;  // that of the batch's key; empty without a key
  std::int64_t position = 0;  // of the batch's last event; 0 without events or when replayed
};

// Why a batch was refused. Nothing of it was applied.
struct Refused {
  std::size_t statement;  // index into Batch::statements
  const ErrorKind* kind;
};
// The key is known with another fingerprint.
struct KeyReused {};

using Commit = std::variant<Committed, Refused, KeyReused>;

// An event of a committed batch, as it stands in the log.
struct CommittedEvent {
  std::string origin;         // the database that gave the position
  std::int64_t position = 0;  // dense from 1 in each origin
  std::string shop_id;
  std::string type;
  std::string subject;
  std::string payload;  // JSON
  Timestamp at;
  std::string trace;  // id of what caused it, or empty
};

// Told of every commit that appended events, after it is durable and before those who wait for it
// are answered: whoever sees an answer also sees what the observer did (a cache entry dropped).
// `tail` is the position of the last event. Runs on the writer's thread: be brief, do not throw.
using CommitObserver =
    std::function<void(std::int64_t tail, std::span<const CommittedEvent> events)>;

// How fresh a read must be. Anything that decides reads `current`; listings and search may read
// `replica`, which falls back to the primary.
enum class Freshness { current, replica };

class Database {
 public:
  virtual ~Database() = default;

  // Reads all queries in one snapshot and one round trip, in order. Throws Unavailable.
  virtual Task<std::vector<Rows>> read_all(std::vector<Query> queries,
                                           Freshness freshness = Freshness::current) = 0;
  // Applies the batch. Throws Unavailable when the database is gone, too slow or the queue is full;
  // `outcome_unknown` only when not even the key could be looked up before the deadline.
  // A batch that breaks an assumption (SQL that does not compile, a row count or constraint that
  // fails without a refusal, more than limits::batch_statements) throws std::logic_error.
  virtual Task<Commit> commit(Batch batch) = 0;
  // Adds an observer. Safe while batches are committed; it sees those that follow.
  virtual void on_commit(CommitObserver observer) = 0;
  // Finishes and answers what is queued; later calls throw Unavailable.
  virtual void close() {}

  Task<Rows> read(Query query, Freshness freshness = Freshness::current);
};

}  // namespace securecart::storage
