// The way through the API against a small shop that does what the test says.
#include <atomic>
#include <deque>
#include <future>
#include <memory>
#include <mutex>

#include <gtest/gtest.h>

#include "base/files.hpp"
#include "lab/checkout.hpp"
#include "lab/fields.hpp"
#include "lab/gameday/readers.hpp"
#include "lab/load.hpp"
#include "net/server.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::lab {
namespace {

using namespace std::chrono_literals;
using net::Method;
using net::Request;
using net::Response;

Response json_of(int status, const json::object& body) {
  return net::json_response(status, to_string(json::value(body)));
}

Response problem_of(int status, std::string_view code) {
  return json_of(status, {{"code", code}, {"detail", "by the test"}, {"retryable", status >= 500}});
}

// Sells one thing. What completing a cart answers can be scripted; without a script it is an order,
// the same one for the same key.
class SmallShop final : public net::Handler {
 public:
  Task<Response> handle(Request request) override {
    if (request.path.ends_with("/complete")) {
      return complete(std::move(request));
    }
    return answer(std::move(request));
  }

  std::filesystem::path history;  // read when a completion arrives
  std::atomic<int> completions = 0;
  std::atomic<int> without_intent = 0;
  Duration delay{};
  std::atomic<bool> broken = false;

  void script(std::initializer_list<Response> answers) {
    const std::scoped_lock lock(mutex_);
    script_.assign(answers);
  }

 private:
  static json::object cart(std::string_view id) {
    return {{"id", id},
            {"token", "ct_1"},
            {"currency", "EUR"},
            {"requires_shipping", true},
            {"totals", {{"total", 1'250}}}};
  }

  Task<Response> answer(Request request) {
    const std::string& path = request.path;
    if (broken) {
      co_return problem_of(503, "unavailable");
    }
    if (path == "/v1/store/shop") {
      co_return json_of(
          200,
          {{"id", "shop_1"}, {"default_currency", "EUR"}, {"countries", json::array{"NL", "DE"}}});
    }
    if (path == "/v1/store/products") {
      co_return json_of(200, {{"items", json::array{json::object{{"id", "prod_1"}}}}});
    }
    if (path == "/v1/store/products/prod_1") {
      const json::object variant{{"id", "var_1"}, {"available", true}};
      co_return json_of(200, {{"variants", json::array{variant}}});
    }
    if (path.ends_with("/shipping-methods")) {
      const json::object method{{"id", "ship_1"}, {"amount", 0}};
      co_return json_of(200, {{"items", json::array{method}}});
    }
    if (request.method == Method::post && path == "/v1/store/carts") {
      co_return json_of(201, cart("cart_" + std::to_string(++carts_)));
    }
    co_return json_of(200, cart(path.substr(path.rfind('/') + 1)));
  }

  Task<Response> complete(Request request) {
    ++completions;
    const std::string key(request.header("Idempotency-Key").value_or(""));
    const Result<History> written = parse_history(need_file(history));
    const bool known = written && std::ranges::any_of(written->intents, [&key](const Intent& one) {
                         return one.key == key;
                       });
    without_intent += known ? 0 : 1;
    if (delay > Duration::zero()) {
      co_await sleep_for(delay);
    }
    const std::scoped_lock lock(mutex_);
    if (!script_.empty()) {
      Response next = std::move(script_.front());
      script_.pop_front();
      co_return next;
    }
    const json::object order{
        {"id", "ord_" + key}, {"number", "N-" + key}, {"totals", {{"total", 1'250}}}};
    co_return json_of(201, order);
  }

  std::mutex mutex_;
  std::deque<Response> script_;
  std::atomic<int> carts_ = 0;
};

class ShopperTest : public testing::Test {
 protected:
  ShopperTest() {
    shop_.history = folder_.path() / "history.jsonl";
    writer_ = std::make_unique<HistoryWriter>(shop_.history);
    net::ServerOptions options;
    options.name = "test";
    server_ = std::make_unique<net::Server>(runtime_, options, shop_, metrics_);
    server_->start();
    client_ = std::make_unique<net::Client>(runtime_, net::Client::Options{});
    const net::Url url = *net::parse_url("http://127.0.0.1:" + std::to_string(server_->port()));
    api_ = std::make_unique<Api>(*client_, url, clock_, random_);
    runtime_.run();
  }
  ~ShopperTest() override {
    server_.reset();
    runtime_.stop();
    runtime_.join();
  }

  template <class T>
  T run(Task<T> task) {
    std::promise<T> promise;
    std::future<T> future = promise.get_future();
    runtime_.executor(0).post([&promise, task = std::move(task)]() mutable {
      start(std::move(task), [&promise](std::variant<T, std::exception_ptr> outcome) {
        if (outcome.index() == 0) {
          promise.set_value(std::move(std::get<0>(outcome)));
        } else {
          promise.set_exception(std::get<1>(outcome));
        }
      });
    });
    return future.get();
  }

  Completion check_out(Duration patience = 5s) {
    Intent intent;
    intent.cart_id = "cart_1";
    intent.key = "key-1";
    intent.currency = "EUR";
    intent.total = 1'250;
    intent.method = "tok_approved";
    intent.lines = {{"var_1", 1}};
    return run(complete(*api_, *writer_, intent, "ct_1", "pk_1", clock_.steady() + patience));
  }
  History history() const { return parse_history(need_file(shop_.history)).value(); }

  LoadSummary load(double rate, Duration duration, int double_click_percent) {
    LoadOptions options;
    options.rate = rate;
    options.duration = duration;
    options.seed = test::seed();
    options.double_click_percent = double_click_percent;
    options.publishable_key = "pk_1";
    options.methods = MethodMix::parse("tok_approved").value();
    Load load(*api_, *writer_, std::move(options));
    return run(load.run([this](const LoadTick&) { ++ticks_; }));
  }

  std::vector<Sample> read(int count) {
    Readers readers(*api_, {.publishable_key = "pk_1", .rate = 200, .seed = test::seed()});
    int asked = 0;
    return run(readers.run(clock_.steady(), [&asked, count] { return ++asked > count; }));
  }

  SmallShop shop_;
  int ticks_ = 0;

 private:
  const SystemClock clock_;
  const test::TempDir folder_;
  Prng random_{test::seed()};
  observe::Metrics metrics_;
  net::Runtime runtime_{1, 1, clock_};
  std::unique_ptr<HistoryWriter> writer_;
  std::unique_ptr<net::Server> server_;
  std::unique_ptr<net::Client> client_;
  std::unique_ptr<Api> api_;
};

TEST_F(ShopperTest, ReadersAskOnceAndTellWhatCame) {
  const std::vector<Sample> good = read(20);
  ASSERT_FALSE(good.empty());
  for (const Sample& sample : good) {
    EXPECT_EQ(sample.kind, Sample::Kind::read);
    EXPECT_EQ(sample.outcome, Sample::Outcome::good);
    EXPECT_GT(sample.latency, Duration::zero());
  }
  shop_.broken = true;
  for (const Sample& sample : read(20)) {
    EXPECT_EQ(sample.outcome, Sample::Outcome::failed);
  }
}

TEST_F(ShopperTest, AnIntentIsDurableBeforeItsRequestIsSent) {
  EXPECT_EQ(check_out().outcome, Completion::Outcome::placed);
  EXPECT_EQ(shop_.completions, 1);
  EXPECT_EQ(shop_.without_intent, 0);
  const History written = history();
  ASSERT_EQ(written.acks.size(), 1U);
  EXPECT_EQ(written.acks[0].order_id, "ord_key-1");
  EXPECT_EQ(written.acks[0].total, 1'250);
}

TEST_F(ShopperTest, TriesAgainWithTheSameKey) {
  shop_.script({problem_of(503, "unavailable"), problem_of(504, "outcome_unknown")});
  const Completion completion = check_out();
  EXPECT_EQ(completion.outcome, Completion::Outcome::placed);
  EXPECT_EQ(completion.answer.attempts, 3);
  EXPECT_EQ(history().intents.size(), 1U);
}

TEST_F(ShopperTest, ARefusalIsCertain) {
  shop_.script({problem_of(409, "out_of_stock")});
  EXPECT_EQ(check_out().outcome, Completion::Outcome::refused);
  ASSERT_EQ(history().fails.size(), 1U);
  EXPECT_EQ(history().fails[0].code, "out_of_stock");
  EXPECT_EQ(history().fails[0].outcome, Fail::Outcome::refused);
}

TEST_F(ShopperTest, ARefusalAfterALostAnswerIsNot) {
  shop_.script({problem_of(504, "outcome_unknown"), problem_of(409, "out_of_stock")});
  EXPECT_EQ(check_out().outcome, Completion::Outcome::unknown);
  EXPECT_EQ(history().fails.at(0).outcome, Fail::Outcome::unknown);
}

TEST_F(ShopperTest, PatienceEnds) {
  shop_.delay = 1s;
  EXPECT_EQ(check_out(200ms).outcome, Completion::Outcome::unknown);
  EXPECT_EQ(history().fails.at(0).status, 0);
}

TEST_F(ShopperTest, ALoadPlacesWhatItCounts) {
  const LoadSummary summary = load(200, 500ms, 20);
  EXPECT_GT(summary.counts.started, 40);
  EXPECT_EQ(summary.counts.placed, summary.counts.started);
  EXPECT_EQ(summary.latency.count(), static_cast<std::uint64_t>(summary.counts.placed));
  EXPECT_EQ(shop_.without_intent, 0);
  const History written = history();
  EXPECT_EQ(written.runs.size(), 1U);
  EXPECT_EQ(written.ended, 1U);
  EXPECT_EQ(written.acks.size(), written.intents.size());
  EXPECT_GT(written.intents.size(), static_cast<std::size_t>(summary.counts.placed))
      << "some pressed the button twice";
}

// A slow shop does not slow the arrivals down: they are measured from when they were due.
TEST_F(ShopperTest, ALoadIsOpen) {
  shop_.delay = 400ms;
  const LoadSummary summary = load(100, 1s, 0);
  EXPECT_GT(summary.counts.started, 60);
  EXPECT_GE(summary.latency.percentile(1), 400ms);
  EXPECT_LT(summary.lasted, 25s)
      << "one after the other they would take 40 seconds; a loaded machine took 11";
  EXPECT_GE(ticks_, 1);
}

TEST_F(ShopperTest, ALoadTellsWhyThereIsNoOrder) {
  shop_.script({problem_of(409, "out_of_stock"), problem_of(409, "out_of_stock")});
  const LoadSummary summary = load(100, 500ms, 0);
  EXPECT_EQ(summary.counts.refused, 2);
  EXPECT_EQ(summary.reasons.at("checkout: out_of_stock"), 2);
  EXPECT_EQ(summary.counts.placed, summary.counts.started - 2);
}

TEST(Loopback, IsThisMachineAlone) {
  EXPECT_TRUE(is_loopback({"127.0.0.1", 80}));
  EXPECT_TRUE(is_loopback({"127.8.0.1", 80}));
  EXPECT_TRUE(is_loopback({"localhost", 80}));
  EXPECT_TRUE(is_loopback({"::1", 80}));
  EXPECT_FALSE(is_loopback({"10.0.0.1", 80}));
  EXPECT_FALSE(is_loopback({"shop.example", 80}));
  EXPECT_FALSE(is_loopback({"127.evil.example", 80}));
}

}  // namespace
}  // namespace securecart::lab
