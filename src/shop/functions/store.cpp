#include "shop/functions/store.hpp"

#include <boost/json/parse.hpp>

#include "shop/functions/errc.hpp"
#include "storage/limits.hpp"

namespace securecart::shop::functions {
namespace {

using storage::Batch;
using storage::Database;
using storage::Query;
using storage::Row;
using storage::Rows;

#define SECURECART_FUNCTION_COLUMNS                                                         \
  "SELECT shop_id, id, name, trigger_on, on_failure, timeout_ms, enabled, active_version, " \
  "latest_version, version, created_at, updated_at FROM functions WHERE shop_id = $1 "

Function function_of(const Row& row) {
  Function function;
  function.shop_id = row.text(0);
  function.id = row.text(1);
  function.name = row.text(2);
  function.trigger = row.text(3);
  function.fails_closed = row.text(4) == "closed";
  function.timeout_ms = row.integer(5);
  function.enabled = row.boolean(6);
  function.active_version = row.integer(7);
  function.latest_version = row.integer(8);
  function.version = row.integer(9);
  function.created_at = from_millis(row.integer(10));
  function.updated_at = from_millis(row.integer(11));
  return function;
}

std::string policy_of(const Function& function) {
  return function.fails_closed ? "closed" : "open";
}

}  // namespace

constexpr std::string_view active_sql =
    "SELECT f.id, f.name, f.active_version, f.trigger_on, f.on_failure, f.timeout_ms, v.source "
    "FROM functions f JOIN function_versions v ON v.shop_id = f.shop_id AND "
    "v.function_id = f.id AND v.number = f.active_version "
    "WHERE f.shop_id = $1 AND f.enabled = 1 AND f.trigger_on = $2 ORDER BY f.name";
constexpr std::string_view review_sql =
    "SELECT status, flags, decided_by, decided_at, created_at FROM order_reviews "
    "WHERE shop_id = $1 AND order_id = $2";

void add_function(Batch& batch, const Function& function) {
  batch
      .add(
          "INSERT INTO functions (shop_id, id, name, trigger_on, on_failure, timeout_ms, enabled, "
          "active_version, latest_version, created_at, updated_at) "
          "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $9)",
          {function.shop_id, function.id, function.name, function.trigger, policy_of(function),
           function.timeout_ms, std::int64_t{function.enabled ? 1 : 0}, function.active_version,
           to_millis(function.created_at)})
      .or_refuse(errc::function_name_taken);
}

void add_version(Batch& batch, const Function& function, const FunctionVersion& version) {
  batch
      .add(
          "INSERT INTO function_versions (shop_id, function_id, number, source, note, actor, "
          "created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
          {function.shop_id, function.id, version.number, version.source, version.note,
           version.actor, to_millis(version.created_at)})
      .or_refuse(securecart::errc::version_conflict);
}

void add_update(Batch& batch, const Function& changed) {
  batch
      .add(
          "UPDATE functions SET name = $4, on_failure = $5, timeout_ms = $6, enabled = $7, "
          "active_version = $8, latest_version = $9, version = version + 1, updated_at = $10 "
          "WHERE shop_id = $1 AND id = $2 AND version = $3",
          {changed.shop_id, changed.id, changed.version, changed.name, policy_of(changed),
           changed.timeout_ms, std::int64_t{changed.enabled ? 1 : 0}, changed.active_version,
           changed.latest_version, to_millis(changed.updated_at)})
      .expect(1, securecart::errc::version_conflict);
}

Task<std::optional<Function>> read_function(Database& database, std::string shop_id,
                                            std::string function_id) {
  Query query{SECURECART_FUNCTION_COLUMNS "AND id = $2",
              {std::move(shop_id), std::move(function_id)}};
  const Rows rows = co_await database.read(std::move(query));
  co_return rows.empty() ? std::nullopt : std::optional(function_of(rows[0]));
}

Task<std::vector<Function>> read_functions(Database& database, std::string shop_id) {
  Query query{SECURECART_FUNCTION_COLUMNS "ORDER BY name", {std::move(shop_id)}};
  const Rows rows = co_await database.read(std::move(query));
  std::vector<Function> functions;
  for (const Row row : rows) {
    functions.push_back(function_of(row));
  }
  co_return functions;
}

Task<std::optional<FunctionVersion>> read_version(Database& database, std::string shop_id,
                                                  std::string function_id, std::int64_t number) {
  Query query{
      "SELECT number, source, note, actor, created_at FROM function_versions "
      "WHERE shop_id = $1 AND function_id = $2 AND number = $3",
      {std::move(shop_id), std::move(function_id), number}};
  const Rows rows = co_await database.read(std::move(query));
  if (rows.empty()) {
    co_return std::nullopt;
  }
  const Row row = rows[0];
  co_return FunctionVersion{row.integer(0), row.text(1), row.text(2), row.text(3),
                            from_millis(row.integer(4))};
}

Task<std::vector<FunctionVersion>> read_versions(Database& database, std::string shop_id,
                                                 std::string function_id, std::int64_t below,
                                                 std::size_t limit) {
  Query query{
      "SELECT number, note, actor, created_at FROM function_versions "
      "WHERE shop_id = $1 AND function_id = $2 AND number < $3 ORDER BY number DESC LIMIT $4",
      {std::move(shop_id), std::move(function_id), below, static_cast<std::int64_t>(limit)}};
  const Rows rows = co_await database.read(std::move(query));
  std::vector<FunctionVersion> versions;
  for (const Row row : rows) {
    versions.push_back({row.integer(0), "", row.text(1), row.text(2), from_millis(row.integer(3))});
  }
  co_return versions;
}

std::vector<ActiveFunction> active_of(const Rows& rows) {
  std::vector<ActiveFunction> functions;
  for (const Row row : rows) {
    functions.push_back({row.text(0), row.text(1), row.integer(2), row.text(3),
                         row.text(4) == "closed", row.integer(5), row.text(6)});
  }
  return functions;
}

void add_run(Batch& batch, std::string run_id, const std::string& shop_id,
             const std::string& order_id, const ActiveFunction& function,
             const Conclusion& conclusion, Timestamp at) {
  batch.add(
      "INSERT INTO function_runs (shop_id, id, function_id, function_version, order_id, outcome, "
      "decision, report, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      {shop_id, std::move(run_id), function.id, function.number, order_id, conclusion.outcome,
       std::string(to_string(conclusion.decision)),
       securecart::to_string(json::value(render_report(conclusion))), to_millis(at)});
}

std::optional<Review> review_of(const Rows& rows) {
  if (rows.empty()) {
    return std::nullopt;
  }
  const Row row = rows[0];
  Review review;
  review.status = row.text(0);
  review.flags = json::parse(row.text(1)).as_array();
  review.decided_by = row.text(2);
  if (!row.is_null(3)) {
    review.decided_at = from_millis(row.integer(3));
  }
  review.created_at = from_millis(row.integer(4));
  return review;
}

void add_review(Batch& batch, const std::string& shop_id, const std::string& order_id,
                const json::array& flags, Timestamp at) {
  batch.add(
      "INSERT INTO order_reviews (shop_id, order_id, status, flags, created_at) "
      "VALUES ($1, $2, 'held', $3, $4) "
      "ON CONFLICT (shop_id, order_id) DO UPDATE SET flags = excluded.flags",
      {shop_id, order_id, securecart::to_string(json::value(flags)), to_millis(at)});
}

void add_review_decision(Batch& batch, const std::string& shop_id, const std::string& order_id,
                         std::string_view status, const std::string& actor, Timestamp at) {
  batch.add(
      "UPDATE order_reviews SET status = $3, decided_by = $4, decided_at = $5 "
      "WHERE shop_id = $1 AND order_id = $2 AND status = 'held'",
      {shop_id, order_id, std::string(status), actor, to_millis(at)});
}

Task<bool> prune_runs(Database& database, Timestamp before) {
  constexpr auto slice = static_cast<std::int64_t>(limits::prune_slice);
  Query query{"SELECT shop_id, id FROM function_runs WHERE at < $1 ORDER BY at LIMIT $2",
              {to_millis(before), slice}};
  const Rows rows = co_await database.read(std::move(query));
  Batch batch;
  for (const Row row : rows) {
    batch.add("DELETE FROM function_runs WHERE shop_id = $1 AND id = $2",
              {row.text(0), row.text(1)});
  }
  const bool more = rows.size() == limits::prune_slice;
  if (!rows.empty()) {
    co_await database.commit(std::move(batch));
  }
  co_return more;
}

}  // namespace securecart::shop::functions
