// Stands where a process without a role that keeps anything has its database: the table of
// operations is whole in every process, their handlers are never called there.
#pragma once

#include "storage/database.hpp"

namespace securecart::cli {

class NoDatabase final : public storage::Database {
 public:
  Task<std::vector<storage::Rows>> read_all(std::vector<storage::Query> /*queries*/,
                                            storage::Freshness /*freshness*/) override {
    throw Unavailable("this process has no database: none of its roles needs one");
  }
  Task<storage::Commit> commit(storage::Batch /*batch*/) override {
    throw Unavailable("this process has no database: none of its roles needs one");
  }
  void on_commit(storage::CommitObserver /*observer*/) override {}
};

}  // namespace securecart::cli
