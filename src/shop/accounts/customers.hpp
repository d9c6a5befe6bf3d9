// Customers of a shop: they register, sign in, keep addresses.
//
// An order placed as a guest with the same e-mail address is never given to an account because of
// the address alone: whoever registers has not shown that the mailbox is theirs.
//
// Events: customer.created, customer.updated, customer.erased (flows/erase_customer.hpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/ids.hpp"
#include "base/task.hpp"
#include "shop/accounts/limits.hpp"
#include "shop/accounts/model.hpp"
#include "shop/accounts/passwords.hpp"
#include "shop/accounts/sessions.hpp"
#include "shop/accounts/sign_in.hpp"
#include "shop/accounts/throttle.hpp"
#include "storage/database.hpp"

namespace securecart::shop::accounts {

struct Registration {
  std::string email;
  std::string name;
  std::string password;
};

struct SignedInCustomer {
  Customer customer;
  IssuedSession session;
};

// Absent members stay. A new e-mail address or password needs the current password.
struct CustomerChange {
  std::optional<std::string> name;
  std::optional<std::string> email;
  std::optional<std::string> password;
  std::string current_password;
};

// What the merchant may set right. Absent members stay.
struct CustomerCorrection {
  std::optional<std::string> name;
  std::optional<std::string> email;
};

class Customers {
 public:
  Customers(storage::Database& database, const Clock& clock, const Ids& ids, Passwords& passwords,
            LoginThrottle& throttle, Sessions& sessions);

  // Errors: invalid_request, email_taken, sign_in_overloaded.
  Task<Result<SignedInCustomer>> enrol(std::string shop_id, Registration registration);
  // Errors: invalid_request, bad_credentials, login_throttled, sign_in_overloaded. Unknown e-mail
  // and wrong password are the same answer after the same time.
  Task<Result<SignedInCustomer>> sign_in(std::string shop_id, SignIn sign_in);

  // Error: not_found.
  Task<Result<Customer>> find(std::string shop_id, std::string customer_id);
  // A new password ends every other session; `kept_token` is the one that asks.
  // Errors: not_found, invalid_request, bad_credentials, email_taken, login_throttled,
  // sign_in_overloaded.
  Task<Result<Customer>> change(std::string shop_id, std::string customer_id, CustomerChange change,
                                std::string peer, std::string kept_token);

  // What the merchant does: no password is needed, and the customer's sessions go on.
  // Errors: not_found, version_conflict, invalid_request, email_taken.
  Task<Result<Customer>> correct(std::string shop_id, std::string customer_id, std::int64_t version,
                                 CustomerCorrection correction);

  // The oldest first; at most limits::customer_addresses.
  Task<std::vector<CustomerAddress>> addresses(std::string shop_id, std::string customer_id);
  // Errors: invalid_request, too_many_addresses.
  Task<Result<CustomerAddress>> add_address(std::string shop_id, std::string customer_id,
                                            Address address);
  // Errors: not_found (also another customer's), invalid_request. Absent members stay.
  Task<Result<CustomerAddress>> change_address(std::string shop_id, std::string customer_id,
                                               std::string address_id, AddressChange change);
  Task<Result<void>> remove_address(std::string shop_id, std::string customer_id,
                                    std::string address_id);

  // The newest first. `words` finds parts of the e-mail address and the name; may be empty.
  Task<Page<Customer>> list(std::string shop_id, std::string words, std::size_t limit,
                            std::optional<Position> after);

 private:
  // The hash that was checked; what is then written is guarded by it.
  Task<Result<std::string>> prove_password(std::string shop_id, std::string customer_id,
                                           std::string password, std::string peer);

  // Adds the new e-mail address and the event, commits, and reads what then stands.
  Task<Result<Customer>> finish_change(storage::Batch batch, std::string shop_id,
                                       std::string customer_id, CustomerChange change);

  storage::Database& database_;
  const Clock& clock_;
  const Ids& ids_;
  Passwords& passwords_;
  LoginThrottle& throttle_;
  Sessions& sessions_;
  Door door_;
};

}  // namespace securecart::shop::accounts
