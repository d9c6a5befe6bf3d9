#include "cluster/store/memory_store.hpp"

#include "cluster/store/store_contract.hpp"

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;

class InMemory final : public contract::Fixture {
 public:
  Store& store() override { return store_; }
  const Clock& clock() override { return clock_; }
  void on_store(std::move_only_function<Task<void>()> work) override {
    run_ready(answered(work()));
  }
  bool eventually(const std::function<bool()>& condition) override {
    for (int i = 0; i < 1'000; ++i) {
      if (condition()) {
        return true;
      }
      clock_.advance(50ms);
      store_.expire();
    }
    return false;
  }
  void set_away(bool away) override { store_.set_away(away); }

 private:
  static Task<bool> answered(Task<void> work) {
    co_await work;
    co_return true;
  }

  ManualClock clock_;
  MemoryStore store_{clock_};
};

}  // namespace

namespace contract {
INSTANTIATE_TEST_SUITE_P(Memory, StoreContract,
                         testing::Values(Implementation{
                             "memory", [] { return std::make_unique<InMemory>(); }}),
                         [](const auto& info) { return info.param.name; });
}  // namespace contract

}  // namespace securecart::cluster
