// Slows down guessing of passwords, by what is guessed (shop and e-mail) and by who guesses (shop
// and network address).
//
//   failures   1 … n-1   n     n+1   n+2  …
//   next try   at once   2 s   4 s   8 s  …  15 min at most; all forgotten after a day of quiet
//
// An attempt is counted as failed *before* the password is looked at, in one guarded statement, and
// forgiven when the password was right: a thousand attempts sent at once are counted as a thousand,
// where reading the count first would let them all pass. The counts are rows, so neither a restart
// nor another instance starts them anew.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/task.hpp"
#include "shop/accounts/limits.hpp"
#include "shop/accounts/model.hpp"
#include "storage/database.hpp"

namespace securecart::shop::accounts {

struct LoginAttempt {
  std::string shop_id;
  SubjectKind kind = SubjectKind::customer;
  std::string email;  // normalised
  std::string peer;   // network address; empty: not known (the command line), not counted
};

// How long after the latest of `failures` failed attempts the next one is heard; nothing below
// `free` of them. Pure; the guarded statement computes the same in SQL (throttle_test.cpp compares
// them).
std::chrono::milliseconds login_wait(std::int64_t failures, std::int64_t free);

// What counts as one place on the network: an IPv4 address; of an IPv6 address its first 64 bits,
// for whoever has one address there has them all (RFC 6177). Anything else stays as it is.
std::string network_of(const std::string& peer);

class LoginThrottle {
 public:
  LoginThrottle(storage::Database& database, const Clock& clock)
      : database_(database), clock_(clock) {}

  // Counts the attempt as a failed one. Error: login_throttled with Retry-After; then nothing was
  // counted. Throws Unavailable.
  Task<Result<void>> count(LoginAttempt attempt);

  // Adds to `batch` what a right password undoes: the failures of the e-mail address, and this one
  // attempt of the network address (others from there may still be guessing).
  static void forgive(storage::Batch& batch, const LoginAttempt& attempt);

  // Codes of promotions are guessed as passwords are, but by nobody in particular: they are counted
  // by network address alone, as failed until `forgive_code`. Error: `refusal` with Retry-After.
  Task<Result<void>> count_code(std::string shop_id, std::string peer, const ErrorKind& refusal);
  static void forgive_code(storage::Batch& batch, const std::string& shop_id,
                           const std::string& peer);

  // Deletes counts nobody needs any more, at most limits::purged_rows.
  Task<void> purge();

 private:
  // `buckets`: names with how many failures each may have before the first wait.
  Task<Error> refused(std::string shop_id,
                      std::vector<std::pair<std::string, std::int64_t>> buckets,
                      const ErrorKind& refusal);

  storage::Database& database_;
  const Clock& clock_;
};

}  // namespace securecart::shop::accounts
