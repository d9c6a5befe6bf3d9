// Signatures of Stripe's webhooks (docs.stripe.com/webhooks/signature):
//
//   Stripe-Signature: t=1492774577,v1=5257a869…,v1=…,v0=…
//
// v1 is the hexadecimal HMAC-SHA256 of "<t>.<body>" under the endpoint's secret; there are several
// while the secret is being rolled. Other schemes are ignored, so that nothing is downgraded.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace securecart::shop::payments {

std::string sign_stripe_event(std::string_view secret, Timestamp at, std::string_view body);

// Whether one v1 signature holds and its time is within five minutes of `now` (replays).
bool stripe_event_holds(std::string_view secret, std::string_view header, std::string_view body,
                        Timestamp now);

}  // namespace securecart::shop::payments
