// The engines a whole shop can run on, as a parameter of the tests that start one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/postgres.hpp"

namespace securecart::test {

enum class Engine { sqlite, postgres };

inline std::string engine_name(const testing::TestParamInfo<Engine>& info) {
  return info.param == Engine::sqlite ? "sqlite" : "postgres";
}

// Where one test's shop keeps its data, gone with it.
class EngineHome {
 public:
  explicit EngineHome(Engine engine) : engine_(engine) {
    if (engine_ == Engine::postgres) {
      static Postgres server;
      url_ = server.make_database();
    }
  }
  // Empty for SQLite.
  const std::string& url() const { return url_; }
  // What `serve` and the other words need to find it.
  std::vector<std::string> options() const {
    return url_.empty() ? std::vector<std::string>() : std::vector<std::string>{"--database", url_};
  }
  // The same behind others.
  std::vector<std::string> behind(std::vector<std::string> others) const {
    for (std::string& option : options()) {
      others.push_back(std::move(option));
    }
    return others;
  }

 private:
  const Engine engine_;
  std::string url_;
};

}  // namespace securecart::test
