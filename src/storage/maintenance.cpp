#include "storage/maintenance.hpp"

#include "storage/limits.hpp"

namespace securecart::storage {

namespace {

constexpr std::string_view sql_count =
    "SELECT count(*) FROM (SELECT 1 FROM idempotency_keys WHERE created_at < $1 LIMIT $2) AS due";
constexpr std::string_view sql_delete =
    "DELETE FROM idempotency_keys WHERE (shop_id, scope, key) IN "
    "(SELECT shop_id, scope, key FROM idempotency_keys WHERE created_at < $1 "
    "ORDER BY created_at LIMIT $2)";

}  // namespace

Task<std::size_t> prune_idempotency_keys(Database& database, Timestamp before) {
  const auto slice = static_cast<std::int64_t>(limits::prune_slice);
  std::size_t deleted = 0;
  while (true) {
    Query query{sql_count, {to_millis(before), slice}};
    Task<Rows> counting = database.read(std::move(query), Freshness::replica);
    const Rows due = co_await counting;
    if (due[0].integer(0) == 0) {
      co_return deleted;
    }
    Batch batch;
    batch.add(sql_delete, {to_millis(before), slice});
    Task<Commit> committing = database.commit(std::move(batch));
    co_await committing;
    deleted += static_cast<std::size_t>(due[0].integer(0));
  }
}

}  // namespace securecart::storage
