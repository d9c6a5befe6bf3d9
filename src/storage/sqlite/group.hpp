// Applies a group of batches in one transaction with one fsync.
//
//   BEGIN IMMEDIATE
//     SAVEPOINT  batch 1: key, statements, events            -> Committed
//     SAVEPOINT  batch 2: a statement refuses -> ROLLBACK TO -> Refused
//     SAVEPOINT  batch 3: key known, nothing applied         -> Committed{replayed}
//   COMMIT (synchronous=FULL)
//
// A group is open until its COMMIT: batches that come while others are applied join it.
//
// What a batch is answered may rest on the batches before it in the group, so nobody is answered
// before COMMIT, and when COMMIT fails everybody is told so.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "storage/database.hpp"
#include "storage/pending.hpp"
#include "storage/sqlite/connection.hpp"

namespace securecart::storage::sqlite {

using storage::Failure;
using storage::Outcome;
using storage::Pending;
using storage::Sabotage;

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

  // Appends the batches that wait by now; nothing when the group is full. Must not throw.
  using Joining = std::function<void(std::vector<Pending*>& group)>;

  // Gives each batch of `group`, and those that join it, its outcome. `before_commit` runs between
  // the last statement and COMMIT; the batches are not touched any more after it. Does not throw.
  GroupResult commit(std::vector<Pending*>& group, const Joining& joining = nullptr,
                     const std::function<void()>& before_commit = nullptr);

  // Position of the last durable event.
  std::int64_t tail() const { return tail_; }

 private:
  void apply_group(std::vector<Pending*>& group, const Joining& joining);
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
