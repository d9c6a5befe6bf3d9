// Lists of orders, newest first, for shoppers and for the admin.
#pragma once

#include <optional>
#include <string>

#include "shop/api/operation.hpp"
#include "storage/database.hpp"

namespace securecart::shop::api {

// Empty members do not filter.
struct OrderFilter {
  std::string customer_id;
  std::string status;
  std::string payment_status;
  std::string fulfilment_status;
  std::string text;               // the beginning of a number or of an e-mail address
  std::int64_t placed_after = 0;  // milliseconds
};

// A page of OrderSummary for `call` (its limit and cursor).
Task<Result<Reply>> list_orders(storage::Database& database, Call& call, OrderFilter filter);

}  // namespace securecart::shop::api
