// The shops of an installation: settings, host names, receipt keys.
//
// Settings are read on nearly every request: they are kept in memory and dropped by the commit that
// changes them, before that commit is answered.
//
// Events: shop.created, shop.updated, shop.host_added {"host"}, shop.host_removed {"host"}.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/errors.hpp"
#include "base/ids.hpp"
#include "base/task.hpp"
#include "shop/shops/model.hpp"
#include "storage/cache/read_cache.hpp"
#include "storage/database.hpp"

namespace securecart::shop::shops {

class Shops {
 public:
  // Registers itself as an observer of `database`: both live as long as the process, or this
  // longer.
  Shops(storage::Database& database, const Clock& clock, const Ids& ids);

  // A shop that does not exist yet. Error: invalid_request.
  Result<Shop> make(ShopSettings settings) const;
  // Adds the shop to `batch`, with the key its receipts will be signed with.
  void add_to(storage::Batch& batch, const Shop& shop, const SigningKey& receipt_key) const;
  // Adds a host name of the shop, which was added before it. `host` is normalised.
  static void add_host_to(storage::Batch& batch, const std::string& shop_id,
                          const std::string& host);

  // Kept in memory. Error: not_found.
  Task<Result<std::shared_ptr<const Shop>>> find(std::string shop_id);
  // Errors: not_found, version_conflict, invalid_request, tax_class_unknown.
  Task<Result<Shop>> change(std::string shop_id, std::int64_t version, ShopChange change);

  Task<std::vector<std::string>> hosts(std::string shop_id);
  // The normalised name. Errors: invalid_request, host_taken, too_many_hosts.
  Task<Result<std::string>> add_host(std::string shop_id, std::string host);
  // Error: not_found.
  Task<Result<void>> remove_host(std::string shop_id, std::string host);
  // The shop that answers under `host`. Error: not_found.
  Task<Result<std::string>> shop_of_host(std::string host);

  // The newest first: the first one signs.
  Task<std::vector<PublicReceiptKey>> receipt_keys(std::string shop_id);

 private:
  Task<Result<Shop>> read(std::string shop_id);

  storage::Database& database_;
  const Clock& clock_;
  const Ids& ids_;
  storage::ReadCache<Shop> known_;
};

}  // namespace securecart::shop::shops
