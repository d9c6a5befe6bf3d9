#include "shop/payments/provider_line.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "net/runtime.hpp"
#include "net/server.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/run_on.hpp"

namespace securecart::shop::payments {
namespace {

using namespace std::chrono_literals;

constexpr auto timeout = 5s;

// A provider that holds its answers back for as long as the test says.
class Provider final : public net::Handler {
 public:
  Task<net::Response> handle(net::Request) override {
    ++asked;
    while (holds) {
      co_await sleep_for(1ms);
    }
    co_return net::json_response(200, "{}");
  }
  std::atomic<int> asked = 0;
  std::atomic<bool> holds = false;
};

class ProviderLineTest : public testing::Test {
 protected:
  ProviderLineTest() {
    server_.start();
    runtime_.run();
    line_ = std::make_unique<ProviderLine>(
        client_, clock_, metrics_,
        ProviderLineOptions{"stripe", "http://127.0.0.1:" + std::to_string(server_.port()),
                            timeout});
  }

  Task<bool> exchange() {
    net::ClientRequest request;
    request.target = "/v1/payment_intents";
    Task<std::optional<net::Response>> exchanging = line_->exchange(std::move(request));
    const std::optional<net::Response> response = co_await exchanging;
    co_return response.has_value();
  }
  bool answered() {
    return test::run_on<bool>(runtime_.executor(0), [this] { return exchange(); });
  }
  // So many at once, each for so long.
  void ask(int times, Duration span) {
    const int before = provider_.asked;
    provider_.holds = true;
    std::vector<std::future<bool>> asking;
    for (int i = 0; i < times; ++i) {
      asking.push_back(std::async(std::launch::async, [this] { return answered(); }));
    }
    EXPECT_TRUE(test::eventually([&] { return provider_.asked == before + times; }));
    clock_.advance(span);
    provider_.holds = false;
    for (std::future<bool>& one : asking) {
      EXPECT_TRUE(one.get());
    }
  }
  bool shows(int state) const {
    return metrics_.prometheus_text().find("securecart_payment_breaker{provider=\"stripe\"} " +
                                           std::to_string(state) + "\n") != std::string::npos;
  }

  const SystemClock real_;
  ManualClock clock_;
  observe::Metrics metrics_;
  Provider provider_;
  net::Runtime runtime_{1, 1, real_};
  net::Server server_{runtime_, {.name = "provider"}, provider_, metrics_};
  net::Client client_{runtime_, {}};
  std::unique_ptr<ProviderLine> line_;
};

TEST_F(ProviderLineTest, AProviderThatIsSlowIsLeftAloneUntilItIsQuickAgain) {
  ask(20, timeout * 4 / 5 - 1ms);
  EXPECT_TRUE(shows(0)) << "that is how long it may take";
  clock_.advance(1min);
  ask(20, timeout * 4 / 5);
  EXPECT_TRUE(shows(1));
  const int asked = provider_.asked;
  EXPECT_FALSE(answered());
  EXPECT_EQ(provider_.asked, asked) << "nothing is sent while it is open";
  clock_.advance(2s);
  EXPECT_TRUE(shows(2));
  ask(3, 100ms);
  EXPECT_TRUE(shows(0));
}

TEST_F(ProviderLineTest, AProbeThatIsSlowKeepsItOpen) {
  ask(20, timeout);
  clock_.advance(2s);
  ask(1, timeout);
  EXPECT_TRUE(shows(1));
}

}  // namespace
}  // namespace securecart::shop::payments
