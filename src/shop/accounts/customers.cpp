#include "shop/accounts/customers.hpp"

#include <utility>

#include "base/json.hpp"
#include "base/text.hpp"
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
    .kind = SubjectKind::customer,
    .account_sql =
        "SELECT id, email, name, version, created_at, password FROM customers "
        "WHERE shop_id = $1 AND email = $2",
    .password_column = 5,
    .guard_sql = "UPDATE customers SET id = id WHERE shop_id = $1 AND id = $2 AND password = $3"};

Customer customer_of(const Row& row) {
  return {.id = row.text(0),
          .email = row.text(1),
          .name = row.text(2),
          .version = row.integer(3),
          .created_at = from_millis(row.integer(4))};
}

CustomerAddress address_of(const Row& row) {
  const Result<json::value> document = parse_json(row.text(1));
  return {.id = row.text(0),
          .address = address_from_json(document.value().as_object()),
          .created_at = from_millis(row.integer(2))};
}

std::string customer_event(const std::string& customer_id) {
  const json::object payload = {{"customer_id", customer_id}};
  return securecart::to_string(payload);
}

std::unexpected<Error> no_such_customer() {
  return fail(errc::not_found, "There is no such customer.");
}
std::unexpected<Error> no_such_address() {
  return fail(errc::not_found, "There is no such address.");
}

std::unexpected<Error> refusal(const storage::Refused& refused) {
  return fail(*refused.kind, std::string(refused.kind->title));
}

// `words` anywhere in a text, for LIKE … ESCAPE '\'.
std::string like_pattern(std::string_view words) {
  std::string pattern = "%";
  for (const char c : to_lower(trim(words))) {
    if (c == '%' || c == '_' || c == '\\') {
      pattern.push_back('\\');
    }
    pattern.push_back(c);
  }
  return pattern.append("%");
}

}  // namespace

Customers::Customers(storage::Database& database, const Clock& clock, const Ids& ids,
                     Passwords& passwords, LoginThrottle& throttle, Sessions& sessions)
    : database_(database),
      clock_(clock),
      ids_(ids),
      passwords_(passwords),
      throttle_(throttle),
      sessions_(sessions),
      door_(door_rules, database, passwords, throttle, sessions) {}

Task<Result<SignedInCustomer>> Customers::enrol(std::string shop_id, Registration registration) {
  Result<std::string> email = normalise_email(registration.email);
  Result<std::string> name = normalise_name(registration.name);
  if (!email || !name) {
    co_return std::unexpected(email ? name.error() : email.error());
  }
  if (Result<void> password = check_password(registration.password); !password) {
    co_return std::unexpected(std::move(password.error()));
  }
  Result<Passwords::Place> place = passwords_.enter();
  if (!place) {
    co_return std::unexpected(std::move(place.error()));
  }
  Task<std::string> hashing = passwords_.hash(*place, std::move(registration.password));
  std::string phc = co_await hashing;
  SignedInCustomer signed_in;
  signed_in.customer = {.id = ids_.make("cus"),
                        .email = std::move(*email),
                        .name = std::move(*name),
                        .created_at = clock_.now()};
  const Customer& customer = signed_in.customer;
  Batch batch;
  batch
      .add(
          "INSERT INTO customers (shop_id, id, email, name, password, created_at) "
          "VALUES ($1, $2, $3, $4, $5, $6)",
          {shop_id, customer.id, customer.email, customer.name, std::move(phc),
           to_millis(customer.created_at)})
      .or_refuse(errc::email_taken);
  signed_in.session = sessions_.issue(batch, shop_id, SubjectKind::customer, customer.id);
  batch.event("customer.created", shop_id, customer.id, customer_event(customer.id));
  Task<Commit> committing = database_.commit(std::move(batch));
  const Commit outcome = co_await committing;
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return refusal(*refused);
  }
  co_return signed_in;
}

Task<Result<SignedInCustomer>> Customers::sign_in(std::string shop_id, SignIn sign_in) {
  Task<Result<Door::Entered>> entering = door_.enter(std::move(shop_id), std::move(sign_in));
  Result<Door::Entered> entered = co_await entering;
  if (!entered) {
    co_return std::unexpected(std::move(entered.error()));
  }
  co_return SignedInCustomer{customer_of(entered->account[0]), std::move(entered->session)};
}

Task<Result<Customer>> Customers::find(std::string shop_id, std::string customer_id) {
  storage::Query query{
      "SELECT id, email, name, version, created_at FROM customers WHERE shop_id = $1 AND id = $2",
      {std::move(shop_id), std::move(customer_id)}};
  Task<Rows> reading = database_.read(std::move(query));
  const Rows rows = co_await reading;
  if (rows.empty()) {
    co_return no_such_customer();
  }
  co_return customer_of(rows[0]);
}

Task<Result<std::string>> Customers::prove_password(std::string shop_id, std::string customer_id,
                                                    std::string password, std::string peer) {
  Result<Passwords::Place> place = passwords_.enter();
  if (!place) {
    co_return std::unexpected(std::move(place.error()));
  }
  storage::Query query{"SELECT email, password FROM customers WHERE shop_id = $1 AND id = $2",
                       {shop_id, std::move(customer_id)}};
  Task<Rows> reading = database_.read(std::move(query));
  const Rows rows = co_await reading;
  if (rows.empty()) {
    co_return no_such_customer();
  }
  const LoginAttempt attempt{std::move(shop_id), SubjectKind::customer, rows[0].text(0),
                             std::move(peer)};
  Task<Result<void>> counting = throttle_.count(attempt);
  Result<void> counted = co_await counting;
  if (!counted) {
    co_return std::unexpected(std::move(counted.error()));
  }
  const std::optional<std::string> phc = rows[0].text_or_null(1);
  Task<bool> verifying = passwords_.matches(*place, phc, std::move(password));
  if (const bool matched = co_await verifying; !matched) {
    co_return fail(errc::bad_credentials, "The current password is another.");
  }
  Batch batch;
  LoginThrottle::forgive(batch, attempt);
  Task<Commit> committing = database_.commit(std::move(batch));
  co_await committing;
  co_return *phc;
}

namespace {

// Normalises what is there.
Result<CustomerChange> normalise(CustomerChange change) {
  if (change.name) {
    Result<std::string> name = normalise_name(*change.name);
    if (!name) {
      return std::unexpected(std::move(name.error()));
    }
    change.name = std::move(*name);
  }
  if (change.email) {
    Result<std::string> email = normalise_email(*change.email);
    if (!email) {
      return std::unexpected(std::move(email.error()));
    }
    change.email = std::move(*email);
  }
  if (change.password) {
    if (Result<void> password = check_password(*change.password); !password) {
      return std::unexpected(std::move(password.error()));
    }
  }
  return change;
}

}  // namespace

Task<Result<Customer>> Customers::change(std::string shop_id, std::string customer_id,
                                         CustomerChange change, std::string peer,
                                         std::string kept_token) {
  Result<CustomerChange> wanted = normalise(std::move(change));
  if (!wanted) {
    co_return std::unexpected(std::move(wanted.error()));
  }
  std::optional<std::string> proven;
  if (wanted->email || wanted->password) {
    Task<Result<std::string>> proving =
        prove_password(shop_id, customer_id, wanted->current_password, std::move(peer));
    Result<std::string> checked = co_await proving;
    if (!checked) {
      co_return std::unexpected(std::move(checked.error()));
    }
    proven = std::move(*checked);
  }
  std::optional<std::string> phc;
  if (wanted->password) {
    Result<Passwords::Place> place = passwords_.enter();
    if (!place) {
      co_return std::unexpected(std::move(place.error()));
    }
    Task<std::string> hashing = passwords_.hash(*place, *wanted->password);
    phc = co_await hashing;
  }
  Batch batch;
  if (proven) {
    batch.add(door_rules.guard_sql, {shop_id, customer_id, *proven})
        .expect(1, errc::bad_credentials);
  }
  batch
      .add(
          "UPDATE customers SET name = COALESCE($3, name), password = COALESCE($4, password), "
          "version = version + 1 WHERE shop_id = $1 AND id = $2",
          {shop_id, customer_id, storage::nullable(wanted->name), storage::nullable(phc)})
      .expect(1, errc::not_found);
  if (phc) {
    Sessions::end_all(batch, shop_id, SubjectKind::customer, customer_id, kept_token);
  }
  Task<Result<Customer>> finishing = finish_change(std::move(batch), std::move(shop_id),
                                                   std::move(customer_id), std::move(*wanted));
  co_return co_await finishing;
}

Task<Result<Customer>> Customers::correct(std::string shop_id, std::string customer_id,
                                          std::int64_t version, CustomerCorrection correction) {
  CustomerChange change;
  change.name = std::move(correction.name);
  change.email = std::move(correction.email);
  Result<CustomerChange> wanted = normalise(std::move(change));
  if (!wanted) {
    co_return std::unexpected(std::move(wanted.error()));
  }
  Task<Result<Customer>> looking = find(shop_id, customer_id);
  if (const Result<Customer> known = co_await looking; !known) {
    co_return no_such_customer();
  }
  Batch batch;
  batch
      .add(
          "UPDATE customers SET name = COALESCE($4, name), version = version + 1 "
          "WHERE shop_id = $1 AND id = $2 AND version = $3",
          {shop_id, customer_id, version, storage::nullable(wanted->name)})
      .expect(1, errc::version_conflict);
  Task<Result<Customer>> finishing = finish_change(std::move(batch), std::move(shop_id),
                                                   std::move(customer_id), std::move(*wanted));
  co_return co_await finishing;
}

Task<Result<Customer>> Customers::finish_change(Batch batch, std::string shop_id,
                                                std::string customer_id, CustomerChange change) {
  if (change.email) {
    batch
        .add("UPDATE customers SET email = $3 WHERE shop_id = $1 AND id = $2",
             {shop_id, customer_id, *change.email})
        .expect(1, errc::email_taken);
  }
  batch.event("customer.updated", shop_id, customer_id, customer_event(customer_id));
  Task<Commit> committing = database_.commit(std::move(batch));
  const Commit outcome = co_await committing;
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return refusal(*refused);
  }
  Task<Result<Customer>> finding = find(std::move(shop_id), std::move(customer_id));
  co_return co_await finding;
}

Task<std::vector<CustomerAddress>> Customers::addresses(std::string shop_id,
                                                        std::string customer_id) {
  storage::Query query{
      "SELECT id, address, created_at FROM customer_addresses "
      "WHERE shop_id = $1 AND customer_id = $2 ORDER BY created_at, id",
      {std::move(shop_id), std::move(customer_id)}};
  Task<Rows> reading = database_.read(std::move(query));
  const Rows rows = co_await reading;
  std::vector<CustomerAddress> found;
  for (const Row row : rows) {
    found.push_back(address_of(row));
  }
  co_return found;
}

Task<Result<CustomerAddress>> Customers::add_address(std::string shop_id, std::string customer_id,
                                                     Address address) {
  Result<Address> checked = normalise_address(std::move(address));
  if (!checked) {
    co_return std::unexpected(std::move(checked.error()));
  }
  CustomerAddress added{ids_.make("adr"), std::move(*checked), clock_.now()};
  Batch batch;
  batch
      .add(
          "INSERT INTO customer_addresses (shop_id, id, customer_id, address, created_at) "
          "SELECT $1, $2, $3, $4, CAST($5 AS BIGINT) WHERE (SELECT COUNT(*) FROM "
          "customer_addresses WHERE shop_id = $1 AND customer_id = $3) < $6",
          {shop_id, added.id, customer_id, securecart::to_string(to_json(added.address)),
           to_millis(added.created_at), static_cast<std::int64_t>(limits::customer_addresses)})
      .expect(1, errc::too_many_addresses);
  batch.event("customer.updated", shop_id, customer_id, customer_event(customer_id));
  Task<Commit> committing = database_.commit(std::move(batch));
  const Commit outcome = co_await committing;
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return refusal(*refused);
  }
  co_return added;
}

Task<Result<CustomerAddress>> Customers::change_address(std::string shop_id,
                                                        std::string customer_id,
                                                        std::string address_id,
                                                        AddressChange change) {
  storage::Query query{
      "SELECT id, address, created_at FROM customer_addresses "
      "WHERE shop_id = $1 AND customer_id = $2 AND id = $3",
      {shop_id, customer_id, address_id}};
  Task<Rows> reading = database_.read(std::move(query));
  const Rows rows = co_await reading;
  if (rows.empty()) {
    co_return no_such_address();
  }
  CustomerAddress current = address_of(rows[0]);
  Result<Address> checked = normalise_address(changed(std::move(current.address), change));
  if (!checked) {
    co_return std::unexpected(std::move(checked.error()));
  }
  current.address = std::move(*checked);
  Batch batch;
  batch
      .add(
          "UPDATE customer_addresses SET address = $4 "
          "WHERE shop_id = $1 AND customer_id = $2 AND id = $3 AND address = $5",
          {shop_id, customer_id, address_id, securecart::to_string(to_json(current.address)),
           rows[0].text(1)})
      .expect(1, errc::version_conflict);
  batch.event("customer.updated", shop_id, customer_id, customer_event(customer_id));
  Task<Commit> committing = database_.commit(std::move(batch));
  const Commit outcome = co_await committing;
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return refusal(*refused);
  }
  co_return current;
}

Task<Result<void>> Customers::remove_address(std::string shop_id, std::string customer_id,
                                             std::string address_id) {
  Batch batch;
  batch
      .add("DELETE FROM customer_addresses WHERE shop_id = $1 AND customer_id = $2 AND id = $3",
           {shop_id, customer_id, std::move(address_id)})
      .expect(1, errc::not_found);
  batch.event("customer.updated", shop_id, customer_id, customer_event(customer_id));
  Task<Commit> committing = database_.commit(std::move(batch));
  const Commit outcome = co_await committing;
  if (std::holds_alternative<storage::Refused>(outcome)) {
    co_return no_such_address();
  }
  co_return Result<void>();
}

Task<Page<Customer>> Customers::list(std::string shop_id, std::string words, std::size_t limit,
                                     std::optional<Position> after) {
  constexpr std::string_view all_sql =
      "SELECT id, email, name, version, created_at FROM customers "
      "WHERE shop_id = $1 AND (created_at, id) < ($2, $3) "
      "ORDER BY created_at DESC, id DESC LIMIT $4";
  constexpr std::string_view words_sql =
      "SELECT id, email, name, version, created_at FROM customers "
      "WHERE shop_id = $1 AND (created_at, id) < ($2, $3) "
      "AND (email LIKE $5 ESCAPE '\\' OR lower(name) LIKE $5 ESCAPE '\\') "
      "ORDER BY created_at DESC, id DESC LIMIT $4";
  storage::Query query{words.empty() ? all_sql : words_sql,
                       page_parameters(std::move(shop_id), limit, std::move(after))};
  if (!words.empty()) {
    query.parameters.emplace_back(like_pattern(words));
  }
  Task<Rows> reading = database_.read(std::move(query), storage::Freshness::replica);
  const Rows rows = co_await reading;
  co_return page_of_rows(rows, limit, customer_of);
}

}  // namespace securecart::shop::accounts
