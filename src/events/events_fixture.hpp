// What the tests of events share: a real log on SQLite, a clock and an executor driven by hand.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "base/executor.hpp"
#include "base/prng.hpp"
#include "events/log.hpp"
#include "observe/metrics.hpp"
#include "storage/sqlite/sqlite_database.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::events {

class EventsTest : public testing::Test {
 protected:
  static storage::SqliteOptions inline_options() {
    storage::SqliteOptions options;
    options.inline_execution = true;
    return options;
  }

  // Appends one event and answers its position.
  std::int64_t append(std::string type, std::string subject, std::string shop = "shop_1",
                      std::string payload = "{}") {
    storage::Batch batch;
    batch.event(std::move(type), std::move(shop), std::move(subject), std::move(payload));
    const storage::Commit outcome = run_ready(database_->commit(std::move(batch)));
    return std::get<storage::Committed>(outcome).position;
  }

  void run(std::string_view sql) {
    storage::Batch batch;
    batch.add(sql);
    run_ready(database_->commit(std::move(batch)));
  }

  storage::Rows rows(std::string_view sql) {
    return run_ready(database_->read(storage::Query{sql, {}}));
  }
  std::int64_t count(std::string_view sql) { return rows(sql)[0].integer(0); }

  test::TempDir folder_;
  ManualClock clock_;
  ManualExecutor executor_{clock_};
  Prng random_{test::seed()};
  observe::Metrics metrics_;
  std::unique_ptr<storage::SqliteDatabase> database_ =
      storage::sqlite::open_files(folder_.path(), clock_, metrics_, inline_options());
};

}  // namespace securecart::events
