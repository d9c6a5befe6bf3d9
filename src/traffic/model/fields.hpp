// Members of a JSON object that nobody has checked (a body, a file of an earlier start): one that
// is absent or of another type is the fallback.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace securecart::traffic {

std::string text_or(const json::object& fields, std::string_view name,
                    std::string_view fallback = {});
std::int64_t whole_or(const json::object& fields, std::string_view name, std::int64_t fallback);
double number_or(const json::object& fields, std::string_view name, double fallback);
bool flag_or(const json::object& fields, std::string_view name, bool fallback);

}  // namespace securecart::traffic
