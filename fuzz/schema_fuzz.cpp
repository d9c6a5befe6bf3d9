// Any JSON as the body of any request: the validator ends, names at most as many complaints as it
// may, each with a place, and takes what it took when it is read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json.hpp"
#include "shop/api/limits.hpp"
#include "shop/api/schema.hpp"

namespace {

void check(bool holds) {
  if (!holds) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace api = securecart::shop::api;
  static const api::Schemas schemas = api::Schemas::embedded();
  const auto value = securecart::parse_json({reinterpret_cast<const char*>(data), size});
  if (!value) {
    return 0;
  }
  const auto again = securecart::parse_json(securecart::to_string(*value));
  check(again.has_value());
  for (const auto& [name, document] : schemas.documents()) {
    const api::Schema& schema = *schemas.find(name);
    const auto complaints = api::validate(schema, *value);
    check(complaints.size() <= securecart::limits::schema_errors);
    for (const securecart::FieldError& complaint : complaints) {
      check(complaint.where == "body" || complaint.where.starts_with('/'));
      check(!complaint.what.empty());
    }
    check(api::validate(schema, *again).empty() == complaints.empty());
    check(api::validate(schema, *value, 1).empty() == complaints.empty());
  }
  return 0;
}
