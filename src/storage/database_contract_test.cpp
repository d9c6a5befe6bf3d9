// The contract on every implementation.
#include "storage/database_contract.hpp"

#include "storage/postgres/postgres_database.hpp"
#include "storage/sqlite/sqlite_database.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::storage::contract {
namespace {

class SqliteFixture final : public Fixture {
 public:
  Database& database() override { return *database_; }

 private:
  test::TempDir folder_;
  SystemClock clock_;
  observe::Metrics metrics_;
  std::unique_ptr<SqliteDatabase> database_ = sqlite::open_files(folder_.path(), clock_, metrics_);
};

// One server, a database of its own for each test.
class PostgresFixture final : public Fixture {
 public:
  Database& database() override { return *database_; }

 private:
  static PostgresOptions options() {
    static test::Postgres server;
    PostgresOptions options;
    options.url = server.make_database();
    return options;
  }

  SystemClock clock_;
  observe::Metrics metrics_;
  std::unique_ptr<PostgresDatabase> database_ =
      std::make_unique<PostgresDatabase>(options(), clock_, metrics_);
};

template <class Made>
std::unique_ptr<Fixture> make() {
  return std::make_unique<Made>();
}

INSTANTIATE_TEST_SUITE_P(Sqlite, DatabaseContract,
                         testing::Values(Implementation{"sqlite", make<SqliteFixture>}));
INSTANTIATE_TEST_SUITE_P(Postgres, DatabaseContract,
                         testing::Values(Implementation{"postgres", make<PostgresFixture>}));

}  // namespace
}  // namespace securecart::storage::contract
