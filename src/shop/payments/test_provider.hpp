// The Provider that talks to the test provider over HTTP, through a ProviderLine: what gets no
// answer is `unknown`, which the reaper clears up later.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "shop/payments/provider.hpp"
#include "shop/payments/provider_line.hpp"

namespace securecart::shop::payments {

struct TestProviderClientOptions {
  std::string url;  // of the provider
  std::string secret;
  std::string webhook_url;  // where it reports to
  Duration timeout = std::chrono::seconds(10);
};

class TestProvider final : public Provider {
 public:
  // Throws std::invalid_argument when the address is none. All outlive this.
  TestProvider(net::Client& client, const Clock& clock, observe::Metrics& metrics,
               TestProviderClientOptions options);

  std::string_view name() const override { return "test"; }
  Task<ChargeResult> charge(ChargeRequest request) override;
  Task<std::optional<ChargeResult>> find_charge(ChargeRequest request) override;
  Task<RefundResult> refund(RefundRequest request) override;
  Task<std::optional<RefundResult>> find_refund(RefundRequest request) override;

 private:
  // nullopt: no answer, or none that says what happened.
  Task<std::optional<net::Response>> exchange(net::Method method, std::string target,
                                              std::string body);

  const TestProviderClientOptions options_;
  ProviderLine line_;
};

// What a charge of the provider says, from its API or from its webhook.
ChargeResult charge_result(const json::object& charge);

}  // namespace securecart::shop::payments
