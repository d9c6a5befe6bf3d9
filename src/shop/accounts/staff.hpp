// The merchant's people: owner, manager, fulfilment, support, viewer. At least one owner who can
// sign in is left at all times; the statement that changes a member says so itself.
//
// Events: staff.created, staff.updated.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/ids.hpp"
#include "base/task.hpp"
#include "shop/accounts/model.hpp"
#include "shop/accounts/passwords.hpp"
#include "shop/accounts/sessions.hpp"
#include "shop/accounts/sign_in.hpp"
#include "shop/accounts/throttle.hpp"
#include "storage/database.hpp"

namespace securecart::shop::accounts {

struct NewStaff {
  std::string email;
  std::string name;
  Role role = Role::viewer;
  std::string password;
};

struct SignedInStaff {
  StaffMember staff;
  IssuedSession session;
};

// Absent members stay. A password, a role or being disabled ends the member's sessions.
struct StaffChange {
  std::optional<std::string> name;
  std::optional<Role> role;
  std::optional<bool> disabled;
  std::optional<std::string> password;
};

class Staff {
 public:
  Staff(storage::Database& database, const Clock& clock, const Ids& ids, Passwords& passwords,
        LoginThrottle& throttle, Sessions& sessions);

  // What add() writes, for a batch that does more (a shop with its first owner).
  struct Prepared {
    StaffMember member;
    std::string phc;
  };
  // Errors: invalid_request, sign_in_overloaded.
  Task<Result<Prepared>> prepare(NewStaff staff);
  static void add_to(storage::Batch& batch, const std::string& shop_id, const Prepared& prepared);

  // Errors: invalid_request, email_taken, too_many_staff, sign_in_overloaded.
  Task<Result<StaffMember>> add(std::string shop_id, NewStaff staff);
  // Errors: invalid_request, bad_credentials (also when disabled), login_throttled,
  // sign_in_overloaded.
  Task<Result<SignedInStaff>> sign_in(std::string shop_id, SignIn sign_in);
  // Error: not_found.
  Task<Result<StaffMember>> find(std::string shop_id, std::string staff_id);
  // Errors: not_found, version_conflict, last_owner, invalid_request, sign_in_overloaded.
  Task<Result<StaffMember>> change(std::string shop_id, std::string staff_id, std::int64_t version,
                                   StaffChange change);
  // The newest first.
  Task<Page<StaffMember>> list(std::string shop_id, std::size_t limit,
                               std::optional<Position> after);

 private:
  storage::Database& database_;
  const Clock& clock_;
  const Ids& ids_;
  Passwords& passwords_;
  Door door_;
};

}  // namespace securecart::shop::accounts
