#include "traffic/model/fields.hpp"

namespace securecart::traffic {

std::string text_or(const json::object& fields, std::string_view name, std::string_view fallback) {
  const json::value* const member = fields.if_contains(name);
  return std::string(
      member != nullptr && member->is_string() ? std::string_view(member->get_string()) : fallback);
}

std::int64_t whole_or(const json::object& fields, std::string_view name, std::int64_t fallback) {
  const json::value* const member = fields.if_contains(name);
  if (member == nullptr || member->is_double()) {
    return fallback;
  }
  // A number that was put there unsigned is still whole.
  boost::system::error_code error;
  const auto number = member->to_number<std::int64_t>(error);
  return error ? fallback : number;
}

double number_or(const json::object& fields, std::string_view name, double fallback) {
  const json::value* const member = fields.if_contains(name);
  return member != nullptr && member->is_number() ? member->to_number<double>() : fallback;
}

bool flag_or(const json::object& fields, std::string_view name, bool fallback) {
  const json::value* const member = fields.if_contains(name);
  return member != nullptr && member->is_bool() ? member->get_bool() : fallback;
}

}  // namespace securecart::traffic
