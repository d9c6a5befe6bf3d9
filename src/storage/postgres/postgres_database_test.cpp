#include "storage/postgres/postgres_database.hpp"

#include <algorithm>
#include <future>
#include <poll.h>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/prng.hpp"
#include "storage/limits.hpp"
#include "tests/support/busy_orders.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/postgres_proxy.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/small_volume.hpp"
#include "tests/support/thread_executor.hpp"

namespace securecart::storage {
namespace {

using test::Postgres;
using test::PostgresProxy;

constexpr ErrorKind sold_out{"sold_out", 409, "Nothing left."};
constexpr std::string_view sql_notes = "CREATE TABLE IF NOT EXISTS notes (id TEXT PRIMARY KEY)";
constexpr std::string_view sql_stock =
    "CREATE TABLE IF NOT EXISTS stock (id TEXT PRIMARY KEY, sold BIGINT NOT NULL, "
    "granted BIGINT NOT NULL, CHECK (sold <= granted))";

// One server for the tests that leave it alive.
Postgres& server() {
  static Postgres instance;
  return instance;
}

Batch add_note(const std::string& id) {
  Batch batch;
  batch.add("INSERT INTO notes (id) VALUES ($1)", {id});
  batch.event("note.added", "shop_1", id, R"({"quoted":"\"{,}\\"})");
  return batch;
}

Batch keyed_note(const std::string& id) {
  Batch batch = add_note(id);
  batch.key = BatchKey{"shop_1", "add", id, "f", {201, "made " + id}};
  return batch;
}

// A shop's worth of storage: the database object with what it needs.
class Client {
 public:
  explicit Client(const std::string& url, PostgresOptions options = {})
      : database_(with_url(std::move(options), url), clock_, metrics_) {
    for (const std::string_view sql : {sql_notes, sql_stock}) {
      Batch table;
      table.add(sql);
      run_ready(database_.commit(std::move(table)));
    }
  }

  PostgresDatabase& database() { return database_; }
  Committed commit(Batch batch) {
    return std::get<Committed>(run_ready(database_.commit(std::move(batch))));
  }
  std::set<std::string> notes(Freshness freshness = Freshness::current) {
    std::set<std::string> found;
    for (const Row row : run_ready(database_.read(Query{"SELECT id FROM notes", {}}, freshness))) {
      found.insert(row.text(0));
    }
    return found;
  }
  // Positions are dense and there are as many as notes.
  void expect_whole_log() {
    const Rows rows = run_ready(database_.read(
        Query{"SELECT count(*), coalesce(max(position), 0), count(DISTINCT subject) FROM event_log",
              {}}));
    EXPECT_EQ(rows[0].integer(0), rows[0].integer(1));
    EXPECT_EQ(rows[0].integer(2), static_cast<std::int64_t>(notes().size()));
  }
  std::uint64_t counter(const std::string& name) { return metrics_.counter(name, "").value(); }

 private:
  static PostgresOptions with_url(PostgresOptions options, const std::string& url) {
    options.url = url;
    return options;
  }

  SystemClock clock_;
  observe::Metrics metrics_;
  PostgresDatabase database_;
};

// Commits notes from several threads until it is told to stop.
class Load {
 public:
  Load(PostgresDatabase& database, const std::string& prefix, int threads = 4) {
    for (int t = 0; t < threads; ++t) {
      threads_.emplace_back([this, &database, name = fmt::format("{}{}-", prefix, t)] {
        for (int i = 0; !stopping_; ++i) {
          add(database, name + std::to_string(i));
        }
      });
    }
  }
  ~Load() { stop(); }

  void stop() {
    stopping_ = true;
    for (std::thread& thread : threads_) {
      thread.join();
    }
    threads_.clear();
  }
  void wait_for(std::size_t more) {
    const std::size_t target = acknowledged_count_ + more;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (acknowledged_count_ < target && std::chrono::steady_clock::now() < until) {
      std::this_thread::yield();
    }
    EXPECT_GE(acknowledged_count_.load(), target) << "no progress";
  }
  std::size_t error_count() {
    const std::scoped_lock lock(mutex_);
    return errors_.size();
  }
  // After stop().
  const std::set<std::string>& acknowledged() const { return acknowledged_; }
  const std::vector<std::string>& errors() const { return errors_; }
  int doubled() const { return doubled_; }

 private:
  void add(PostgresDatabase& database, const std::string& id) {
    try {
      const Commit outcome = run_ready(database.commit(keyed_note(id)));
      const std::scoped_lock lock(mutex_);
      const auto* committed = std::get_if<Committed>(&outcome);
      if (committed == nullptr || committed->response.body != "made " + id) {
        errors_.push_back("a wrong answer for " + id);
        return;
      }
      doubled_ += acknowledged_.insert(id).second ? 0 : 1;
      ++acknowledged_count_;
    } catch (const std::exception& error) {
      const std::scoped_lock lock(mutex_);
      errors_.emplace_back(error.what());
    }
  }

  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> acknowledged_count_ = 0;
  std::mutex mutex_;
  std::set<std::string> acknowledged_;
  std::vector<std::string> errors_;
  int doubled_ = 0;
  std::vector<std::thread> threads_;
};

bool all_there(const std::set<std::string>& acknowledged, const std::set<std::string>& found) {
  return std::ranges::includes(found, acknowledged);
}

// Several processes
// ---------------------------------------------------------------------------------

// What an observer heard, in order.
struct Heard {
  explicit Heard(PostgresDatabase& database) {
    database.on_commit([this](std::int64_t tail, std::span<const CommittedEvent> events) {
      const std::scoped_lock lock(mutex);
      for (const CommittedEvent& event : events) {
        dense = dense && event.position == last + 1;
        last = event.position;
      }
      dense = dense && tail == last;
    });
  }
  std::mutex mutex;
  std::int64_t last = 0;
  bool dense = true;
};

TEST(PostgresDatabase, TwoProcessesShareOneLogAndHearOfEachOther) {
  const std::string url = server().make_database();
  Client first(url);
  Client second(url);
  Heard by_first(first.database());
  Heard by_second(second.database());
  std::set<std::string> all;
  {
    Load a(first.database(), "a");
    Load b(second.database(), "b");
    a.wait_for(300);
    b.wait_for(300);
    a.stop();
    b.stop();
    EXPECT_EQ(a.errors(), std::vector<std::string>());
    EXPECT_EQ(b.errors(), std::vector<std::string>());
    all = a.acknowledged();
    all.insert(b.acknowledged().begin(), b.acknowledged().end());
  }
  EXPECT_EQ(first.notes(), all);
  first.expect_whole_log();
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  const auto count = static_cast<std::int64_t>(all.size());
  while ((first.database().tail() < count || second.database().tail() < count) &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
  for (Heard* heard : {&by_first, &by_second}) {
    const std::scoped_lock lock(heard->mutex);
    EXPECT_TRUE(heard->dense);
    EXPECT_EQ(heard->last, count);
  }
}

TEST(PostgresDatabase, AKeyOfAnotherProcessIsReplayed) {
  const std::string url = server().make_database();
  Client first(url);
  Client second(url);
  EXPECT_FALSE(first.commit(keyed_note("a")).replayed);
  const Committed again = second.commit(keyed_note("a"));
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.response.body, "made a");
}

// A group with refusals between good batches: positions stay dense, nobody suffers for another.
TEST(PostgresDatabase, ARefusalSpoilsNothingButItself) {
  Client client(server().make_database());
  Batch stock;
  stock.add("INSERT INTO stock (id, sold, granted) VALUES ('a', 0, 20)");
  client.commit(std::move(stock));
  test::ThreadExecutor executor;
  std::vector<std::future<Commit>> answers;
  for (int i = 0; i < 60; ++i) {
    answers.push_back(executor.spawn<Commit>([&client, i] {
      Batch batch = add_note(std::to_string(i));
      batch.add("UPDATE stock SET sold = sold + 1 WHERE id = $1 AND sold < granted", {"a"})
          .expect(1, sold_out);
      return client.database().commit(std::move(batch));
    }));
  }
  std::size_t committed = 0;
  for (auto& answer : answers) {
    const Commit outcome = answer.get();
    committed += std::holds_alternative<Committed>(outcome) ? 1 : 0;
    if (const auto* refused = std::get_if<Refused>(&outcome)) {
      EXPECT_EQ(refused->statement, 1U);
      EXPECT_EQ(refused->kind, &sold_out);
    }
  }
  EXPECT_EQ(committed, 20U);
  EXPECT_EQ(client.notes().size(), 20U);
  client.expect_whole_log();
}

TEST(PostgresDatabase, RefusesTextThatCannotBeStored) {
  Client client(server().make_database());
  EXPECT_THROW(client.commit(add_note(std::string("a\0b", 3))), std::logic_error);
  EXPECT_THROW(run_ready(client.database().read(
                   Query{"SELECT id FROM notes WHERE id = $1", {std::string("a\0b", 3)}})),
               std::logic_error);
}

// Faults
// --------------------------------------------------------------------------------------------

class PostgresFaults : public testing::Test {
 protected:
  std::string database_ = [] {
    const std::string url = server().make_database();
    return url.substr(url.rfind('/') + 1);
  }();
  PostgresProxy proxy_{server().port()};
};

TEST_F(PostgresFaults, ACommitCutBeforeTheServerIsMadeAgain) {
  Client client(proxy_.url(database_));
  proxy_.cut_next(PostgresProxy::Cut::before_commit);
  EXPECT_EQ(client.commit(add_note("a")).position, 1);
  EXPECT_EQ(proxy_.cuts(), 1);
  EXPECT_EQ(client.notes(), std::set<std::string>{"a"});
  client.expect_whole_log();
  EXPECT_EQ(client.counter("securecart_storage_settled_total"), 1U);
}

TEST_F(PostgresFaults, ACommitWhoseAnswerIsCutIsFoundAndNotMadeTwice) {
  Client client(proxy_.url(database_));
  Heard heard(client.database());
  proxy_.cut_next(PostgresProxy::Cut::after_commit);
  EXPECT_EQ(client.commit(add_note("a")).position, 1);
  EXPECT_EQ(heard.last, 1);
  proxy_.cut_next(PostgresProxy::Cut::after_commit);
  const Committed keyed = client.commit(keyed_note("b"));
  EXPECT_EQ(keyed.position, 2);
  EXPECT_FALSE(keyed.replayed);
  EXPECT_EQ(keyed.response.body, "made b");
  EXPECT_EQ(proxy_.cuts(), 2);
  EXPECT_EQ(client.notes(), (std::set<std::string>{"a", "b"}));
  client.expect_whole_log();
}

TEST_F(PostgresFaults, ManyCutsUnderLoadLoseAndDoubleNothing) {
  Client client(proxy_.url(database_));
  Heard heard(client.database());
  proxy_.cut_every(7);
  Load load(client.database(), "n", 8);
  load.wait_for(1'500);
  proxy_.cut_every(0);
  load.stop();
  EXPECT_GT(proxy_.cuts(), 10);
  EXPECT_EQ(load.errors(), std::vector<std::string>());
  EXPECT_EQ(client.notes(), load.acknowledged());
  client.expect_whole_log();
  EXPECT_TRUE(heard.dense);
}

// Everything is sent twice at the same time: twins are refused, groups go out carefully, and those
// are cut too.
TEST_F(PostgresFaults, CutsBetweenTwinsLoseAndDoubleNothing) {
  Client client(proxy_.url(database_));
  proxy_.cut_every(5);
  Load first(client.database(), "n", 6);
  Load second(client.database(), "n", 6);
  first.wait_for(400);
  second.wait_for(400);
  proxy_.cut_every(0);
  first.stop();
  second.stop();
  EXPECT_GT(proxy_.cuts(), 10);
  EXPECT_EQ(first.errors(), std::vector<std::string>());
  EXPECT_EQ(second.errors(), std::vector<std::string>());
  EXPECT_GT(client.counter("securecart_storage_careful_groups_total"), 0U);
  std::set<std::string> all = first.acknowledged();
  all.insert(second.acknowledged().begin(), second.acknowledged().end());
  EXPECT_EQ(client.notes(), all);
  client.expect_whole_log();
}

TEST_F(PostgresFaults, ADatabaseThatRefusesForASecondCostsLatencyOnly) {
  Client client(proxy_.url(database_));
  Load load(client.database(), "n");
  load.wait_for(20);
  proxy_.refuse(true);
  auto reading = std::async(std::launch::async, [&client] { return client.notes().size(); });
  // The load finds the refusal and is held up by it.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  while (std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
  proxy_.refuse(false);
  load.wait_for(20);
  load.stop();
  EXPECT_GE(reading.get(), 20U);
  EXPECT_EQ(load.errors(), std::vector<std::string>());
  EXPECT_EQ(client.notes(), load.acknowledged());
}

TEST_F(PostgresFaults, ASlowDatabaseIsWaitedFor) {
  Client client(proxy_.url(database_));
  proxy_.delay(300);
  EXPECT_EQ(client.commit(add_note("a")).position, 1);
  EXPECT_EQ(client.notes(), std::set<std::string>{"a"});
  proxy_.delay(0);
}

TEST(PostgresDatabase, AServerKilledUnderLoadLosesNothingAcknowledged) {
  Postgres own;
  Client client(own.make_database());
  Load load(client.database(), "n");
  for (int life = 0; life < 3; ++life) {
    load.wait_for(200);
    own.kill_all();
    own.start();
  }
  load.wait_for(50);
  load.stop();
  EXPECT_EQ(load.errors(), std::vector<std::string>());
  EXPECT_EQ(client.notes(), load.acknowledged());
  client.expect_whole_log();
}

// The test above must be able to fail. A kill may meet a moment in which nothing is between the
// acknowledgement and the commit: so there are several.
TEST(PostgresDatabase, AcknowledgingBeforeTheCommitIsDurableIsFoundOut) {
  Postgres own({"wal_writer_delay=10s", "wal_buffers=16MB", "wal_writer_flush_after=100MB"});
  PostgresOptions options;
  options.sabotage.acknowledge_before_commit = true;
  Client client(own.make_database(), std::move(options));
  bool found_out = false;
  for (int life = 0; life < 10 && !found_out; ++life) {
    Load load(client.database(), "n" + std::to_string(life));
    load.wait_for(200);
    own.kill_all();
    own.start();
    load.wait_for(50);
    load.stop();
    found_out = !all_there(load.acknowledged(), client.notes());
  }
  EXPECT_TRUE(found_out);
}

TEST(PostgresDatabase, AServerThatStopsForAWhileIsWaitedFor) {
  Postgres own;
  Client client(own.make_database());
  Load load(client.database(), "n");
  load.wait_for(50);
  own.pause();
  // Longer than the silence after which a connection is given up.
  const auto until = std::chrono::steady_clock::now() + limits::postgres_answer_timeout +
                     std::chrono::milliseconds(700);
  while (std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
  own.resume();
  load.wait_for(50);
  load.stop();
  EXPECT_EQ(load.errors(), std::vector<std::string>());
  EXPECT_EQ(client.notes(), load.acknowledged());
  client.expect_whole_log();
}

TEST(PostgresDatabase, AServerThatStaysAwayIsSaidToBe) {
  Postgres own;
  Client client(own.make_database());
  own.stop();
  try {
    client.commit(add_note("a"));
    FAIL();
  } catch (const Unavailable& error) {
    EXPECT_FALSE(error.outcome_unknown) << error.what();
  }
  own.start();
  EXPECT_EQ(client.commit(add_note("a")).position, 1);
}

TEST(PostgresDatabase, AServerWithoutFreeConnectionsIsWaitedFor) {
  Postgres own({"max_connections=14", "superuser_reserved_connections=0"});
  const std::string url = own.make_database();
  Client client(url);
  EXPECT_EQ(client.commit(add_note("a")).position, 1);
  std::vector<std::unique_ptr<PGconn, decltype(&PQfinish)>> others;
  for (int i = 0; i < 20; ++i) {
    others.emplace_back(PQconnectdb(url.c_str()), &PQfinish);
  }
  EXPECT_EQ(PQstatus(others.back().get()), CONNECTION_BAD) << "it is not full";
  EXPECT_EQ(client.commit(add_note("b")).position, 2);  // on the session it has
  client.database().close();
}

// A deadlock with somebody who does not take turns: a person at a prompt.
TEST(PostgresDatabase, ALockHeldByAStrangerIsWaitedOut) {
  const std::string url = server().make_database();
  Client client(url);
  Batch stock;
  stock.add("INSERT INTO stock (id, sold, granted) VALUES ('a', 0, 20)");
  client.commit(std::move(stock));
  const std::unique_ptr<PGconn, decltype(&PQfinish)> stranger(PQconnectdb(url.c_str()), &PQfinish);
  PQclear(PQexec(stranger.get(), "BEGIN; UPDATE stock SET sold = 1"));
  auto selling = std::async(std::launch::async, [&client] {
    Batch batch;
    batch.add("UPDATE stock SET sold = sold + 1 WHERE id = 'a'").expect(1, sold_out);
    return std::holds_alternative<Committed>(run_ready(client.database().commit(std::move(batch))));
  });
  EXPECT_EQ(selling.wait_for(limits::postgres_lock_timeout + std::chrono::milliseconds(500)),
            std::future_status::timeout);
  PQclear(PQexec(stranger.get(), "COMMIT"));
  EXPECT_TRUE(selling.get());
}

// Another process was stopped in the middle of its transaction.
TEST(PostgresDatabase, AWriterThatFallsSilentIsPutOutOfTheWay) {
  const std::string url = server().make_database();
  Client client(url);
  const std::unique_ptr<PGconn, decltype(&PQfinish)> silent(PQconnectdb(url.c_str()), &PQfinish);
  const std::string lock =
      fmt::format("BEGIN; SELECT pg_advisory_xact_lock({})", postgres::lock_number("local"));
  PQclear(PQexec(silent.get(), lock.c_str()));
  EXPECT_EQ(client.commit(add_note("a")).position, 1);
  PQclear(PQexec(silent.get(), "SELECT 1"));
  EXPECT_EQ(PQstatus(silent.get()), CONNECTION_BAD);
}

// Settings
// ------------------------------------------------------------------------------------------

TEST(PostgresDatabase, CommitsWaitForWhatWasAskedWhateverTheRoleSays) {
  const std::string url = server().make_database();
  const std::string name = url.substr(url.rfind('/') + 1);
  server().execute("ALTER DATABASE " + name + " SET synchronous_commit = off");
  Client client(url);
  EXPECT_EQ(client.commit(add_note("a")).position, 1);
  Batch weakening;
  weakening.add("SET SESSION synchronous_commit = off");
  client.commit(std::move(weakening));
  // The session is thrown away and the batch commits on one as it was asked for.
  EXPECT_EQ(client.commit(add_note("b")).position, 2);
  EXPECT_GE(client.counter("securecart_storage_retries_total"), 1U);
}

TEST(PostgresDatabase, RefusesAServerThatForgets) {
  Postgres own({"fsync=off"});
  try {
    Client client(own.make_database());
    FAIL();
  } catch (const OpenError& error) {
    EXPECT_NE(std::string(error.what()).find("fsync = off"), std::string::npos) << error.what();
  }
}

TEST(PostgresDatabase, TalksTlsWhenTheAddressSaysSo) {
  Postgres own({}, true);
  const std::string url =
      own.make_database() + "?sslmode=verify-full&sslrootcert=" + own.tls_certificate().string();
  Client client(url);
  EXPECT_EQ(client.commit(add_note("a")).position, 1);
  const Rows rows = run_ready(client.database().read(
      Query{"SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE NOT ssl "
            "AND application_name = 'securecart'",
            {}}));
  EXPECT_EQ(rows[0].integer(0), 0);
  EXPECT_THROW(Client(own.make_database() + "?sslmode=verify-full&sslrootcert=/nonexistent"),
               OpenError);
}

// Failover
// ------------------------------------------------------------------------------------------

class PostgresPair : public testing::Test {
 protected:
  PostgresPair() {
    primary_.execute("CREATE DATABASE shop");
    standby_ = std::make_unique<Postgres>(primary_, Postgres::Settings{"hot_standby=on"});
    primary_.execute("ALTER SYSTEM SET synchronous_standby_names = '*'");
    primary_.execute("SELECT pg_reload_conf()");
  }
  std::string both() const {
    return fmt::format("postgres://shop@127.0.0.1:{},127.0.0.1:{}/shop", primary_.port(),
                       standby_->port());
  }
  Postgres primary_;
  std::unique_ptr<Postgres> standby_;
};

TEST_F(PostgresPair, AFailoverCostsLatencyAndLosesNothing) {
  Client client(both());
  Load load(client.database(), "n");
  load.wait_for(200);
  primary_.kill_all();
  standby_->promote();
  load.wait_for(100);
  load.stop();
  EXPECT_EQ(load.errors(), std::vector<std::string>());
  EXPECT_EQ(client.notes(), load.acknowledged());
  client.expect_whole_log();
}

TEST_F(PostgresPair, OlderReadsGoToTheStandbyAndNeverMissWhatWasTold) {
  Client client(both());
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  std::set<std::string> written;
  int i = 0;
  while (client.counter("securecart_storage_standby_reads_total") < 20 &&
         std::chrono::steady_clock::now() < until) {
    const std::string id = std::to_string(i++);
    client.commit(add_note(id));
    written.insert(id);
    EXPECT_EQ(client.notes(Freshness::replica), written);
  }
  EXPECT_GE(client.counter("securecart_storage_standby_reads_total"), 20U);
  standby_->kill_all();
  primary_.execute("ALTER SYSTEM SET synchronous_standby_names = ''");
  primary_.execute("SELECT pg_reload_conf()");
  EXPECT_EQ(client.notes(Freshness::replica), written);
}

// Whoever only looks is served, if need be with what was true a moment ago.
TEST_F(PostgresPair, OlderReadsGoOnWithoutAPrimary) {
  Client client(both());
  client.commit(add_note("applied"));
  const auto reads = [&] { return client.notes(Freshness::replica); };
  const auto from_standby = [&] {
    return client.counter("securecart_storage_standby_reads_total");
  };
  ASSERT_TRUE(test::eventually([&] { return reads().size() == 1 && from_standby() > 0; }));
  standby_->execute("SELECT pg_wal_replay_pause()");
  client.commit(add_note("only received"));
  EXPECT_EQ(reads().size(), 2U) << "the standby is behind, and the primary answers";
  primary_.kill_all();
  ASSERT_TRUE(test::eventually([&] {
    return client.counter("securecart_storage_stale_reads_total") > 0 || reads().empty();
  }));
  EXPECT_EQ(reads(), (std::set<std::string>{"applied"}));
  standby_->execute("SELECT pg_wal_replay_resume()");
  EXPECT_TRUE(test::eventually([&] { return reads().size() == 2; }));
}

TEST_F(PostgresPair, AStandbyThatWasPromotedIsNoneAnyMore) {
  Client client(both());
  client.commit(add_note("a"));
  const auto reads = [&] {
    EXPECT_EQ(client.notes(Freshness::replica).size(), 1U);
    return client.counter("securecart_storage_standby_reads_total");
  };
  ASSERT_TRUE(test::eventually([&] { return reads() > 0; }));
  primary_.kill_all();
  standby_->promote();
  const auto still = [&] {
    const std::uint64_t before = reads();
    return reads() != before;
  };
  EXPECT_TRUE(test::eventually([&] { return !still(); }));
}

// An operator ends the wait for the standby: the commit is visible but not safe yet.
class PostgresUnconfirmed : public PostgresPair {
 protected:
  // `how` is a function of the server that ends it.
  void commit_while_the_wait_is_ended(Client& client, const char* how) {
    client.commit(add_note("a"));
    standby_->pause();
    auto committing = std::async(std::launch::async,
                                 [&client] { return client.commit(keyed_note("b")).position; });
    const std::string waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    ASSERT_TRUE(test::eventually([&] { return primary_.execute(waiting) == "1"; }));
    primary_.execute(
        fmt::format("SELECT {}(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'", how));
    EXPECT_EQ(committing.wait_for(std::chrono::milliseconds(500)), std::future_status::timeout);
    standby_->resume();
    EXPECT_EQ(committing.get(), 2);
    EXPECT_EQ(client.notes(), (std::set<std::string>{"a", "b"}));
    client.expect_whole_log();
    EXPECT_GE(client.counter("securecart_storage_settled_total"), 1U);
  }
};

TEST_F(PostgresUnconfirmed, ACommitWhoseWaitIsCancelledIsNotAcknowledged) {
  Client client(both());
  commit_while_the_wait_is_ended(client, "pg_cancel_backend");
}

// The session is gone (57P01), the commit stays: it is found by its marker, not made twice.
TEST_F(PostgresUnconfirmed, ACommitWhoseSessionIsTerminatedIsNotAcknowledged) {
  Client client(both());
  commit_while_the_wait_is_ended(client, "pg_terminate_backend");
}

// It lives on, still takes sessions and reads, and takes no writes: an operator moves the shop.
TEST_F(PostgresPair, APrimaryThatTurnsReadOnlyUnderLoadIsLeftForTheOneThatIsPromoted) {
  Client client(both());
  Load load(client.database(), "n");
  load.wait_for(200);
  client.notes();  // on a session with the primary there was
  primary_.execute("ALTER SYSTEM SET default_transaction_read_only = on");
  primary_.execute("SELECT pg_reload_conf()");
  ASSERT_TRUE(
      test::eventually([&] { return client.counter("securecart_storage_retries_total") > 0; }));
  standby_->promote();
  load.wait_for(100);
  load.stop();
  EXPECT_EQ(load.errors(), std::vector<std::string>());
  EXPECT_EQ(load.doubled(), 0);
  EXPECT_EQ(client.notes(), load.acknowledged()) << "read from the one that was left";
  client.expect_whole_log();
}

// Full
// ---------------------------------------------------------------------------------------------

TEST(PostgresFull, ATableWithoutRoomIsAnErrorAndGoesOnWhenThereIsSome) {
  const test::SmallVolume volume(24);
  Postgres own;
  own.execute(
      fmt::format("CREATE TABLESPACE small LOCATION '{}'", volume.folder_of("postgres").string()));
  own.execute("CREATE DATABASE shop TABLESPACE small");
  Client client(own.url("shop"));
  Load load(client.database(), "n");
  load.wait_for(50);
  volume.fill();
  EXPECT_TRUE(test::eventually([&] { return load.error_count() > 0; }));
  volume.make_room();
  load.wait_for(200);
  load.stop();
  for (const std::string& error : load.errors()) {
    EXPECT_NE(error.find("No space left on device"), std::string::npos) << error;
  }
  EXPECT_EQ(client.notes(), load.acknowledged()) << "what failed was rolled back";
  client.expect_whole_log();
}

// Without room for its log PostgreSQL ends at once (PANIC) and does not come back by itself. What
// was on its way may be there or not; what was acknowledged is.
TEST(PostgresFull, ALogWithoutRoomEndsTheServerAndNothingAcknowledgedIsLost) {
  const test::SmallVolume volume(128);
  Postgres own({"min_wal_size=32MB", "max_wal_size=64MB"}, false, volume.path());
  const std::string url = own.make_database();
  Client client(url);
  Load load(client.database(), "n");
  load.wait_for(200);
  volume.fill();
  try {
    while (load.error_count() == 0) {
      own.execute("SELECT pg_switch_wal()");  // the next file of the log
    }
  } catch (const std::exception&) {
    EXPECT_NE(PQping(url.c_str()), PQPING_OK);
  }
  EXPECT_TRUE(test::eventually([&] { return load.error_count() > 0; }));
  own.kill_all();
  volume.make_room();
  own.start();
  load.wait_for(100);
  load.stop();
  EXPECT_NE(own.log().find("PANIC"), std::string::npos) << own.log();
  EXPECT_TRUE(all_there(load.acknowledged(), client.notes()));
  EXPECT_EQ(load.doubled(), 0);
  client.expect_whole_log();
}

// Migrations
// ----------------------------------------------------------------------------------------

std::string refusal(const std::string& url, std::vector<Migration> migrations) {
  const SystemClock clock;
  observe::Metrics metrics;
  PostgresOptions options;
  options.url = url;
  try {
    const PostgresDatabase database(options, clock, metrics, migrations);
    return "opened";
  } catch (const OpenError& error) {
    return error.what();
  }
}

std::vector<Migration> own() {
  return embedded_migrations(Dialect::postgres);
}

std::vector<Migration> own_and(std::string name, std::string sql) {
  std::vector<Migration> migrations = own();
  const int number = migrations.back().number + 1;
  migrations.push_back({number, std::move(name), std::move(sql), "c", number});
  return migrations;
}

std::string name_of(const std::string& url) {
  return url.substr(url.rfind('/') + 1);
}

bool is_whole(const Postgres& postgres, const std::string& url, const std::string& index) {
  return postgres.execute(
             "SELECT count(*) FROM pg_index JOIN pg_class ON pg_class.oid = "
             "indexrelid WHERE indisvalid AND relname = '" +
                 index + "'",
             name_of(url)) == "1";
}

TEST(PostgresMigrations, RefuseADatabaseOfANewerProgram) {
  const std::string url = server().make_database();
  EXPECT_EQ(refusal(url, own_and("later", "CREATE TABLE later (x BIGINT)")), "opened");
  const std::string said = refusal(url, own());
  EXPECT_NE(said.find("made by a newer SecureCart"), std::string::npos) << said;
  EXPECT_NE(said.find("restore the backup made before the upgrade"), std::string::npos) << said;
}

// In the middle of an upgrade, a process of the old version dies and is started again.
TEST(PostgresMigrations, LetAnOlderProgramBackInWhereANewerOneOnlyAdded) {
  const std::string url = server().make_database();
  std::vector<Migration> newer = own();
  for (Migration& later : test::later_migrations(own().back().number)) {
    newer.push_back(std::move(later));
  }
  EXPECT_EQ(refusal(url, newer), "opened");
  EXPECT_EQ(refusal(url, own()), "opened");
  const int ended = newer.back().number + 1;
  newer.push_back({ended, "ended", "ALTER TABLE orders DROP COLUMN home_region", "c", ended - 1});
  EXPECT_EQ(refusal(url, newer), "opened");
  const std::string said = refusal(url, own());
  EXPECT_NE(said.find("a version that knows schema " + std::to_string(ended - 1)),
            std::string::npos)
      << said;
}

// As its files are marked: beside each migration that says so, a process of the version before it
// starts and sells, and one that is older still does not start.
TEST(PostgresMigrations, AVersionStartsBesideWhatItsSuccessorsAddedWhereTheMarkSaysSo) {
  constexpr std::size_t least = 4;  // migrations; with fewer there is no PostgreSQL
  const std::vector<Migration> all = own();
  int marked = 0;
  for (std::size_t count = least + 1; count <= all.size(); ++count) {
    const std::string url = server().make_database();
    const auto knows = [&all](std::size_t known) {
      return std::vector<Migration>(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(known));
    };
    ASSERT_EQ(refusal(url, knows(count)), "opened");
    const std::string said = refusal(url, knows(count - 1));
    const bool runs = all[count - 1].runs_with < all[count - 1].number;
    marked += runs ? 1 : 0;
    EXPECT_EQ(said == "opened", runs) << all[count - 1].name << ": " << said;
    if (!runs) {
      EXPECT_NE(said.find(all[count - 1].name + ") ended what this version needs"),
                std::string::npos)
          << said;
      continue;
    }
    test::fill_with_orders(server(), name_of(url), 1);
    PostgresOptions options;
    options.url = url;
    const SystemClock clock;
    observe::Metrics metrics;
    PostgresDatabase old_version(options, clock, metrics, knows(count - 1));
    test::Seller seller(old_version);
    EXPECT_TRUE(test::eventually([&] { return seller.sold() >= 5 || seller.failed() > 0; }));
    seller.stop();
    EXPECT_EQ(seller.failed(), 0) << all[count - 1].name;
  }
  EXPECT_GT(marked, 0);
}

TEST(PostgresMigrations, RefuseADatabaseOfAnotherProgram) {
  const std::string url = server().make_database();
  server().execute("CREATE TABLE someone_elses (x BIGINT)", url.substr(url.rfind('/') + 1));
  EXPECT_NE(refusal(url, own()).find("of another program"), std::string::npos);
}

TEST(PostgresMigrations, AFailedOneLeavesNothingBehind) {
  const std::string url = server().make_database();
  const std::string broken = "CREATE TABLE half (x BIGINT); CREATE TABLE half (x BIGINT)";
  EXPECT_NE(refusal(url, own_and("broken", broken)).find("broken failed"), std::string::npos);
  EXPECT_EQ(refusal(url, own()), "opened");
}

TEST(PostgresMigrations, SeveralProcessesStartingAtOnceMigrateOnce) {
  const std::string url = server().make_database();
  std::vector<std::future<std::string>> opening;
  for (int i = 0; i < 4; ++i) {
    opening.push_back(std::async(std::launch::async, [&url] { return refusal(url, own()); }));
  }
  for (auto& one : opening) {
    EXPECT_EQ(one.get(), "opened");
  }
}

constexpr const char* index_of_notes =
    "-- no transaction\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS notes_by_id ON notes (id)";

// Somebody's transaction is older than the index: building it waits, and nobody else does.
TEST(PostgresMigrations, AnIndexWaitsForOlderTransactionsAndIsWhole) {
  const std::string url = server().make_database();
  Client client(url);
  const std::unique_ptr<PGconn, decltype(&PQfinish)> writer(PQconnectdb(url.c_str()), &PQfinish);
  PQclear(PQexec(writer.get(), "BEGIN; INSERT INTO notes (id) VALUES ('uncommitted')"));
  auto migrating =
      std::async(std::launch::async, [&url] { return refusal(url, own_and("i", index_of_notes)); });
  const auto until = std::chrono::steady_clock::now() + 3 * limits::migration_lock_timeout;
  for (int i = 0; std::chrono::steady_clock::now() < until; ++i) {
    client.commit(add_note(std::to_string(i)));
  }
  EXPECT_EQ(migrating.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  PQclear(PQexec(writer.get(), "COMMIT"));
  EXPECT_EQ(migrating.get(), "opened");
  EXPECT_TRUE(is_whole(server(), url, "notes_by_id"));
}

TEST(PostgresMigrations, AnIndexLeftHalfBuiltIsBuiltAnew) {
  const std::string url = server().make_database();
  EXPECT_EQ(refusal(url, own()), "opened");
  server().execute("CREATE TABLE notes (id TEXT); INSERT INTO notes VALUES ('1'), ('1')",
                   name_of(url));
  EXPECT_NE(refusal(url, own_and("i", index_of_notes)), "opened") << "it cannot be unique";
  EXPECT_FALSE(is_whole(server(), url, "notes_by_id"));
  server().execute("DELETE FROM notes", name_of(url));
  EXPECT_EQ(refusal(url, own_and("i", index_of_notes)), "opened");
  EXPECT_TRUE(is_whole(server(), url, "notes_by_id"));
}

// Its answers take a fifth of a second each: were the transaction more than one message, the server
// would be seen to hold the lock while it waits for the next.
TEST(PostgresMigrations, AClientThatIsSlowHoldsNoLock) {
  const std::string url = server().make_database();
  Client client(url);
  PostgresProxy proxy(server().port());
  proxy.delay(200);
  const auto waits_with_the_lock = [&url] {
    return server().execute(
        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.relation = "
        "'notes'::regclass AND l.mode = 'AccessExclusiveLock' AND l.granted AND "
        "a.state = 'idle in transaction'",
        name_of(url));
  };
  auto migrating = std::async(std::launch::async, [&] {
    return refusal(proxy.url(name_of(url)),
                   own_and("column", "ALTER TABLE notes ADD COLUMN text TEXT"));
  });
  for (int i = 0; migrating.wait_for(std::chrono::seconds(0)) == std::future_status::timeout; ++i) {
    client.commit(add_note(std::to_string(i)));
    EXPECT_EQ(waits_with_the_lock(), "0");
  }
  EXPECT_EQ(migrating.get(), "opened");

  // The look sees such a lock.
  const std::unique_ptr<PGconn, decltype(&PQfinish)> careless(PQconnectdb(url.c_str()), &PQfinish);
  PQclear(PQexec(careless.get(), "BEGIN"));
  PQclear(PQexec(careless.get(), "ALTER TABLE notes ADD COLUMN more TEXT"));
  EXPECT_EQ(waits_with_the_lock(), "1");
}

// The server dies in the middle, again and again; each time the program is started anew.
TEST(PostgresMigrations, KilledAtAnyMomentTheyAreWholeInTheEnd) {
  Postgres postgres;
  const std::string url = postgres.make_database();
  const std::vector<Migration> all = own();
  const std::vector<Migration> first(all.begin(), all.begin() + 4);
  EXPECT_EQ(refusal(url, first), "opened");
  test::fill_with_orders(postgres, name_of(url), 20'000);
  std::vector<Migration> wanted = all;
  for (Migration& later : test::later_migrations(all.back().number)) {
    wanted.push_back(std::move(later));
  }
  Prng random(test::seed());
  constexpr int kills = 6;
  for (int i = 0; i < kills; ++i) {
    auto migrating = std::async(std::launch::async, [&] { return refusal(url, wanted); });
    poll(nullptr, 0, static_cast<int>(random.below(120)));
    postgres.kill_all();
    postgres.start();
    migrating.get();
  }
  EXPECT_EQ(refusal(url, wanted), "opened");
  EXPECT_TRUE(is_whole(postgres, url, "orders_by_channel"));
  EXPECT_EQ(postgres.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid", name_of(url)),
            "0");
  EXPECT_EQ(postgres.execute("SELECT count(*) FROM schema_migrations", name_of(url)),
            std::to_string(wanted.size()));
}

// Every migration of this program and of a later one, on a database with many orders, while orders
// are placed. What must not happen is looked for by its nature, whatever the size and the machine:
// that a table is read or written whole under a lock that keeps shoppers out; and by its time, from
// the transaction's beginning, which is before the lock. A busy machine makes anything slow once: a
// lock is held for too long when it is each time. bench/migration_bench looks from outside.
class MigrationsOfABusyShop : public testing::Test {
 protected:
  static std::string prepared() {
    std::string url = server().make_database();
    const std::vector<Migration> all = own();
    const std::vector<Migration> first(all.begin(), all.begin() + 4);
    EXPECT_EQ(refusal(url, first), "opened");
    server().execute(
        "CREATE TABLE migration_watch (name TEXT, found TEXT); "
        "CREATE TABLE migration_locks (name TEXT, lock TEXT, millis BIGINT)",
        name_of(url));
    return url;
  }

  // With a look, before its end, at what each has read under which locks. PostgreSQL's counters of
  // a transaction go on from the session's last ones where those were not handed in yet.
  static std::vector<Migration> watched(std::vector<Migration> migrations) {
    for (Migration& migration : migrations) {
      if (!migration.sql.starts_with("-- no transaction")) {
        migration.sql = fmt::format(
            "CREATE TEMP TABLE read_before ON COMMIT DROP AS "
            "SELECT relid, seq_tup_read FROM pg_stat_xact_user_tables;\n{0}\n;"
            "INSERT INTO migration_locks SELECT '{1}', c.relname || ' under ' || l.mode, "
            "extract(epoch FROM clock_timestamp() - now()) * 1000 "
            "FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN read_before b ON "
            "b.relid = c.oid WHERE l.pid = pg_backend_pid() AND l.granted AND l.mode IN "
            "('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock');"
            "INSERT INTO migration_watch SELECT '{1}', c.relname || ' read under ' || l.mode "
            "FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_stat_xact_user_tables s "
            "ON s.relid = c.oid LEFT JOIN read_before b ON b.relid = c.oid "
            "WHERE l.pid = pg_backend_pid() AND l.granted AND l.mode IN "
            "('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock') AND "
            "s.seq_tup_read - coalesce(b.seq_tup_read, 0) > 100",
            migration.sql, migration.name);
      }
    }
    return migrations;
  }
  std::string found() const {
    return server().execute(
        "SELECT coalesce(string_agg(DISTINCT name || ': ' || found, '; '), '') FROM "
        "migration_watch",
        name_of(url_));
  }
  // Locks that kept writers out of tables that were there, for 100 ms or longer.
  std::string held_long() const {
    return server().execute(
        "SELECT coalesce(string_agg(name || ': ' || lock || ' for ' || millis || ' ms', '; '), '') "
        "FROM migration_locks WHERE millis >= 100",
        name_of(url_));
  }
  void migrate_while_orders_are_placed() const {
    test::fill_with_orders(server(), name_of(url_), 50'000);
    std::vector<Migration> all = own();
    PostgresOptions options;
    options.url = url_;
    const SystemClock clock;
    observe::Metrics metrics;
    PostgresDatabase old_version(options, clock, metrics, std::span(all).first(4));
    for (Migration& later : test::later_migrations(all.back().number)) {
      all.push_back(std::move(later));
    }
    test::Seller seller(old_version);
    EXPECT_EQ(refusal(url_, watched(all)), "opened");
    const int sold = seller.sold();
    while (seller.sold() + seller.failed() < sold + 10) {
      std::this_thread::yield();
    }
    seller.stop();
    EXPECT_EQ(seller.failed(), 0) << "the old version goes on selling";
  }

  std::string url_ = prepared();
};

TEST_F(MigrationsOfABusyShop, HoldNobodyUpForLong) {
  constexpr int tries = 3;
  migrate_while_orders_are_placed();
  for (int i = 1; i < tries && !held_long().empty(); ++i) {
    url_ = prepared();
    migrate_while_orders_are_placed();
  }
  EXPECT_EQ(found(), "");
  EXPECT_EQ(held_long(), "");
  EXPECT_TRUE(is_whole(server(), url_, "orders_by_channel"));
}

TEST_F(MigrationsOfABusyShop, TheWatchFindsALockThatIsHeldForLong) {
  const std::string slow = "ALTER TABLE orders ADD COLUMN text TEXT; SELECT pg_sleep(0.1)";
  EXPECT_EQ(refusal(url_, watched(own_and("slow", slow))), "opened");
  EXPECT_TRUE(held_long().starts_with("slow: orders under AccessExclusiveLock for "))
      << held_long();
}

TEST_F(MigrationsOfABusyShop, TheWatchFindsATableThatIsReadOrWrittenWhole) {
  test::fill_with_orders(server(), name_of(url_), 1'000);
  EXPECT_EQ(
      refusal(url_, watched(own_and("rewrite",
                                    "ALTER TABLE orders ADD COLUMN lucky BIGINT NOT NULL DEFAULT "
                                    "(random() * 10)::bigint"))),
      "opened");
  EXPECT_TRUE(found().starts_with("rewrite: orders read under AccessExclusiveLock")) << found();
}

TEST_F(MigrationsOfABusyShop, TheWatchFindsAnIndexThatKeepsWritersOut) {
  test::fill_with_orders(server(), name_of(url_), 1'000);
  EXPECT_EQ(refusal(url_, watched(own_and("blocking", "CREATE INDEX b ON orders (placed_at)"))),
            "opened");
  EXPECT_EQ(found(), "blocking: orders read under ShareLock");
}

// A table in use: the migration steps back again and again, and the shop sells meanwhile.
TEST(PostgresMigrations, WaitForALockWithoutHoldingUpTheShop) {
  const std::string url = server().make_database();
  Client client(url);
  const std::unique_ptr<PGconn, decltype(&PQfinish)> reader(PQconnectdb(url.c_str()), &PQfinish);
  PQclear(PQexec(reader.get(), "BEGIN; SELECT count(*) FROM notes"));
  auto migrating = std::async(std::launch::async, [&url] {
    return refusal(url, own_and("column", "ALTER TABLE notes ADD COLUMN text TEXT"));
  });
  auto longest = std::chrono::steady_clock::duration::zero();
  for (int i = 0; i < 200; ++i) {
    const auto began = std::chrono::steady_clock::now();
    client.commit(add_note(std::to_string(i)));
    longest = std::max(longest, std::chrono::steady_clock::now() - began);
  }
  EXPECT_EQ(migrating.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  PQclear(PQexec(reader.get(), "COMMIT"));
  EXPECT_EQ(migrating.get(), "opened");
  EXPECT_LT(longest, std::chrono::seconds(2));
  client.commit(add_note("after"));
}

// The address
// ---------------------------------------------------------------------------------------

TEST(PostgresAddress, IsTakenApartByHost) {
  const auto endpoints =
      postgres::parse_address("postgres://shop:secret@db-a:5433,db-b:5434/shop?sslmode=require");
  ASSERT_EQ(endpoints.size(), 2U);
  EXPECT_EQ(endpoints[0].label, "db-a:5433");
  EXPECT_EQ(endpoints[1].label, "db-b:5434");
  const auto has = [&](const char* name, const char* value) {
    return std::ranges::find(endpoints[1].settings,
                             std::pair<std::string, std::string>(name, value)) !=
           endpoints[1].settings.end();
  };
  EXPECT_TRUE(has("host", "db-b"));
  EXPECT_TRUE(has("port", "5434"));
  EXPECT_TRUE(has("password", "secret"));
  EXPECT_TRUE(has("sslmode", "require"));
}

TEST(PostgresAddress, IsRefusedWhenItIsWrong) {
  EXPECT_THROW(postgres::parse_address("postgres://a:1,b:2,c/shop?nonsense=1"), OpenError);
  EXPECT_THROW(postgres::parse_address("host=a,b,c port=1,2"), OpenError);
  EXPECT_TRUE(postgres::is_postgres_url("postgresql://h/d"));
  EXPECT_FALSE(postgres::is_postgres_url("data"));
}

}  // namespace
}  // namespace securecart::storage
