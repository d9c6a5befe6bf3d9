// Boost.JSON with the house's limits and a canonical form.
#pragma once

#include <string>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/errors.hpp"
#include "base/limits.hpp"

namespace securecart {

namespace json = boost::json;

// Parses one RFC 8259 document: depth at most limits::json_depth, valid UTF-8, no duplicate names,
// no trailing bytes. The Error (errc::invalid_request) names the byte offset.
Result<json::value> parse_json(std::string_view text);
// Serialises with sorted member names and no spaces, for signing and fingerprints (integers,
// strings, bools, null, arrays and objects only; asserts on doubles). RFC 8785 for that subset.
std::string canonical_json(const json::value& value);
std::string to_string(const json::value& value);

// Readers for documents that were validated before, or that we wrote ourselves. The first group
// asserts on a missing or wrongly typed member; `_or` variants treat missing and null as absent.
std::string_view get_string(const json::object& object, std::string_view name);
std::int64_t get_int(const json::object& object, std::string_view name);
bool get_bool(const json::object& object, std::string_view name);
const json::object& get_object(const json::object& object, std::string_view name);
const json::array& get_array(const json::object& object, std::string_view name);
std::string_view get_string_or(const json::object& object, std::string_view name,
                               std::string_view fallback);
std::int64_t get_int_or(const json::object& object, std::string_view name, std::int64_t fallback);
bool get_bool_or(const json::object& object, std::string_view name, bool fallback);
// Present and not null.
bool has(const json::object& object, std::string_view name);

}  // namespace securecart
