#include "storage/postgres/postgres_database.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/log.hpp"
#include "storage/postgres/schema.hpp"

namespace securecart::storage {

namespace {

using postgres::PendingRead;
using postgres::Readers;
using postgres::Writer;

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
    return writer.submit(pending) == Writer::Submitted::queued;
  }
  void await_resume() const noexcept { log::exchange_trace(trace); }
};

void refuse(PendingRead& read) {
  read.result = std::make_exception_ptr(Unavailable("the database is busy: too many reads wait"));
}

struct ReadWait {
  Readers& readers;
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
    refuse(read);
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

void submit_and_block(Readers& readers, PendingRead& read) {
  std::promise<void> answered;
  std::future<void> waiting = answered.get_future();
  read.blocked = &answered;
  if (readers.submit(read)) {
    waiting.wait();
  } else {
    refuse(read);
  }
}

bool has_nul(const std::vector<Query>& queries) {
  const auto nul = [](const Value& value) {
    const auto* text = std::get_if<std::string>(&value);
    return text != nullptr && text->find('\0') != std::string::npos;
  };
  return std::ranges::any_of(
      queries, [&nul](const Query& query) { return std::ranges::any_of(query.parameters, nul); });
}

PostgresOptions checked(PostgresOptions options) {
  if (options.sabotage.acknowledge_before_commit) {
    options.synchronous_commit = "off";
  }
  return options;
}

std::vector<postgres::Endpoint> standbys_of(const PostgresOptions& options,
                                            const std::vector<postgres::Endpoint>& endpoints) {
  if (!options.standby_url.empty()) {
    return postgres::parse_address(options.standby_url);
  }
  return endpoints.size() > 1 ? endpoints : std::vector<postgres::Endpoint>();
}

}  // namespace

PostgresDatabase::PostgresDatabase(PostgresOptions options, const Clock& clock,
                                   observe::Metrics& metrics)
    : PostgresDatabase(std::move(options), clock, metrics, embedded_migrations(Dialect::postgres)) {
}

PostgresDatabase::PostgresDatabase(PostgresOptions options, const Clock& clock,
                                   observe::Metrics& metrics, std::span<const Migration> migrations)
    : options_(checked(std::move(options))) {
  const auto endpoints = postgres::parse_address(options_.url);
  const postgres::Opened opened = postgres::bring_up_to_date(endpoints, migrations, options_.origin,
                                                             options_.synchronous_commit, clock);
  writing_ = std::make_unique<postgres::Loop>(clock, "pg-write");
  reading_ = std::make_unique<postgres::Loop>(clock, "pg-read");
  writer_ = std::make_unique<Writer>(
      postgres::WriterOptions{endpoints, options_.origin, options_.synchronous_commit,
                              options_.group_commit, options_.sabotage.skip_dedupe},
      opened.tail, primary_, *writing_, clock, metrics);
  const bool hosts_are_known = options_.standby_url.empty() && endpoints.size() > 1;
  readers_ = std::make_unique<Readers>(
      postgres::ReaderOptions{endpoints, standbys_of(options_, endpoints), options_.origin,
                              options_.point_connections, options_.listing_connections,
                              hosts_are_known ? &primary_ : nullptr},
      *reading_, *writing_, clock, metrics);
  writing_->add(*writer_);
  reading_->add(*readers_);
  writing_->start();
  reading_->start();
}

PostgresDatabase::~PostgresDatabase() {
  close();
}

void PostgresDatabase::close() {
  if (std::exchange(closed_, true)) {
    return;
  }
  writer_->close();
  readers_->close();
  writing_->stop();
  reading_->stop();
}

Task<std::vector<Rows>> PostgresDatabase::read_all(std::vector<Query> queries,
                                                   Freshness freshness) {
  if (has_nul(queries)) {
    throw std::logic_error("a query has a text with a NUL, which PostgreSQL cannot hold");
  }
  if (queries.empty()) {
    co_return std::vector<Rows>();
  }
  PendingRead read;
  read.queries = std::move(queries);
  read.freshness = freshness;
  read.told = writer_->told();
  if (!Executor::has_current()) {
    submit_and_block(*readers_, read);
  } else {
    ReadWait waiting{*readers_, read};
    co_await waiting;
  }
  co_return read.take();
}

Task<Commit> PostgresDatabase::commit(Batch batch) {
  if (batch.trace.empty()) {
    batch.trace = log::current_trace().view();
  }
  Pending pending(std::move(batch));
  if (!Executor::has_current()) {
    submit_and_block(*writer_, pending);
  } else {
    CommitWait waiting{*writer_, pending};
    co_await waiting;
  }
  co_return pending.take();
}

void PostgresDatabase::on_commit(CommitObserver observer) {
  writer_->on_commit(std::move(observer));
}

}  // namespace securecart::storage
