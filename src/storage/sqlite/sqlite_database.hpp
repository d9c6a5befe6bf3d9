// Database on one SQLite file: one writer thread with group commit, readers beside it.
//
//   commit()                   -> writer thread (writer.hpp), one fsync for many batches
//   read_all(current)          -> the calling thread itself, on its own read-only connection: a
//   point
//                                 read takes microseconds, less than a hop to another thread
//   read_all(replica)          -> reader pool (reader_pool.hpp): listings and search
//
// Answers arrive on the executor that awaited them. On a thread without an executor (start-up,
// command line, tests) both calls block until they are done, so run_ready() works there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "observe/metrics.hpp"
#include "storage/database.hpp"
#include "storage/limits.hpp"
#include "storage/migrations.hpp"
#include "storage/sqlite/data_lock.hpp"
#include "storage/sqlite/reader_pool.hpp"
#include "storage/sqlite/schema.hpp"
#include "storage/sqlite/writer.hpp"

namespace securecart::storage {

struct SqliteOptions {
  std::filesystem::path path;      // its folder must exist
  std::size_t reader_threads = 2;  // >= 1
  std::size_t group_commit = limits::group_commit;
  std::size_t writer_cache_mb = 64;
  std::size_t reader_cache_mb = 16;  // of each reading thread
  std::size_t mmap_mb = 1024;        // of the file, mapped by readers
  std::string origin = "local";      // names this database in event positions
  // No threads at all: everything happens in the call. For deterministic tests on ManualExecutor.
  bool inline_execution = false;
  sqlite::Sabotage sabotage;
};

class SqliteDatabase final : public Database {
 public:
  // Opens or makes the file and runs the migrations of this program. Throws OpenError with a
  // message for the operator. `clock` and `metrics` must outlive it, and so must every executor
  // that awaits.
  SqliteDatabase(SqliteOptions options, const Clock& clock, observe::Metrics& metrics);
  // The same with given migrations (tests).
  SqliteDatabase(SqliteOptions options, const Clock& clock, observe::Metrics& metrics,
                 std::span<const Migration> migrations);
  ~SqliteDatabase() override;  // close()
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  Task<std::vector<Rows>> read_all(std::vector<Query> queries,
                                   Freshness freshness = Freshness::current) override;
  Task<Commit> commit(Batch batch) override;
  void on_commit(CommitObserver observer) override;

  // Position of the last durable event of this database; 0 when there is none.
  std::int64_t tail() const { return writer_->tail(); }
  const std::string& origin() const { return options_.origin; }

  // Finishes and answers what is queued; later calls throw Unavailable. Reads on the calling thread
  // still work until the object is destroyed.
  void close() override;

 private:
  std::unique_ptr<sqlite::Connection> open_reader() const;
  sqlite::Connection& connection_of_this_thread();
  void prepare_file(std::span<const Migration> migrations);

  const SqliteOptions options_;
  const Clock& clock_;
  const std::uint64_t instance_;  // unique in the process, unlike an address
  const sqlite::DataLock lock_;
  std::unique_ptr<sqlite::Connection> writing_;
  std::unique_ptr<sqlite::Checkpointer> checkpointer_;
  std::mutex connections_mutex_;
  std::vector<std::unique_ptr<sqlite::Connection>> connections_;  // one a thread that has read
  std::unique_ptr<sqlite::ReaderPool> readers_;
  std::unique_ptr<sqlite::Writer> writer_;
};

namespace sqlite {

// Opens securecart.db in `folder`, which is made (durably) when it is not there. `options.path` is
// ignored. Throws OpenError.
std::unique_ptr<SqliteDatabase> open_files(const std::filesystem::path& folder, const Clock& clock,
                                           observe::Metrics& metrics, SqliteOptions options = {});

}  // namespace sqlite
}  // namespace securecart::storage
