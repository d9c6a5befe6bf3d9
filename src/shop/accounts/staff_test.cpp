#include "shop/accounts/staff.hpp"

#include <future>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "shop/accounts/errc.hpp"
#include "shop/accounts/limits.hpp"
#include "tests/support/accounts_world.hpp"

namespace securecart::shop::accounts {
namespace {

const std::string password = "correct horse battery";

class StaffTest : public testing::Test {
 protected:
  Staff& staff() { return world.accounts->staff; }

  StaffMember add(std::string email, Role role) {
    const NewStaff wanted{std::move(email), "Someone", role, password};
    return world.run([&] { return staff().add(shop, wanted); }).value();
  }
  Result<SignedInStaff> sign_in(std::string email, std::string with = password) {
    const SignIn attempt{std::move(email), std::move(with), "192.0.2.1"};
    return world.run([&] { return staff().sign_in(shop, attempt); });
  }
  Result<StaffMember> change(const StaffMember& member, const StaffChange& wanted) {
    return world.run([&] { return staff().change(shop, member.id, member.version, wanted); });
  }
  Result<StaffMember> find(const std::string& id) {
    return world.run([&] { return staff().find(shop, id); });
  }
  std::int64_t owners() {
    return world
        .read("SELECT COUNT(*) FROM staff WHERE shop_id = $1 AND role = 'owner' AND disabled = 0",
              {shop})[0]
        .integer(0);
  }

  test::AccountsWorld world;
  const std::string shop = world.add_shop("one.example");
};

StaffChange to_role(Role role) {
  StaffChange change;
  change.role = role;
  return change;
}
StaffChange to_disabled(bool disabled) {
  StaffChange change;
  change.disabled = disabled;
  return change;
}

TEST_F(StaffTest, SignsInForTwelveHours) {
  const StaffMember owner = add("owner@example.com", Role::owner);
  const Result<SignedInStaff> signed_in = sign_in("Owner@example.com");
  ASSERT_TRUE(signed_in);
  EXPECT_EQ(signed_in->staff.id, owner.id);
  EXPECT_TRUE(signed_in->session.token.starts_with("ss_"));
  EXPECT_EQ(signed_in->session.expires_at, world.clock.now() + limits::staff_session_lifetime);
  EXPECT_TRUE(sign_in("owner@example.com", "wrong").error().is(errc::bad_credentials));
  EXPECT_TRUE(sign_in("nobody@example.com").error().is(errc::bad_credentials));
}

TEST_F(StaffTest, OneMemberAnEmail) {
  add("owner@example.com", Role::owner);
  const NewStaff again{"OWNER@example.com", "Someone", Role::viewer, password};
  EXPECT_TRUE(world.run([&] { return staff().add(shop, again); }).error().is(errc::email_taken));
}

TEST_F(StaffTest, TheLastOwnerStays) {
  const StaffMember owner = add("owner@example.com", Role::owner);
  EXPECT_TRUE(change(owner, to_role(Role::manager)).error().is(errc::last_owner));
  EXPECT_TRUE(change(owner, to_disabled(true)).error().is(errc::last_owner));
  EXPECT_EQ(find(owner.id)->version, 1);
  const StaffMember second = add("second@example.com", Role::owner);
  EXPECT_TRUE(change(owner, to_role(Role::manager)));
  EXPECT_TRUE(change(second, to_disabled(true)).error().is(errc::last_owner));
  EXPECT_EQ(owners(), 1);
}

TEST_F(StaffTest, AnOwnerOfAnotherShopDoesNotCount) {
  const StaffMember owner = add("owner@example.com", Role::owner);
  const std::string other = world.add_shop("two.example");
  const NewStaff theirs{"owner@two.example", "Someone", Role::owner, password};
  ASSERT_TRUE(world.run([&] { return staff().add(other, theirs); }));
  EXPECT_TRUE(change(owner, to_role(Role::viewer)).error().is(errc::last_owner));
  EXPECT_FALSE(world.run([&] { return staff().find(other, owner.id); }));
  const StaffChange disable = to_disabled(true);
  EXPECT_TRUE(world.run([&] { return staff().change(other, owner.id, 1, disable); })
                  .error()
                  .is(errc::not_found));
}

TEST_F(StaffTest, TwoOwnersWhoDemoteEachOtherAtOnce) {
  for (int round = 0; round < 10; ++round) {
    const StaffMember a = add("a" + std::to_string(round) + "@example.com", Role::owner);
    const StaffMember b = add("b" + std::to_string(round) + "@example.com", Role::owner);
    if (round > 0) {
      storage::Batch others;
      others.add("UPDATE staff SET disabled = 1 WHERE shop_id = $1 AND id <> $2 AND id <> $3",
                 {shop, a.id, b.id});
      world.commit(std::move(others));
    }
    std::vector<std::future<Result<StaffMember>>> answers;
    for (const StaffMember& member : {a, b}) {
      answers.push_back(world.executor.spawn<Result<StaffMember>>(
          [this, id = member.id] { return staff().change(shop, id, 1, to_role(Role::viewer)); }));
    }
    int changed = 0;
    for (auto& answer : answers) {
      changed += answer.get() ? 1 : 0;
    }
    EXPECT_EQ(changed, 1);
    EXPECT_EQ(owners(), 1);
  }
}

TEST_F(StaffTest, AShopHasALimitOfStaff) {
  storage::Batch batch;
  for (std::size_t i = 0; i < limits::shop_staff; ++i) {
    batch.add(
        "INSERT INTO staff (shop_id, id, email, name, role, password, created_at) "
        "VALUES ($1, $2, $2, 'Someone', 'viewer', '', 0)",
        {shop, "stf_" + std::to_string(i)});
  }
  world.commit(std::move(batch));
  const NewStaff one_more{"more@example.com", "Someone", Role::viewer, password};
  EXPECT_TRUE(
      world.run([&] { return staff().add(shop, one_more); }).error().is(errc::too_many_staff));
  const std::string other = world.add_shop("two.example");
  EXPECT_TRUE(world.run([&] { return staff().add(other, one_more); }));
}

TEST_F(StaffTest, AStaleVersionIsRefused) {
  const StaffMember owner = add("owner@example.com", Role::owner);
  StaffChange rename;
  rename.name = "Another";
  ASSERT_TRUE(change(owner, rename));
  EXPECT_TRUE(change(owner, rename).error().is(errc::version_conflict));
}

TEST_F(StaffTest, ADisabledMemberIsOutAtOnce) {
  add("owner@example.com", Role::owner);
  const StaffMember manager = add("manager@example.com", Role::manager);
  const std::string token = sign_in("manager@example.com")->session.token;
  const Credentials credentials{"", "", token};
  const auto authenticate = [&] {
    return world.run([&] { return world.authenticator->authenticate(credentials); });
  };
  ASSERT_TRUE(authenticate());
  ASSERT_TRUE(change(manager, to_disabled(true)));
  EXPECT_FALSE(authenticate());
  EXPECT_TRUE(sign_in("manager@example.com").error().is(errc::bad_credentials));
}

TEST_F(StaffTest, ANewRoleOrPasswordEndsSessions) {
  add("owner@example.com", Role::owner);
  const StaffMember manager = add("manager@example.com", Role::manager);
  const Credentials before{"", "", sign_in("manager@example.com")->session.token};
  const Result<Caller> caller =
      world.run([&] { return world.authenticator->authenticate(before); });
  EXPECT_EQ(caller->role, Role::manager);
  const Result<StaffMember> viewer = change(manager, to_role(Role::viewer));
  ASSERT_TRUE(viewer);
  EXPECT_FALSE(world.run([&] { return world.authenticator->authenticate(before); }));
  const Credentials after{"", "", sign_in("manager@example.com")->session.token};
  EXPECT_EQ(world.run([&] { return world.authenticator->authenticate(after); })->role,
            Role::viewer);
  StaffChange secret;
  secret.password = "another horse battery";
  ASSERT_TRUE(change(*viewer, secret));
  EXPECT_FALSE(world.run([&] { return world.authenticator->authenticate(after); }));
  EXPECT_FALSE(sign_in("manager@example.com"));
  EXPECT_TRUE(sign_in("manager@example.com", "another horse battery"));
}

TEST_F(StaffTest, ListsThisShopOnly) {
  add("owner@example.com", Role::owner);
  add("viewer@example.com", Role::viewer);
  const std::string other = world.add_shop("two.example");
  const Page<StaffMember> page = world.run([&] { return staff().list(shop, 1, std::nullopt); });
  ASSERT_TRUE(page.next);
  const Page<StaffMember> rest = world.run([&] { return staff().list(shop, 5, page.next); });
  EXPECT_EQ(rest.items.size(), 1U);
  EXPECT_TRUE(world.run([&] { return staff().list(other, 5, std::nullopt); }).items.empty());
}

TEST_F(StaffTest, WhateverIsDoneToWhomAnOwnerIsLeft) {
  for (const Role role : {Role::owner, Role::owner, Role::manager}) {
    add(world.ids.make("member") + "@example.com", role);
  }
  const auto step = [this] {
    const Page<StaffMember> page = world.run([&] { return staff().list(shop, 10, std::nullopt); });
    const StaffMember member = *rc::gen::elementOf(page.items);
    StaffChange wanted;
    if (*rc::gen::arbitrary<bool>()) {
      wanted.role = *rc::gen::element(Role::owner, Role::manager, Role::viewer);
    }
    if (*rc::gen::arbitrary<bool>()) {
      wanted.disabled = *rc::gen::arbitrary<bool>();
    }
    const Result<StaffMember> changed = change(member, wanted);
    RC_ASSERT(changed || changed.error().is(errc::last_owner));
    RC_ASSERT(owners() >= 1);
  };
  EXPECT_TRUE(rc::check("an owner who can sign in is left", step));
}

}  // namespace
}  // namespace securecart::shop::accounts
