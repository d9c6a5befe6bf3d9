#include "storage/postgres/schema.hpp"

#include <algorithm>
#include <chrono>
#include <libpq-fe.h>
#include <memory>
#include <optional>
#include <poll.h>

#include <fmt/format.h>

#include "base/duration.hpp"
#include "base/log.hpp"
#include "storage/limits.hpp"
#include "storage/postgres/messages.hpp"
#include "storage/postgres/seeker.hpp"

namespace securecart::storage::postgres {

namespace {

constexpr std::int64_t migration_lock = 0x5343'4152;  // "SCAR"
constexpr std::string_view no_transaction = "-- no transaction\n";
constexpr std::string_view code_read_only = "25006";
constexpr int turn_pause_millis = 100;
constexpr auto quiet_span = std::chrono::seconds(1);  // before it is said that nobody answers

class SqlError : public std::runtime_error {
 public:
  SqlError(const std::string& what, std::string sqlstate)
      : std::runtime_error(what), code(std::move(sqlstate)) {}
  std::string code;
};

// A plain connection for the time before the shop opens.
class Session {
 public:
  // A failover may be under way: the hosts are tried for a while.
  Session(const std::vector<Endpoint>& endpoints, const std::string& synchronous_commit,
          const Clock& clock) {
    Seeker seeker(endpoints, Purpose::write, synchronous_commit, clock);
    const SteadyTime begin = clock.steady();
    const SteadyTime until = begin + limits::postgres_open_patience;
    std::vector<pollfd> sockets;
    bool said = false;
    while (true) {
      if (std::optional<Seeker::Found> found = seeker.step(true)) {
        connection_ = std::move(found->connection);
        PQsetNoticeProcessor(connection_.get(), [](void*, const char*) {}, nullptr);
        return;
      }
      if (clock.steady() > until) {
        throw OpenError("cannot reach the database: " + seeker.problem() +
                        ". Check the address, and that a primary is running");
      }
      if (clock.steady() > begin + quiet_span && !std::exchange(said, true)) {
        const std::string problem = seeker.problem();
        log::warn("database_not_reached_yet", {{"problem", std::string_view(problem)}});
      }
      sockets.clear();
      seeker.watch(sockets);
      poll(sockets.data(), sockets.size(), turn_pause_millis);
      seeker.hear(sockets);
    }
  }

  std::vector<std::vector<std::string>> run(const std::string& sql,
                                            const std::vector<std::string>& parameters = {}) {
    std::vector<const char*> values;
    for (const std::string& parameter : parameters) {
      values.push_back(parameter.c_str());
    }
    // Without parameters the text may hold several statements.
    const std::unique_ptr<PGresult, FreeResult> result(
        parameters.empty()
            ? PQexec(connection_.get(), sql.c_str())
            : PQexecParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                           values.data(), nullptr, nullptr, 0));
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
      const char* code = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
      throw SqlError(one_line(PQerrorMessage(connection_.get())), code == nullptr ? "" : code);
    }
    std::vector<std::vector<std::string>> rows;
    for (int row = 0; row < PQntuples(result.get()); ++row) {
      std::vector<std::string>& cells = rows.emplace_back();
      for (int column = 0; column < PQnfields(result.get()); ++column) {
        cells.emplace_back(PQgetvalue(result.get(), row, column));
      }
    }
    return rows;
  }
  std::string cell(const std::string& sql, const std::vector<std::string>& parameters = {}) {
    return run(sql, parameters).at(0).at(0);
  }

 private:
  // Why none of them took the connection; empty: one did.
  Raw connection_;
};

void check_server(Session& session) {
  for (const char* setting : {"fsync", "full_page_writes"}) {
    if (session.cell(fmt::format("SHOW {}", setting)) != "on") {
      throw OpenError(fmt::format(
          "the database runs with {} = off: it would lose orders it acknowledged. Set {} = on in "
          "postgresql.conf",
          setting, setting));
    }
  }
  if (session.cell("SHOW server_encoding") != "UTF8") {
    throw OpenError(
        "the database is not in UTF8: create it with ENCODING 'UTF8' TEMPLATE template0");
  }
}

std::vector<AppliedMigration> applied_migrations(Session& session) {
  std::vector<AppliedMigration> applied;
  for (const auto& row : session.run(
           "SELECT number, name, checksum, coalesce(runs_with, number) FROM schema_migrations "
           "ORDER BY number")) {
    applied.push_back({std::stoi(row[0]), row[1], row[2], std::stoi(row[3])});
  }
  return applied;
}

void claim_database(Session& session) {
  if (session.cell("SELECT to_regclass('schema_migrations') IS NULL") == "t") {
    const std::string tables = session.cell(
        "SELECT count(*) FROM pg_tables WHERE schemaname = ANY (current_schemas(false))");
    if (tables != "0") {
      throw OpenError("it is a database of another program: choose another, or an empty one");
    }
    session.run(
        "CREATE TABLE IF NOT EXISTS schema_migrations (number BIGINT NOT NULL PRIMARY KEY, "
        "name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)");
  }
  // Earlier programs made the table without it. Only then: a dump that is being made reads it.
  if (session.cell("SELECT count(*) FROM pg_attribute WHERE attrelid = "
                   "'schema_migrations'::regclass AND attname = 'runs_with'") == "0") {
    session.run("ALTER TABLE schema_migrations ADD COLUMN IF NOT EXISTS runs_with BIGINT");
  }
}

// Names and checksums come from this program's own files and hold no quotes.
std::string recording(const Migration& migration, const Clock& clock) {
  return fmt::format(
      "INSERT INTO schema_migrations (number, name, checksum, runs_with, applied_at) "
      "VALUES ({}, '{}', '{}', {}, {})",
      migration.number, migration.name, migration.checksum, migration.runs_with,
      to_millis(clock.now()));
}

// The transaction is one message: its locks are never held while a client is waited for, which may
// have stopped or be gone.
void run_in_transaction(Session& session, const Migration& migration, const Clock& clock) {
  try {
    session.run(
        fmt::format("BEGIN;\n{}\n;\n{};\nCOMMIT", migration.sql, recording(migration, clock)));
  } catch (const SqlError&) {
    session.run("ROLLBACK");
    throw;
  }
}

// The name in "CREATE [UNIQUE] INDEX CONCURRENTLY IF NOT EXISTS name ON …".
std::string index_made_by(const Migration& migration) {
  constexpr std::string_view mark = " INDEX CONCURRENTLY IF NOT EXISTS ";
  const std::size_t at = migration.sql.find(mark);
  const std::size_t begin = at + mark.size();
  if (at == std::string::npos) {
    throw std::logic_error(migration.name +
                           ": what runs outside of a transaction is one CREATE INDEX CONCURRENTLY "
                           "IF NOT EXISTS");
  }
  return migration.sql.substr(begin, migration.sql.find_first_of(" \n", begin) - begin);
}

// Nobody is kept out while it is built, and nobody queues behind it while it waits for transactions
// that are older, so it may wait. When it was interrupted (killed, a transaction that lasted too
// long) a half-built index is left, which no query uses and IF NOT EXISTS would pass over.
void build_index(Session& session, const Migration& migration, const Clock& clock) {
  const std::string index = index_made_by(migration);
  session.run(fmt::format("SET lock_timeout = {}", to_millis(limits::migration_patience)));
  const std::string half_built = session.cell(
      "SELECT count(*) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
      "WHERE relname = $1 AND relnamespace = to_regnamespace(current_schema()) AND NOT indisvalid",
      {index});
  if (half_built != "0") {
    session.run("DROP INDEX CONCURRENTLY IF EXISTS " + index);
  }
  session.run(migration.sql);
  session.run(recording(migration, clock));
  session.run(fmt::format("SET lock_timeout = {}", to_millis(limits::migration_lock_timeout)));
}

void run_once(Session& session, const Migration& migration, const Clock& clock) {
  try {
    if (migration.sql.starts_with(no_transaction)) {
      build_index(session, migration, clock);
    } else {
      run_in_transaction(session, migration, clock);
    }
  } catch (const SqlError& error) {
    throw SqlError(fmt::format("schema migration {} failed: {}", migration.name, error.what()),
                   error.code);
  }
}

// A lock that is not to be had in time is tried again, letting those who wait behind pass.
void run(Session& session, const Migration& migration, const Clock& clock) {
  const SteadyTime until = clock.steady() + limits::migration_patience;
  while (true) {
    try {
      run_once(session, migration, clock);
      return;
    } catch (const SqlError& error) {
      if (error.code != code_lock || clock.steady() > until) {
        throw;
      }
      log::info("schema_migration_waits",
                {{"migration", migration.name}, {"for", std::string_view(error.what())}});
      poll(nullptr, 0, turn_pause_millis);
    }
  }
}

void take_turn(Session& session, const Clock& clock) {
  const SteadyTime until = clock.steady() + limits::migration_patience;
  while (session.cell("SELECT pg_try_advisory_lock($1::bigint)",
                      {std::to_string(migration_lock)}) != "t") {
    if (clock.steady() > until) {
      throw OpenError(
          "another process has been migrating the schema for too long: see which in "
          "pg_stat_activity, and start again when it is done");
    }
    poll(nullptr, 0, turn_pause_millis);
  }
}

}  // namespace

Opened bring_up_to_date(const std::vector<Endpoint>& endpoints, std::span<const Migration> known,
                        const std::string& origin, const std::string& synchronous_commit,
                        const Clock& clock) {
  Session session(endpoints, synchronous_commit, clock);
  try {
    session.run("SET statement_timeout = 0");
    check_server(session);
    take_turn(session, clock);
    session.run(fmt::format("SET lock_timeout = {}", to_millis(limits::migration_lock_timeout)));
    claim_database(session);
    for (const Migration& migration : migrations_to_run(applied_migrations(session), known)) {
      run(session, migration, clock);
      log::info("schema_migrated", {{"migration", migration.name}});
    }
    const std::string tail = session.cell(
        "SELECT coalesce(max(position), 0) FROM event_log WHERE origin = $1", {origin});
    return {std::stoll(tail)};
  } catch (const SqlError& error) {
    throw OpenError(error.code == code_read_only
                        ? "the database is read only: give the address of a primary"
                        : fmt::format("cannot use the database: {}", error.what()));
  } catch (const OpenError& error) {
    throw OpenError(fmt::format("cannot use the database: {}", error.what()));
  }
}

}  // namespace securecart::storage::postgres
