#include "shop/accounts/staff.hpp"

#include <cassert>
#include <utility>

#include "base/json.hpp"
#include "shop/accounts/errc.hpp"
#include "shop/accounts/limits.hpp"
#include "shop/accounts/listing.hpp"

namespace securecart::shop::accounts {

namespace {

using storage::Batch;
using storage::Commit;
using storage::Row;
using storage::Rows;

constexpr DoorRules door_rules{
    .kind = SubjectKind::staff,
    .account_sql =
        "SELECT id, email, name, role, disabled, version, created_at, password "
        "FROM staff WHERE shop_id = $1 AND email = $2 AND disabled = 0",
    .password_column = 7,
    .guard_sql =
        "UPDATE staff SET id = id WHERE shop_id = $1 AND id = $2 AND password = $3 "
        "AND disabled = 0"};

Role role_of(const std::string& text) {
  const std::optional<Role> role = parse_role(text);
  assert(role && "the table's CHECK names every role");
  return *role;
}

StaffMember member_of(const Row& row) {
  return {.id = row.text(0),
          .email = row.text(1),
          .name = row.text(2),
          .role = role_of(row.text(3)),
          .disabled = row.boolean(4),
          .version = row.integer(5),
          .created_at = from_millis(row.integer(6))};
}

std::string staff_event(const StaffMember& member) {
  const json::object payload = {{"staff_id", member.id}, {"role", to_string(member.role)}};
  return securecart::to_string(payload);
}

std::unexpected<Error> no_such_member() {
  return fail(errc::not_found, "There is no such member of staff.");
}

std::unexpected<Error> refusal(const storage::Refused& refused) {
  return fail(*refused.kind, std::string(refused.kind->title));
}

}  // namespace

Staff::Staff(storage::Database& database, const Clock& clock, const Ids& ids, Passwords& passwords,
             LoginThrottle& throttle, Sessions& sessions)
    : database_(database),
      clock_(clock),
      ids_(ids),
      passwords_(passwords),
      door_(door_rules, database, passwords, throttle, sessions) {}

Task<Result<Staff::Prepared>> Staff::prepare(NewStaff staff) {
  Result<std::string> email = normalise_email(staff.email);
  Result<std::string> name = normalise_name(staff.name);
  if (!email || !name) {
    co_return std::unexpected(email ? name.error() : email.error());
  }
  if (Result<void> password = check_password(staff.password); !password) {
    co_return std::unexpected(std::move(password.error()));
  }
  Result<Passwords::Place> place = passwords_.enter();
  if (!place) {
    co_return std::unexpected(std::move(place.error()));
  }
  Task<std::string> hashing = passwords_.hash(*place, std::move(staff.password));
  Prepared prepared;
  prepared.phc = co_await hashing;
  prepared.member = {.id = ids_.make("stf"),
                     .email = std::move(*email),
                     .name = std::move(*name),
                     .role = staff.role,
                     .created_at = clock_.now()};
  co_return prepared;
}

void Staff::add_to(Batch& batch, const std::string& shop_id, const Prepared& prepared) {
  const StaffMember& member = prepared.member;
  batch
      .add(
          "INSERT INTO staff (shop_id, id, email, name, role, password, created_at) "
          "VALUES ($1, $2, $3, $4, $5, $6, $7)",
          {shop_id, member.id, member.email, member.name, std::string(to_string(member.role)),
           prepared.phc, to_millis(member.created_at)})
      .or_refuse(errc::email_taken);
  batch.event("staff.created", shop_id, member.id, staff_event(member));
}

Task<Result<StaffMember>> Staff::add(std::string shop_id, NewStaff staff) {
  Task<Result<Prepared>> preparing = prepare(std::move(staff));
  Result<Prepared> prepared = co_await preparing;
  if (!prepared) {
    co_return std::unexpected(std::move(prepared.error()));
  }
  Batch batch;
  batch
      .add(
          "UPDATE shops SET id = id WHERE id = $1 AND "
          "(SELECT COUNT(*) FROM staff WHERE shop_id = $1) < $2",
          {shop_id, static_cast<std::int64_t>(limits::shop_staff)})
      .expect(1, errc::too_many_staff);
  add_to(batch, shop_id, *prepared);
  Task<Commit> committing = database_.commit(std::move(batch));
  const Commit outcome = co_await committing;
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return refusal(*refused);
  }
  co_return std::move(prepared->member);
}

Task<Result<SignedInStaff>> Staff::sign_in(std::string shop_id, SignIn sign_in) {
  Task<Result<Door::Entered>> entering = door_.enter(std::move(shop_id), std::move(sign_in));
  Result<Door::Entered> entered = co_await entering;
  if (!entered) {
    co_return std::unexpected(std::move(entered.error()));
  }
  co_return SignedInStaff{member_of(entered->account[0]), std::move(entered->session)};
}

Task<Result<StaffMember>> Staff::find(std::string shop_id, std::string staff_id) {
  storage::Query query{
      "SELECT id, email, name, role, disabled, version, created_at FROM staff "
      "WHERE shop_id = $1 AND id = $2",
      {std::move(shop_id), std::move(staff_id)}};
  Task<Rows> reading = database_.read(std::move(query));
  const Rows rows = co_await reading;
  if (rows.empty()) {
    co_return no_such_member();
  }
  co_return member_of(rows[0]);
}

namespace {

// The member's new row, guarded by its version and by the owners who are left. The shop's row is
// touched first so that two owners who demote each other at the same moment come one after the
// other, on engines that would otherwise let both see the other still in place.
void add_change(Batch& batch, const std::string& shop_id, const std::string& staff_id,
                std::int64_t version, const StaffChange& change,
                const std::optional<std::string>& phc) {
  batch.add("UPDATE shops SET id = id WHERE id = $1", {shop_id}).expect(1, errc::not_found);
  batch
      .add("UPDATE staff SET version = version + 1 WHERE shop_id = $1 AND id = $2 AND version = $3",
           {shop_id, staff_id, version})
      .expect(1, errc::version_conflict);
  storage::Value role;
  if (change.role) {
    role = std::string(to_string(*change.role));
  }
  storage::Value disabled;
  if (change.disabled) {
    disabled = std::int64_t{*change.disabled ? 1 : 0};
  }
  batch
      .add(
          "UPDATE staff SET name = COALESCE($3, name), role = COALESCE($4, role), "
          "disabled = COALESCE(CAST($5 AS BIGINT), disabled), password = COALESCE($6, password) "
          "WHERE shop_id = $1 AND id = $2 AND (role <> 'owner' OR disabled = 1 "
          "OR (COALESCE($4, role) = 'owner' AND COALESCE(CAST($5 AS BIGINT), disabled) = 0) "
          "OR EXISTS (SELECT 1 FROM staff other WHERE other.shop_id = $1 AND other.id <> $2 "
          "AND other.role = 'owner' AND other.disabled = 0))",
          {shop_id, staff_id, storage::nullable(change.name), std::move(role), std::move(disabled),
           storage::nullable(phc)})
      .expect(1, errc::last_owner);
  if (phc || change.role || change.disabled) {
    Sessions::end_all(batch, shop_id, SubjectKind::staff, staff_id, "");
  }
  const json::object payload = {{"staff_id", staff_id}};
  batch.event("staff.updated", shop_id, staff_id, securecart::to_string(payload));
}

}  // namespace

Task<Result<StaffMember>> Staff::change(std::string shop_id, std::string staff_id,
                                        std::int64_t version, StaffChange change) {
  if (change.name) {
    Result<std::string> name = normalise_name(*change.name);
    if (!name) {
      co_return std::unexpected(std::move(name.error()));
    }
    change.name = std::move(*name);
  }
  Task<Result<StaffMember>> looking = find(shop_id, staff_id);
  if (const Result<StaffMember> known = co_await looking; !known) {
    co_return no_such_member();
  }
  std::optional<std::string> phc;
  if (change.password) {
    if (Result<void> password = check_password(*change.password); !password) {
      co_return std::unexpected(std::move(password.error()));
    }
    Result<Passwords::Place> place = passwords_.enter();
    if (!place) {
      co_return std::unexpected(std::move(place.error()));
    }
    Task<std::string> hashing = passwords_.hash(*place, *change.password);
    phc = co_await hashing;
  }
  Batch batch;
  add_change(batch, shop_id, staff_id, version, change, phc);
  Task<Commit> committing = database_.commit(std::move(batch));
  const Commit outcome = co_await committing;
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return refusal(*refused);
  }
  Task<Result<StaffMember>> finding = find(std::move(shop_id), std::move(staff_id));
  co_return co_await finding;
}

Task<Page<StaffMember>> Staff::list(std::string shop_id, std::size_t limit,
                                    std::optional<Position> after) {
  storage::Query query{
      "SELECT id, email, name, role, disabled, version, created_at FROM staff "
      "WHERE shop_id = $1 AND (created_at, id) < ($2, $3) "
      "ORDER BY created_at DESC, id DESC LIMIT $4",
      page_parameters(std::move(shop_id), limit, std::move(after))};
  Task<Rows> reading = database_.read(std::move(query));
  const Rows rows = co_await reading;
  co_return page_of_rows(rows, limit, member_of);
}

}  // namespace securecart::shop::accounts
