#include "shop/orders/state.hpp"

#include <gtest/gtest.h>

namespace securecart::shop::orders {
namespace {

constexpr Status statuses[] = {Status::placed, Status::completed, Status::cancelled};
constexpr PaymentStatus payments[] = {
    PaymentStatus::pending,  PaymentStatus::requires_action,    PaymentStatus::paid,
    PaymentStatus::declined, PaymentStatus::partially_refunded, PaymentStatus::refunded,
    PaymentStatus::voided};
constexpr FulfilmentStatus fulfilments[] = {FulfilmentStatus::unfulfilled,
                                            FulfilmentStatus::partially_fulfilled,
                                            FulfilmentStatus::fulfilled};

TEST(OrderState, NamesRoundTrip) {
  for (const Status status : statuses) {
    EXPECT_EQ(parse_status(to_string(status)), status);
  }
  for (const PaymentStatus status : payments) {
    EXPECT_EQ(parse_payment_status(to_string(status)), status);
  }
  for (const FulfilmentStatus status : fulfilments) {
    EXPECT_EQ(parse_fulfilment_status(to_string(status)), status);
  }
}

TEST(OrderState, EndsAreEnds) {
  for (const Status to : statuses) {
    EXPECT_FALSE(may_move(Status::completed, to));
    EXPECT_FALSE(may_move(Status::cancelled, to));
  }
  for (const FulfilmentStatus to : fulfilments) {
    EXPECT_FALSE(may_move(FulfilmentStatus::fulfilled, to));
  }
}

TEST(OrderState, MoneyNeverGoesBackToPending) {
  for (const PaymentStatus from : payments) {
    EXPECT_EQ(may_move(from, PaymentStatus::pending), from == PaymentStatus::declined);
  }
}

TEST(OrderState, OnlyPaidGoodsLeave) {
  for (const PaymentStatus payment : payments) {
    const State state{Status::placed, payment, FulfilmentStatus::unfulfilled};
    EXPECT_EQ(may_fulfil(state),
              payment == PaymentStatus::paid || payment == PaymentStatus::partially_refunded);
  }
}

TEST(OrderState, WhatHasLeftIsNotCancelled) {
  EXPECT_TRUE(may_cancel({}));
  EXPECT_FALSE(
      may_cancel({Status::placed, PaymentStatus::paid, FulfilmentStatus::partially_fulfilled}));
  EXPECT_FALSE(
      may_cancel({Status::cancelled, PaymentStatus::voided, FulfilmentStatus::unfulfilled}));
}

TEST(OrderState, RefundsSayHowMuchIsLeft) {
  EXPECT_EQ(after_refund(100, 0), PaymentStatus::paid);
  EXPECT_EQ(after_refund(100, 1), PaymentStatus::partially_refunded);
  EXPECT_EQ(after_refund(100, 100), PaymentStatus::refunded);
}

TEST(OrderState, CompletesWhenPaidAndGone) {
  EXPECT_EQ(settled_status({Status::placed, PaymentStatus::paid, FulfilmentStatus::fulfilled}),
            Status::completed);
  EXPECT_EQ(
      settled_status({Status::placed, PaymentStatus::paid, FulfilmentStatus::partially_fulfilled}),
      Status::placed);
  EXPECT_EQ(settled_status({Status::placed, PaymentStatus::pending, FulfilmentStatus::fulfilled}),
            Status::placed);
}

}  // namespace
}  // namespace securecart::shop::orders
