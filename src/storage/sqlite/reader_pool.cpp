#include "storage/sqlite/reader_pool.hpp"

#include <sqlite3.h>

#include "storage/limits.hpp"

namespace securecart::storage::sqlite {

namespace {

// Ends the snapshot and the time limit however a read ends.
class Snapshot {
 public:
  Snapshot(Connection& connection, bool several) : connection_(connection), several_(several) {
    if (several_) {
      connection_.change("BEGIN", {});
    }
  }
  ~Snapshot() {
    connection_.set_deadline(std::nullopt);
    if (several_ && connection_.in_transaction()) {
      sqlite3_exec(connection_.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
  }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  void end() {
    if (several_) {
      connection_.change("COMMIT", {});
    }
  }

 private:
  Connection& connection_;
  const bool several_;  // one query is a snapshot by itself
};

}  // namespace

std::vector<Rows> PendingRead::take() {
  if (auto* error = std::get_if<std::exception_ptr>(&result)) {
    std::rethrow_exception(*error);
  }
  return std::move(std::get<1>(result));
}

std::vector<Rows> read_snapshot(Connection& connection, const std::vector<Query>& queries,
                                const Clock& clock) {
  try {
    connection.set_deadline(clock.steady() + limits::read_time_limit);
    Snapshot snapshot(connection, queries.size() > 1);
    std::vector<Rows> results;
    results.reserve(queries.size());
    for (const Query& query : queries) {
      results.push_back(connection.query(query.sql, query.parameters));
    }
    snapshot.end();
    return results;
  } catch (const EngineError& error) {
    throw Unavailable((error.code & 0xff) == SQLITE_INTERRUPT
                          ? std::string("the read took too long and was stopped")
                          : std::string("the database cannot be read: ") + error.what());
  }
}

ReaderPool::ReaderPool(std::vector<std::unique_ptr<Connection>> connections, const Clock& clock,
                       observe::Metrics& metrics)
    : clock_(clock),
      connections_(std::move(connections)),
      queue_length_(metrics.gauge("securecart_storage_read_queue_length",
                                  "Long reads waiting for a reader thread.")) {
  for (const auto& connection : connections_) {
    threads_.emplace_back([this, &connection] { run(*connection); });
  }
}

ReaderPool::~ReaderPool() {
  stop();
}

bool ReaderPool::submit(PendingRead& read) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_ || queue_.size() >= limits::read_queue) {
      return false;
    }
    queue_.push_back(&read);
    queue_length_.set(static_cast<std::int64_t>(queue_.size()));
  }
  wake_.notify_one();
  return true;
}

void ReaderPool::stop() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) {
      thread.join();
    }
  }
}

void ReaderPool::run(Connection& connection) {
  while (true) {
    PendingRead* read = nullptr;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) {
        return;
      }
      read = queue_.front();
      queue_.pop_front();
      queue_length_.set(static_cast<std::int64_t>(queue_.size()));
    }
    try {
      read->result = read_snapshot(connection, read->queries, clock_);
    } catch (...) {
      read->result = std::current_exception();
    }
    const std::coroutine_handle<> waiting = read->waiting;
    read->home->post([waiting] { waiting.resume(); });
  }
}

}  // namespace securecart::storage::sqlite
