#include "shop/payments/stripe_amount.hpp"

#include <gtest/gtest.h>

namespace securecart::shop::payments {
namespace {

TEST(StripeAmount, IsInStripesMinorUnits) {
  EXPECT_EQ(stripe_amount(1'234, "EUR"), 1'234);
  EXPECT_EQ(stripe_amount(500, "JPY"), 500) << "no minor units: 500 yen";
  EXPECT_EQ(stripe_amount(500, "KRW"), 500);
  EXPECT_EQ(stripe_amount(5, "ISK"), 500) << "five krónur";
  EXPECT_EQ(stripe_amount(1'200, "MGA"), 12) << "twelve ariary";
  EXPECT_EQ(stripe_amount(5'120, "KWD"), 5'120);
  EXPECT_EQ(stripe_amount(0, "USD"), 0);
}

TEST(StripeAmount, RefusesWhatCannotBeChargedExactly) {
  EXPECT_EQ(stripe_amount(5'124, "KWD"), std::nullopt);
  EXPECT_EQ(stripe_amount(5'001, "TND"), std::nullopt);
  EXPECT_EQ(stripe_amount(1'250, "MGA"), std::nullopt);
  EXPECT_EQ(stripe_amount(500, "UGX"), std::nullopt);
  EXPECT_EQ(stripe_amount(500, "XXX"), std::nullopt);
  EXPECT_EQ(stripe_amount(-1, "EUR"), std::nullopt);
}

}  // namespace
}  // namespace securecart::shop::payments
