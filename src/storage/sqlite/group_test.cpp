#include "storage/sqlite/group.hpp"

#include <gtest/gtest.h>

#include "observe/metrics.hpp"
#include "storage/sqlite/sqlite_database.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::storage::sqlite {
namespace {

constexpr ErrorKind taken{"taken", 409, "Taken."};

Batch note(const std::string& id) {
  Batch batch;
  batch.add("INSERT INTO notes (id) VALUES ($1)", {id}).or_refuse(taken);
  batch.event("note.added", "shop_1", id, "{}");
  return batch;
}

class GroupCommitterTest : public testing::Test {
 protected:
  GroupCommitterTest() {
    sqlite::open_files(folder_.path(), clock_, metrics_)->close();
    connection_.emplace(folder_.path() / "securecart.db", Connection::Mode::read_write, clock_);
    connection_->execute("CREATE TABLE notes (id TEXT PRIMARY KEY CHECK (id <> 'odd'))");
  }

  std::int64_t notes() { return connection_->query("SELECT count(*) FROM notes")[0].integer(0); }

  test::TempDir folder_;
  ManualClock clock_;
  observe::Metrics metrics_;
  std::optional<Connection> connection_;
};

TEST_F(GroupCommitterTest, WhoComesWhileAGroupIsAppliedSharesItsCommit) {
  GroupCommitter committer(*connection_, clock_, "here", {});
  Pending first(note("a"));
  Pending second(note("b"));
  Pending refused(note("a"));
  Pending last(note("c"));
  std::vector<Pending*> group = {&first};
  std::vector<std::vector<Pending*>> coming = {{}, {&last}, {&second, &refused}};
  std::size_t asked = 0;
  std::int64_t durable = -1;
  const GroupResult result = committer.commit(
      group,
      [&](std::vector<Pending*>& open) {
        ++asked;
        if (!coming.empty()) {
          open.insert(open.end(), coming.back().begin(), coming.back().end());
          coming.pop_back();
        }
      },
      [&] { durable = committer.tail(); });
  EXPECT_EQ(durable, 0) << "all of them were applied before the one COMMIT";
  EXPECT_EQ(asked, 3U) << "after a, after the two that joined, after the last";
  EXPECT_EQ(result.applied, 3U);
  EXPECT_EQ(result.refused, 1U);
  EXPECT_EQ(std::get<Committed>(std::get<Commit>(first.outcome)).position, 1);
  EXPECT_EQ(std::get<Committed>(std::get<Commit>(second.outcome)).position, 2);
  EXPECT_TRUE(std::holds_alternative<Refused>(std::get<Commit>(refused.outcome)));
  EXPECT_EQ(std::get<Committed>(std::get<Commit>(last.outcome)).position, 3);
  EXPECT_EQ(committer.tail(), 3);
  EXPECT_EQ(notes(), 3);
}

TEST_F(GroupCommitterTest, WhoJoinedIsToldOfAFailureLikeTheOthers) {
  GroupCommitter committer(*connection_, clock_, "here", {});
  Pending first(note("a"));
  Batch ends;
  ends.add("ROLLBACK");
  Pending joined(std::move(ends));
  std::vector<Pending*> group = {&first};
  bool came = false;
  const GroupResult result = committer.commit(group, [&](std::vector<Pending*>& open) {
    if (!std::exchange(came, true)) {
      open.push_back(&joined);
    }
  });
  EXPECT_EQ(result.failed, 2U);
  EXPECT_TRUE(std::holds_alternative<Failure>(first.outcome));
  EXPECT_TRUE(std::holds_alternative<Failure>(joined.outcome));
  EXPECT_EQ(notes(), 0);
}

}  // namespace
}  // namespace securecart::storage::sqlite
