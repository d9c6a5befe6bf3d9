// A new shop, whole: the shop with its receipt key, its host names, its first owner, a publishable
// and a secret key, a tax class and a location, in one batch. Either all of it exists or nothing.
#pragma once

#include <string>
#include <vector>

#include "base/errors.hpp"
#include "base/task.hpp"
#include "shop/accounts/accounts.hpp"
#include "shop/flows/deps.hpp"
#include "shop/shops/shops.hpp"

namespace securecart::shop::flows {

struct NewShop {
  shops::ShopSettings settings;  // its tax class is made here
  std::vector<std::string> hosts;
  std::string owner_email;
  std::string owner_name;
  std::string owner_password;
  std::string tax_class_name = "Standard";
  std::string location_name = "Main";
};

struct CreatedShop {
  std::string shop_id;
  std::string owner_id;
  std::string tax_class_id;
  std::string location_id;
  std::string publishable_key;  // shown once, like the next
  std::string secret_key;       // with the owner's role
};

// Errors: invalid_request, host_taken, sign_in_overloaded. Everything given outlives the task.
Task<Result<CreatedShop>> create_shop(const Deps& deps, shops::Shops& shops,
                                      accounts::Accounts& accounts, Random& random, NewShop wanted);

}  // namespace securecart::shop::flows
