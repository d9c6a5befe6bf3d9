// An EtcdStore on a thread of its own, for tests.
#pragma once

#include <poll.h>

#include "cluster/etcd/etcd_store.hpp"
#include "cluster/store/store_contract.hpp"
#include "tests/support/etcd.hpp"
#include "tests/support/run_on.hpp"
#include "tests/support/seed.hpp"

namespace securecart::cluster {

class EtcdFixture : public contract::Fixture {
 public:
  explicit EtcdFixture(std::vector<std::string> endpoints)
      : runtime_(1, 1, clock_),
        store_(std::make_unique<EtcdStore>(runtime_, runtime_.executor(0), clock_, random_,
                                           EtcdOptions{.endpoints = std::move(endpoints)})) {
    runtime_.run();
  }
  ~EtcdFixture() override {
    const auto done = [this] {
      bool idle = false;
      caller_.run([this, &idle] { idle = store_->idle(); });
      return idle;
    };
    eventually(done);
    runtime_.stop();
    runtime_.join();
  }

  Store& store() override { return *store_; }
  EtcdStore& etcd() { return *store_; }
  const Clock& clock() override { return clock_; }
  void on_store(std::move_only_function<Task<void>()> work) override {
    test::run_on<bool>(runtime_.executor(0),
                       [work = std::move(work)]() mutable { return answered(work()); });
  }
  bool eventually(const std::function<bool()>& condition) override {
    constexpr int tries = 3'000;
    constexpr int pause_ms = 10;
    for (int i = 0; i < tries; ++i) {
      if (condition()) {
        return true;
      }
      poll(nullptr, 0, pause_ms);
    }
    return false;
  }
  contract::Caller& caller() { return caller_; }

 private:
  static Task<bool> answered(Task<void> work) {
    co_await work;
    co_return true;
  }

  SystemClock clock_;
  SecureRandom random_;
  net::Runtime runtime_;
  std::unique_ptr<EtcdStore> store_;
  contract::Caller caller_{*this};
};

}  // namespace securecart::cluster
