// The signing keys of shops, read once and kept: they are never changed, only added to.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "shop/orders/receipts.hpp"
#include "storage/database.hpp"

namespace securecart::shop::flows {

class ReceiptKeys {
 public:
  explicit ReceiptKeys(storage::Database& database) : database_(database) {}

  // The newest key of the shop. Throws Unavailable when the shop has none: it was never finished.
  Task<orders::ReceiptKey> current(std::string shop_id);

 private:
  storage::Database& database_;
  std::mutex mutex_;
  std::map<std::string, orders::ReceiptKey> known_;
};

}  // namespace securecart::shop::flows
