// How anybody signs in: the same door for customers and staff, with another list of names at it.
//
//   place to hash? -> throttled? -> read the account -> password right? -> session, in one batch
//                                                                          guarded by the password
#pragma once

#include <string>
#include <string_view>

#include "base/errors.hpp"
#include "base/task.hpp"
#include "shop/accounts/model.hpp"
#include "shop/accounts/passwords.hpp"
#include "shop/accounts/sessions.hpp"
#include "shop/accounts/throttle.hpp"
#include "storage/database.hpp"

namespace securecart::shop::accounts {

// Where a sign-in comes from and with what.
struct SignIn {
  std::string email;
  std::string password;
  std::string peer;  // network address; empty: not counted by address
};

// Whose door it is.
struct DoorRules {
  SubjectKind kind;
  // Of shop $1 and e-mail $2: the id first, the stored password (or NULL) last.
  std::string_view account_sql;
  std::size_t password_column;
  // Changes one row as long as account $2 of shop $1 has password $3 and may enter: a change that
  // ends all sessions must not be followed by one that was let in before it.
  std::string_view guard_sql;
};

class Door {
 public:
  // All outlive this.
  Door(const DoorRules& rules, storage::Database& database, Passwords& passwords,
       LoginThrottle& throttle, Sessions& sessions)
      : rules_(rules),
        database_(database),
        passwords_(passwords),
        throttle_(throttle),
        sessions_(sessions) {}

  struct Entered {
    storage::Rows account;  // one row of account_sql
    IssuedSession session;
  };
  // Errors: invalid_request, bad_credentials, login_throttled, sign_in_overloaded. Unknown e-mail
  // and wrong password are the same answer after the same time.
  Task<Result<Entered>> enter(std::string shop_id, SignIn sign_in);

 private:
  const DoorRules& rules_;
  storage::Database& database_;
  Passwords& passwords_;
  LoginThrottle& throttle_;
  Sessions& sessions_;
};

}  // namespace securecart::shop::accounts
