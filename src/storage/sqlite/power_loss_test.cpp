// The power goes under load: whatever was acknowledged by then is in the file that is left.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/prng.hpp"
#include "storage/sqlite/sqlite_database.hpp"
#include "tests/support/lossy_disk.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::storage {
namespace {

// Large enough that the log is copied back into the file in a run.
constexpr std::size_t largest_note = 40'000;
constexpr int cuts = 12;
constexpr std::size_t notes_between_cuts = 40;

Batch add_note(const std::string& id, std::size_t size) {
  Batch batch;
  batch.key = BatchKey{"shop_1", "add", id, "f", {201, ""}};
  batch.add("INSERT INTO notes (id, text) VALUES ($1, $2)", {id, std::string(size, 'x')});
  batch.event("note.added", "shop_1", id, "{}");
  return batch;
}

class PowerLoss : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directory(live()); }
  std::filesystem::path live() const { return folder_.path() / "live"; }

  // Commits from four threads, and cuts the power again and again. The number of notes that were
  // acknowledged before a cut and are not in what it left.
  std::size_t lost_under_load(sqlite::Sabotage sabotage = {}) {
    SqliteOptions options;
    options.sabotage = sabotage;
    const auto database = sqlite::open_files(live(), clock_, metrics_, std::move(options));
    Batch table;
    table.add("CREATE TABLE notes (id TEXT PRIMARY KEY, text TEXT)");
    run_ready(database->commit(std::move(table)));
    std::atomic<bool> stop = false;
    std::vector<std::jthread> buyers;
    for (int b = 0; b < 4; ++b) {
      buyers.emplace_back([&, b, random = Prng(random_.next())]() mutable {
        for (int i = 0; !stop; ++i) {
          const std::string id = std::to_string(b) + "-" + std::to_string(i);
          run_ready(database->commit(add_note(id, random.next() % largest_note)));
          const std::scoped_lock lock(mutex_);
          acknowledged_.insert(id);
          acknowledged_.size() % notes_between_cuts == 0 ? due_.notify_one() : void();
        }
      });
    }
    std::size_t lost = 0;
    for (int i = 0; i < cuts; ++i) {
      const std::set<std::string> promised =
          promised_by(static_cast<std::size_t>(i + 1) * notes_between_cuts);
      const auto left = folder_.path() / ("left-" + std::to_string(i));
      disk_.cut(live(), left, random_);
      lost += missing(left, promised);
      std::filesystem::remove_all(left);
    }
    stop = true;
    return lost;
  }

 private:
  std::set<std::string> promised_by(std::size_t count) {
    std::unique_lock lock(mutex_);
    due_.wait(lock, [&] { return acknowledged_.size() >= count; });
    return acknowledged_;
  }

  // Opens what a cut left: it must be a whole database that goes on.
  std::size_t missing(const std::filesystem::path& left, const std::set<std::string>& promised) {
    std::size_t missing = promised.size();
    try {
      const auto database = sqlite::open_files(left, clock_, metrics_);
      const auto rows = [&](std::string_view sql) {
        return run_ready(database->read(Query{sql, {}}));
      };
      // What is broken cannot be asked further.
      if (rows("PRAGMA integrity_check")[0].text(0) != "ok") {
        unreadable_.emplace_back("the integrity check found damage");
        return missing;
      }
      std::int64_t found = 0;
      for (const Row row : rows("SELECT id FROM notes")) {
        missing -= promised.contains(std::string(row.text(0))) ? 1 : 0;
        ++found;
      }
      const Rows log = rows("SELECT count(*), coalesce(max(position), 0) FROM event_log");
      EXPECT_EQ(log[0].integer(0), found);
      EXPECT_EQ(log[0].integer(1), found);
      EXPECT_TRUE(
          std::holds_alternative<Committed>(run_ready(database->commit(add_note("on", 1)))));
    } catch (const std::exception& error) {
      unreadable_.emplace_back(error.what());
    }
    return missing;
  }

 protected:
  std::vector<std::string> unreadable_;  // why what was left could not be opened
  test::LossyDisk disk_;

 private:
  test::TempDir folder_;
  SystemClock clock_;
  observe::Metrics metrics_;
  Prng random_{test::seed()};
  std::mutex mutex_;
  std::condition_variable due_;
  std::set<std::string> acknowledged_;
};

TEST_F(PowerLoss, LosesNothingAcknowledged) {
  EXPECT_EQ(lost_under_load(), 0U);
  EXPECT_THAT(unreadable_, testing::IsEmpty());
}

// That the test can fail: both ways to promise what is not on the disk are seen by it.

TEST_F(PowerLoss, SeesADatabaseThatAcknowledgesBeforeItCommits) {
  sqlite::Sabotage sabotage;
  sabotage.acknowledge_before_commit = true;
  EXPECT_GT(lost_under_load(sabotage), 0U);
  EXPECT_THAT(unreadable_, testing::IsEmpty());
}

TEST_F(PowerLoss, SeesADiskThatSaysSyncedAndIsNot) {
  disk_.lie();
  EXPECT_GT(lost_under_load(), 0U);
}

}  // namespace
}  // namespace securecart::storage
