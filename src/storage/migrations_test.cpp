#include "storage/migrations.hpp"

#include <gtest/gtest.h>

namespace securecart::storage {
namespace {

AppliedMigration applied(const Migration& migration) {
  return {migration.number, migration.name, migration.checksum, migration.runs_with};
}

std::string refusal(std::span<const AppliedMigration> done, std::span<const Migration> known) {
  try {
    migrations_to_run(done, known);
    return "accepted";
  } catch (const OpenError& error) {
    return error.what();
  }
}

class MigrationsTest : public testing::Test {
 protected:
  std::vector<Migration> known_ =
      migrations_of(std::vector<Asset>{{"sql/0002_shop.sql", "CREATE TABLE b (x TEXT);"},
                                       {"sql/0001_log.sql", "CREATE TABLE a (x TEXT);"},
                                       {"sql/0003_search.sqlite.sql", "CREATE TABLE c (x TEXT);"},
                                       {"sql/0003_search.postgres.sql", "CREATE TABLE d (x TEXT);"},
                                       {"sql/other/0001_other.sql", "CREATE TABLE e (x TEXT);"},
                                       {"templates/page.html", "no SQL"}},
                    Dialect::sqlite);
};

TEST_F(MigrationsTest, TakesTheFilesOfItsEngineInOrder) {
  ASSERT_EQ(known_.size(), 3U);
  EXPECT_EQ(known_[0].name, "0001_log");
  EXPECT_EQ(known_[1].number, 2);
  EXPECT_EQ(known_[2].name, "0003_search");
  EXPECT_EQ(known_[2].sql, "CREATE TABLE c (x TEXT);");
  EXPECT_EQ(known_[0].checksum.size(), 64U);
}

TEST_F(MigrationsTest, AFolderBelowIsAnotherDatabase) {
  const std::vector<Asset> assets{{"sql/0001_log.sql", ""}, {"sql/other/0001_other.sql", ""}};
  const auto other = migrations_of(assets, Dialect::sqlite, "sql/other/");
  ASSERT_EQ(other.size(), 1U);
  EXPECT_EQ(other[0].name, "0001_other");
}

TEST_F(MigrationsTest, RunsWhatIsLeft) {
  const auto left = migrations_to_run(std::vector{applied(known_[0])}, known_);
  ASSERT_EQ(left.size(), 2U);
  EXPECT_EQ(left[0].number, 2);
  EXPECT_TRUE(migrations_to_run(
                  std::vector{applied(known_[0]), applied(known_[1]), applied(known_[2])}, known_)
                  .empty());
}

TEST_F(MigrationsTest, RefusesADatabaseOfANewerProgram) {
  const std::vector done{AppliedMigration{7, "0007_later", "x", 6}};
  EXPECT_EQ(
      refusal(done, known_),
      "made by a newer SecureCart (schema 7 > 3), and schema migration 7 (0007_later) ended "
      "what this version needs: run a version that knows schema 6, or restore the backup made "
      "before the upgrade");
}

TEST_F(MigrationsTest, OpensWhatANewerProgramOnlyAddedTo) {
  std::vector<AppliedMigration> done;
  for (const Migration& migration : known_) {
    done.push_back(applied(migration));
  }
  done.push_back({4, "0004_more", "x", 2});
  done.push_back({5, "0005_still_more", "x", 3});
  EXPECT_TRUE(migrations_to_run(done, known_).empty());
  done.push_back({6, "0006_other", "x", 4});
  EXPECT_NE(refusal(done, known_).find("0006_other"), std::string::npos);
}

TEST_F(MigrationsTest, AFileSaysWhichProgramsItRunsWith) {
  const auto with = [](const std::string& text) {
    const std::vector<Asset> assets{{"sql/0004_a.sql", text}};
    return migrations_of(assets, Dialect::sqlite).front().runs_with;
  };
  EXPECT_EQ(with("CREATE TABLE a (x TEXT);"), 4);
  EXPECT_EQ(with("-- runs with 0002\nCREATE TABLE a (x TEXT);"), 2);
  EXPECT_EQ(with("-- A table.\n-- runs with 3"), 3);
  for (const char* wrong :
       {"-- runs with 4", "-- runs with 0", "-- runs with x", "-- runs with 2x"}) {
    EXPECT_THROW(with(wrong), std::logic_error) << wrong;
  }
}

TEST_F(MigrationsTest, TheMarkMayBeGivenToAFileThatHasRun) {
  const auto checksum = [](const std::string& text) {
    const std::vector<Asset> assets{{"sql/0004_a.sql", text}};
    return migrations_of(assets, Dialect::sqlite).front().checksum;
  };
  const std::string plain = checksum("-- A table.\nCREATE TABLE a (x TEXT);\n");
  EXPECT_EQ(checksum("-- A table.\n-- runs with 3\nCREATE TABLE a (x TEXT);\n"), plain);
  EXPECT_EQ(checksum("-- runs with 3\n-- A table.\nCREATE TABLE a (x TEXT);\n"), plain);
  EXPECT_EQ(checksum("-- A table.\nCREATE TABLE a (x TEXT);\n-- runs with 3"), plain);
  EXPECT_NE(checksum("-- A table.\n-- runs with 3\nCREATE TABLE b (x TEXT);\n"), plain);
}

TEST_F(MigrationsTest, RefusesFilesThatWereChangedOrAreMissingOrSlippedIn) {
  std::vector done{applied(known_[0]), applied(known_[1])};
  done[0].checksum = "another";
  EXPECT_NE(refusal(done, known_).find("was changed after it was run"), std::string::npos);
  const std::vector missing{known_[0], known_[2]};
  EXPECT_NE(refusal(std::vector{applied(known_[1])}, missing).find("is missing"),
            std::string::npos);
  EXPECT_NE(refusal(std::vector{applied(known_[1])}, known_).find("was added below"),
            std::string::npos);
}

TEST_F(MigrationsTest, RefusesBadNamesAndNumbersGivenTwice) {
  for (const char* path : {"sql/1_a.sql", "sql/0000_a.sql", "sql/00x1_a.sql", "sql/0001.sql"}) {
    const std::vector<Asset> assets{{path, ""}};
    EXPECT_THROW(migrations_of(assets, Dialect::sqlite), std::logic_error) << path;
  }
  const std::vector<Asset> twice{{"sql/0001_a.sql", ""}, {"sql/0001_b.sql", ""}};
  EXPECT_THROW(migrations_of(twice, Dialect::sqlite), std::logic_error);
}

TEST_F(MigrationsTest, UncommentsTheTextOfOneEngine) {
  const std::string_view sql =
      "CREATE TABLE a (x TEXT) /*sqlite WITHOUT ROWID */; /*postgres SELECT 1; */ -- end";
  EXPECT_EQ(in_dialect(sql, Dialect::sqlite),
            "CREATE TABLE a (x TEXT)  WITHOUT ROWID ; /*postgres SELECT 1; */ -- end");
  EXPECT_EQ(in_dialect(sql, Dialect::postgres),
            "CREATE TABLE a (x TEXT) /*sqlite WITHOUT ROWID */;  SELECT 1;  -- end");
  EXPECT_THROW(in_dialect("-- /*sqlite in prose\n) /*sqlite WITHOUT ROWID */", Dialect::sqlite),
               std::logic_error);
}

TEST_F(MigrationsTest, ThisProgramsOwnAreInOrder) {
  for (const Dialect dialect : {Dialect::sqlite, Dialect::postgres}) {
    const std::vector<Migration> own = embedded_migrations(dialect);
    ASSERT_FALSE(own.empty());
    EXPECT_EQ(own.front().name, "0001_log");
  }
}

}  // namespace
}  // namespace securecart::storage
