#include "shop/accounts/sign_in.hpp"

#include <utility>

#include "shop/accounts/errc.hpp"

namespace securecart::shop::accounts {

namespace {

std::unexpected<Error> wrong_credentials() {
  return fail(errc::bad_credentials, "Check the spelling of both.");
}

}  // namespace

Task<Result<Door::Entered>> Door::enter(std::string shop_id, SignIn sign_in) {
  Result<std::string> email = normalise_email(sign_in.email);
  if (!email) {
    co_return std::unexpected(std::move(email.error()));
  }
  Result<Passwords::Place> place = passwords_.enter();
  if (!place) {
    co_return std::unexpected(std::move(place.error()));
  }
  const LoginAttempt attempt{shop_id, rules_.kind, *email, std::move(sign_in.peer)};
  Task<Result<void>> counting = throttle_.count(attempt);
  Result<void> counted = co_await counting;
  if (!counted) {
    co_return std::unexpected(std::move(counted.error()));
  }
  storage::Query query{rules_.account_sql, {shop_id, *email}};
  Task<storage::Rows> reading = database_.read(std::move(query));
  Entered entered{co_await reading, {}};
  const storage::Rows& account = entered.account;
  const std::optional<std::string> phc =
      account.empty() ? std::nullopt : account[0].text_or_null(rules_.password_column);
  Task<bool> verifying = passwords_.matches(*place, phc, std::move(sign_in.password));
  if (const bool matched = co_await verifying; !matched) {
    co_return wrong_credentials();
  }
  const std::string& id = account[0].text(0);
  storage::Batch batch;
  batch.add(rules_.guard_sql, {shop_id, id, *phc}).expect(1, errc::bad_credentials);
  entered.session = sessions_.issue(batch, shop_id, rules_.kind, id);
  LoginThrottle::forgive(batch, attempt);
  Task<storage::Commit> committing = database_.commit(std::move(batch));
  const storage::Commit outcome = co_await committing;
  if (std::holds_alternative<storage::Refused>(outcome)) {
    co_return wrong_credentials();
  }
  co_return entered;
}

}  // namespace securecart::shop::accounts
