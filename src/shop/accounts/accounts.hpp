// The accounts of an installation, wired: one object for cli/ and tests to make.
#pragma once

#include "shop/accounts/api_keys.hpp"
#include "shop/accounts/customers.hpp"
#include "shop/accounts/passwords.hpp"
#include "shop/accounts/sessions.hpp"
#include "shop/accounts/staff.hpp"
#include "shop/accounts/throttle.hpp"

namespace securecart::shop::accounts {

struct Accounts {
  // Everything given outlives this.
  Accounts(storage::Database& database, const Clock& clock, const Ids& ids, Passwords& passwords)
      : throttle(database, clock),
        sessions(database, clock, ids),
        customers(database, clock, ids, passwords, throttle, sessions),
        staff(database, clock, ids, passwords, throttle, sessions),
        api_keys(database, clock, ids) {}
  Accounts(const Accounts&) = delete;
  Accounts& operator=(const Accounts&) = delete;

  // Deletes what has expired: sessions and forgotten failures to sign in. To be called now and
  // then.
  Task<void> purge() {
    Task<void> purging_sessions = sessions.purge();
    co_await purging_sessions;
    Task<void> purging_failures = throttle.purge();
    co_await purging_failures;
  }

  LoginThrottle throttle;
  Sessions sessions;
  Customers customers;
  Staff staff;
  ApiKeys api_keys;
};

}  // namespace securecart::shop::accounts
