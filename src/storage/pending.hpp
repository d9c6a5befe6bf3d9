// A batch on its way through the writer of an engine, and how its answer finds back.
#pragma once

#include <coroutine>
#include <future>
#include <span>
#include <string>
#include <variant>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "storage/database.hpp"

namespace securecart::storage {

// Switches that break a promise on purpose: the lab must find each of them out. Never set
// elsewhere.
struct Sabotage {
  // Acknowledges before the commit is durable. SQLite answers batches with a key before COMMIT and
  // keeps the transaction open for a while; PostgreSQL runs with synchronous_commit=off.
  bool acknowledge_before_commit = false;
  // Applies a batch again although its key is known.
  bool skip_dedupe = false;
  // Takes what was sent to the broker for what the broker has, and never brings it again.
  bool confirms_off = false;
};

// Why a batch has no answer.
struct Failure {
  enum class Kind { unavailable, outcome_unknown, defect };
  Kind kind;
  std::string message;
};

using Outcome = std::variant<std::monostate, Commit, Failure>;

// It lives in the frame of the coroutine that waits for it.
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

// Wakes those who wait for `answered`, each executor with one post. The batches may be gone when it
// returns.
void wake(std::span<Pending* const> answered);

}  // namespace securecart::storage
