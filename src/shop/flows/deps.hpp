// What every flow needs, passed in once.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "storage/database.hpp"

namespace securecart::shop::flows {

struct Deps {
  storage::Database& database;
  const Clock& clock;
  const Ids& ids;
  std::string region = "local";
  // Off only in the lab, to show that the history check catches doubled orders without it.
  bool guard_completed_carts = true;
};

}  // namespace securecart::shop::flows
