#include "shop/api/priority.hpp"

#include "net/limits.hpp"

namespace securecart::shop::api {

std::string_view name_of(Priority priority) {
  switch (priority) {
    case Priority::checkout:
      return "checkout";
    case Priority::cart:
      return "cart";
    case Priority::account:
      return "account";
    case Priority::browse:
      return "browse";
    case Priority::bulk:
      return "bulk";
  }
  return "";
}

Priority priority_of(const Operation& operation) {
  const bool reads = operation.method == net::Method::get;
  if (operation.access == Access::open || operation.id == "completeCart" ||
      operation.id == "retryPayment") {
    return Priority::checkout;
  }
  if (operation.access == Access::admin) {
    return reads || operation.body_bytes > limits::request_body_bytes ? Priority::bulk
                                                                      : Priority::account;
  }
  if (operation.tag == "Carts" || operation.tag == "Orders") {
    return Priority::cart;
  }
  return operation.access == Access::shopper || !reads ? Priority::account : Priority::browse;
}

}  // namespace securecart::shop::api
