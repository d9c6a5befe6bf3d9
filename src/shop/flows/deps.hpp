// What every flow needs, passed in once.
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "shop/flows/sale_terms.hpp"
#include "shop/functions/run.hpp"
#include "shop/shops/limits.hpp"
#include "storage/database.hpp"

namespace securecart::shop::flows {

struct Deps {
  storage::Database& database;
  const Clock& clock;
  const Ids& ids;
  std::string region = "local";
  // One for all copies of this.
  std::shared_ptr<TermsCache> terms = std::make_shared<TermsCache>(limits::cached_shops);
  // Runs merchants' functions; null in a process without the role.
  functions::Runner* functions = nullptr;
  // Off only in the lab, to show that the history check catches doubled orders without it.
  bool guard_completed_carts = true;
};

}  // namespace securecart::shop::flows
