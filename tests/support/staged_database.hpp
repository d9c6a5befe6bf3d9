// A Database in front of a real one in which a test stages what happens rarely: it is away, it
// breaks, it leaves open whether a batch was applied, it answers late, or another writer comes
// first. Safe from several threads.
//
//   const auto gone = staged.when("FROM api_keys", Staged::away);   // until `gone` is destroyed
//   const auto rival = staged.when("INSERT INTO orders", [] { return batch_of_somebody_else(); });
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/executor.hpp"
#include "storage/database.hpp"

namespace securecart::test {

enum class Staged {
  away,          // nothing is read or applied: Unavailable
  unknown,       // of batches: not applied, and the caller is told that nobody knows
  broken,        // nothing is read or applied: an exception nobody expects
  late,          // waits until the staging ends, then as `away`
  beaten_to_it,  // another batch is committed before
};

class StagedDatabase final : public storage::Database {
 public:
  using Rival = std::function<storage::Batch()>;

  explicit StagedDatabase(std::unique_ptr<storage::Database> real) : real_(std::move(real)) {}

 private:
  using Resume = std::move_only_function<void(bool)>;
  struct Rule {
    std::string sql;
    Staged what;
    Rival rival;
    std::vector<Resume> waiting = {};  // of `late`
    bool over = false;
  };

 public:
  // What is staged, until it is destroyed.
  class Staging {
   public:
    Staging(StagedDatabase& stage, std::shared_ptr<Rule> rule)
        : stage_(stage), rule_(std::move(rule)) {}
    Staging(const Staging&) = delete;
    ~Staging() { stage_.end(rule_); }

    // Blocks until `calls` wait (Staged::late).
    void await_waiting(std::size_t calls) const {
      std::unique_lock lock(stage_.mutex_);
      EXPECT_TRUE(stage_.changed_.wait_for(
          lock, std::chrono::seconds(30), [this, calls] { return rule_->waiting.size() >= calls; }))
          << "nothing waits at " << rule_->sql;
    }

   private:
    StagedDatabase& stage_;
    std::shared_ptr<Rule> rule_;
  };

  // Happens to every read and batch with a statement that contains `sql`; empty: to all.
  [[nodiscard]] Staging when(std::string_view sql, Staged what) {
    return {*this, add({std::string(sql), what, nullptr})};
  }
  [[nodiscard]] Staging when(std::string_view sql, Rival rival) {
    return {*this, add({std::string(sql), Staged::beaten_to_it, std::move(rival)})};
  }
  // The real one, for what a test prepares by itself.
  storage::Database& real() { return *real_; }

  Task<std::vector<storage::Rows>> read_all(std::vector<storage::Query> queries,
                                            storage::Freshness freshness) override {
    const std::shared_ptr<Rule> rule = rule_for(queries, false);
    if (rule != nullptr) {
      Task<void> happening = happen(rule);
      co_await happening;
    }
    Task<std::vector<storage::Rows>> reading = real_->read_all(std::move(queries), freshness);
    co_return co_await reading;
  }

  Task<storage::Commit> commit(storage::Batch batch) override {
    const std::shared_ptr<Rule> rule = rule_for(batch.statements, true);
    if (rule != nullptr) {
      Task<void> happening = happen(rule);
      co_await happening;
    }
    Task<storage::Commit> committing = real_->commit(std::move(batch));
    co_return co_await committing;
  }

  void on_commit(storage::CommitObserver observer) override {
    real_->on_commit(std::move(observer));
  }
  void close() override { real_->close(); }

 private:
  std::shared_ptr<Rule> add(Rule rule) {
    const std::scoped_lock lock(mutex_);
    rules_.push_back(std::make_shared<Rule>(std::move(rule)));
    return rules_.back();
  }

  void end(const std::shared_ptr<Rule>& rule) {
    std::vector<Resume> waiting;
    {
      const std::scoped_lock lock(mutex_);
      std::erase(rules_, rule);
      rule->over = true;
      waiting = std::exchange(rule->waiting, {});
    }
    for (Resume& resume : waiting) {
      resume(true);
    }
  }

  template <class Statements>
  std::shared_ptr<Rule> rule_for(const Statements& statements, bool writes) {
    const std::scoped_lock lock(mutex_);
    for (const std::shared_ptr<Rule>& rule : rules_) {
      if (rule->what == Staged::unknown && !writes) {
        continue;
      }
      for (const auto& statement : statements) {
        if (statement.sql.find(rule->sql) != std::string_view::npos) {
          return rule;
        }
      }
    }
    return nullptr;
  }

  Task<void> happen(std::shared_ptr<Rule> rule) {
    if (rule->what == Staged::broken) {
      throw std::runtime_error("staged: broken");
    }
    if (rule->what == Staged::beaten_to_it) {
      Task<storage::Commit> committing = real_->commit(rule->rival());
      const storage::Commit outcome = co_await committing;
      EXPECT_TRUE(std::holds_alternative<storage::Committed>(outcome)) << "the rival was refused";
      co_return;
    }
    if (rule->what == Staged::late) {
      std::move_only_function<void(Resume)> begin = [this, rule](Resume resume) {
        {
          const std::scoped_lock lock(mutex_);
          if (!rule->over) {
            rule->waiting.push_back(std::move(resume));
            changed_.notify_all();
            return;
          }
        }
        resume(true);
      };
      Task<bool> waiting = await_on_current<bool>(std::move(begin));
      co_await waiting;
    }
    throw Unavailable("staged: away", rule->what == Staged::unknown);
  }

  const std::unique_ptr<storage::Database> real_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Rule>> rules_;
};

}  // namespace securecart::test
