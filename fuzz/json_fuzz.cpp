// Any bytes: an error or a value; a value without fractions has one canonical form that reads back.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/json.hpp"
#include "base/text.hpp"

namespace {

using namespace securecart;

bool has_fraction(const json::value& value) {
  if (const json::array* array = value.if_array()) {
    return std::any_of(array->begin(), array->end(), has_fraction);
  }
  if (const json::object* object = value.if_object()) {
    return std::any_of(object->begin(), object->end(),
                       [](const auto& member) { return has_fraction(member.value()); });
  }
  return value.is_double();
}

void require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<json::value> value = parse_json(text);
  if (!value) {
    return 0;
  }
  require(is_utf8(text));
  require(parse_json(to_string(*value)).has_value());
  if (!has_fraction(*value)) {
    const std::string canonical = canonical_json(*value);
    const Result<json::value> again = parse_json(canonical);
    require(again.has_value() && *again == *value && canonical_json(*again) == canonical);
  }
  return 0;
}
