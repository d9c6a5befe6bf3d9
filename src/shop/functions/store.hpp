// Functions, their versions, runs and the reviews of orders, in the database.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "shop/functions/limits.hpp"
#include "shop/functions/model.hpp"
#include "storage/database.hpp"

namespace securecart::shop::functions {

void add_function(storage::Batch& batch, const Function& function);
// The next version of its source; refused past limits::function_versions by who calls.
void add_version(storage::Batch& batch, const Function& function, const FunctionVersion& version);
// Guarded by the version that was read.
void add_update(storage::Batch& batch, const Function& changed);

Task<std::optional<Function>> read_function(storage::Database& database, std::string shop_id,
                                            std::string function_id);
// All of a shop, by name: there are limits::shop_functions at the most.
Task<std::vector<Function>> read_functions(storage::Database& database, std::string shop_id);
Task<std::optional<FunctionVersion>> read_version(storage::Database& database, std::string shop_id,
                                                  std::string function_id, std::int64_t number);
// Newest first, below `below`, without their sources.
Task<std::vector<FunctionVersion>> read_versions(storage::Database& database, std::string shop_id,
                                                 std::string function_id, std::int64_t below,
                                                 std::size_t limit);

// The rows of `active_sql` ($1: the shop, $2: the trigger), in the order they run: by name.
extern const std::string_view active_sql;
std::vector<ActiveFunction> active_of(const storage::Rows& rows);

// `order_id` is empty for a run before an order that never came to be. A run of the log is written
// once for one event: its id is the caller's.
void add_run(storage::Batch& batch, std::string run_id, const std::string& shop_id,
             const std::string& order_id, const ActiveFunction& function,
             const Conclusion& conclusion, Timestamp at);

// The order as people must look at it.
struct Review {
  std::string status;  // held, released, cancelled
  json::array flags;
  std::string decided_by;
  std::optional<Timestamp> decided_at;
  Timestamp created_at;
};
extern const std::string_view review_sql;  // $1: the shop, $2: the order
std::optional<Review> review_of(const storage::Rows& rows);
// Holds the order, or adds flags to one that functions looked at before; a decision people made
// stays.
void add_review(storage::Batch& batch, const std::string& shop_id, const std::string& order_id,
                const json::array& flags, Timestamp at);
// People's word on a held order: released or cancelled. Nothing happens to one that is not held.
void add_review_decision(storage::Batch& batch, const std::string& shop_id,
                         const std::string& order_id, std::string_view status,
                         const std::string& actor, Timestamp at);

// Forgets a slice of the runs from before `before`; true when there may be more.
Task<bool> prune_runs(storage::Database& database, Timestamp before);

}  // namespace securecart::shop::functions
