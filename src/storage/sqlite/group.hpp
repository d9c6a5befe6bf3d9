// Applies a group of batches in one transaction with one fsync.
//
//   BEGIN IMMEDIATE
//     SAVEPOINT  batch 1: key, statements, events            -> Committed
//     SAVEPOINT  batch 2: a statement refuses -> ROLLBACK TO -> Refused
//     SAVEPOINT  batch 3: key known, nothing applied         -> Committed{replayed}
//   COMMIT (synchronous=FULL)
//
// What a batch is answered may rest on the batches before it in the group, so nobody is answered
// before COMMIT, and when COMMIT fails everybody is told so.
#pragma once

#include <coroutine>
#include <cstdint>
#include <functional>
#include <future>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "storage/database.hpp"
#include "storage/sqlite/connection.hpp"

namespace securecart::storage::sqlite {

// Switches that break a promise on purpose: the lab must find each of them out. Never set
// elsewhere.
struct Sabotage {
  // Answers batches with a key before COMMIT and keeps the transaction open for a while.
  bool acknowledge_before_commit = false;
  // Applies a batch again although its key is known.
  bool skip_dedupe = false;
};

// Why a batch has no answer.
struct Failure {
  enum class Kind { unavailable, outcome_unknown, defect };
  Kind kind;
  std::string message;
};

using Outcome = std::variant<std::monostate, Commit, Failure>;

// A batch on its way through the writer. It lives in the frame of the coroutine that waits for it.
struct Pending {
  explicit Pending(Batch waiting_batch) : batch(std::move(waiting_batch)) {}

  Batch batch;
  SteadyTime queued_at;
  Outcome outcome;
  // Who waits: a coroutine on its executor, or a thread on a promise.
  Executor* home = nullptr;
  std::coroutine_handle<> waiting;
  std::promise<void>* blocked = nullptr;

  // The answer; throws what the Failure stands for.
  Commit take();
};

// What became of a group.
struct GroupResult {
  std::size_t applied = 0;
  std::size_t refused = 0;
  std::size_t replayed = 0;
  std::size_t failed = 0;
  Duration sync = {};  // that COMMIT took
  std::vector<CommittedEvent> events;
};

class GroupCommitter {
 public:
  // `connection` is the only one that writes; its schema is in place. Throws EngineError.
  GroupCommitter(Connection& connection, const Clock& clock, std::string origin, Sabotage sabotage);

  // Gives each batch its outcome. `before_commit` runs between the last statement and COMMIT; the
  // batches are not touched any more after it. Does not throw.
  GroupResult commit(std::span<Pending* const> group,
                     const std::function<void()>& before_commit = nullptr);

  // Position of the last durable event.
  std::int64_t tail() const { return tail_; }

 private:
  void apply_group(std::span<Pending* const> group);
  void apply(Pending& pending);
  Outcome apply_in_savepoint(Batch& batch);
  std::optional<Outcome> claim_key(const BatchKey& key);
  std::optional<Outcome> apply_statement(const Batch& batch, std::size_t index);
  void append_events(Batch& batch);
  void finish();
  void roll_back() noexcept;

  Connection& connection_;
  const Clock& clock_;
  const std::string origin_;
  const Sabotage sabotage_;
  std::int64_t tail_ = 0;

  // Of the group at work.
  GroupResult result_;
  std::int64_t now_millis_ = 0;
  std::int64_t next_ = 0;
  bool syncing_ = false;
};

}  // namespace securecart::storage::sqlite
