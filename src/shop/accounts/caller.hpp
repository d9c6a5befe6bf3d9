// Who is calling, once keys and sessions were looked up, and what they may do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace securecart::shop::accounts {

enum class Permission : std::uint8_t {
  none,
  catalog_read,
  catalog_write,
  inventory_read,
  inventory_write,
  orders_read,
  orders_write,  // cancel, fulfil
  refunds_write,
  customers_read,
  customers_write,
  settings_read,  // shop, taxes, shipping, locations
  settings_write,
  staff_write,  // staff and API keys
  events_read,
  imports_write
};

enum class Role : std::uint8_t { owner, manager, fulfilment, support, viewer };

std::string_view to_string(Role role);
std::optional<Role> parse_role(std::string_view text);
// The one table of roles and permissions (caller.cpp).
bool allows(Role role, Permission permission);

struct Caller {
  std::string shop_id;       // empty for Access::open
  std::string actor;         // "customer:cus_…", "staff:stf_…", "key:key_…", "guest"
  std::string customer_id;   // empty unless a customer is signed in
  std::string staff_id;      // empty unless a member of staff is signed in
  std::optional<Role> role;  // of staff or of a secret key
};

}  // namespace securecart::shop::accounts
