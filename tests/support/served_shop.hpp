// The whole shop as `securecart serve` runs it, in the test's own process: its sockets are real,
// its database is real, and between the two a test can stage what happens rarely
// (tests/support/staged_database.hpp). For tests that only look from outside: shop_process.hpp.
#pragma once

#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/ids.hpp"
#include "cli/application.hpp"
#include "cli/roles.hpp"
#include "cli/sample.hpp"
#include "cli/wait.hpp"
#include "lab/api.hpp"
#include "net/client.hpp"
#include "net/runtime.hpp"
#include "tests/support/engines.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/shop_process.hpp"
#include "tests/support/staged_database.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {

class ServedShop {
 public:
  using Adjust = std::function<void(cli::ApplicationOptions&)>;

  explicit ServedShop(Engine engine, const Adjust& adjust = {})
      : home_(engine), runtime_(1, 1, clock_), client_(runtime_, {}), random_(seed()) {
    cli::ApplicationOptions options;
    options.data = folder_.path();
    options.program = program();
    options.database = home_.url();
    options.port = 0;
    options.roles = *cli::resolve_roles({"all"});
    options.writes_per_second = -1;
    options.around_database = [this](std::unique_ptr<storage::Database> real) {
      auto staged = std::make_unique<StagedDatabase>(std::move(real));
      staged_ = staged.get();
      return staged;
    };
    // The secret between shop and payment provider is taken from here, also without a sample shop.
    cli::Credentials known;
    known.test_payments_secret = "tps_" + ids_.secret(24);
    if (adjust) {
      adjust(options);
    }
    if (!options.sample_shop) {
      cli::write_credentials(credentials_file(), known);
    }
    application_ = std::make_unique<cli::Application>(std::move(options));
    application_->start();
    credentials_ = *cli::read_credentials(credentials_file());
    runtime_.run();
    api_ = std::make_unique<lab::Api>(client_, net::parse_url(application_->url()).value(), clock_,
                                      random_);
  }
  ~ServedShop() {
    stop([] { return false; });
    runtime_.stop();
    runtime_.join();
  }
  ServedShop(const ServedShop&) = delete;

  StagedDatabase& database() { return *staged_; }
  const cli::Credentials& credentials() const { return credentials_; }
  std::uint16_t port() const { return application_->port(); }
  const SystemClock& clock() const { return clock_; }
  std::string secret(std::size_t bytes) const { return ids_.secret(bytes); }

  // The answers in the order of the calls, which are sent all at once.
  std::vector<std::future<lab::ApiAnswer>> send(std::vector<lab::ApiCall> calls) {
    std::vector<std::future<lab::ApiAnswer>> answers;
    for (lab::ApiCall& call : calls) {
      auto promise = std::make_shared<std::promise<lab::ApiAnswer>>();
      answers.push_back(promise->get_future());
      runtime_.executor(0).post([this, promise, call = std::move(call)]() mutable {
        start(api_->once(std::move(call), std::chrono::seconds(60)),
              [promise](std::variant<lab::ApiAnswer, std::exception_ptr> outcome) {
                if (outcome.index() == 0) {
                  promise->set_value(std::move(std::get<0>(outcome)));
                } else {
                  promise->set_exception(std::get<1>(outcome));
                }
              });
      });
    }
    return answers;
  }
  lab::ApiAnswer call(lab::ApiCall call) {
    std::vector<lab::ApiCall> calls;
    calls.push_back(std::move(call));
    return send(std::move(calls)).front().get();
  }

  // Past the API, for what a test prepares by itself.
  void apply(storage::Batch batch) {
    const storage::Commit outcome =
        cli::wait_on(runtime_.executor(0), staged_->real().commit(std::move(batch)));
    EXPECT_TRUE(std::holds_alternative<storage::Committed>(outcome));
  }

  // Drains and ends the shop; once.
  void stop(const std::function<bool()>& hurry) {
    if (!stopped_) {
      stopped_ = true;
      application_->stop(hurry);
    }
  }

 private:
  std::filesystem::path credentials_file() const { return folder_.path() / "sample-shop.json"; }

  TempDir folder_;
  EngineHome home_;
  SystemClock clock_;
  SecureRandom secrets_;
  Ids ids_{clock_, secrets_};
  net::Runtime runtime_;
  net::Client client_;
  Prng random_;
  StagedDatabase* staged_ = nullptr;  // the application's
  std::unique_ptr<cli::Application> application_;
  cli::Credentials credentials_;
  std::unique_ptr<lab::Api> api_;
  bool stopped_ = false;
};

}  // namespace securecart::test
