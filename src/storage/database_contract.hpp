// What every Database promises, as tests over a factory. database_contract_test.cpp runs them on
// each implementation.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "storage/database.hpp"
#include "storage/limits.hpp"
#include "tests/support/thread_executor.hpp"

namespace securecart::storage::contract {

// An empty database of one implementation, gone with this object.
class Fixture {
 public:
  virtual ~Fixture() = default;
  virtual Database& database() = 0;
};

struct Implementation {
  std::string name;
  std::function<std::unique_ptr<Fixture>()> make;
};

inline void PrintTo(const Implementation& implementation, std::ostream* out) {
  *out << implementation.name;
}

inline constexpr ErrorKind sold_out{"sold_out", 409, "Nothing left."};
inline constexpr ErrorKind gone{"gone", 409, "Not there."};

inline constexpr std::string_view sql_make_stock =
    "CREATE TABLE contract_stock (id TEXT PRIMARY KEY, granted BIGINT NOT NULL, "
    "sold BIGINT NOT NULL, note TEXT, CHECK (sold <= granted))";
inline constexpr std::string_view sql_insert =
    "INSERT INTO contract_stock (id, granted, sold) VALUES ($1, $2, 0)";
inline constexpr std::string_view sql_sell =
    "UPDATE contract_stock SET sold = sold + $2 WHERE id = $1";
inline constexpr std::string_view sql_sold = "SELECT sold FROM contract_stock WHERE id = $1";
inline constexpr std::string_view sql_positions =
    "SELECT position FROM event_log ORDER BY position";

class DatabaseContract : public testing::TestWithParam<Implementation> {
 protected:
  void SetUp() override {
    fixture_ = GetParam().make();
    Batch batch;
    batch.add(sql_make_stock);
    commit(std::move(batch));
  }

  Database& database() { return fixture_->database(); }

  Commit commit(Batch batch) {
    Database& target = database();
    return executor_.run_task<Commit>(
        [&target, batch = std::move(batch)]() mutable { return target.commit(std::move(batch)); });
  }
  Committed committed(Batch batch) { return std::get<Committed>(commit(std::move(batch))); }

  Rows read(std::string_view sql, Values parameters = {},
            Freshness freshness = Freshness::current) {
    Database& target = database();
    return executor_.run_task<Rows>(
        [&target, sql, parameters = std::move(parameters), freshness]() mutable {
          return target.read(Query{sql, std::move(parameters)}, freshness);
        });
  }

  void stock(const std::string& id, std::int64_t granted) {
    Batch batch;
    batch.add(sql_insert, {id, granted});
    committed(std::move(batch));
  }
  std::int64_t sold(const std::string& id) { return read(sql_sold, {id})[0].integer(0); }

  static Batch sale(const std::string& id, std::int64_t quantity) {
    Batch batch;
    batch.add(sql_sell, {id, quantity}).expect(1, sold_out);
    batch.event("stock.sold", "shop_1", id, "{}");
    return batch;
  }
  static Batch keyed_sale(const std::string& key, const std::string& fingerprint) {
    Batch batch = sale("a", 1);
    batch.key = BatchKey{"shop_1", "sell", key, fingerprint, {201, "first " + fingerprint}};
    return batch;
  }

  void expect_dense_positions(std::size_t count) {
    const Rows rows = read(sql_positions);
    ASSERT_EQ(rows.size(), count);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(rows[i].integer(0), static_cast<std::int64_t>(i) + 1);
    }
  }

 private:
  std::unique_ptr<Fixture> fixture_;
  test::ThreadExecutor executor_;
};

TEST_P(DatabaseContract, AppliesEveryStatementAndAppendsTheEvents) {
  stock("a", 10);
  Batch batch = sale("a", 3);
  batch.add(sql_insert, {"b", std::int64_t{1}});
  batch.event("stock.added", "shop_1", "b", R"({"granted":1})");
  batch.trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  EXPECT_EQ(committed(std::move(batch)).position, 2);
  EXPECT_EQ(sold("a"), 3);
  const Rows events =
      read("SELECT type, shop_id, subject, payload, trace FROM event_log WHERE position = $1",
           {std::int64_t{2}});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].text(0), "stock.added");
  EXPECT_EQ(events[0].text(1), "shop_1");
  EXPECT_EQ(events[0].text(2), "b");
  EXPECT_EQ(events[0].text(3), R"({"granted":1})");
  EXPECT_EQ(events[0].text(4), "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST_P(DatabaseContract, ARefusedBatchLeavesNothingBehind) {
  stock("a", 2);
  Batch batch;
  batch.key = BatchKey{"shop_1", "sell", "k", "f", {201, ""}};
  batch.add(sql_insert, {"b", std::int64_t{5}});
  batch.add(sql_sell, {"a", std::int64_t{3}}).expect(1, sold_out);
  batch.event("stock.sold", "shop_1", "a", "{}");
  const Commit outcome = commit(std::move(batch));
  const Refused& refused = std::get<Refused>(outcome);
  EXPECT_EQ(refused.statement, 1U);
  EXPECT_EQ(refused.kind, &sold_out);
  EXPECT_EQ(sold("a"), 0);
  EXPECT_TRUE(read(sql_sold, {"b"}).empty());
  EXPECT_TRUE(read(sql_positions).empty());
  // Its key was not kept either: the request may be tried again.
  EXPECT_FALSE(committed(keyed_sale("k", "f")).replayed);
  expect_dense_positions(1);
}

TEST_P(DatabaseContract, RefusesAnotherRowCount) {
  const Commit outcome = commit(sale("nothing", 1));
  EXPECT_EQ(std::get<Refused>(outcome).kind, &sold_out);
}

TEST_P(DatabaseContract, ConstraintsRefuseWithTheKindOfTheirStatement) {
  stock("a", 2);
  Batch batch;
  batch.add(sql_insert, {"a", std::int64_t{1}}).or_refuse(gone);
  const Commit outcome = commit(std::move(batch));
  EXPECT_EQ(std::get<Refused>(outcome).kind, &gone);
}

TEST_P(DatabaseContract, BrokenAssumptionsThrowToTheirCallerAlone) {
  stock("a", 1);
  Batch overdrawn;
  overdrawn.add(sql_sell, {"a", std::int64_t{2}});
  EXPECT_THROW(commit(std::move(overdrawn)), std::logic_error);
  Batch wrong_sql;
  wrong_sql.add("UPDATE nowhere SET nothing = 1");
  EXPECT_THROW(commit(std::move(wrong_sql)), std::logic_error);
  Batch wrong_parameters;
  wrong_parameters.add(sql_sell, {"a"});
  EXPECT_THROW(commit(std::move(wrong_parameters)), std::logic_error);
  Batch too_long;
  for (std::size_t i = 0; i <= limits::batch_statements; ++i) {
    too_long.add(sql_sell, {"a", std::int64_t{0}});
  }
  EXPECT_THROW(commit(std::move(too_long)), std::logic_error);
  EXPECT_THROW(read("SELECT nothing FROM nowhere"), std::logic_error);
  EXPECT_EQ(sold("a"), 0);
  committed(sale("a", 1));
  EXPECT_EQ(sold("a"), 1);
}

TEST_P(DatabaseContract, KeepsEveryKindOfValue) {
  const std::int64_t least = std::numeric_limits<std::int64_t>::min();
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  Batch batch;
  batch.add("INSERT INTO contract_stock (id, granted, sold, note) VALUES ($2, $1, $1, $3)",
            {most, "id'; --", Value()});
  batch.add("INSERT INTO contract_stock (id, granted, sold, note) VALUES ($1, $2, $2, $1)",
            {"", least});
  batch.add("INSERT INTO contract_stock (id, granted, sold, note) VALUES ($1, $2, $2, $3)",
            {"ä€😀", std::int64_t{0}, ""});
  committed(std::move(batch));
  const Rows rows = read("SELECT id, granted, note FROM contract_stock ORDER BY granted");
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].text(0), "");
  EXPECT_EQ(rows[0].integer(1), least);
  EXPECT_EQ(rows[0].text(2), "");
  EXPECT_EQ(rows[1].text(0), "ä€😀");
  EXPECT_EQ(rows[1].text_or_null(2), std::optional<std::string>(""));
  EXPECT_EQ(rows[2].text(0), "id'; --");
  EXPECT_EQ(rows[2].integer(1), most);
  EXPECT_TRUE(rows[2].is_null(2));
}

TEST_P(DatabaseContract, AKeySeenAgainAnswersWithTheFirstResponse) {
  stock("a", 10);
  const Committed first = committed(keyed_sale("k", "f"));
  EXPECT_FALSE(first.replayed);
  EXPECT_EQ(first.response.status, 201);
  EXPECT_EQ(first.response.body, "first f");
  Batch same = keyed_sale("k", "f");
  same.key->response = {500, "another"};
  const Committed again = committed(std::move(same));
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.response.status, 201);
  EXPECT_EQ(again.response.body, "first f");
  EXPECT_EQ(again.position, 0);
  EXPECT_TRUE(std::holds_alternative<KeyReused>(commit(keyed_sale("k", "g"))));
  EXPECT_EQ(sold("a"), 1);
  expect_dense_positions(1);
}

TEST_P(DatabaseContract, KeysOfTwoShopsOrOperationsNeverMeet) {
  stock("a", 10);
  Batch other_shop = keyed_sale("k", "g");
  other_shop.key->shop_id = "shop_2";
  Batch other_scope = keyed_sale("k", "h");
  other_scope.key->scope = "buy";
  EXPECT_FALSE(committed(keyed_sale("k", "f")).replayed);
  EXPECT_FALSE(committed(std::move(other_shop)).replayed);
  EXPECT_FALSE(committed(std::move(other_scope)).replayed);
  EXPECT_EQ(sold("a"), 3);
}

TEST_P(DatabaseContract, OneKeySentAHundredTimesAtOnceIsAppliedOnce) {
  stock("a", 1'000);
  std::vector<std::unique_ptr<test::ThreadExecutor>> executors;
  std::vector<std::future<Commit>> answers;
  for (int i = 0; i < 4; ++i) {
    executors.push_back(std::make_unique<test::ThreadExecutor>());
  }
  Database& target = database();
  for (std::size_t i = 0; i < 100; ++i) {
    answers.push_back(executors[i % 4]->spawn<Commit>(
        [&target] { return target.commit(keyed_sale("same", "f")); }));
  }
  int first = 0;
  for (auto& answer : answers) {
    const Commit outcome = answer.get();
    const Committed& done = std::get<Committed>(outcome);
    first += done.replayed ? 0 : 1;
    EXPECT_EQ(done.response.body, "first f");
  }
  EXPECT_EQ(first, 1);
  EXPECT_EQ(sold("a"), 1);
}

TEST_P(DatabaseContract, ManyBuyersGetExactlyWhatIsThere) {
  constexpr std::int64_t there = 300;
  constexpr std::size_t buyers = 600;
  stock("a", there);
  std::vector<std::unique_ptr<test::ThreadExecutor>> executors;
  for (int i = 0; i < 8; ++i) {
    executors.push_back(std::make_unique<test::ThreadExecutor>());
  }
  Database& target = database();
  std::vector<std::future<Commit>> answers;
  for (std::size_t i = 0; i < buyers; ++i) {
    answers.push_back(executors[i % executors.size()]->spawn<Commit>(
        [&target] { return target.commit(sale("a", 1)); }));
  }
  std::vector<std::int64_t> positions;
  for (auto& answer : answers) {
    const Commit outcome = answer.get();
    if (const auto* done = std::get_if<Committed>(&outcome)) {
      positions.push_back(done->position);
    } else {
      EXPECT_EQ(std::get<Refused>(outcome).kind, &sold_out);
    }
  }
  EXPECT_EQ(positions.size(), static_cast<std::size_t>(there));
  std::ranges::sort(positions);
  EXPECT_EQ(std::ranges::adjacent_find(positions), positions.end());
  EXPECT_EQ(sold("a"), there);
  expect_dense_positions(static_cast<std::size_t>(there));
}

// Moves one unit to and fro while others read both rows: each read must see both moves or neither.
TEST_P(DatabaseContract, ReadsSeveralQueriesInOneSnapshot) {
  stock("a", 1'000);
  stock("b", 1'000);
  Database& target = database();
  std::atomic<bool> moving = true;
  const auto count_torn_reads = [&target, &moving](Freshness freshness) {
    test::ThreadExecutor executor;
    int torn = 0;
    while (moving) {
      const auto rows = executor.run_task<std::vector<Rows>>([&target, freshness] {
        std::vector<Query> queries;
        queries.push_back({sql_sold, {"a"}});
        queries.push_back({sql_sold, {"b"}});
        return target.read_all(std::move(queries), freshness);
      });
      torn += rows[0][0].integer(0) + rows[1][0].integer(0) == 0 ? 0 : 1;
    }
    return torn;
  };
  auto current = std::async(std::launch::async, count_torn_reads, Freshness::current);
  auto replica = std::async(std::launch::async, count_torn_reads, Freshness::replica);
  for (std::int64_t i = 0; i < 200; ++i) {
    const std::int64_t step = i % 2 == 0 ? 1 : -1;
    Batch batch = sale("a", step);
    batch.add(sql_sell, {"b", -step}).expect(1, sold_out);
    committed(std::move(batch));
  }
  moving = false;
  EXPECT_EQ(current.get(), 0);
  EXPECT_EQ(replica.get(), 0);
}

TEST_P(DatabaseContract, ObserversAreToldBeforeTheCallerIsAnswered) {
  stock("a", 10);
  std::atomic<std::int64_t> told = 0;
  std::vector<std::string> subjects;
  database().on_commit([&](std::int64_t tail, std::span<const CommittedEvent> events) {
    for (const CommittedEvent& event : events) {
      subjects.push_back(event.type + " " + event.subject + " " + std::to_string(event.position));
    }
    told = tail;
  });
  for (std::int64_t i = 1; i <= 20; ++i) {
    const Committed done = committed(sale("a", 0));
    ASSERT_GE(told.load(), done.position);
  }
  commit(sale("a", 100));  // refused: nothing to tell
  ASSERT_EQ(subjects.size(), 20U);
  EXPECT_EQ(subjects.front(), "stock.sold a 1");
  EXPECT_EQ(subjects.back(), "stock.sold a 20");
}

TEST_P(DatabaseContract, TasksGoOnWhereTheyWere) {
  stock("a", 10);
  Database& target = database();
  test::ThreadExecutor executor;
  const bool same = executor.run_task<bool>([&target] {
    return [](Database& used) -> Task<bool> {
      const std::thread::id home = std::this_thread::get_id();
      Task<Commit> committing = used.commit(sale("a", 1));
      co_await committing;
      bool stayed = std::this_thread::get_id() == home;
      Task<Rows> reading = used.read(Query{sql_sold, {"a"}}, Freshness::replica);
      const Rows rows = co_await reading;
      stayed = stayed && std::this_thread::get_id() == home;
      co_return stayed&& rows[0].integer(0) == 1;
    }(target);
  });
  EXPECT_TRUE(same);
}

TEST_P(DatabaseContract, ThreadsWithoutAnExecutorBlock) {
  stock("a", 10);
  const Commit outcome = run_ready(database().commit(sale("a", 4)));
  EXPECT_EQ(std::get<Committed>(outcome).position, 1);
  EXPECT_EQ(run_ready(database().read(Query{sql_sold, {"a"}}))[0].integer(0), 4);
}

}  // namespace securecart::storage::contract
