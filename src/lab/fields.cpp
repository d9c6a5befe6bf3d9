#include "lab/fields.hpp"

namespace securecart::lab {
namespace {

const json::value* member(const json::object& object, std::string_view name) {
  return object.if_contains(name);
}

}  // namespace

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* found = member(object, name);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::int64_t int_of(const json::object& object, std::string_view name, std::int64_t fallback) {
  const json::value* found = member(object, name);
  return found != nullptr && found->is_int64() ? found->get_int64() : fallback;
}

bool bool_of(const json::object& object, std::string_view name) {
  const json::value* found = member(object, name);
  return found != nullptr && found->is_bool() && found->get_bool();
}

const json::object& object_of(const json::object& object, std::string_view name) {
  static const json::object none;
  const json::value* found = member(object, name);
  return found != nullptr && found->is_object() ? found->get_object() : none;
}

const json::array& array_of(const json::object& object, std::string_view name) {
  static const json::array none;
  const json::value* found = member(object, name);
  return found != nullptr && found->is_array() ? found->get_array() : none;
}

const json::object& as_object(const json::value& value) {
  static const json::object none;
  return value.is_object() ? value.get_object() : none;
}

}  // namespace securecart::lab
