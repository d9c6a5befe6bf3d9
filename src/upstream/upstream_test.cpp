// Calls to instances over real sockets: what is tried again, where, and how often.
#include "upstream/upstream.hpp"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

#include "base/executor.hpp"
#include "net/errc.hpp"
#include "net/hop.hpp"
#include "net/server.hpp"
#include "tests/support/seed.hpp"

namespace securecart::upstream {
namespace {

using namespace std::chrono_literals;

constexpr ErrorKind overloaded{"overloaded", 503, "Busy.", true};

// An instance that does as it is told.
class Instance final : public net::Handler {
 public:
  explicit Instance(net::Runtime& runtime)
      : server_(std::make_unique<net::Server>(runtime, net::ServerOptions{.name = "instance"},
                                              *this, metrics_)),
        url("http://127.0.0.1:" + std::to_string(server_->port())) {
    server_->start();
  }
  Task<net::Response> handle(net::Request request) override {
    if (request.path == "/readyz") {
      co_return net::json_response(ready ? 200 : 503, "{}");
    }
    const int number = ++asked;
    last_deadline = request.header(net::deadline_field).value_or("").size() > 0
                        ? std::stoll(std::string(*request.header(net::deadline_field)))
                        : 0;
    if (slow_ms > 0) {
      Task<void> sleeping = sleep_for(std::chrono::milliseconds(slow_ms.load()));
      co_await sleeping;
    }
    if (number * 37 % 100 < failing_percent) {  // never many in a row
      co_return net::problem(
          Error(busy ? overloaded : securecart::errc::unavailable, "Nothing was done."), "req_1");
    }
    co_return net::json_response(200, "{}");
  }
  void end() { server_.reset(); }

 private:
  observe::Metrics metrics_;
  std::unique_ptr<net::Server> server_;

 public:
  const std::string url;
  std::atomic<int> asked = 0;
  std::atomic<int> failing_percent = 0;
  std::atomic<int> slow_ms = 0;
  std::atomic<bool> busy = false;
  std::atomic<bool> ready = true;
  std::atomic<long long> last_deadline = 0;
};

class UpstreamTest : public testing::Test {
 protected:
  UpstreamTest() { runtime_.run(); }
  ~UpstreamTest() override {
    runtime_.stop();
    runtime_.join();
  }

  std::unique_ptr<Upstream> to(std::vector<std::string> urls, UpstreamOptions options = {}) {
    options.role = "orders";
    auto upstream =
        std::make_unique<Upstream>(std::move(options), client_, clock_, test::seed(), metrics_);
    upstream->set_instances(urls);
    return upstream;
  }
  // The status, or the code of the Error.
  std::string ask(Upstream& upstream, bool repeatable = true, Duration patience = 5s) {
    return asking(upstream, repeatable, patience).get();
  }
  std::future<std::string> asking(Upstream& upstream, bool repeatable, Duration patience) {
    auto promise = std::make_shared<std::promise<std::string>>();
    std::future<std::string> future = promise->get_future();
    runtime_.executor(0).post([this, &upstream, repeatable, patience, promise] {
      Outgoing outgoing;
      outgoing.request.target = "/v1/store/orders/1";
      outgoing.repeatable = repeatable;
      outgoing.deadline = clock_.steady() + patience;
      start(upstream.send(std::move(outgoing)),
            [promise](std::variant<Result<net::Response>, std::exception_ptr> outcome) {
              const Result<net::Response>& result = std::get<0>(outcome);
              promise->set_value(result ? std::to_string(result->status)
                                        : std::string(result.error().kind->code));
            });
    });
    return future;
  }
  double metric(const std::string& line) {
    const std::string text = metrics_.prometheus_text();
    const std::size_t at = text.find(line + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + line.size()));
  }

  SystemClock clock_;
  net::Runtime runtime_{1, 1, clock_};
  net::Client client_{runtime_, {}};
  observe::Metrics metrics_;
};

TEST_F(UpstreamTest, SpreadsRequestsAndTellsTheDeadline) {
  Instance a(runtime_);
  Instance b(runtime_);
  const auto upstream = to({a.url, b.url});
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(ask(*upstream), "200");
  }
  EXPECT_GT(a.asked, 20);
  EXPECT_GT(b.asked, 20);
  EXPECT_GT(a.last_deadline, 4'000);
  EXPECT_LE(a.last_deadline, 5'000);
}

TEST_F(UpstreamTest, GoesElsewhereWhenAnInstanceIsGone) {
  Instance a(runtime_);
  Instance b(runtime_);
  const auto upstream = to({a.url, b.url});
  a.end();
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(ask(*upstream, i % 2 == 0), "200") << "no connection: even what is not repeatable";
  }
  EXPECT_EQ(metric("securecart_upstream_retries_total{role=\"orders\"}"), 0);
  EXPECT_LE(metric("securecart_upstream_redirected_total{role=\"orders\"}"), 1);
  EXPECT_EQ(metric("securecart_upstream_up{instance=\"" + a.url + "\",role=\"orders\"}"), 0);
}

TEST_F(UpstreamTest, WaitsForSomebodyToComeBack) {
  Instance a(runtime_);
  const auto upstream = to({a.url});
  a.end();
  EXPECT_EQ(ask(*upstream, false, 300ms), "unavailable");
}

TEST_F(UpstreamTest, RepeatsOnlyWhatMayBeRepeated) {
  Instance slow(runtime_);
  slow.slow_ms = 10'000;
  UpstreamOptions options;
  options.attempt_timeout = 100ms;
  const auto upstream = to({slow.url}, options);
  EXPECT_EQ(ask(*upstream, false, 300ms), "outcome_unknown");
  EXPECT_EQ(slow.asked, 1);
  EXPECT_EQ(ask(*upstream, true, 2s), "outcome_unknown");
  EXPECT_EQ(slow.asked, 4) << "three attempts";
}

TEST_F(UpstreamTest, DoesNotAskABusyInstanceTwice) {
  Instance busy(runtime_);
  busy.failing_percent = 100;
  busy.busy = true;
  const auto upstream = to({busy.url});
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(ask(*upstream), "503");
  }
  EXPECT_EQ(busy.asked, 50);
  EXPECT_EQ(upstream->view()[0].state, resilience::CircuitBreaker::State::closed)
      << "it is well, and knows what it can do";
}

// The slow one may have done it, whatever the busy one says.
TEST_F(UpstreamTest, NeverSaysNothingWasDoneAfterAnAttemptThatWasLost) {
  Instance slow(runtime_);
  slow.slow_ms = 10'000;
  Instance busy(runtime_);
  busy.failing_percent = 100;
  busy.busy = true;
  UpstreamOptions options;
  options.attempt_timeout = 100ms;
  for (int i = 0; i < 10; ++i) {
    const auto upstream = to({slow.url, busy.url}, options);
    EXPECT_EQ(ask(*upstream, true, 2s), "outcome_unknown");
  }
  EXPECT_GE(slow.asked, 10);
}

// The promise of the one retry layer: half of the answers are errors, and the role gets at most
// 1.2 times what its callers ask for.
TEST_F(UpstreamTest, ABrownOutIsAmplifiedByAFifthAtMost) {
  for (const int percent : {30, 50}) {
    Instance a(runtime_);
    Instance b(runtime_);
    a.failing_percent = percent;
    b.failing_percent = percent;
    UpstreamOptions options;
    options.balancer.breaker.error_percent = 100;  // without its help
    options.policy.backoff = {.first = 1ms, .most = 2ms};
    const auto upstream = to({a.url, b.url}, options);
    constexpr int requests = 2'000;
    int answered = 0;
    for (int i = 0; i < requests; ++i) {
      answered += ask(*upstream) == "200" ? 1 : 0;
    }
    const double amplification = static_cast<double>(a.asked + b.asked) / requests;
    std::printf("%d %% errors: %.3f requests at the instances for each one, %.1f %% answered\n",
                percent, amplification, 100.0 * answered / requests);
    EXPECT_LE(amplification, 1.2);
    EXPECT_GT(answered, requests * (100 - percent) / 100) << "the budget was of use";
  }
}

TEST_F(UpstreamTest, StopsAskingWhoOnlyFails) {
  Instance a(runtime_);
  Instance b(runtime_);
  a.failing_percent = 100;
  const auto upstream = to({a.url, b.url});
  int answered = 0;
  for (int i = 0; i < 400; ++i) {
    answered += ask(*upstream) == "200" ? 1 : 0;
  }
  EXPECT_EQ(answered, 400);
  EXPECT_LT(a.asked, 60) << "its circuit opened";
  EXPECT_GE(
      metric("securecart_upstream_circuit_opened{instance=\"" + a.url + "\",role=\"orders\"}"), 1);
}

TEST_F(UpstreamTest, LooksWhoIsReady) {
  Instance a(runtime_);
  Instance b(runtime_);
  const auto upstream = to({a.url, b.url});
  const auto look = [&] {
    std::promise<void> looked;
    runtime_.executor(0).post(
        [&] { start(upstream->look_around(), [&looked](const auto&) { looked.set_value(); }); });
    looked.get_future().get();
  };
  a.ready = false;
  look();
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(ask(*upstream), "200");
  }
  EXPECT_EQ(a.asked, 0);
  a.ready = true;
  look();
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(ask(*upstream), "200");
  }
  EXPECT_GT(a.asked, 0);
}

TEST_F(UpstreamTest, RefusesWhatIsNoAddress) {
  const auto upstream = to({});
  EXPECT_EQ(ask(*upstream), "unavailable") << "nobody is known";
  EXPECT_THROW(upstream->set_instances(std::vector<std::string>{"nowhere"}), std::invalid_argument);
}

}  // namespace
}  // namespace securecart::upstream
