#include "storage/maintenance.hpp"

#include <gtest/gtest.h>

#include "storage/limits.hpp"
#include "storage/sqlite/sqlite_database.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::storage {
namespace {

TEST(PruneIdempotencyKeys, DeletesTheOldOnesAndKeepsTheRest) {
  test::TempDir folder;
  ManualClock clock;
  observe::Metrics metrics;
  const auto database = sqlite::open_files(folder.path(), clock, metrics);
  const auto add = [&](std::size_t n) {
    Batch batch;
    batch.key = BatchKey{"shop_1", "test", "k" + std::to_string(n), "f", {200, ""}};
    return std::get<Committed>(run_ready(database->commit(std::move(batch)))).replayed;
  };
  const std::size_t old = limits::prune_slice + 10;
  for (std::size_t i = 0; i < old; ++i) {
    add(i);
  }
  clock.advance(std::chrono::hours(1));
  add(old);
  EXPECT_EQ(run_ready(prune_idempotency_keys(*database, clock.now())), old);
  EXPECT_EQ(run_ready(prune_idempotency_keys(*database, clock.now())), 0U);
  EXPECT_TRUE(add(old));
  EXPECT_FALSE(add(0));
}

}  // namespace
}  // namespace securecart::storage
