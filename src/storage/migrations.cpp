#include "storage/migrations.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/crypto.hpp"

namespace securecart::storage {

namespace {

constexpr std::string_view sql_extension = ".sql";
constexpr std::size_t number_digits = 4;

std::string_view extension_of(Dialect dialect) {
  return dialect == Dialect::sqlite ? ".sqlite" : ".postgres";
}

// The number and name of "0001_log" or "0001_log.sqlite".
Migration parse_name(std::string_view stem) {
  int number = 0;
  const auto digits = stem.substr(0, number_digits);
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
  if (error != std::errc() || end != digits.begin() + number_digits || number <= 0 ||
      stem.size() < number_digits + 2 || stem[number_digits] != '_') {
    throw std::logic_error("a migration is named NNNN_name.sql: " + std::string(stem));
  }
  return {number, std::string(stem), {}, {}, number};
}

constexpr std::string_view mark = "-- runs with ";

// Where the line `-- runs with NNNN` begins; npos without one.
std::size_t mark_in(std::string_view text) {
  if (text.starts_with(mark)) {
    return 0;
  }
  const std::size_t at = text.find("\n" + std::string(mark));
  return at == std::string_view::npos ? at : at + 1;
}

// What the mark says; the migration's own number without one.
int runs_with(const Migration& migration) {
  const std::size_t at = mark_in(migration.sql);
  if (at == std::string::npos) {
    return migration.number;
  }
  int number = 0;
  const std::string_view digits = std::string_view(migration.sql).substr(at + mark.size());
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
  const bool whole = end == digits.end() || *end == '\n';
  if (error != std::errc() || !whole || number <= 0 || number >= migration.number) {
    throw std::logic_error(migration.name + ": `-- runs with` names an earlier migration");
  }
  return number;
}

// Of all but the mark, which may be given to a file that has run already.
std::string checksum_of(std::string_view text) {
  std::string rest(text);
  if (const std::size_t at = mark_in(text); at != std::string_view::npos) {
    const std::size_t end = rest.find('\n', at);
    rest.erase(at, end == std::string::npos ? end : end + 1 - at);
  }
  return sha256_hex(rest);
}

// Nothing when the file is another engine's.
std::optional<Migration> migration_of(const Asset& asset, Dialect dialect,
                                      std::string_view folder) {
  std::string_view stem = asset.path.substr(folder.size());
  stem.remove_suffix(sql_extension.size());
  const Dialect other = dialect == Dialect::sqlite ? Dialect::postgres : Dialect::sqlite;
  if (stem.ends_with(extension_of(other))) {
    return std::nullopt;
  }
  if (stem.ends_with(extension_of(dialect))) {
    stem.remove_suffix(extension_of(dialect).size());
  }
  Migration migration = parse_name(stem);
  migration.sql = in_dialect(asset.bytes, dialect);
  migration.checksum = checksum_of(asset.bytes);
  migration.runs_with = runs_with(migration);
  return migration;
}

std::string label(int number, std::string_view name) {
  return "schema migration " + std::to_string(number) + " (" + std::string(name) + ")";
}

void check_runs_with(const AppliedMigration& newer, int last, int newest) {
  if (newer.runs_with > newest) {
    throw OpenError(
        fmt::format("made by a newer SecureCart (schema {} > {}), and {} ended what this version "
                    "needs: run a version that knows schema {}, or restore the backup made before "
                    "the upgrade",
                    last, newest, label(newer.number, newer.name), newer.runs_with));
  }
}

void check_applied(const AppliedMigration& applied, std::span<const Migration> known) {
  const auto found = std::ranges::find(known, applied.number, &Migration::number);
  if (found == known.end()) {
    throw OpenError(
        label(applied.number, applied.name) +
        " was run on this database but is missing from this program: run the SecureCart "
        "version that made the database, or restore a backup");
  }
  if (found->checksum != applied.checksum || found->name != applied.name) {
    throw OpenError(label(applied.number, applied.name) +
                    " was changed after it was run on this database: run the SecureCart version "
                    "that made the database, or restore a backup");
  }
}

}  // namespace

std::string in_dialect(std::string_view sql, Dialect dialect) {
  const std::string_view opening = dialect == Dialect::sqlite ? "/*sqlite" : "/*postgres";
  std::string result;
  while (true) {
    const std::size_t begin = sql.find(opening);
    const std::size_t end = begin == std::string_view::npos ? begin : sql.find("*/", begin);
    if (end == std::string_view::npos) {
      return result.append(sql);
    }
    const std::string_view text = sql.substr(begin + opening.size(), end - begin - opening.size());
    if (text.find("/*") != std::string_view::npos) {
      throw std::logic_error("a " + std::string(opening) +
                             " comment holds another: " + std::string(text.substr(0, 80)));
    }
    result.append(sql.substr(0, begin)).append(text);
    sql.remove_prefix(end + 2);
  }
}

std::vector<Migration> migrations_of(std::span<const Asset> assets, Dialect dialect,
                                     std::string_view folder) {
  std::vector<Migration> migrations;
  for (const Asset& asset : assets) {
    if (!asset.path.starts_with(folder) || !asset.path.ends_with(sql_extension) ||
        asset.path.find('/', folder.size()) != std::string_view::npos) {
      continue;
    }
    if (auto migration = migration_of(asset, dialect, folder)) {
      migrations.push_back(std::move(*migration));
    }
  }
  std::ranges::sort(migrations, {}, &Migration::number);
  const auto twice = std::ranges::adjacent_find(migrations, {}, &Migration::number);
  if (twice != migrations.end()) {
    throw std::logic_error("two migrations have the number of " + twice->name);
  }
  return migrations;
}

std::vector<Migration> embedded_migrations(Dialect dialect, std::string_view folder) {
  return migrations_of(embedded_assets(), dialect, folder);
}

std::vector<Migration> migrations_to_run(std::span<const AppliedMigration> applied,
                                         std::span<const Migration> known) {
  int last = 0;
  for (const AppliedMigration& migration : applied) {
    last = std::max(last, migration.number);
  }
  const int newest = known.empty() ? 0 : known.back().number;
  for (const AppliedMigration& migration : applied) {
    if (migration.number > newest) {
      check_runs_with(migration, last, newest);
    } else {
      check_applied(migration, known);
    }
  }
  std::vector<Migration> left;
  for (const Migration& migration : known) {
    if (std::ranges::find(applied, migration.number, &AppliedMigration::number) != applied.end()) {
      continue;
    }
    if (migration.number < last) {
      throw OpenError(label(migration.number, migration.name) +
                      " was added below others that this database has run already: migrations "
                      "are only ever added at the end");
    }
    left.push_back(migration);
  }
  return left;
}

}  // namespace securecart::storage
