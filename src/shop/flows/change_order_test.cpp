#include "shop/flows/change_order.hpp"

#include <deque>
#include <functional>
#include <set>
#include <tuple>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "shop/inventory/errc.hpp"
#include "shop/orders/errc.hpp"
#include "tests/support/flows_world.hpp"

namespace securecart::shop::flows {
namespace {

using orders::FulfilmentStatus;
using orders::PaymentStatus;
using orders::Status;

class ChangeOrder : public testing::Test {
 protected:
  Result<OrderPlan> cancel(const OrderSnapshot& order) {
    return decide_cancel(order, {"staff", "asked"}, world.deps);
  }
  Result<OrderPlan> fulfil(const OrderSnapshot& order, std::vector<LineQuantity> lines = {}) {
    const FulfilRequest request{.actor = "staff",
                                .lines = std::move(lines),
                                .carrier = "Post",
                                .tracking_number = "T1",
                                .tracking_url = ""};
    return decide_fulfilment(order, request, world.deps);
  }
  Result<OrderPlan> refund(const OrderSnapshot& order, std::optional<std::int64_t> amount,
                           std::vector<LineQuantity> lines = {}, bool restock = false) {
    const RefundOrderRequest request{.actor = "staff",
                                     .amount = amount,
                                     .lines = std::move(lines),
                                     .reason = "broken",
                                     .restock = restock};
    return decide_refund(order, request, world.deps);
  }
  // Commits what was decided and checks that the order is as the plan said.
  OrderSnapshot done(Result<OrderPlan> plan) {
    EXPECT_TRUE(plan) << (plan ? "" : plan.error().detail);
    const orders::Order expected = plan->order;
    world.apply(std::move(plan->batch));
    world.clock.advance(std::chrono::seconds(1));
    OrderSnapshot after = world.see_order(expected.id);
    EXPECT_EQ(after.order.version, expected.version);
    EXPECT_EQ(after.order.state.status, expected.state.status);
    EXPECT_EQ(after.order.state.payment, expected.state.payment);
    EXPECT_EQ(after.order.state.fulfilment, expected.state.fulfilment);
    EXPECT_EQ(after.order.refunded_total, expected.refunded_total);
    EXPECT_EQ(after.order.captured_total, expected.captured_total);
    for (std::size_t i = 0; i < expected.lines.size(); ++i) {
      EXPECT_EQ(after.order.lines[i].fulfilled, expected.lines[i].fulfilled);
      EXPECT_EQ(after.order.lines[i].refunded, expected.lines[i].refunded);
    }
    return after;
  }
  std::int64_t on_hand(const catalog::Variant& variant) {
    return world.count("SELECT SUM(on_hand) FROM stock_levels WHERE item_id = $1",
                       {*variant.inventory_item_id});
  }
  std::int64_t available(const catalog::Variant& variant) {
    return world.count("SELECT SUM(granted - reserved - sold) FROM allotments WHERE item_id = $1",
                       {*variant.inventory_item_id});
  }

  test::FlowsWorld world;
  const catalog::Variant lamp = world.product("Lamp", 1'210, 10);
  const catalog::Variant shade = world.product("Shade", 333, 10);
};

TEST_F(ChangeOrder, CancellingUnpaidGivesTheStockBack) {
  const OrderSnapshot order = world.place({{lamp.id, 4}});
  EXPECT_EQ(available(lamp), 6);
  const OrderSnapshot after = done(cancel(order));
  EXPECT_EQ(after.order.state.status, Status::cancelled);
  EXPECT_EQ(after.order.state.payment, PaymentStatus::voided);
  EXPECT_EQ(available(lamp), 10);
  EXPECT_TRUE(after.refunds.empty());
  EXPECT_TRUE(cancel(after).error().is(orders::errc::order_state)) << "once";
  world.check_books();
}

TEST_F(ChangeOrder, CancellingPaidGivesTheMoneyBackToo) {
  OrderSnapshot order = world.place_paid({{lamp.id, 4}, {shade.id, 1}});
  order = done(refund(order, 1'000));
  const OrderSnapshot after = done(cancel(order));
  EXPECT_EQ(after.order.state.payment, PaymentStatus::refunded);
  EXPECT_EQ(after.order.refunded_total, after.order.captured_total);
  ASSERT_EQ(after.refunds.size(), 2U);
  EXPECT_EQ(after.refunds[0].amount + after.refunds[1].amount, after.order.total);
  world.check_books();
}

TEST_F(ChangeOrder, WhatHasLeftIsNotCancelled) {
  OrderSnapshot order = world.place_paid({{lamp.id, 2}});
  order = done(fulfil(order, {{order.order.lines[0].id, 1}}));
  EXPECT_TRUE(cancel(order).error().is(orders::errc::order_state));
}

TEST_F(ChangeOrder, NothingLeavesBeforeItIsPaid) {
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  EXPECT_TRUE(fulfil(order).error().is(orders::errc::order_not_paid));
  EXPECT_TRUE(fulfil(done(cancel(order))).error().is(orders::errc::order_state));
}

TEST_F(ChangeOrder, FulfilsInPartsUntilItIsComplete) {
  OrderSnapshot order = world.place_paid({{lamp.id, 3}, {shade.id, 2}});
  const std::string first = order.order.lines[0].id;
  order = done(fulfil(order, {{first, 2}}));
  EXPECT_EQ(order.order.state.fulfilment, FulfilmentStatus::partially_fulfilled);
  EXPECT_EQ(on_hand(lamp), 8);
  EXPECT_TRUE(fulfil(order, {{first, 2}}).error().is(orders::errc::line_quantity));
  order = done(fulfil(order));
  EXPECT_EQ(order.order.state.fulfilment, FulfilmentStatus::fulfilled);
  EXPECT_EQ(order.order.state.status, Status::completed);
  EXPECT_EQ(order.order.fulfilments.size(), 2U);
  EXPECT_TRUE(order.holds.empty());
  EXPECT_EQ(on_hand(lamp), 7);
  EXPECT_EQ(on_hand(shade), 8);
  EXPECT_TRUE(fulfil(order).error().is(orders::errc::order_state));
  world.check_books();
}

TEST_F(ChangeOrder, NamesLinesThatAreWrong) {
  const OrderSnapshot order = world.place_paid({{lamp.id, 3}});
  const std::string line = order.order.lines[0].id;
  const std::vector<std::vector<LineQuantity>> wrong = {
      {{"line_unknown", 1}}, {{line, 0}}, {{line, -1}}, {{line, 4}}, {{line, 1}, {line, 1}}};
  for (const std::vector<LineQuantity>& lines : wrong) {
    EXPECT_TRUE(fulfil(order, lines).error().is(orders::errc::line_quantity));
    EXPECT_TRUE(refund(order, std::nullopt, lines).error().is(orders::errc::line_quantity));
  }
}

TEST_F(ChangeOrder, BackorderedUnitsLeaveWhenTheyHaveCome) {
  const catalog::Variant rare =
      world.product("Rare", 1'000, 1, [](catalog::VariantInput& input) { input.backorder = true; });
  const OrderSnapshot order = world.place_paid({{rare.id, 3}});
  Result<OrderPlan> early = fulfil(order);
  ASSERT_TRUE(early);
  const storage::Commit outcome = world.commit(std::move(early->batch));
  ASSERT_TRUE(std::holds_alternative<storage::Refused>(outcome));
  EXPECT_EQ(std::get<storage::Refused>(outcome).kind, &inventory::errc::out_of_stock);
  world.receive(*rare.inventory_item_id, 2);
  done(fulfil(order));
  EXPECT_EQ(on_hand(rare), 0);
  world.check_books();
}

TEST_F(ChangeOrder, RefundsAreBoundedByWhatWasPaid) {
  const OrderSnapshot unpaid = world.place({{lamp.id, 1}});
  EXPECT_TRUE(refund(unpaid, 1).error().is(orders::errc::order_state));
  OrderSnapshot order = world.place_paid({{lamp.id, 1}});
  for (const std::int64_t amount : {std::int64_t{0}, std::int64_t{-5}, order.order.total + 1}) {
    EXPECT_TRUE(refund(order, amount).error().is(orders::errc::refund_exceeds_payment));
  }
  order = done(refund(order, order.order.total - 1));
  EXPECT_EQ(order.order.state.payment, PaymentStatus::partially_refunded);
  EXPECT_TRUE(refund(order, 2).error().is(orders::errc::refund_exceeds_payment));
  order = done(refund(order, std::nullopt));
  EXPECT_EQ(order.order.state.payment, PaymentStatus::refunded);
  EXPECT_EQ(order.refunds.back().amount, 1) << "all that was left";
  EXPECT_TRUE(refund(order, 1).error().is(orders::errc::order_state));
  world.check_books();
}

TEST_F(ChangeOrder, ReturnedUnitsGoBackOnSaleOnlyWhenTheyHadLeft) {
  OrderSnapshot order = world.place_paid({{lamp.id, 3}});
  const std::string line = order.order.lines[0].id;
  EXPECT_TRUE(refund(order, std::nullopt, {{line, 1}}, true).error().is(orders::errc::order_state));
  order = done(fulfil(order, {{line, 2}}));
  EXPECT_TRUE(refund(order, std::nullopt, {{line, 3}}, true).error().is(orders::errc::order_state));
  order = done(refund(order, std::nullopt, {{line, 2}}, true));
  EXPECT_EQ(on_hand(lamp), 10);
  EXPECT_EQ(available(lamp), 9) << "one is still held for the rest of the order";
  world.check_books();
}

TEST_F(ChangeOrder, ADeclinedOrderIsPaidByAnotherAttempt) {
  const OrderSnapshot order = world.place({{lamp.id, 1}});
  const RetryPaymentRequest again{"guest", "test", "pm_other"};
  EXPECT_FALSE(decide_retry(order, again, world.deps)) << "the first is still under way";
  world.settle(order.payments[0].id, {.outcome = payments::Outcome::declined});
  const OrderSnapshot retried =
      done(decide_retry(world.see_order(order.order.id), again, world.deps));
  ASSERT_EQ(retried.payments.size(), 2U);
  EXPECT_EQ(retried.payments[1].attempt, 2);
  EXPECT_NE(retried.payments[1].provider_key, retried.payments[0].provider_key);
  EXPECT_EQ(retried.order.state.payment, PaymentStatus::pending);
  world.settle(retried.payments[1].id, {.outcome = payments::Outcome::captured});
  EXPECT_EQ(world.see_order(order.order.id).order.state.payment, PaymentStatus::paid);
  EXPECT_FALSE(decide_retry(world.see_order(order.order.id), again, world.deps));
  world.check_books();
}

TEST_F(ChangeOrder, OfTwoChangesAtOnceOneIsRefused) {
  const OrderSnapshot order = world.place_paid({{lamp.id, 2}});
  Result<OrderPlan> one = refund(order, std::nullopt);
  Result<OrderPlan> other = cancel(order);
  ASSERT_TRUE(one && other);
  world.apply(std::move(one->batch));
  const storage::Commit outcome = world.commit(std::move(other->batch));
  ASSERT_TRUE(std::holds_alternative<storage::Refused>(outcome));
  EXPECT_EQ(std::get<storage::Refused>(outcome).kind, &orders::errc::order_changed);
  world.check_books();
}

// All that can happen to an order, tried in every state that it leads to: lives are told anew from
// the order's placing, the shortest first.
class EveryLifeOfAnOrder : public ChangeOrder {
 protected:
  using Life = std::vector<std::size_t>;  // indices of steps_
  template <class State>
  using Moves = std::set<std::pair<State, State>>;

  // Tries everything in each state that `variant` ordered twice comes to within `most` steps.
  void explore(const catalog::Variant& variant, std::size_t most) {
    std::deque<Life> lives{{}};
    std::set<Mark> known{mark_of(tell(variant, {}))};
    for (; !lives.empty(); lives.pop_front()) {
      OrderSnapshot before = tell(variant, lives.front());
      for (std::size_t step = 0; step < steps_.size(); ++step) {
        steps_[step](before);
        const OrderSnapshot after = world.see_order(before.order.id);
        if (mark_of(after) == mark_of(before)) {
          continue;
        }
        note(before.order.state, after.order.state);
        if (known.insert(mark_of(after)).second && lives.front().size() + 1 < most) {
          Life longer = lives.front();
          longer.push_back(step);
          lives.push_back(std::move(longer));
        }
        before = tell(variant, lives.front());
      }
    }
    world.check_books();
  }

  template <class State>
  static void expect_table(const Moves<State>& seen, State last) {
    for (int from = 0; from <= static_cast<int>(last); ++from) {
      for (int to = 0; to <= static_cast<int>(last); ++to) {
        const std::pair move(static_cast<State>(from), static_cast<State>(to));
        EXPECT_EQ(orders::may_move(move.first, move.second), seen.contains(move))
            << orders::to_string(move.first) << " -> " << orders::to_string(move.second);
      }
    }
  }

  Moves<Status> statuses_;
  Moves<PaymentStatus> payments_;
  Moves<FulfilmentStatus> fulfilments_;

 private:
  // What the next step depends on.
  using Mark =
      std::tuple<Status, PaymentStatus, FulfilmentStatus, std::int64_t, std::int64_t, std::int64_t>;
  static Mark mark_of(const OrderSnapshot& snapshot) {
    const orders::Order& order = snapshot.order;
    return {order.state.status,
            order.state.payment,
            order.state.fulfilment,
            order.captured_total,
            order.refunded_total,
            std::ranges::count(snapshot.refunds, "pending", &payments::Refund::status)};
  }
  OrderSnapshot tell(const catalog::Variant& variant, const Life& life) {
    OrderSnapshot order = world.place({{variant.id, 2}});
    for (const std::size_t step : life) {
      steps_[step](order);
      order = world.see_order(order.order.id);
    }
    return order;
  }
  template <class State>
  static void note_move(Moves<State>& moves, State from, State to) {
    if (from != to) {
      moves.emplace(from, to);
    }
  }
  void note(const orders::State& from, const orders::State& to) {
    note_move(statuses_, from.status, to.status);
    note_move(payments_, from.payment, to.payment);
    note_move(fulfilments_, from.fulfilment, to.fulfilment);
  }

  void commit_if_allowed(Result<OrderPlan> plan) {
    if (plan) {
      world.apply(std::move(plan->batch));
    }
  }
  void hear(const OrderSnapshot& order, payments::Outcome outcome) {
    if (!order.payments.empty()) {
      world.settle(order.payments.back().id, {.outcome = outcome});
    }
  }
  void hear_of_refund(const OrderSnapshot& order, payments::RefundResult::Outcome outcome) {
    if (!order.refunds.empty()) {
      run_ready(settle_refund(world.deps, world.shop_a, order.refunds.back().id,
                              {.outcome = outcome, .reference = "re", .reason = ""}));
    }
  }

  using Step = std::function<void(const OrderSnapshot&)>;
  const std::vector<Step> steps_{
      [this](const auto& order) { commit_if_allowed(cancel(order)); },
      [this](const auto& order) { commit_if_allowed(fulfil(order)); },
      [this](const auto& order) {
        commit_if_allowed(fulfil(order, {{order.order.lines[0].id, 1}}));
      },
      [this](const auto& order) { commit_if_allowed(refund(order, 1)); },
      [this](const auto& order) { commit_if_allowed(refund(order, std::nullopt)); },
      [this](const auto& order) {
        commit_if_allowed(decide_retry(order, {"guest", "test", "pm_other"}, world.deps));
      },
      [this](const auto& order) { hear(order, payments::Outcome::captured); },
      [this](const auto& order) { hear(order, payments::Outcome::declined); },
      [this](const auto& order) { hear(order, payments::Outcome::requires_action); },
      [this](const auto& order) { hear(order, payments::Outcome::unknown); },
      [this](const auto& order) {
        hear_of_refund(order, payments::RefundResult::Outcome::succeeded);
      },
      [this](const auto& order) { hear_of_refund(order, payments::RefundResult::Outcome::failed); },
  };
};

TEST_F(EveryLifeOfAnOrder, MakesTheMovesOfTheTablesAndNoOthers) {
  constexpr std::size_t most_steps = 5;
  explore(world.product("Chair", 1'210, 1'000'000), most_steps);
  explore(world.product("Gift", 0, 1'000'000,
                        [](catalog::VariantInput& input) { input.requires_shipping = false; }),
          most_steps);
  expect_table(statuses_, Status::cancelled);
  expect_table(payments_, PaymentStatus::voided);
  expect_table(fulfilments_, FulfilmentStatus::fulfilled);
}

// However a line is refunded, in the end it comes to what was paid for it.
RC_GTEST_FIXTURE_PROP(ChangeOrder, LinesAreWorthWhatWasPaidForThem, ()) {
  OrderSnapshot order = world.place_paid({{shade.id, 1}});
  orders::Line& line = order.order.lines[0];
  line.quantity = *rc::gen::inRange<std::int64_t>(1, 12);
  line.unit_price = *rc::gen::inRange<std::int64_t>(0, 5'000);
  line.total = line.unit_price * line.quantity;
  line.tax = *rc::gen::inRange<std::int64_t>(0, line.total / 4 + 1);
  order.order.prices_include_tax = *rc::gen::arbitrary<bool>();
  const std::int64_t paid = line.total + (order.order.prices_include_tax ? 0 : line.tax);
  order.order.subtotal = line.total;
  order.order.shipping_total = 1;
  order.order.shipping_tax = 0;
  order.order.tax_total = line.tax;
  order.order.total = order.order.captured_total = paid + 1;
  std::int64_t given = 0;
  while (line.refunded < line.quantity) {
    const std::int64_t units =
        *rc::gen::inRange<std::int64_t>(1, line.quantity - line.refunded + 1);
    const Result<OrderPlan> plan = refund(order, std::nullopt, {{line.id, units}});
    if (!plan) {  // these units cost nothing
      RC_ASSERT(plan.error().is(orders::errc::refund_exceeds_payment));
      line.refunded += units;
      continue;
    }
    given += plan->order.refunded_total - order.order.refunded_total;
    order.order = plan->order;
  }
  RC_ASSERT(given == paid);
}

// Any life of an order, in any order of events: after each step the books are right.
RC_GTEST_FIXTURE_PROP(ChangeOrder, WhateverHappensTheBooksAreRight, ()) {
  const auto quantity = *rc::gen::inRange<std::int64_t>(1, 4);
  OrderSnapshot order = world.place({{lamp.id, quantity}, {shade.id, 1}});
  const int steps = *rc::gen::inRange(1, 12);
  for (int step = 0; step < steps; ++step) {
    const std::string line = order.order.lines[*rc::gen::inRange<std::size_t>(0, 2)].id;
    const auto units = *rc::gen::inRange<std::int64_t>(1, 4);
    std::optional<Result<OrderPlan>> plan;
    switch (*rc::gen::inRange(0, 8)) {
      case 0:
        plan = cancel(order);
        break;
      case 1:
        plan = fulfil(order, {{line, units}});
        break;
      case 2:
        plan = refund(order, *rc::gen::inRange<std::int64_t>(1, 2'000));
        break;
      case 3:
        plan = refund(order, std::nullopt, {{line, units}}, *rc::gen::arbitrary<bool>());
        break;
      case 4:
        plan = decide_retry(order, {"guest", "test", "pm_other"}, world.deps);
        break;
      case 5:
      case 6: {
        using payments::Outcome;
        const Outcome outcome =
            *rc::gen::element(Outcome::captured, Outcome::captured, Outcome::declined,
                              Outcome::requires_action, Outcome::unknown);
        world.settle(order.payments.back().id, {.outcome = outcome});
        break;
      }
      default:
        for (const payments::Refund& pending : order.refunds) {
          using RefundOutcome = payments::RefundResult::Outcome;
          const payments::RefundResult result{
              *rc::gen::element(RefundOutcome::succeeded, RefundOutcome::failed), "re", ""};
          run_ready(settle_refund(world.deps, world.shop_a, pending.id, result));
        }
    }
    if (plan && *plan) {
      world.apply(std::move((**plan).batch));
    }
    world.check_books();
    order = world.see_order(order.order.id);
    RC_ASSERT(!testing::Test::HasFailure());
  }
  // Leave the stock as it was, for the next life.
  world.receive(*lamp.inventory_item_id, 4);
  world.receive(*shade.inventory_item_id, 1);
}

}  // namespace
}  // namespace securecart::shop::flows
