#include "shop/flows/settle_payment.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/support/flows_world.hpp"

namespace securecart::shop::flows {
namespace {

using namespace std::chrono_literals;
using orders::PaymentStatus;
using payments::ChargeResult;
using payments::Outcome;
using payments::RefundResult;

class SettlePayment : public testing::Test {
 protected:
  OrderSnapshot placed() { return world.place({{lamp.id, 2}}); }
  // What would be committed for this outcome.
  std::optional<storage::Batch> decide(const OrderSnapshot& order, ChargeResult result) {
    return decide_settlement(order.payments.at(0), order.order, result, world.deps);
  }
  static ChargeResult captured() { return {.outcome = Outcome::captured, .reference = "ch_1"}; }
  static ChargeResult declined() {
    return {.outcome = Outcome::declined, .reference = "ch_1", .reason = "no money"};
  }
  OrderSnapshot cancelled(const OrderSnapshot& order) {
    Result<OrderPlan> plan = decide_cancel(order, {"staff", "asked"}, world.deps);
    EXPECT_TRUE(plan);
    world.apply(std::move(plan->batch));
    return world.see_order(order.order.id);
  }

  test::FlowsWorld world;
  const catalog::Variant lamp = world.product("Lamp", 1'210, 100);
};

TEST_F(SettlePayment, CapturedMoneyPaysTheOrder) {
  const OrderSnapshot before = placed();
  ASSERT_TRUE(world.settle(before.payments[0].id, captured()));
  const OrderSnapshot after = world.see_order(before.order.id);
  EXPECT_EQ(after.order.state.payment, PaymentStatus::paid);
  EXPECT_EQ(after.order.state.status, orders::Status::placed) << "nothing has left yet";
  EXPECT_EQ(after.order.captured_total, before.order.total);
  EXPECT_EQ(after.payments[0].status, "captured");
  EXPECT_EQ(after.payments[0].provider_reference, "ch_1");
  EXPECT_FALSE(after.payments[0].next_check_at);
  EXPECT_EQ(world.events_of("order.paid").size(), 1U);
  world.check_books();
}

// Webhook, consumer and reaper bring the same news: the first changes something.
TEST_F(SettlePayment, TheSameNewsTwiceChangesNothing) {
  const OrderSnapshot order = placed();
  ASSERT_TRUE(world.settle(order.payments[0].id, captured()));
  const std::int64_t version = world.see_order(order.order.id).order.version;
  for (const ChargeResult& news : {captured(), declined(), ChargeResult{}}) {
    EXPECT_FALSE(world.settle(order.payments[0].id, news));
  }
  EXPECT_EQ(world.see_order(order.order.id).order.version, version);
  EXPECT_EQ(world.events_of("order.paid").size(), 1U);
  world.check_books();
}

TEST_F(SettlePayment, OfTwoWhoDecidedAtOnceOneWins) {
  const OrderSnapshot order = placed();
  std::optional<storage::Batch> one = decide(order, captured());
  std::optional<storage::Batch> other = decide(order, captured());
  ASSERT_TRUE(one && other);
  EXPECT_TRUE(std::holds_alternative<storage::Committed>(world.commit(std::move(*one))));
  EXPECT_TRUE(std::holds_alternative<storage::Refused>(world.commit(std::move(*other))));
  world.check_books();
}

TEST_F(SettlePayment, ADeclinedOrderWaitsForAnotherAttempt) {
  const OrderSnapshot order = placed();
  ASSERT_TRUE(world.settle(order.payments[0].id, declined()));
  const OrderSnapshot after = world.see_order(order.order.id);
  EXPECT_EQ(after.order.state.payment, PaymentStatus::declined);
  EXPECT_EQ(after.payments[0].failure, "no money");
  EXPECT_EQ(after.order.captured_total, 0);
  EXPECT_FALSE(world.settle(order.payments[0].id, captured())) << "a decline is final";
  EXPECT_FALSE(after.holds.empty()) << "its stock is still held";
}

TEST_F(SettlePayment, AnActionIsAskedForOnceAndMayStillEndEitherWay) {
  for (const bool good : {true, false}) {
    const OrderSnapshot order = placed();
    const ChargeResult action{.outcome = Outcome::requires_action,
                              .reference = "ch_1",
                              .action_url = "https://bank.test/confirm"};
    ASSERT_TRUE(world.settle(order.payments[0].id, action));
    ASSERT_TRUE(world.settle(order.payments[0].id, action));
    const OrderSnapshot waiting = world.see_order(order.order.id);
    EXPECT_EQ(waiting.order.state.payment, PaymentStatus::requires_action);
    EXPECT_EQ(waiting.order.payment->action_url, "https://bank.test/confirm");
    EXPECT_EQ(std::ranges::count(waiting.order.history, "payment_requires_action",
                                 &orders::HistoryEntry::kind),
              1);
    ASSERT_TRUE(world.settle(order.payments[0].id, good ? captured() : declined()));
    EXPECT_EQ(world.see_order(order.order.id).order.state.payment,
              good ? PaymentStatus::paid : PaymentStatus::declined);
  }
  world.check_books();
}

TEST_F(SettlePayment, WhatIsUnknownIsAskedEverMoreRarely) {
  const OrderSnapshot order = placed();
  std::chrono::milliseconds last = 0ms;
  for (int i = 0; i < 15; ++i) {
    ASSERT_TRUE(world.settle(order.payments[0].id, ChargeResult{}));
    const payments::Payment payment = world.see_order(order.order.id).payments[0];
    EXPECT_EQ(payment.status, "unknown");
    const auto wait = *payment.next_check_at - world.clock.now();
    EXPECT_GE(wait, last);
    EXPECT_LE(wait, 1h);
    last = wait;
  }
  EXPECT_EQ(last, 2s * (1 << 10));
  EXPECT_EQ(world.see_order(order.order.id).order.state.payment, PaymentStatus::pending)
      << "the order shows what is known";
  ASSERT_TRUE(world.settle(order.payments[0].id, captured())) << "unknown is not an end";
}

TEST_F(SettlePayment, MoneyForACancelledOrderGoesBack) {
  const OrderSnapshot order = cancelled(placed());
  EXPECT_EQ(order.order.state.payment, PaymentStatus::voided);
  ASSERT_TRUE(world.settle(order.payments[0].id, captured()));
  OrderSnapshot after = world.see_order(order.order.id);
  EXPECT_EQ(after.order.state.payment, PaymentStatus::refunded);
  ASSERT_EQ(after.refunds.size(), 1U);
  EXPECT_EQ(after.refunds[0].amount, after.order.total);
  EXPECT_TRUE(world.events_of("order.paid").empty());
  const RefundResult done{RefundResult::Outcome::succeeded, "re_1", ""};
  EXPECT_TRUE(run_ready(settle_refund(world.deps, world.shop_a, after.refunds[0].id, done)));
  EXPECT_FALSE(run_ready(settle_refund(world.deps, world.shop_a, after.refunds[0].id, done)));
  world.check_books();
  EXPECT_EQ(world.count("SELECT COUNT(*) FROM (SELECT account FROM (SELECT credit AS account, "
                        "amount FROM ledger_transfers UNION ALL SELECT debit, -amount FROM "
                        "ledger_transfers) GROUP BY account HAVING SUM(amount) <> 0)",
                        {}),
            0)
      << "nothing is left on any account";
}

TEST_F(SettlePayment, ACancelledOrderThatWasNeverPaidIsLeftAlone) {
  const OrderSnapshot order = cancelled(placed());
  ASSERT_TRUE(world.settle(order.payments[0].id, declined()));
  EXPECT_EQ(world.see_order(order.order.id).order.state.payment, PaymentStatus::voided);
  EXPECT_TRUE(world.events_of("order.payment_declined").empty());
  world.check_books();
}

TEST_F(SettlePayment, ARefundThatFailsIsCountedBack) {
  const OrderSnapshot paid = world.place_paid({{lamp.id, 2}});
  const RefundOrderRequest wanted{
      .actor = "staff", .amount = 500, .lines = {}, .reason = "broken", .restock = false};
  Result<OrderPlan> plan = decide_refund(paid, wanted, world.deps);
  ASSERT_TRUE(plan);
  const std::string refund_id = plan->made_id;
  world.apply(std::move(plan->batch));
  EXPECT_EQ(world.see_order(paid.order.id).order.state.payment, PaymentStatus::partially_refunded);
  const RefundResult unknown;
  EXPECT_TRUE(run_ready(settle_refund(world.deps, world.shop_a, refund_id, unknown)));
  const RefundResult failed{RefundResult::Outcome::failed, "", "the account is closed"};
  EXPECT_TRUE(run_ready(settle_refund(world.deps, world.shop_a, refund_id, failed)));
  const OrderSnapshot after = world.see_order(paid.order.id);
  EXPECT_EQ(after.order.state.payment, PaymentStatus::paid);
  EXPECT_EQ(after.order.refunded_total, 0);
  EXPECT_EQ(after.refunds[0].failure, "the account is closed");
  EXPECT_EQ(world.events_of("order.refund_failed").size(), 1U);
  world.check_books();
}

TEST_F(SettlePayment, NewsOfNothingIsNoNews) {
  EXPECT_FALSE(world.settle("pay_unknown", captured()));
  EXPECT_FALSE(run_ready(settle_refund(world.deps, world.shop_a, "ref_unknown", RefundResult{})));
  const OrderSnapshot order = placed();
  EXPECT_FALSE(
      run_ready(settle_payment(world.deps, world.shop_b, order.payments[0].id, captured())))
      << "another shop's payment is none of this one's";
}

}  // namespace
}  // namespace securecart::shop::flows
