#include "shop/accounts/caller.hpp"

#include <array>
#include <cassert>
#include <initializer_list>

namespace securecart::shop::accounts {
namespace {

using PermissionSet = std::uint32_t;

constexpr PermissionSet bit(Permission permission) {
  return PermissionSet{1} << static_cast<unsigned>(permission);
}

constexpr PermissionSet set_of(std::initializer_list<Permission> permissions) {
  PermissionSet set = 0;
  for (const Permission permission : permissions) {
    set |= bit(permission);
  }
  return set;
}

using enum Permission;

constexpr PermissionSet every_read = set_of(
    {none, catalog_read, inventory_read, orders_read, customers_read, settings_read, events_read});
constexpr PermissionSet every_write =
    set_of({catalog_write, inventory_write, orders_write, refunds_write, customers_write,
            settings_write, imports_write});

struct RoleRow {
  Role role;
  std::string_view name;
  PermissionSet permissions;
};

// Only an owner decides who else may enter the shop.
constexpr std::array<RoleRow, 5> role_table = {{
    {Role::owner, "owner", every_read | every_write | bit(staff_write)},
    {Role::manager, "manager", every_read | every_write},
    {Role::fulfilment, "fulfilment",
     set_of({none, catalog_read, inventory_read, inventory_write, orders_read, orders_write,
             settings_read})},
    {Role::support, "support",
     set_of({none, catalog_read, inventory_read, orders_read, orders_write, refunds_write,
             customers_read, customers_write, settings_read})},
    {Role::viewer, "viewer", every_read},
}};

const RoleRow& row_of(Role role) {
  const auto index = static_cast<std::size_t>(role);
  assert(index < role_table.size() && role_table[index].role == role);
  return role_table[index];
}

}  // namespace

std::string_view to_string(Role role) {
  return row_of(role).name;
}

std::optional<Role> parse_role(std::string_view text) {
  for (const RoleRow& row : role_table) {
    if (row.name == text) {
      return row.role;
    }
  }
  return std::nullopt;
}

bool allows(Role role, Permission permission) {
  return (row_of(role).permissions & bit(permission)) != 0;
}

}  // namespace securecart::shop::accounts
