#include "shop/payments/stripe_signature.hpp"

#include <gtest/gtest.h>

namespace securecart::shop::payments {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view secret = "whsec_test";
constexpr std::string_view body = R"({"id":"evt_1"})";
const Timestamp at{std::chrono::milliseconds(1'767'225'600'000)};

TEST(StripeSignature, HoldsForWhatWasSigned) {
  const std::string header = sign_stripe_event(secret, at, body);
  EXPECT_EQ(header.substr(0, 16), "t=1767225600,v1=");
  EXPECT_TRUE(stripe_event_holds(secret, header, body, at));
  EXPECT_FALSE(stripe_event_holds("whsec_other", header, body, at));
  EXPECT_FALSE(stripe_event_holds(secret, header, std::string(body) + " ", at));
  EXPECT_FALSE(stripe_event_holds("", sign_stripe_event("", at, body), body, at))
      << "a shop without a secret believes nobody";
}

TEST(StripeSignature, IsAsStripeMakesIt) {
  // HMAC-SHA256("whsec_test", "1767225600." + body), by another implementation.
  EXPECT_EQ(sign_stripe_event(secret, at, body),
            "t=1767225600,v1=45b40331de0325606dc5400202ade162460fbe48daf9401adfdcd0d7b4f35470");
}

TEST(StripeSignature, ToleratesFiveMinutes) {
  const std::string header = sign_stripe_event(secret, at, body);
  EXPECT_TRUE(stripe_event_holds(secret, header, body, at + 5min));
  EXPECT_TRUE(stripe_event_holds(secret, header, body, at - 5min));
  EXPECT_FALSE(stripe_event_holds(secret, header, body, at + 5min + 1s));
  EXPECT_FALSE(stripe_event_holds(secret, header, body, at - 5min - 1s));
}

TEST(StripeSignature, TakesOneOfSeveralAndOnlyV1) {
  const std::string header = sign_stripe_event(secret, at, body);
  const std::string good = header.substr(header.find("v1="));
  EXPECT_TRUE(stripe_event_holds(secret, "t=1767225600,v1=00," + good + ",v0=11", body, at));
  EXPECT_FALSE(stripe_event_holds(secret, "t=1767225600,v0=" + good.substr(3), body, at));
  EXPECT_FALSE(stripe_event_holds(secret, good, body, at)) << "no time";
  for (const char* malformed : {"", ",", "t=", "t=x,v1=y", "t=99999999999999999999,v1=", "v1"}) {
    EXPECT_FALSE(stripe_event_holds(secret, malformed, body, at)) << malformed;
  }
}

}  // namespace
}  // namespace securecart::shop::payments
