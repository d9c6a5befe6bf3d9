#include "shop/flows/order_functions.hpp"

#include <deque>

#include <gtest/gtest.h>

#include "base/assets.hpp"
#include "shop/functions/errc.hpp"
#include "shop/functions/sandbox.hpp"
#include "shop/functions/store.hpp"
#include "shop/orders/errc.hpp"
#include "tests/support/flows_world.hpp"

namespace securecart::shop::flows {
namespace {

using namespace std::chrono_literals;
using functions::before_completion;
using functions::Ending;
using functions::order_placed;

// The interpreter in this process, or the endings a test asks for.
class LocalRunner final : public functions::Runner {
 public:
  std::deque<Ending> endings;
  std::vector<std::string> inputs;
  Task<functions::RunReport> run(functions::RunRequest request) override {
    inputs.push_back(request.input);
    if (endings.empty()) {
      co_return functions::run_in_sandbox(request);
    }
    functions::RunReport report;
    report.ending = endings.front();
    endings.pop_front();
    co_return report;
  }
};

class OrderFunctionsTest : public testing::Test {
 protected:
  OrderFunctionsTest() { world.deps.functions = &runner; }

  void install(const std::string& name, std::string_view trigger, const std::string& source,
               bool fails_closed = false) {
    functions::Function function;
    function.shop_id = world.shop_a;
    function.id = world.ids.make("fn");
    function.name = name;
    function.trigger = trigger;
    function.fails_closed = fails_closed;
    function.created_at = world.clock.now();
    storage::Batch batch;
    functions::add_function(batch, function);
    functions::add_version(batch, function, {1, source, "", "test", function.created_at});
    change_terms(batch, world.shop_a);
    world.apply(std::move(batch));
  }
  static std::string says(const std::string& decision) {
    return "function run() { return {decision: '" + decision + "', reasons: ['because']}; }";
  }
  // Every placed order's event, as the consumer does.
  std::vector<events::ConsumerOutcome> deliver() {
    std::vector<events::ConsumerOutcome> outcomes;
    for (const events::EventPtr& event : world.events_of("order.placed")) {
      outcomes.push_back(run_ready(run_functions(world.deps, *event)));
      if (auto* batch = std::get_if<storage::Batch>(&outcomes.back())) {
        world.apply(std::move(*batch));
      }
    }
    return outcomes;
  }
  Result<Completed> complete_asking(CartSnapshot cart) {
    CompletionRequest request = test::FlowsWorld::completion();
    request.functions = run_ready(ask_before_completion(world.deps, cart, "test"));
    request.asked_version = cart.version;
    if (auto refusal = refusal_of(request.functions)) {
      run_ready(log(request.functions));
      return std::unexpected(*refusal);
    }
    const KeyFor key_for = [this](const orders::Order& order) {
      return storage::BatchKey{
          world.shop_a, "complete", world.ids.make("key"), "", {201, order.id}};
    };
    return run_ready(complete_cart(world.deps, std::move(cart), request, world.key, key_for));
  }
  Task<bool> log(std::vector<FunctionRun> runs) {
    co_await log_refused(world.deps, world.shop_a, std::move(runs));
    co_return true;
  }
  std::int64_t runs_with(const std::string& decision) {
    return world.count("SELECT COUNT(*) FROM function_runs WHERE decision = $1", {decision});
  }
  std::optional<functions::Review> review(const OrderSnapshot& order) {
    return world.see_order(order.order.id).review;
  }
  Result<OrderPlan> fulfil(const OrderSnapshot& order) {
    return decide_fulfilment(world.see_order(order.order.id), {"staff", {}, "", "", ""},
                             world.deps);
  }

  test::FlowsWorld world;
  LocalRunner runner;
  const catalog::Variant lamp = world.product("Lamp", 1'210, 1'000);
};

TEST_F(OrderFunctionsTest, AHeldOrderStaysUntilPeopleReleaseIt) {
  install("check", order_placed, says("review"));
  const OrderSnapshot order = world.place_paid({{lamp.id, 1}});
  deliver();
  ASSERT_TRUE(review(order));
  EXPECT_EQ(review(order)->status, "held");
  EXPECT_EQ(get_string(review(order)->flags.at(0).as_object(), "function"), "check");
  EXPECT_EQ(world.events_of("order.held").size(), 1U);
  EXPECT_TRUE(fulfil(order).error().is(orders::errc::order_held));
  Result<OrderPlan> plan =
      decide_release(world.see_order(order.order.id), {"staff:stf_1"}, world.deps);
  ASSERT_TRUE(plan);
  world.apply(std::move(plan->batch));
  EXPECT_EQ(review(order)->status, "released");
  EXPECT_EQ(review(order)->decided_by, "staff:stf_1");
  EXPECT_TRUE(fulfil(order));
  EXPECT_FALSE(decide_release(world.see_order(order.order.id), {"staff"}, world.deps));
  world.check_books();
}

TEST_F(OrderFunctionsTest, AHeldOrderMayBeCancelled) {
  install("check", order_placed, says("reject"));
  const OrderSnapshot order = world.place_paid({{lamp.id, 1}});
  deliver();
  EXPECT_EQ(review(order)->status, "held") << "placed is placed: people decide";
  Result<OrderPlan> plan =
      decide_cancel(world.see_order(order.order.id), {"staff", "fraud"}, world.deps);
  world.apply(std::move(plan->batch));
  EXPECT_EQ(review(order)->status, "cancelled");
  EXPECT_EQ(world.see_order(order.order.id).order.state.payment, orders::PaymentStatus::refunded);
  world.check_books();
}

TEST_F(OrderFunctionsTest, WhoIsAboutToSendTheGoodsLooksAgain) {
  install("check", order_placed, says("review"));
  const OrderSnapshot order = world.place_paid({{lamp.id, 1}});
  Result<OrderPlan> decided_before = fulfil(order);
  ASSERT_TRUE(decided_before);
  deliver();
  const storage::Commit outcome = world.commit(std::move(decided_before->batch));
  EXPECT_TRUE(std::holds_alternative<storage::Refused>(outcome));
}

TEST_F(OrderFunctionsTest, AcceptedOrdersGoOnAndEveryRunIsLogged) {
  install("a", order_placed, says("accept"));
  install("b", order_placed, "function run(i) { console.log(i.order.total); return {}; }");
  const OrderSnapshot order = world.place_paid({{lamp.id, 1}});
  deliver();
  EXPECT_FALSE(review(order));
  EXPECT_TRUE(fulfil(order));
  EXPECT_EQ(runs_with("accept"), 2);
  EXPECT_EQ(world.count("SELECT COUNT(*) FROM function_runs WHERE outcome = 'invalid_output' AND "
                        "order_id = $1",
                        {order.order.id}),
            1);
}

TEST_F(OrderFunctionsTest, AFailureHoldsOnlyWhereTheShopSaidSo) {
  install("open", order_placed, says("accept"), false);
  install("closed", order_placed, says("accept"), true);
  const OrderSnapshot order = world.place_paid({{lamp.id, 1}});
  runner.endings = {Ending::timed_out, Ending::finished};
  runner.endings = {Ending::finished, Ending::timed_out};  // by name: closed, then open
  deliver();
  EXPECT_TRUE(review(order)) << "closed gave no verdict";
  EXPECT_EQ(review(order)->flags.size(), 1U);
}

TEST_F(OrderFunctionsTest, WithoutAFreeWorkerTheEventWaits) {
  install("check", order_placed, says("accept"), true);
  world.place_paid({{lamp.id, 1}});
  runner.endings = {Ending::overloaded};
  const auto outcomes = deliver();
  ASSERT_TRUE(std::holds_alternative<events::Retry>(outcomes.at(0)));
  EXPECT_FALSE(std::get<events::Retry>(outcomes.at(0)).counts);
  deliver();
  EXPECT_EQ(runs_with("accept"), 1);
}

TEST_F(OrderFunctionsTest, ACartIsRefusedBeforeItBecomesAnOrder) {
  install("check", before_completion,
          "function run(i) { return {decision: i.order.total > 5000 ? 'reject' : 'accept',"
          " reasons: ['secret']}; }");
  const Result<Completed> refused = complete_asking(world.ready_cart({{lamp.id, 10}}));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is(functions::errc::order_refused));
  EXPECT_EQ(refused.error().detail.find("secret"), std::string::npos);
  EXPECT_EQ(world.count("SELECT COUNT(*) FROM orders", {}), 0);
  EXPECT_EQ(runs_with("reject"), 1) << "the shop can see why";
  EXPECT_TRUE(complete_asking(world.ready_cart({{lamp.id, 1}})));
  EXPECT_EQ(runs_with("accept"), 1);
  world.check_books();
}

TEST_F(OrderFunctionsTest, ACartMayBecomeAHeldOrder) {
  install("check", before_completion, says("review"));
  const Result<Completed> placed = complete_asking(world.ready_cart({{lamp.id, 1}}));
  ASSERT_TRUE(placed);
  const OrderSnapshot order = world.see_order(placed->response.body);
  EXPECT_EQ(order.review->status, "held");
  install("later", order_placed, says("review"));
  deliver();
  EXPECT_EQ(review(order)->flags.size(), 2U) << "what was said before stays";
}

TEST_F(OrderFunctionsTest, BeforeCompletionAFailureIsAsTheShopSaid) {
  install("check", before_completion, says("accept"), true);
  runner.endings = {Ending::timed_out};
  EXPECT_TRUE(
      complete_asking(world.ready_cart({{lamp.id, 1}})).error().is(functions::errc::order_refused));
  world.deps.functions = nullptr;  // an instance without workers
  EXPECT_FALSE(complete_asking(world.ready_cart({{lamp.id, 1}})));
  storage::Batch batch;
  batch.add("UPDATE functions SET on_failure = 'open'");
  change_terms(batch, world.shop_a);
  world.apply(std::move(batch));
  EXPECT_TRUE(complete_asking(world.ready_cart({{lamp.id, 1}})));
}

TEST_F(OrderFunctionsTest, AVerdictIsOfTheCartThatWasSeen) {
  install("check", before_completion, says("accept"));
  CartSnapshot cart = world.ready_cart({{lamp.id, 1}});
  CompletionRequest request = test::FlowsWorld::completion();
  request.functions = run_ready(ask_before_completion(world.deps, cart, "test"));
  request.asked_version = cart.version - 1;
  EXPECT_FALSE(decide_completion(cart, request, world.key, world.deps));
}

TEST_F(OrderFunctionsTest, APastOrderIsToldAsItWas) {
  install("check", order_placed, says("accept"));
  const OrderSnapshot first = world.place_paid({{lamp.id, 1}});
  deliver();
  const std::string then = runner.inputs.at(0);
  world.clock.advance(30min);
  world.place_paid({{lamp.id, 2}});
  const functions::ActiveFunction tried{"fn", "check",       1, std::string(order_placed), false,
                                        100,  says("review")};
  const functions::Conclusion conclusion =
      run_ready(try_function(world.deps, tried, world.see_order(first.order.id).order));
  EXPECT_EQ(runner.inputs.back(), then);
  EXPECT_EQ(conclusion.decision, functions::Decision::review);
  EXPECT_FALSE(review(first)) << "only tried";
  EXPECT_EQ(world.count("SELECT COUNT(*) FROM function_runs", {}), 1);
}

class FraudCheckTest : public OrderFunctionsTest {
 protected:
  FraudCheckTest() {
    install("fraud-check", order_placed,
            std::string(embedded_asset("sample/functions/fraud_check.js")));
  }
  std::vector<std::string> reasons(const OrderSnapshot& order) {
    std::vector<std::string> list;
    if (const auto held = review(order)) {
      for (const json::value& reason : get_array(held->flags.at(0).as_object(), "reasons")) {
        list.emplace_back(reason.as_string());
      }
    }
    return list;
  }
};

TEST_F(FraudCheckTest, LetsOrdinaryOrdersGo) {
  const OrderSnapshot order = world.place_paid({{lamp.id, 2}});
  deliver();
  EXPECT_FALSE(review(order));
}

TEST_F(FraudCheckTest, HoldsAVeryLargeFirstOrder) {
  const OrderSnapshot order = world.place_paid({{lamp.id, 100}});
  deliver();
  ASSERT_EQ(reasons(order).size(), 1U);
  EXPECT_TRUE(reasons(order)[0].starts_with("a large first order: "));
}

TEST_F(FraudCheckTest, HoldsManyOrdersWithinAnHourToAnotherCountry) {
  for (int i = 0; i < 4; ++i) {
    CartSnapshot cart = world.ready_cart({{lamp.id, 1}});
    const Result<std::monostate> updated =
        run_ready(update_cart(world.deps, cart,
                              {.email = std::nullopt,
                               .currency = std::nullopt,
                               .shipping_address = std::nullopt,
                               .billing_address = test::FlowsWorld::address("US"),
                               .shipping_method_id = std::nullopt}));
    ASSERT_TRUE(updated);
    const Result<Completed> placed = world.complete(world.see(cart.id), world.ids.make("key"));
    ASSERT_TRUE(placed);
    world.clock.advance(1min);
  }
  deliver();
  EXPECT_EQ(world.count("SELECT COUNT(*) FROM order_reviews", {}), 1) << "the fourth one only";
  EXPECT_EQ(runs_with("review"), 1);
}

}  // namespace
}  // namespace securecart::shop::flows
