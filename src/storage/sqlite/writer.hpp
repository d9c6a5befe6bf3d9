// The one thread that writes. While it waits for the disk, the next batches gather in its queue and
// share the following fsync.
//
//   io threads --submit--> [ bounded queue ] --writer--> group --COMMIT--> observers --> answers
//
// Requests that were answered together come back together, a few before the rest: a group takes in
// who comes while it is applied, or each round would pay an fsync for its first few.
//
// Answers go back to each executor in one post, however many of its coroutines were waiting.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "observe/metrics.hpp"
#include "storage/sqlite/checkpointer.hpp"
#include "storage/sqlite/group.hpp"

namespace securecart::storage::sqlite {

struct WriterOptions {
  std::size_t group_commit;  // batches in one transaction
  std::string origin;
  Sabotage sabotage;
  // No thread of its own: submit() commits before it returns. Makes tests on ManualExecutor
  // deterministic.
  bool inline_commits = false;
};

class Writer {
 public:
  // Throws EngineError when the log cannot be read.
  Writer(Connection& connection, Checkpointer& checkpointer, const Clock& clock,
         observe::Metrics& metrics, WriterOptions options);
  ~Writer();  // stop()
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  enum class Submitted { queued, answered };
  // Takes a batch. `answered`: its outcome is set already (queue full, stopped, inline commits) and
  // nobody will be woken. The Pending must live until it is answered.
  Submitted submit(Pending& pending);

  void on_commit(CommitObserver observer);

  // Commits what is queued, answers it, and ends the thread. Later batches are refused.
  void stop();

  std::int64_t tail() const { return tail_.load(std::memory_order_acquire); }

 private:
  void run();
  // Moves what waits from the queue to the group, as far as it has room.
  void fill(std::vector<Pending*>& group);
  // Commits and answers; takes in who comes meanwhile.
  void finish(std::vector<Pending*>& group);
  void tell_observers(std::span<const CommittedEvent> events);
  void record(const GroupResult& result);

  GroupCommitter committer_;
  Checkpointer& checkpointer_;
  const Clock& clock_;
  const WriterOptions options_;
  std::size_t statements_ = 0;  // of the group at work

  std::mutex mutex_;  // of what follows
  std::condition_variable wake_;
  std::deque<Pending*> queue_;
  bool stopping_ = false;

  std::mutex observers_mutex_;
  std::vector<CommitObserver> observers_;

  std::mutex inline_mutex_;
  std::atomic<std::int64_t> tail_ = 0;

  observe::Counter& applied_;
  observe::Counter& refused_;
  observe::Counter& replayed_;
  observe::Counter& failed_;
  observe::Counter& turned_away_;
  observe::Gauge& queue_length_;
  observe::Histogram& group_size_;
  observe::Histogram& queue_seconds_;
  observe::Histogram& commit_seconds_;
  observe::Histogram& sync_seconds_;

  std::thread thread_;
};

}  // namespace securecart::storage::sqlite
