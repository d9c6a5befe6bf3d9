// The people and keys of a shop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/json.hpp"
#include "base/limits.hpp"
#include "shop/accounts/caller.hpp"
#include "shop/accounts/limits.hpp"

namespace securecart::shop::accounts {

struct Customer {
  std::string id;  // cus_
  std::string email;
  std::string name;
  std::int64_t version = 1;
  Timestamp created_at;
};

struct Address {
  std::string name;
  std::string company;
  std::string line1;
  std::string line2;
  std::string city;
  std::string postal_code;
  std::string province;
  std::string country;  // ISO 3166-1 alpha-2
  std::string phone;
};

// As it is stored and shown: optional members that are empty are left out.
json::object to_json(const Address& address);
// Reads what to_json wrote, or a body that was checked against its schema.
Address address_from_json(const json::object& object);

// Absent members stay.
struct AddressChange {
  std::optional<std::string> name;
  std::optional<std::string> company;
  std::optional<std::string> line1;
  std::optional<std::string> line2;
  std::optional<std::string> city;
  std::optional<std::string> postal_code;
  std::optional<std::string> province;
  std::optional<std::string> country;
  std::optional<std::string> phone;
};
// A member that is null becomes empty.
AddressChange address_change_from_json(const json::object& object);
Address changed(Address address, const AddressChange& change);

struct CustomerAddress {
  std::string id;  // adr_
  Address address;
  Timestamp created_at;
};

struct StaffMember {
  std::string id;  // stf_
  std::string email;
  std::string name;
  Role role = Role::viewer;
  bool disabled = false;
  std::int64_t version = 1;
  Timestamp created_at;
};

enum class KeyKind : std::uint8_t { publishable, secret };
std::string_view to_string(KeyKind kind);
std::optional<KeyKind> parse_key_kind(std::string_view text);

struct ApiKey {
  std::string id;  // key_
  KeyKind kind = KeyKind::publishable;
  std::string name;
  std::string prefix;        // its first characters, to recognise it by
  std::optional<Role> role;  // of a secret key
  Timestamp created_at;
  std::optional<Timestamp> revoked_at;
};

enum class SubjectKind : std::uint8_t { customer, staff };
std::string_view to_string(SubjectKind kind);

// A session as its owner gets it, once: only the token's SHA-256 is stored.
struct IssuedSession {
  std::string token;  // cs_… of a customer, ss_… of staff
  Timestamp expires_at;
};

// One page of a list by time and id. `next` is where the next page starts, when there is one.
struct Position {
  std::int64_t at = 0;  // milliseconds
  std::string id;
};
template <class Item>
struct Page {
  std::vector<Item> items;
  std::optional<Position> next;
};
// Of `items`, read with one more than `limit`, in their order.
template <class Item>
Page<Item> page_of(std::vector<Item> items, std::size_t limit) {
  Page<Item> page;
  if (items.size() > limit) {
    items.erase(items.begin() + static_cast<std::ptrdiff_t>(limit), items.end());
    page.next = Position{to_millis(items.back().created_at), items.back().id};
  }
  page.items = std::move(items);
  return page;
}

// Trimmed and in lower case (ASCII). Error: invalid_request, naming `where`, unless it is
// local@domain of at most 254 bytes without spaces and control characters.
Result<std::string> normalise_email(std::string_view text, std::string_view where = "/email");
// Trimmed; 1 to limits::text_bytes bytes without control characters.
Result<std::string> normalise_name(std::string_view text, std::string_view where = "/name");
// From limits::password_bytes_least to limits::password_bytes_most bytes.
Result<void> check_password(std::string_view password, std::string_view where = "/password");
// Trims every field and refuses an address without name, line1, city, or with a country that is not
// two capital letters. Pointers start with `where`.
Result<Address> normalise_address(Address address, std::string_view where = "");

}  // namespace securecart::shop::accounts
