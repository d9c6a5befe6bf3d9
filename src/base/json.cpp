#include "base/json.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse_options.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_stack.hpp>
#include <fmt/format.h>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace securecart {

namespace {

// Builds the value as json::parser does, and refuses what RFC 8259 leaves open: names that occur
// twice in one object (parsers disagree on which one counts) and numbers beyond a double.
struct StrictHandler {
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  json::value_stack stack;
  std::vector<std::string> names;       // of the open objects, outermost first
  std::vector<std::size_t> first_name;  // where each open object's names begin
  std::string name;                     // the parts of the name being read
  std::string problem;                  // set when one of ours, not Boost's, refused

  bool refuse(std::string why, json::error_code& error) {
    problem = std::move(why);
    error = json::error::syntax;
    return false;
  }

  bool on_document_begin(json::error_code&) {
    stack.reset();
    return true;
  }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    first_name.push_back(names.size());
    return true;
  }
  bool on_object_end(std::size_t count, json::error_code& error) {
    const auto begin = names.begin() + static_cast<std::ptrdiff_t>(first_name.back());
    std::sort(begin, names.end());
    const auto twice = std::adjacent_find(begin, names.end());
    if (twice != names.end()) {
      return refuse(fmt::format("the name \"{}\" occurs twice in one object", *twice), error);
    }
    names.erase(begin, names.end());
    first_name.pop_back();
    stack.push_object(count);
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t count, json::error_code&) {
    stack.push_array(count);
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    name += std::string_view(part);
    stack.push_chars(part);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code&) {
    name += std::string_view(part);
    names.push_back(std::move(name));
    name.clear();
    stack.push_key(part);
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    stack.push_chars(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, json::error_code&) {
    stack.push_string(part);
    return true;
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, json::error_code&) {
    stack.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t number, json::string_view, json::error_code&) {
    stack.push_uint64(number);
    return true;
  }
  bool on_double(double number, json::string_view, json::error_code& error) {
    if (!std::isfinite(number)) {
      return refuse("a number is too large", error);
    }
    stack.push_double(number);
    return true;
  }
  bool on_bool(bool flag, json::error_code&) {
    stack.push_bool(flag);
    return true;
  }
  bool on_null(json::error_code&) {
    stack.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

std::string describe(const json::error_code& error, const StrictHandler& handler) {
  if (!handler.problem.empty()) {
    return handler.problem;
  }
  if (error == json::error::too_deep) {
    return fmt::format("arrays and objects are nested more than {} deep", limits::json_depth);
  }
  if (error == json::error::incomplete) {
    return "the document ends too early";
  }
  if (error == json::error::extra_data) {
    return "something follows the document";
  }
  return error.message();
}

// RFC 8785 sorts names by UTF-16 code units, where U+E000 to U+FFFF come after the surrogate pairs
// of everything above them. In UTF-8 that is: a lead byte of 0xEE or 0xEF counts as above 0xF0.
int utf16_rank(char c) {
  const int byte = static_cast<unsigned char>(c);
  return byte == 0xEE || byte == 0xEF ? byte + 0x10 : byte;
}

bool utf16_less(std::string_view a, std::string_view b) {
  const auto [x, y] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (x == a.end() || y == b.end()) {
    return x == a.end() && y != b.end();
  }
  return utf16_rank(*x) < utf16_rank(*y);
}

// RFC 8785 section 3.2.2.2.
void append_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void append_canonical(std::string& out, const json::value& value);

void append_object(std::string& out, const json::object& object) {
  std::vector<const json::key_value_pair*> members;
  members.reserve(object.size());
  for (const json::key_value_pair& member : object) {
    members.push_back(&member);
  }
  std::sort(members.begin(), members.end(),
            [](const auto* a, const auto* b) { return utf16_less(a->key(), b->key()); });
  out += '{';
  for (const json::key_value_pair* member : members) {
    if (out.back() != '{') {
      out += ',';
    }
    append_string(out, member->key());
    out += ':';
    append_canonical(out, member->value());
  }
  out += '}';
}

void append_array(std::string& out, const json::array& array) {
  out += '[';
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (i > 0) {
      out += ',';
    }
    append_canonical(out, array[i]);
  }
  out += ']';
}

void append_canonical(std::string& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      out += "null";
      return;
    case json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      return;
    case json::kind::int64:
      out += fmt::format("{}", value.get_int64());
      return;
    case json::kind::uint64:
      out += fmt::format("{}", value.get_uint64());
      return;
    case json::kind::double_:
      assert(false && "a canonical document has no fractions: money is minor units");
      return;
    case json::kind::string:
      append_string(out, value.get_string());
      return;
    case json::kind::array:
      append_array(out, value.get_array());
      return;
    case json::kind::object:
      append_object(out, value.get_object());
      return;
  }
}

const json::value& member(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  assert(value != nullptr && "the document was validated before");
  return *value;
}

const json::value* present(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::int64_t integer(const json::value& value) {
  json::error_code error;
  const auto number = value.to_number<std::int64_t>(error);
  assert(!value.is_double() && !error);
  return number;
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = limits::json_depth;
  json::basic_parser<StrictHandler> parser(options);
  json::error_code error;
  std::size_t offset = parser.write_some(false, text.data(), text.size(), error);
  if (!error && offset < text.size()) {
    error = json::error::extra_data;
  }
  if (error) {
    return fail(errc::invalid_request, fmt::format("The JSON is wrong at byte {}: {}.", offset,
                                                   describe(error, parser.handler())));
  }
  return parser.handler().stack.release();
}

std::string canonical_json(const json::value& value) {
  std::string out;
  append_canonical(out, value);
  return out;
}

std::string to_string(const json::value& value) {
  return json::serialize(value);
}

std::string_view get_string(const json::object& object, std::string_view name) {
  const json::value& value = member(object, name);
  assert(value.is_string());
  return value.get_string();
}

std::int64_t get_int(const json::object& object, std::string_view name) {
  return integer(member(object, name));
}

bool get_bool(const json::object& object, std::string_view name) {
  const json::value& value = member(object, name);
  assert(value.is_bool());
  return value.get_bool();
}

const json::object& get_object(const json::object& object, std::string_view name) {
  const json::value& value = member(object, name);
  assert(value.is_object());
  return value.get_object();
}

const json::array& get_array(const json::object& object, std::string_view name) {
  const json::value& value = member(object, name);
  assert(value.is_array());
  return value.get_array();
}

std::string_view get_string_or(const json::object& object, std::string_view name,
                               std::string_view fallback) {
  return has(object, name) ? get_string(object, name) : fallback;
}

std::int64_t get_int_or(const json::object& object, std::string_view name, std::int64_t fallback) {
  const json::value* const value = present(object, name);
  return value == nullptr ? fallback : integer(*value);
}

bool get_bool_or(const json::object& object, std::string_view name, bool fallback) {
  return has(object, name) ? get_bool(object, name) : fallback;
}

bool has(const json::object& object, std::string_view name) {
  return present(object, name) != nullptr;
}

}  // namespace securecart
