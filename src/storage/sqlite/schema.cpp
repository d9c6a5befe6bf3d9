#include "storage/sqlite/schema.hpp"

#include "base/log.hpp"

namespace securecart::storage::sqlite {

namespace {

constexpr std::int64_t application_id = 0x53434152;  // "SCAR", in the file's header

void claim_file(Connection& connection) {
  const std::int64_t found = connection.query("PRAGMA application_id")[0].integer(0);
  if (found == application_id) {
    return;
  }
  const std::int64_t tables = connection.query("SELECT count(*) FROM sqlite_master")[0].integer(0);
  if (found != 0 || tables != 0) {
    throw OpenError("it is a database of another program: choose another data folder");
  }
  connection.execute("PRAGMA application_id=" + std::to_string(application_id));
}

std::vector<AppliedMigration> applied_migrations(Connection& connection) {
  connection.execute(
      "CREATE TABLE IF NOT EXISTS schema_migrations (number BIGINT NOT NULL PRIMARY KEY, "
      "name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)");
  // Earlier programs made the table without it.
  const std::int64_t has_column =
      connection
          .query(
              "SELECT count(*) FROM pragma_table_info('schema_migrations') WHERE name = "
              "'runs_with'")[0]
          .integer(0);
  if (has_column == 0) {
    connection.execute("ALTER TABLE schema_migrations ADD COLUMN runs_with BIGINT");
  }
  std::vector<AppliedMigration> applied;
  for (const Row row :
       connection.query("SELECT number, name, checksum, coalesce(runs_with, number) FROM "
                        "schema_migrations ORDER BY number")) {
    applied.push_back({static_cast<int>(row.integer(0)), row.text(1), row.text(2),
                       static_cast<int>(row.integer(3))});
  }
  return applied;
}

void run(Connection& connection, const Migration& migration, const Clock& clock) {
  connection.execute("BEGIN IMMEDIATE");
  try {
    connection.execute(migration.sql);
    const Connection::Change change = connection.change(
        "INSERT INTO schema_migrations (number, name, checksum, runs_with, applied_at) "
        "VALUES ($1, $2, $3, $4, $5)",
        {std::int64_t{migration.number}, migration.name, migration.checksum,
         std::int64_t{migration.runs_with}, to_millis(clock.now())});
    if (!change.message.empty()) {
      throw EngineError(change.message, change.code);
    }
    connection.execute("COMMIT");
  } catch (const EngineError& error) {
    if (connection.in_transaction()) {
      connection.execute("ROLLBACK");
    }
    throw OpenError("schema migration " + migration.name + " failed: " + error.what());
  }
}

}  // namespace

void bring_up_to_date(Connection& connection, std::span<const Migration> known,
                      const Clock& clock) {
  claim_file(connection);
  for (const Migration& migration : migrations_to_run(applied_migrations(connection), known)) {
    run(connection, migration, clock);
    log::info("schema_migrated", {{"migration", migration.name}});
  }
}

}  // namespace securecart::storage::sqlite
