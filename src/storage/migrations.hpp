// The schema as numbered files that are only ever added: sql/NNNN_name.sql, embedded at build.
//
// A file runs on every engine; NNNN_name.sqlite.sql and NNNN_name.postgres.sql run on theirs alone.
// Inside a shared file, `/*sqlite text */` is a comment to all but SQLite, and `/*postgres text */`
// to all but PostgreSQL. A database keeps number, name and checksum of what it ran, and refuses a
// program whose files say otherwise.
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
  std::string checksum;  // SHA-256 of the file, hexadecimal
};

struct AppliedMigration {
  int number;
  std::string name;
  std::string checksum;
};

// The data cannot be used as it is; what() says why and what to do, for the operator.
class OpenError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The folder of the shop's own schema. A folder below it is the schema of another database.
inline constexpr std::string_view schema_folder = "sql/";

// The migrations directly in `folder` among `assets` for one engine, by number. Throws
// std::logic_error on a file whose name is not NNNN_name.sql and on one number given twice.
std::vector<Migration> migrations_of(std::span<const Asset> assets, Dialect dialect,
                                     std::string_view folder = schema_folder);

// Those of this program.
std::vector<Migration> embedded_migrations(Dialect dialect,
                                           std::string_view folder = schema_folder);

// What is left to run. Throws OpenError when the database is newer than this program, and when a
// migration that it ran was changed, is missing, or was slipped in below another.
std::vector<Migration> migrations_to_run(std::span<const AppliedMigration> applied,
                                         std::span<const Migration> known);

// The text of a file as `dialect` gets it.
std::string in_dialect(std::string_view sql, Dialect dialect);

}  // namespace securecart::storage
