#include "storage/sqlite/sqlite_database.hpp"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <latch>
#include <set>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/prng.hpp"
#include "storage/limits.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/thread_executor.hpp"

namespace securecart::storage {
namespace {

constexpr ErrorKind refused{"refused", 409, "Refused."};

Batch add_note(const std::string& id, const std::string& text = "") {
  Batch batch;
  batch.add("INSERT INTO notes (id, text) VALUES ($1, $2)", {id, text});
  batch.event("note.added", "shop_1", id, "{}");
  return batch;
}

class SqliteDatabaseTest : public testing::Test {
 protected:
  SqliteDatabase& open(SqliteOptions options = {}) {
    database_.reset();
    database_ = sqlite::open_files(folder_.path(), clock_, metrics_, std::move(options));
    Batch table;
    table.add("CREATE TABLE IF NOT EXISTS notes (id TEXT PRIMARY KEY, text TEXT)");
    run_ready(database_->commit(std::move(table)));
    return *database_;
  }
  std::filesystem::path file() const { return folder_.path() / "securecart.db"; }

  std::string refusal() {
    try {
      sqlite::open_files(folder_.path(), clock_, metrics_);
      return "opened";
    } catch (const OpenError& error) {
      return error.what();
    }
  }

  std::int64_t count(std::string_view sql) {
    return run_ready(database_->read(Query{sql, {}}))[0].integer(0);
  }

  test::TempDir folder_;
  ManualClock clock_;
  observe::Metrics metrics_;
  std::unique_ptr<SqliteDatabase> database_;
};

// Opening -----------------------------------------------------------------------------------------

TEST_F(SqliteDatabaseTest, GoesOnWhereItWasClosed) {
  run_ready(open().commit(add_note("a")));
  EXPECT_EQ(open().tail(), 1);
  EXPECT_EQ(std::get<Committed>(run_ready(database_->commit(add_note("b")))).position, 2);
  EXPECT_EQ(count("SELECT count(*) FROM notes"), 2);
}

TEST_F(SqliteDatabaseTest, MakesTheFolderItIsGiven) {
  const auto deep = folder_.path() / "a" / "b";
  EXPECT_EQ(sqlite::open_files(deep, clock_, metrics_)->tail(), 0);
}

TEST_F(SqliteDatabaseTest, RefusesASecondProcess) {
  open();
  EXPECT_NE(refusal().find("is in use by process " + std::to_string(getpid())), std::string::npos);
  database_.reset();
  EXPECT_EQ(refusal(), "opened");
}

TEST_F(SqliteDatabaseTest, RefusesFilesThatAreNoDatabaseOfItsOwn) {
  std::ofstream(file()) << std::string(8'192, 'x');
  EXPECT_NE(refusal().find("is not a database"), std::string::npos);
  std::filesystem::remove(file());
  {
    sqlite::Connection other(file(), sqlite::Connection::Mode::read_write, clock_);
    other.execute("CREATE TABLE someone_elses (x)");
  }
  EXPECT_NE(refusal().find("database of another program"), std::string::npos);
}

TEST_F(SqliteDatabaseTest, RefusesTheDataOfANewerProgram) {
  Batch newer;
  newer.add(
      "INSERT INTO schema_migrations (number, name, checksum, applied_at) "
      "VALUES (9999, '9999_later', 'x', 0)");
  run_ready(open().commit(std::move(newer)));
  database_.reset();
  EXPECT_NE(refusal().find("made by a newer SecureCart (schema 9999 > "), std::string::npos);
}

TEST_F(SqliteDatabaseTest, AFailedMigrationLeavesNothingBehind) {
  const std::vector<Migration> broken{
      {1, "0001_broken", "CREATE TABLE half (x); CREATE TABLE half (x);", "c", 1}};
  SqliteOptions options;
  options.path = file();
  try {
    const SqliteDatabase database(options, clock_, metrics_, broken);
    FAIL();
  } catch (const OpenError& error) {
    EXPECT_NE(std::string(error.what()).find("0001_broken failed"), std::string::npos);
  }
  EXPECT_EQ(refusal(), "opened");
}

// A folder nobody may write in; as another user, because root may always.
TEST_F(SqliteDatabaseTest, SaysThatTheFolderCannotBeWritten) {
  const auto folder = folder_.path() / "closed";
  std::filesystem::create_directory(folder);
  std::filesystem::permissions(folder_.path(), std::filesystem::perms{0755});
  std::filesystem::permissions(folder, std::filesystem::perms{0555});
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    constexpr uid_t nobody = 65'534;
    std::string message = "opened";
    if (geteuid() == 0 && setuid(nobody) != 0) {
      message = "cannot change the user";
    }
    try {
      sqlite::open_files(folder, clock_, metrics_);
    } catch (const OpenError& error) {
      message = error.what();
    }
    const bool written = write(pipe_ends[1], message.data(), message.size()) >= 0;
    _exit(written ? 0 : 1);
  }
  ::close(pipe_ends[1]);
  std::string message(4'096, '\0');
  const ssize_t size = read(pipe_ends[0], message.data(), message.size());
  message.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  ::close(pipe_ends[0]);
  waitpid(child, nullptr, 0);
  std::filesystem::permissions(folder, std::filesystem::perms{0755});
  EXPECT_NE(message.find("cannot write in the data folder"), std::string::npos) << message;
}

// The queue ---------------------------------------------------------------------------------------

// Holds the writer inside an observer until it is let go.
class HeldWriter {
 public:
  explicit HeldWriter(SqliteDatabase& database, test::ThreadExecutor& executor) {
    database.on_commit([this](std::int64_t, std::span<const CommittedEvent>) {
      if (!held_.exchange(true)) {
        holding_.count_down();
        go_on_.wait();
      }
    });
    first_ = executor.spawn<Commit>([&database] { return database.commit(add_note("first")); });
    holding_.wait();
  }
  ~HeldWriter() { let_go(); }
  void let_go() {
    if (!let_go_.exchange(true)) {
      go_on_.count_down();
    }
    if (first_.valid()) {
      first_.get();
    }
  }

 private:
  std::atomic<bool> held_ = false;
  std::atomic<bool> let_go_ = false;
  std::latch holding_{1};
  std::latch go_on_{1};
  std::future<Commit> first_;
};

TEST_F(SqliteDatabaseTest, AFullQueueTurnsAwayAndCommitsNothing) {
  SqliteDatabase& database = open();
  test::ThreadExecutor executor;
  HeldWriter held(database, executor);
  std::vector<std::future<Commit>> answers;
  for (std::size_t i = 0; i < limits::batch_queue + 5; ++i) {
    answers.push_back(executor.spawn<Commit>(
        [&database, i] { return database.commit(add_note("n" + std::to_string(i))); }));
  }
  executor.run_task<void>([] { return [] -> Task<void> { co_return; }(); });  // all are submitted
  held.let_go();
  std::size_t committed = 0;
  std::size_t turned_away = 0;
  for (auto& answer : answers) {
    try {
      committed += std::holds_alternative<Committed>(answer.get()) ? 1 : 0;
    } catch (const Unavailable& error) {
      EXPECT_NE(std::string(error.what()).find("queue full"), std::string::npos);
      EXPECT_FALSE(error.outcome_unknown);
      ++turned_away;
    }
  }
  EXPECT_EQ(turned_away, 5U);
  EXPECT_EQ(committed, limits::batch_queue);
  EXPECT_EQ(count("SELECT count(*) FROM notes"), static_cast<std::int64_t>(committed) + 1);
}

TEST_F(SqliteDatabaseTest, ABatchThatWaitedTooLongIsNotApplied) {
  SqliteDatabase& database = open();
  test::ThreadExecutor executor;
  HeldWriter held(database, executor);
  auto late = executor.spawn<Commit>([&database] { return database.commit(add_note("late")); });
  executor.run_task<void>([] { return [] -> Task<void> { co_return; }(); });
  clock_.advance(limits::commit_deadline + std::chrono::seconds(1));
  auto in_time = executor.spawn<Commit>([&database] { return database.commit(add_note("next")); });
  executor.run_task<void>([] { return [] -> Task<void> { co_return; }(); });
  held.let_go();
  EXPECT_THROW(late.get(), Unavailable);
  EXPECT_EQ(std::get<Committed>(in_time.get()).position, 2);
  EXPECT_EQ(count("SELECT count(*) FROM notes WHERE id = 'late'"), 0);
}

// A refused batch between two good ones of the same group: their positions are dense, the second
// one's key is known to the third.
TEST_F(SqliteDatabaseTest, BatchesOfAGroupSeeEachOtherButNotTheRefused) {
  SqliteDatabase& database = open();
  test::ThreadExecutor executor;
  HeldWriter held(database, executor);
  const auto keyed = [](const std::string& id) {
    Batch batch = add_note(id);
    batch.key = BatchKey{"shop_1", "add", "k", "f", {201, id}};
    return batch;
  };
  auto a = executor.spawn<Commit>([&database, &keyed] { return database.commit(keyed("a")); });
  auto b = executor.spawn<Commit>([&database] {
    Batch batch = add_note("b");
    batch.add("INSERT INTO notes (id) VALUES ('a')").or_refuse(refused);
    return database.commit(std::move(batch));
  });
  auto c = executor.spawn<Commit>([&database, &keyed] { return database.commit(keyed("c")); });
  auto d = executor.spawn<Commit>([&database] { return database.commit(add_note("d")); });
  executor.run_task<void>([] { return [] -> Task<void> { co_return; }(); });
  held.let_go();
  EXPECT_EQ(std::get<Committed>(a.get()).position, 2);
  EXPECT_EQ(std::get<Refused>(b.get()).statement, 1U);
  const Commit third = c.get();
  EXPECT_TRUE(std::get<Committed>(third).replayed);
  EXPECT_EQ(std::get<Committed>(third).response.body, "a");
  EXPECT_EQ(std::get<Committed>(d.get()).position, 3);
}

TEST_F(SqliteDatabaseTest, ClosingAnswersWhatIsQueuedAndRefusesTheRest) {
  SqliteDatabase& database = open();
  test::ThreadExecutor executor;
  auto before = executor.spawn<Commit>([&database] { return database.commit(add_note("a")); });
  executor.run_task<void>([] { return [] -> Task<void> { co_return; }(); });
  database.close();
  EXPECT_EQ(std::get<Committed>(before.get()).position, 1);
  EXPECT_THROW(run_ready(database.commit(add_note("b"))), Unavailable);
}

// Reads -------------------------------------------------------------------------------------------

// Steps on a second each time it is read, so that any time limit passes.
class HurryingClock final : public Clock {
 public:
  Timestamp now() const override { return Timestamp(); }
  SteadyTime steady() const override { return SteadyTime(std::chrono::seconds(++reads_)); }

 private:
  mutable std::atomic<std::int64_t> reads_ = 0;
};

TEST(SqliteReads, AReadThatTakesTooLongIsStopped) {
  test::TempDir folder;
  HurryingClock clock;
  observe::Metrics metrics;
  const auto database = sqlite::open_files(folder.path(), clock, metrics);
  const std::string_view endless =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
  EXPECT_THROW(run_ready(database->read(Query{endless, {}})), Unavailable);
  test::ThreadExecutor executor;
  EXPECT_THROW(executor.run_task<Rows>(
                   [&] { return database->read(Query{endless, {}}, Freshness::replica); }),
               Unavailable);
  EXPECT_EQ(run_ready(database->read(Query{"SELECT 1", {}}))[0].integer(0), 1);
}

// More than the limit is written, without a pause: the log must have been started over.
TEST_F(SqliteDatabaseTest, TheWriteAheadLogStaysBounded) {
  SqliteDatabase& database = open();
  std::uintmax_t largest = 0;
  const std::string text(200'000, 'x');
  for (std::size_t written = 0; written < 3 * limits::wal_bytes / 2; written += text.size()) {
    run_ready(database.commit(add_note("n" + std::to_string(written), text)));
    largest = std::max(largest, std::filesystem::file_size(file().string() + "-wal"));
  }
  EXPECT_GT(largest, limits::wal_checkpoint_bytes);
  EXPECT_LE(largest, limits::wal_bytes + limits::wal_checkpoint_bytes);
  EXPECT_GT(std::filesystem::file_size(file()), limits::wal_bytes);
}

// Disks that fail ---------------------------------------------------------------------------------

// With `commit` answering: what was acknowledged is there, what failed is not, and later it goes
// on.
void check_acknowledged(SqliteDatabase& database, const std::set<std::string>& acknowledged) {
  const Rows notes = run_ready(database.read(Query{"SELECT id FROM notes", {}}));
  std::set<std::string> found;
  for (const Row row : notes) {
    found.insert(row.text(0));
  }
  EXPECT_EQ(found, acknowledged);
  const Rows tail = run_ready(
      database.read(Query{"SELECT count(*), coalesce(max(position), 0) FROM event_log", {}}));
  EXPECT_EQ(tail[0].integer(0), static_cast<std::int64_t>(acknowledged.size()));
  EXPECT_EQ(tail[0].integer(1), static_cast<std::int64_t>(acknowledged.size()));
}

// Commits notes until `failures` of them were refused service; adds the acknowledged ones.
void fill(SqliteDatabase& database, const std::string& prefix, int failures,
          std::set<std::string>& acknowledged) {
  const std::string text(3'000, 'x');
  for (int i = 0; failures > 0 && i < 100'000; ++i) {
    const std::string id = prefix + std::to_string(i);
    try {
      const Commit outcome = run_ready(database.commit(add_note(id, text)));
      ASSERT_TRUE(std::holds_alternative<Committed>(outcome));
      acknowledged.insert(id);
    } catch (const Unavailable&) {
      --failures;
    }
  }
  EXPECT_EQ(failures, 0);
}

TEST_F(SqliteDatabaseTest, AFullDatabaseNeverAcknowledgesFalsely) {
  SqliteDatabase& database = open();
  const auto set_pages = [&](std::string_view sql) {
    Batch batch;
    batch.add(sql);
    run_ready(database.commit(std::move(batch)));
  };
  const std::int64_t pages = count("PRAGMA page_count");
  ASSERT_LT(pages, 400);
  set_pages("PRAGMA max_page_count=400");
  std::set<std::string> acknowledged;
  fill(database, "a", 10, acknowledged);
  check_acknowledged(database, acknowledged);
  set_pages("PRAGMA max_page_count=1000000");
  run_ready(database.commit(add_note("later")));
  acknowledged.insert("later");
  check_acknowledged(database, acknowledged);
}

// Writes fail inside COMMIT itself, as on a disk without space.
TEST_F(SqliteDatabaseTest, AFailedCommitNeverAcknowledgesFalsely) {
  SqliteDatabase& database = open();
  std::set<std::string> acknowledged;
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit limited = before;
  limited.rlim_cur = 1'500'000;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limited), 0);
  fill(database, "a", 10, acknowledged);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_GT(acknowledged.size(), 10U);
  check_acknowledged(database, acknowledged);
  run_ready(database.commit(add_note("later")));
  acknowledged.insert("later");
  check_acknowledged(database, acknowledged);
  open();  // and after a restart
  check_acknowledged(*database_, acknowledged);
}

// kill -9 -----------------------------------------------------------------------------------------

// A child that commits from several threads and writes each id to a pipe once it is acknowledged.
[[noreturn]] void commit_until_killed(const std::filesystem::path& folder, int pipe_end, int life,
                                      sqlite::Sabotage sabotage) {
  SystemClock clock;
  observe::Metrics metrics;
  SqliteOptions options;
  options.sabotage = sabotage;
  const auto database = sqlite::open_files(folder, clock, metrics, std::move(options));
  Batch table;
  table.add("CREATE TABLE IF NOT EXISTS notes (id TEXT PRIMARY KEY, text TEXT)");
  run_ready(database->commit(std::move(table)));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&database, pipe_end, life, t] {
      for (int i = 0;; ++i) {
        const std::string id =
            std::to_string(life) + "-" + std::to_string(t) + "-" + std::to_string(i) + "\n";
        Batch note = add_note(id.substr(0, id.size() - 1));
        note.key = BatchKey{"shop_1", "add", id, "f", {201, ""}};
        run_ready(database->commit(std::move(note)));
        if (write(pipe_end, id.data(), id.size()) < 0) {
          _exit(1);
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  _exit(0);
}

class KillTest : public testing::Test {
 protected:
  // One life, killed once `count` acknowledgements were read. Returns all that was acknowledged.
  std::set<std::string> live_and_die(int life, std::size_t count, sqlite::Sabotage sabotage) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      ::close(ends[0]);
      commit_until_killed(folder_.path(), ends[1], life, sabotage);
    }
    ::close(ends[1]);
    std::string text;
    char buffer[4'096];
    bool killed = false;
    ssize_t size = 0;
    while ((size = read(ends[0], buffer, sizeof buffer)) > 0) {
      text.append(buffer, static_cast<std::size_t>(size));
      const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n'));
      if (!killed && lines >= count) {
        kill(child, SIGKILL);
        killed = true;
      }
    }
    ::close(ends[0]);
    waitpid(child, nullptr, 0);
    EXPECT_TRUE(killed) << "the child ended by itself";
    std::set<std::string> ids;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      ids.insert(line);
    }
    return ids;
  }

  // The acknowledged ids that are not in the database.
  std::size_t lost(const std::set<std::string>& acknowledged) {
    const auto database = sqlite::open_files(folder_.path(), clock_, metrics_);
    std::set<std::string> found;
    for (const Row row : run_ready(database->read(Query{"SELECT id FROM notes", {}}))) {
      found.insert(row.text(0));
    }
    const Rows tail = run_ready(
        database->read(Query{"SELECT count(*), coalesce(max(position), 0) FROM event_log", {}}));
    EXPECT_EQ(tail[0].integer(0), static_cast<std::int64_t>(found.size()));
    EXPECT_EQ(tail[0].integer(1), static_cast<std::int64_t>(found.size()));
    return static_cast<std::size_t>(std::ranges::count_if(
        acknowledged, [&](const std::string& id) { return !found.contains(id); }));
  }

  test::TempDir folder_;
  SystemClock clock_;
  observe::Metrics metrics_;
  Prng random_{test::seed()};
};

TEST_F(KillTest, EveryAcknowledgedBatchSurvives) {
  std::set<std::string> acknowledged;
  for (int life = 0; life < 8; ++life) {
    acknowledged.merge(live_and_die(life, 1 + random_.below(400), {}));
    EXPECT_EQ(lost(acknowledged), 0U);
  }
}

TEST_F(KillTest, AcknowledgingBeforeCommitIsFoundOut) {
  std::set<std::string> acknowledged;
  for (int life = 0; life < 3; ++life) {
    acknowledged.merge(
        live_and_die(life, 1 + random_.below(8), {.acknowledge_before_commit = true}));
  }
  EXPECT_GT(lost(acknowledged), 0U);
}

TEST_F(SqliteDatabaseTest, SkippingDedupeIsFoundOut) {
  SqliteOptions options;
  options.sabotage.skip_dedupe = true;
  SqliteDatabase& database = open(std::move(options));
  for (const char* id : {"a", "b"}) {
    Batch batch = add_note(id);
    batch.key = BatchKey{"shop_1", "add", "k", "f", {201, ""}};
    EXPECT_FALSE(std::get<Committed>(run_ready(database.commit(std::move(batch)))).replayed);
  }
  EXPECT_EQ(count("SELECT count(*) FROM notes"), 2);
}

}  // namespace
}  // namespace securecart::storage
