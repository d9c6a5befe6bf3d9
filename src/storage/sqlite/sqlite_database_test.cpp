#include "storage/sqlite/sqlite_database.hpp"

#include <latch>

#include <gtest/gtest.h>

#include "storage/database_contract.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::storage {
namespace {

using contract::DatabaseContract;

class SqliteFixture final : public contract::Fixture {
 public:
  Database& database() override { return *database_; }

 private:
  test::TempDir folder_;
  SystemClock clock_;
  observe::Metrics metrics_;
  std::unique_ptr<SqliteDatabase> database_ = sqlite::open_files(folder_.path(), clock_, metrics_);
};

INSTANTIATE_TEST_SUITE_P(Sqlite, DatabaseContract,
                         testing::Values(contract::Implementation{
                             "sqlite", [] {
                               return std::unique_ptr<contract::Fixture>(new SqliteFixture);
                             }}));

}  // namespace
}  // namespace securecart::storage
