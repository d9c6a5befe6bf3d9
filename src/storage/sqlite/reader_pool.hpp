// A few threads for reads that may be long (listings, search), so that none of them holds up the
// requests of an io thread.
#pragma once

#include <condition_variable>
#include <coroutine>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "base/executor.hpp"
#include "observe/metrics.hpp"
#include "storage/limits.hpp"
#include "storage/sqlite/connection.hpp"

namespace securecart::storage::sqlite {

// A read on its way through the pool. It lives in the frame of the coroutine that waits for it.
struct PendingRead {
  std::vector<Query> queries;
  Executor* home = nullptr;
  std::coroutine_handle<> waiting;
  std::variant<std::monostate, std::vector<Rows>, std::exception_ptr> result;

  std::vector<Rows> take();
};

// All queries in one snapshot, none running longer than limits::read_time_limit. Throws
// Unavailable, or std::logic_error on wrong SQL.
std::vector<Rows> read_snapshot(Connection& connection, const std::vector<Query>& queries,
                                const Clock& clock);

class ReaderPool {
 public:
  // One thread a connection.
  ReaderPool(std::vector<std::unique_ptr<Connection>> connections, const Clock& clock,
             observe::Metrics& metrics);
  ~ReaderPool();  // stop()

  // False when the queue is full or the pool has stopped: nobody will be woken.
  bool submit(PendingRead& read);
  // Answers what is queued and ends the threads.
  void stop();

 private:
  void run(Connection& connection);

  const Clock& clock_;
  const std::vector<std::unique_ptr<Connection>> connections_;
  std::mutex mutex_;  // of what follows
  std::condition_variable wake_;
  std::deque<PendingRead*> queue_;
  bool stopping_ = false;
  observe::Gauge& queue_length_;
  std::vector<std::thread> threads_;
};

}  // namespace securecart::storage::sqlite
