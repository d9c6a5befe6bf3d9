// The sample shop a new installation opens with: sample/shop.json through the same services that
// merchants' own data takes. Each step is idempotent, so a crash half-way is mended by the next
// start.
#pragma once

#include <functional>
#include <string>

#include "base/json.hpp"
#include "shop/accounts/accounts.hpp"
#include "shop/catalog/collections.hpp"
#include "shop/catalog/service.hpp"
#include "shop/flows/create_shop.hpp"
#include "shop/flows/deps.hpp"
#include "shop/shops/shops.hpp"

namespace securecart::shop::flows {

struct SampleParts {
  const Deps& deps;
  shops::Shops& shops;
  accounts::Accounts& accounts;
  catalog::Catalog& catalog;
  catalog::Collections& collections;
  Random& random;
};

// The sample shop as a new shop, without its goods: what create_shop() takes.
NewShop sample_shop(std::string owner_password);

// Stocks the shop that was made from sample_shop(): taxes, shipping, collections, products, stock.
// `progress` is told what is being done. Throws std::logic_error when sample/ does not fit
// together.
Task<void> stock_sample_shop(SampleParts parts, CreatedShop shop,
                             std::function<void(std::string_view)> progress);

}  // namespace securecart::shop::flows
