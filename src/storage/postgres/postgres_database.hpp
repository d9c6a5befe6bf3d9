// Database on PostgreSQL, shared by any number of processes.
//
//   commit()                -> writer.hpp: groups of waiting batches, one round trip and one fsync
//   each read_all(current)       -> readers.hpp: the primary read_all(replica)       ->
//   readers.hpp: a standby that is not behind this process, or the primary
//
// Two threads wait for the sockets: one writes and listens, one reads. Answers arrive on the
// executor that awaited them; on a thread without one both calls block until they are done.
//
// Whatever happens to the server, a batch is answered within limits::commit_deadline: when the
// connection breaks, it is found out on the new primary whether it was applied, and if not it is
// applied there (docs/adr/0008-postgres-writer.md).
#pragma once

#include <memory>
#include <span>
#include <string>

#include "observe/metrics.hpp"
#include "storage/database.hpp"
#include "storage/limits.hpp"
#include "storage/migrations.hpp"
#include "storage/pending.hpp"
#include "storage/postgres/readers.hpp"
#include "storage/postgres/writer.hpp"

namespace securecart::storage {

struct PostgresOptions {
  // postgres://user:password@host:port,host:port/database?sslmode=… With several hosts the primary
  // is looked for among them, and reads that may be older go to a standby among them.
  std::string url;
  // Where older reads may go instead; empty: `url`, when it names several hosts.
  std::string standby_url;
  std::string origin = "local";  // names this database in event positions
  // What every commit waits for: on, remote_apply, remote_write, local.
  std::string synchronous_commit = "on";
  std::size_t group_commit = limits::postgres_group;
  std::size_t point_connections = limits::postgres_point_connections;
  std::size_t listing_connections = limits::postgres_listing_connections;
  Sabotage sabotage;
};

class PostgresDatabase final : public Database {
 public:
  // Connects and runs the migrations of this program. Throws OpenError with a message for the
  // operator. `clock` and `metrics` must outlive it, and so must every executor that awaits.
  PostgresDatabase(PostgresOptions options, const Clock& clock, observe::Metrics& metrics);
  // The same with given migrations (tests).
  PostgresDatabase(PostgresOptions options, const Clock& clock, observe::Metrics& metrics,
                   std::span<const Migration> migrations);
  ~PostgresDatabase() override;  // close()
  PostgresDatabase(const PostgresDatabase&) = delete;
  PostgresDatabase& operator=(const PostgresDatabase&) = delete;

  Task<std::vector<Rows>> read_all(std::vector<Query> queries,
                                   Freshness freshness = Freshness::current) override;
  Task<Commit> commit(Batch batch) override;
  void on_commit(CommitObserver observer) override;

  // Position of the last event observers were told of.
  std::int64_t tail() const { return writer_->told(); }
  const std::string& origin() const { return options_.origin; }

  // Finishes and answers what is queued; later calls throw Unavailable.
  void close() override;

 private:
  const PostgresOptions options_;
  postgres::Primary primary_;
  std::unique_ptr<postgres::Loop> writing_;
  std::unique_ptr<postgres::Loop> reading_;
  std::unique_ptr<postgres::Writer> writer_;
  std::unique_ptr<postgres::Readers> readers_;
  bool closed_ = false;
};

}  // namespace securecart::storage
