// Members of JSON documents that came from outside and were checked by nobody: what is missing or
// of another type reads as nothing (base/json.hpp's readers assert instead).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace securecart::lab {

std::string text_of(const json::object& object, std::string_view name);
std::int64_t int_of(const json::object& object, std::string_view name, std::int64_t fallback = 0);
bool bool_of(const json::object& object, std::string_view name);
// Empty ones that live as long as the program when there is none.
const json::object& object_of(const json::object& object, std::string_view name);
const json::array& array_of(const json::object& object, std::string_view name);
const json::object& as_object(const json::value& value);

}  // namespace securecart::lab
