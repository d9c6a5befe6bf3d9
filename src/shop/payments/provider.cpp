#include "shop/payments/provider.hpp"

namespace securecart::shop::payments {

Task<ChargeResult> Provider::cancel_charge(ChargeRequest request) {
  std::optional<ChargeResult> found = co_await find_charge(std::move(request));
  if (found) {
    co_return std::move(*found);
  }
  co_return ChargeResult{};
}

}  // namespace securecart::shop::payments
