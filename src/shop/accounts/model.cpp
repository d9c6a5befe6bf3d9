#include "shop/accounts/model.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "shop/accounts/errc.hpp"
#include "shop/accounts/limits.hpp"

namespace securecart::shop::accounts {

namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}

std::unexpected<Error> refuse(std::string_view where, std::string_view what) {
  std::vector<FieldError> fields;
  fields.push_back({std::string(where), std::string(what)});
  return fail(errc::invalid_request, std::string(where).append(" ").append(what),
              std::move(fields));
}

// One line of text as people type it; empty only when it is optional.
Result<std::string> normalise_line(std::string_view text, std::string_view where, bool required) {
  const std::string_view trimmed = trim(text);
  if (trimmed.empty() && required) {
    return refuse(where, "must not be empty.");
  }
  if (trimmed.size() > limits::text_bytes) {
    return refuse(where, "has more than " + std::to_string(limits::text_bytes) + " bytes.");
  }
  if (std::ranges::any_of(trimmed, is_control)) {
    return refuse(where, "has a control character.");
  }
  return std::string(trimmed);
}

bool is_email(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == 0 || at == std::string_view::npos || at + 1 == text.size() ||
      text.find('@', at + 1) != std::string_view::npos) {
    return false;
  }
  const std::string_view domain = text.substr(at + 1);
  return domain.front() != '.' && domain.back() != '.' &&
         domain.find("..") == std::string_view::npos &&
         std::ranges::none_of(text, [](char c) { return is_control(c) || c == ' '; });
}

struct Field {
  std::string_view name;
  std::string Address::* member;
  std::optional<std::string> AddressChange::* change;
  bool required;
};
constexpr Field address_fields[] = {
    {"name", &Address::name, &AddressChange::name, true},
    {"company", &Address::company, &AddressChange::company, false},
    {"line1", &Address::line1, &AddressChange::line1, true},
    {"line2", &Address::line2, &AddressChange::line2, false},
    {"city", &Address::city, &AddressChange::city, true},
    {"postal_code", &Address::postal_code, &AddressChange::postal_code, false},
    {"province", &Address::province, &AddressChange::province, false},
    {"country", &Address::country, &AddressChange::country, true},
    {"phone", &Address::phone, &AddressChange::phone, false},
};

}  // namespace

json::object to_json(const Address& address) {
  json::object object;
  for (const Field& field : address_fields) {
    const std::string& text = address.*field.member;
    if (field.required || !text.empty()) {
      object[field.name] = text;
    }
  }
  return object;
}

Address address_from_json(const json::object& object) {
  Address address;
  for (const Field& field : address_fields) {
    address.*field.member = get_string_or(object, field.name, "");
  }
  return address;
}

AddressChange address_change_from_json(const json::object& object) {
  AddressChange change;
  for (const Field& field : address_fields) {
    if (object.contains(field.name)) {
      change.*field.change = std::string(get_string_or(object, field.name, ""));
    }
  }
  return change;
}

Address changed(Address address, const AddressChange& change) {
  for (const Field& field : address_fields) {
    if (const std::optional<std::string>& text = change.*field.change) {
      address.*field.member = *text;
    }
  }
  return address;
}

std::string_view to_string(KeyKind kind) {
  return kind == KeyKind::publishable ? "publishable" : "secret";
}

std::optional<KeyKind> parse_key_kind(std::string_view text) {
  if (text == "publishable") {
    return KeyKind::publishable;
  }
  if (text == "secret") {
    return KeyKind::secret;
  }
  return std::nullopt;
}

std::string_view to_string(SubjectKind kind) {
  return kind == SubjectKind::customer ? "customer" : "staff";
}

Result<std::string> normalise_email(std::string_view text, std::string_view where) {
  const std::string_view trimmed = trim(text);
  if (trimmed.size() > limits::email_bytes || !is_email(trimmed)) {
    return refuse(where, "is not an e-mail address.");
  }
  return to_lower(trimmed);
}

Result<std::string> normalise_name(std::string_view text, std::string_view where) {
  return normalise_line(text, where, true);
}

Result<void> check_password(std::string_view password, std::string_view where) {
  if (password.size() < limits::password_bytes_least) {
    return refuse(
        where, "needs at least " + std::to_string(limits::password_bytes_least) + " characters.");
  }
  if (password.size() > limits::password_bytes_most) {
    return refuse(where,
                  "may have at most " + std::to_string(limits::password_bytes_most) + " bytes.");
  }
  return {};
}

Result<Address> normalise_address(Address address, std::string_view where) {
  for (const Field& field : address_fields) {
    const std::string pointer = std::string(where).append("/").append(field.name);
    Result<std::string> text = normalise_line(address.*field.member, pointer, field.required);
    if (!text) {
      return std::unexpected(std::move(text.error()));
    }
    address.*field.member = std::move(*text);
  }
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (address.country.size() != 2 || !std::ranges::all_of(address.country, is_capital)) {
    return refuse(std::string(where).append("/country"),
                  "is not an ISO 3166-1 code of two capital letters.");
  }
  return address;
}

}  // namespace securecart::shop::accounts
