// The schema as numbered files that are only ever added: sql/NNNN_name.sql, embedded at build.
//
// A file runs on every engine; NNNN_name.sqlite.sql and NNNN_name.postgres.sql run on theirs alone.
// Inside a shared file, `/*sqlite text */` is a comment to all but SQLite, and `/*postgres text */`
// to all but PostgreSQL. A database keeps number, name and checksum of what it ran, and refuses a
// program whose files say otherwise.
//
// Programs of two versions work side by side while a fleet is upgraded, and one that dies meanwhile
// has to come back. A migration that older programs can live with (a table, an index, a column with
// a default) says so on a line of its own, `-- runs with NNNN`: programs that know migrations up to
// that number may open the database. Without it, only those that know the migration itself may. A
// table whose rows bind everyone (a merchant's check of orders, live payment accounts) is none they
// can live with: they would not look.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/assets.hpp"

namespace securecart::storage {

enum class Dialect { sqlite, postgres };

struct Migration {
  int number;
  std::string name;      // 0001_log
  std::string sql;       // as the engine gets it
  std::string checksum;  // SHA-256 of the file without its mark, hexadecimal
  int runs_with;         // the least number a program must know to use the database after it
};

struct AppliedMigration {
  int number;
  std::string name;
  std::string checksum;
  int runs_with;
};

// The data cannot be used as it is; what() says why and what to do, for the operator.
class OpenError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The folder of the shop's own schema. A folder below it is the schema of another database.
inline constexpr std::string_view schema_folder = "sql/";

// The migrations directly in `folder` among `assets` for one engine, by number. Throws
// std::logic_error on a file whose name is not NNNN_name.sql, on one number given twice, and on a
// `-- runs with` that is no number below its own.
std::vector<Migration> migrations_of(std::span<const Asset> assets, Dialect dialect,
                                     std::string_view folder = schema_folder);

// Those of this program.
std::vector<Migration> embedded_migrations(Dialect dialect,
                                           std::string_view folder = schema_folder);

// What is left to run. Throws OpenError when the database is newer than this program and does not
// run with it, and when a migration that it ran was changed, is missing, or was slipped in below
// another.
std::vector<Migration> migrations_to_run(std::span<const AppliedMigration> applied,
                                         std::span<const Migration> known);

// The text of a file as `dialect` gets it.
std::string in_dialect(std::string_view sql, Dialect dialect);

}  // namespace securecart::storage
