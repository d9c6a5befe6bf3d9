#include "shop/accounts/caller.hpp"

#include <array>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace securecart::shop::accounts {
namespace {

constexpr std::array roles = {Role::owner, Role::manager, Role::fulfilment, Role::support,
                              Role::viewer};

using enum Permission;
constexpr std::array writes = {catalog_write,   inventory_write, orders_write, refunds_write,
                               customers_write, settings_write,  staff_write,  imports_write};
constexpr std::array reads = {catalog_read,   inventory_read, orders_read,
                              customers_read, settings_read,  events_read};

TEST(Roles, NamesAreReadBack) {
  for (const Role role : roles) {
    EXPECT_EQ(parse_role(to_string(role)), role);
  }
  EXPECT_EQ(parse_role("Owner"), std::nullopt);
  EXPECT_EQ(parse_role(""), std::nullopt);
}

TEST(Roles, AnOwnerMayDoEverything) {
  for (const Permission permission : writes) {
    EXPECT_TRUE(allows(Role::owner, permission));
  }
  for (const Permission permission : reads) {
    EXPECT_TRUE(allows(Role::owner, permission));
  }
}

TEST(Roles, EveryoneMayDoWhatNeedsNoPermission) {
  for (const Role role : roles) {
    EXPECT_TRUE(allows(role, none));
  }
}

RC_GTEST_PROP(Roles, AViewerWritesNothing, ()) {
  RC_ASSERT(!allows(Role::viewer, *rc::gen::elementOf(writes)));
  RC_ASSERT(allows(Role::viewer, *rc::gen::elementOf(reads)));
}

RC_GTEST_PROP(Roles, NobodyMayWhatAnOwnerMayNot, ()) {
  const auto permission = static_cast<Permission>(*rc::gen::inRange(0, 15));
  const Role role = *rc::gen::elementOf(roles);
  RC_ASSERT(!allows(role, permission) || allows(Role::owner, permission));
}

RC_GTEST_PROP(Roles, OnlyOwnersDecideWhoEnters, ()) {
  const Role role = *rc::gen::elementOf(roles);
  RC_ASSERT(allows(role, staff_write) == (role == Role::owner));
}

TEST(Roles, FulfilmentShipsButDoesNotRefundOrSeeCustomers) {
  EXPECT_TRUE(allows(Role::fulfilment, orders_write));
  EXPECT_TRUE(allows(Role::fulfilment, inventory_write));
  EXPECT_FALSE(allows(Role::fulfilment, refunds_write));
  EXPECT_FALSE(allows(Role::fulfilment, customers_read));
  EXPECT_FALSE(allows(Role::fulfilment, catalog_write));
}

TEST(Roles, SupportRefundsButDoesNotChangeTheShop) {
  EXPECT_TRUE(allows(Role::support, refunds_write));
  EXPECT_TRUE(allows(Role::support, customers_write));
  EXPECT_FALSE(allows(Role::support, settings_write));
  EXPECT_FALSE(allows(Role::support, inventory_write));
}

}  // namespace
}  // namespace securecart::shop::accounts
