// A Database that fails on purpose in front of a real one: it can be away, lose answers after the
// commit was made, and go away behind a chosen commit.
#pragma once

#include <utility>

#include "base/prng.hpp"
#include "storage/database.hpp"

namespace securecart::test {

class FlakyDatabase final : public storage::Database {
 public:
  FlakyDatabase(storage::Database& real, Random& random) : real_(real), random_(random) {}

  bool away = false;          // every call fails and nothing is applied
  double lose_answer = 0;     // probability: applied, but the caller is told Unavailable
  double refuse_service = 0;  // probability: not applied, the caller is told Unavailable
  int commits = 0;            // that reached the real database
  int most_commits = -1;      // then it is away; below 0: never

  Task<std::vector<storage::Rows>> read_all(std::vector<storage::Query> queries,
                                            storage::Freshness freshness) override {
    if (away) {
      throw Unavailable("away");
    }
    Task<std::vector<storage::Rows>> reading = real_.read_all(std::move(queries), freshness);
    co_return co_await reading;
  }

  Task<storage::Commit> commit(storage::Batch batch) override {
    if (away || commits == most_commits || random_.unit() < refuse_service) {
      throw Unavailable("away");
    }
    Task<storage::Commit> committing = real_.commit(std::move(batch));
    storage::Commit outcome = co_await committing;
    ++commits;
    if (random_.unit() < lose_answer) {
      throw Unavailable("the answer was lost", true);
    }
    co_return outcome;
  }

  void on_commit(storage::CommitObserver observer) override {
    real_.on_commit(std::move(observer));
  }

 private:
  storage::Database& real_;
  Random& random_;
};

}  // namespace securecart::test
