#include "storage/sqlite/sqlite_database.hpp"

#include <algorithm>
#include <atomic>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

#include <sqlite3.h>

#include "base/log.hpp"
#include "storage/limits.hpp"

namespace securecart::storage {

namespace {

using sqlite::Connection;
using sqlite::EngineError;
using sqlite::Pending;
using sqlite::PendingRead;
using sqlite::ReaderPool;
using sqlite::Writer;

constexpr std::size_t kib_in_mib = 1024;
constexpr std::size_t bytes_in_mib = 1024 * 1024;

std::uint64_t next_instance() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

std::string pragma(std::string_view name, std::int64_t value) {
  return "PRAGMA " + std::string(name) + "=" + std::to_string(value) + ";";
}

std::int64_t lock_wait_millis() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(limits::lock_wait).count();
}

// Suspends until the writer has answered. The log's trace leaves the thread while the task waits
// and comes back with it, as in base/task.hpp.
struct CommitWait {
  Writer& writer;
  Pending& pending;
  log::TraceId trace = {};

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> coroutine) {
    trace = log::exchange_trace({});
    pending.home = &Executor::current();
    pending.waiting = coroutine;
    // Once queued, the writer may answer at any time; it posts, so this thread returns first.
    return writer.submit(pending) == Writer::Submitted::queued;
  }
  void await_resume() const noexcept { log::exchange_trace(trace); }
};

struct ReadWait {
  ReaderPool& readers;
  PendingRead& read;
  log::TraceId trace = {};

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> coroutine) {
    trace = log::exchange_trace({});
    read.home = &Executor::current();
    read.waiting = coroutine;
    if (readers.submit(read)) {
      return true;
    }
    read.result = std::make_exception_ptr(Unavailable("the database is busy: too many reads wait"));
    return false;
  }
  void await_resume() const noexcept { log::exchange_trace(trace); }
};

void submit_and_block(Writer& writer, Pending& pending) {
  std::promise<void> answered;
  std::future<void> waiting = answered.get_future();
  pending.blocked = &answered;
  if (writer.submit(pending) == Writer::Submitted::queued) {
    waiting.wait();
  }
}

std::string explain(const std::filesystem::path& path, const EngineError& error) {
  const std::string name = path.string();
  switch (error.code & 0xff) {
    case SQLITE_NOTADB:
      return name + " is not a database: move it away, or choose another data folder";
    case SQLITE_CORRUPT:
      return name + " is damaged: restore a backup (" + error.what() + ")";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return "cannot write " + name + ": make the file and its folder writable for this user (" +
             error.what() + ")";
    case SQLITE_BUSY:
      return name + " is locked by another program: close it and start again";
    case SQLITE_FULL:
      return "no space left for " + name + ": free some and start again";
    default:
      return "cannot open " + name + ": " + error.what();
  }
}

}  // namespace

SqliteDatabase::SqliteDatabase(SqliteOptions options, const Clock& clock, observe::Metrics& metrics)
    : SqliteDatabase(std::move(options), clock, metrics, embedded_migrations(Dialect::sqlite)) {}

SqliteDatabase::SqliteDatabase(SqliteOptions options, const Clock& clock, observe::Metrics& metrics,
                               std::span<const Migration> migrations)
    : options_(std::move(options)),
      clock_(clock),
      instance_(next_instance()),
      lock_(options_.path.string() + ".lock") {
  try {
    prepare_file(migrations);
    const bool threads = !options_.inline_execution;
    checkpointer_ =
        std::make_unique<sqlite::Checkpointer>(*writing_, options_.path, clock, metrics, threads);
    std::vector<std::unique_ptr<Connection>> reading;
    for (std::size_t i = 0; threads && i < std::max<std::size_t>(options_.reader_threads, 1); ++i) {
      reading.push_back(open_reader());
    }
    readers_ = std::make_unique<ReaderPool>(std::move(reading), clock, metrics);
    writer_ = std::make_unique<Writer>(
        *writing_, *checkpointer_, clock, metrics,
        sqlite::WriterOptions{options_.group_commit, options_.origin, options_.sabotage, !threads});
  } catch (const EngineError& error) {
    throw OpenError(explain(options_.path, error));
  }
}

SqliteDatabase::~SqliteDatabase() {
  close();
}

void SqliteDatabase::close() {
  writer_->stop();
  readers_->stop();
}

void SqliteDatabase::prepare_file(std::span<const Migration> migrations) {
  writing_ = std::make_unique<Connection>(options_.path, Connection::Mode::read_write, clock_);
  writing_->execute(pragma("busy_timeout", lock_wait_millis()));
  const Rows mode = writing_->query("PRAGMA journal_mode=WAL");
  if (mode[0].text(0) != "wal") {
    throw OpenError(options_.path.string() +
                    ": this file system cannot hold a write-ahead log; choose a local disk");
  }
  writing_->execute("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;");
  writing_->execute(
      pragma("cache_size", -static_cast<std::int64_t>(options_.writer_cache_mb * kib_in_mib)) +
      pragma("journal_size_limit", limits::wal_bytes));
  try {
    sqlite::bring_up_to_date(*writing_, migrations, clock_);
  } catch (const OpenError& error) {
    throw OpenError("cannot use " + options_.path.string() + ": " + error.what());
  }
  // No ANALYZE: statistics of a small shop make bad plans once it has grown, and without any the
  // planner always takes the index. Plans stay the same from the first order to the millionth.
}

std::unique_ptr<Connection> SqliteDatabase::open_reader() const {
  auto connection =
      std::make_unique<Connection>(options_.path, Connection::Mode::read_only, clock_);
  connection->execute(
      pragma("busy_timeout", lock_wait_millis()) + "PRAGMA temp_store=MEMORY;" +
      pragma("cache_size", -static_cast<std::int64_t>(options_.reader_cache_mb * kib_in_mib)) +
      pragma("mmap_size", static_cast<std::int64_t>(options_.mmap_mb * bytes_in_mib)));
  return connection;
}

Connection& SqliteDatabase::connection_of_this_thread() {
  struct Entry {
    std::uint64_t instance;
    Connection* connection;
  };
  thread_local std::vector<Entry> entries;
  const auto found = std::ranges::find(entries, instance_, &Entry::instance);
  if (found != entries.end()) {
    return *found->connection;
  }
  try {
    auto connection = open_reader();
    const std::scoped_lock lock(connections_mutex_);
    connections_.push_back(std::move(connection));
    return *entries.emplace_back(Entry{instance_, connections_.back().get()}).connection;
  } catch (const EngineError& error) {
    throw Unavailable(explain(options_.path, error));
  }
}

Task<std::vector<Rows>> SqliteDatabase::read_all(std::vector<Query> queries, Freshness freshness) {
  const bool here =
      freshness == Freshness::current || options_.inline_execution || !Executor::has_current();
  if (here) {
    co_return sqlite::read_snapshot(connection_of_this_thread(), queries, clock_);
  }
  PendingRead read;
  read.queries = std::move(queries);
  ReadWait waiting{*readers_, read};
  co_await waiting;
  co_return read.take();
}

Task<Commit> SqliteDatabase::commit(Batch batch) {
  if (batch.trace.empty()) {
    batch.trace = log::current_trace().view();
  }
  Pending pending(std::move(batch));
  if (options_.inline_execution) {
    writer_->submit(pending);
  } else if (!Executor::has_current()) {
    submit_and_block(*writer_, pending);
  } else {
    CommitWait waiting{*writer_, pending};
    co_await waiting;
  }
  co_return pending.take();
}

void SqliteDatabase::on_commit(CommitObserver observer) {
  writer_->on_commit(std::move(observer));
}

namespace sqlite {

namespace {

// A new folder is only safe from a power cut once its parent has been synced.
void sync_folder(const std::filesystem::path& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0) {
    fsync(descriptor);
    ::close(descriptor);
  }
}

}  // namespace

std::unique_ptr<SqliteDatabase> open_files(const std::filesystem::path& folder, const Clock& clock,
                                           observe::Metrics& metrics, SqliteOptions options) {
  const std::filesystem::path absolute = std::filesystem::absolute(folder);
  std::error_code error;
  if (std::filesystem::create_directories(absolute, error)) {
    sync_folder(absolute.parent_path());
  }
  if (error) {
    throw OpenError("cannot make the data folder " + absolute.string() + ": " + error.message());
  }
  options.path = absolute / "securecart.db";
  return std::make_unique<SqliteDatabase>(std::move(options), clock, metrics);
}

}  // namespace sqlite
}  // namespace securecart::storage
