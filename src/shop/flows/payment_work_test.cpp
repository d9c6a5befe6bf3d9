#include "shop/flows/payment_work.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/support/flows_world.hpp"

namespace securecart::shop::flows {
namespace {

using namespace std::chrono_literals;
using orders::PaymentStatus;
using payments::Outcome;

class PaymentWorkTest : public testing::Test {
 protected:
  // What the consumer does with every event of these types, whether it did so before or not.
  void deliver(const events::EventTypes& types,
               Task<events::ConsumerOutcome> (PaymentWork::*handle)(const events::Event&)) {
    for (const std::string& type : types.names) {
      for (const events::EventPtr& event : world.events_of(type)) {
        events::ConsumerOutcome outcome = run_ready((work.*handle)(*event));
        if (auto* batch = std::get_if<storage::Batch>(&outcome)) {
          world.commit(std::move(*batch));  // refused: decided on what is gone; delivered again
        } else {
          ++parked;
        }
      }
    }
  }
  void charge() { deliver(PaymentWork::charge_events(), &PaymentWork::charge); }
  void refund() { deliver(PaymentWork::refund_events(), &PaymentWork::refund); }
  std::size_t reap() {
    world.clock.advance(2h);
    return run_ready(work.reap());
  }
  void ask_for_refund(const OrderSnapshot& order) {
    const RefundOrderRequest wanted{
        .actor = "staff", .amount = 100, .lines = {}, .reason = "", .restock = false};
    Result<OrderPlan> plan = decide_refund(world.see_order(order.order.id), wanted, world.deps);
    world.apply(std::move(plan->batch));
  }
  PaymentStatus status(const OrderSnapshot& order) {
    return world.see_order(order.order.id).order.state.payment;
  }

  test::FlowsWorld world;
  const catalog::Variant lamp = world.product("Lamp", 1'210, 1'000);
  test::ScriptedProvider provider;
  PaymentWork work{world.deps, {{"test", &provider}}, {.return_url_base = "https://shop.test"}};
  int parked = 0;
};

TEST_F(PaymentWorkTest, AnOrderIsChargedOnceHoweverOftenItsEventComes) {
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  charge();
  charge();
  EXPECT_EQ(status(order), PaymentStatus::paid);
  ASSERT_EQ(provider.charges.size(), 1U);
  EXPECT_EQ(provider.amounts.begin()->second, order.order.total);
  EXPECT_EQ(reap(), 0U) << "nothing is left to ask about";
  world.check_books();
}

TEST_F(PaymentWorkTest, ALostAnswerIsAskedForNotRepeated) {
  provider.lost_answers = 1;
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  charge();
  EXPECT_EQ(status(order), PaymentStatus::pending);
  EXPECT_EQ(world.see_order(order.order.id).payments[0].status, "unknown");
  EXPECT_EQ(reap(), 1U);
  EXPECT_EQ(provider.asked, 1);
  EXPECT_EQ(provider.charges.size(), 1U);
  EXPECT_EQ(status(order), PaymentStatus::paid);
  world.check_books();
}

TEST_F(PaymentWorkTest, TheReaperChargesWhatNobodyDid) {
  const OrderSnapshot order = world.place({{lamp.id, 1}});  // its event is never handled
  EXPECT_EQ(reap(), 1U);
  EXPECT_EQ(status(order), PaymentStatus::paid);
  charge();
  EXPECT_EQ(provider.charges.size(), 1U) << "the event that comes after all changes nothing";
}

TEST_F(PaymentWorkTest, ACancelledOrderIsNeverCharged) {
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  Result<OrderPlan> plan = decide_cancel(order, {"staff", "asked"}, world.deps);
  world.apply(std::move(plan->batch));
  charge();
  EXPECT_TRUE(provider.charges.empty());
  EXPECT_EQ(world.see_order(order.order.id).payments[0].status, "declined");
  EXPECT_EQ(status(order), PaymentStatus::voided);
  world.check_books();
}

TEST_F(PaymentWorkTest, MoneyTakenForACancelledOrderIsFoundAndGivenBack) {
  provider.lost_answers = 1;
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  charge();
  Result<OrderPlan> plan =
      decide_cancel(world.see_order(order.order.id), {"staff", "asked"}, world.deps);
  world.apply(std::move(plan->batch));
  EXPECT_GE(reap(), 1U);
  refund();
  refund();
  EXPECT_EQ(status(order), PaymentStatus::refunded);
  ASSERT_EQ(provider.refunds.size(), 1U);
  EXPECT_EQ(provider.amounts.at(provider.refunds.begin()->first), order.order.total);
  world.check_books();
}

TEST_F(PaymentWorkTest, ALostRefundIsAskedForNotRepeated) {
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  charge();
  ask_for_refund(order);
  provider.lost_answers = 1;
  refund();
  EXPECT_EQ(world.see_order(order.order.id).refunds[0].status, "pending");
  EXPECT_EQ(reap(), 1U);
  EXPECT_EQ(world.see_order(order.order.id).refunds[0].status, "succeeded");
  EXPECT_EQ(provider.refunds.size(), 1U);
  world.check_books();
}

TEST_F(PaymentWorkTest, OrdersNobodyPaysGiveTheirStockBack) {
  provider.script = {{.outcome = Outcome::declined, .reason = "no money"},
                     {.outcome = Outcome::requires_action, .action_url = "https://bank.test"}};
  const OrderSnapshot declined = world.place({{lamp.id, 3}});
  charge();
  const OrderSnapshot waiting = world.place({{lamp.id, 4}});
  charge();
  EXPECT_EQ(world.count("SELECT reserved FROM allotments", {}), 7);
  world.clock.advance(23h - 2h);
  reap();
  EXPECT_EQ(world.count("SELECT reserved FROM allotments", {}), 7) << "there is a day to pay";
  world.clock.advance(2h);
  reap();
  EXPECT_EQ(world.count("SELECT reserved FROM allotments", {}), 0);
  for (const OrderSnapshot& order : {declined, waiting}) {
    EXPECT_EQ(world.see_order(order.order.id).order.state.status, orders::Status::cancelled);
    EXPECT_EQ(status(order), PaymentStatus::voided);
  }
  world.check_books();
}

TEST_F(PaymentWorkTest, WithoutItsProviderAChargeIsDeclinedAndARefundWaitsForAPerson) {
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  charge();
  ask_for_refund(order);
  const OrderSnapshot other = world.place({{lamp.id, 1}});
  PaymentWork alone(world.deps, {}, {});
  const auto placed = world.events_of("order.placed");
  events::ConsumerOutcome outcome = run_ready(alone.charge(*placed.at(1)));
  world.apply(std::move(std::get<storage::Batch>(outcome)));
  EXPECT_EQ(status(other), PaymentStatus::declined);
  const auto wanted_back = world.events_of("order.refund_requested");
  EXPECT_TRUE(std::holds_alternative<events::Park>(run_ready(alone.refund(*wanted_back.at(0)))));
}

TEST_F(PaymentWorkTest, AnEventOfNothingIsParked) {
  events::Event event;
  event.shop_id = world.shop_a;
  event.type = "order.placed";
  event.payload = R"({"payment_id":"pay_unknown"})";
  EXPECT_TRUE(std::holds_alternative<events::Park>(run_ready(work.charge(event))));
  event.payload = R"({"refund_id":"ref_unknown"})";
  EXPECT_TRUE(std::holds_alternative<events::Park>(run_ready(work.refund(event))));
  event.payload = R"({"payment_id":null})";  // an order over nothing
  EXPECT_TRUE(std::holds_alternative<storage::Batch>(run_ready(work.charge(event))));
}

// Consumer, webhook and reaper in any order, with answers lost on the way: one charge an order.
RC_GTEST_FIXTURE_PROP(PaymentWorkTest, EveryOrderIsChargedOnce, ()) {
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  const payments::Payment payment = order.payments.at(0);
  provider.lost_answers = *rc::gen::inRange(0, 4);
  const int steps = *rc::gen::inRange(1, 8);
  for (int i = 0; i < steps; ++i) {
    switch (*rc::gen::inRange(0, 3)) {
      case 0:
        charge();
        break;
      case 1:
        reap();
        break;
      default:
        if (const auto taken = provider.charges.find(payment.provider_key);
            taken != provider.charges.end()) {
          world.settle(payment.id, taken->second);
        }
    }
  }
  provider.lost_answers = 0;
  reap();
  charge();
  RC_ASSERT(status(order) == PaymentStatus::paid);
  RC_ASSERT(provider.charges.contains(payment.provider_key));
  RC_ASSERT(world.count("SELECT COUNT(*) FROM payments WHERE order_id = $1", {order.order.id}) ==
            1);
  RC_ASSERT(world.count("SELECT COUNT(*) FROM ledger_transfers WHERE journal_id = $1",
                        {payment.id + ":captured"}) == 1);
}

}  // namespace
}  // namespace securecart::shop::flows
