#include "shop/flows/receipt_keys.hpp"

#include "base/crypto.hpp"

namespace securecart::shop::flows {

Task<orders::ReceiptKey> ReceiptKeys::current(std::string shop_id) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = known_.find(shop_id); found != known_.end()) {
      co_return found->second;
    }
  }
  storage::Query query{
      "SELECT id, secret_seed FROM signing_keys WHERE shop_id = $1 ORDER BY created_at DESC, id "
      "DESC "
      "LIMIT 1",
      {shop_id}};
  const storage::Rows rows = co_await database_.read(std::move(query));
  const auto seed = rows.empty() ? std::nullopt : from_base64url(rows[0].text(1));
  if (!seed || seed->size() != 32) {
    throw Unavailable("shop " + shop_id + " has no usable signing key");
  }
  orders::ReceiptKey key{rows[0].text(0), signing_key_from_seed(*seed)};
  const std::lock_guard lock(mutex_);
  co_return known_.insert_or_assign(shop_id, std::move(key)).first->second;
}

}  // namespace securecart::shop::flows
