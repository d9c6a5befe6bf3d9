// Sessions of customers (cs_…, 30 days) and staff (ss_…, 12 hours): rows that end at a fixed time,
// at sign-out, and when the password, the role or the account changes. A token is 256 random bits
// of which only the SHA-256 is stored.
//
// Events: session.ended {"session": token hash} for one, sessions.ended {"except": token hash or
// null} for all of a subject. The Authenticator's cache listens to them.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/task.hpp"
#include "shop/accounts/limits.hpp"
#include "shop/accounts/model.hpp"
#include "storage/database.hpp"

namespace securecart::shop::accounts {

// True for anything of the right form; says nothing about whether it exists.
bool looks_like_token(std::string_view text, std::string_view prefix);

class Sessions {
 public:
  Sessions(storage::Database& database, const Clock& clock, const Ids& ids)
      : database_(database), clock_(clock), ids_(ids) {}

  // Adds a new session of the subject to `batch`; it exists once that is committed.
  IssuedSession issue(storage::Batch& batch, const std::string& shop_id, SubjectKind kind,
                      const std::string& subject_id) const;

  // Ends the session of this token, if it is one of the shop's. Ending twice is no error.
  // `subject_id` is whose it is.
  Task<void> end(std::string shop_id, std::string subject_id, std::string token);

  // Adds to `batch` the end of all sessions of the subject but that of `kept_token` (may be empty).
  static void end_all(storage::Batch& batch, const std::string& shop_id, SubjectKind kind,
                      const std::string& subject_id, std::string_view kept_token);

  // Deletes expired rows, at most limits::purged_rows.
  Task<void> purge();

 private:
  storage::Database& database_;
  const Clock& clock_;
  const Ids& ids_;
};

}  // namespace securecart::shop::accounts
