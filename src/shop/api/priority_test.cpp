#include "shop/api/priority.hpp"

#include <gtest/gtest.h>

#include "shop/api/limits.hpp"

namespace securecart::shop::api {
namespace {

Operation operation_of(std::string_view id, net::Method method, std::string_view tag,
                       Access access) {
  return {.id = id,
          .method = method,
          .path = "/v1/test",
          .tag = tag,
          .summary = "A test",
          .access = access};
}

TEST(Priority, PutsOrdersBeforeLookingAround) {
  using net::Method;
  const auto of = [](std::string_view id, Method method, std::string_view tag, Access access) {
    return priority_of(operation_of(id, method, tag, access));
  };
  EXPECT_EQ(of("completeCart", Method::post, "Carts", Access::store), Priority::checkout);
  EXPECT_EQ(of("retryPayment", Method::post, "Orders", Access::store), Priority::checkout);
  EXPECT_EQ(of("receivePaymentWebhook", Method::post, "Webhooks", Access::open),
            Priority::checkout);
  EXPECT_EQ(of("addCartLine", Method::post, "Carts", Access::store), Priority::cart);
  EXPECT_EQ(of("getOrder", Method::get, "Orders", Access::store), Priority::cart);
  EXPECT_EQ(of("createCustomerSession", Method::post, "Customers", Access::store),
            Priority::account);
  EXPECT_EQ(of("getCurrentCustomer", Method::get, "Customers", Access::shopper), Priority::account);
  EXPECT_EQ(of("updateProduct", Method::patch, "Products (admin)", Access::admin),
            Priority::account);
  EXPECT_EQ(of("searchProducts", Method::get, "Products", Access::store), Priority::browse);
  EXPECT_EQ(of("listOrders", Method::get, "Admin: orders", Access::admin), Priority::bulk);
  Operation import = operation_of("createImport", Method::post, "Admin: imports", Access::admin);
  import.body_bytes = limits::import_body_bytes;
  EXPECT_EQ(priority_of(import), Priority::bulk);
}

TEST(Priority, HasAName) {
  for (const Priority priority : all_priorities) {
    EXPECT_FALSE(name_of(priority).empty());
  }
}

}  // namespace
}  // namespace securecart::shop::api
