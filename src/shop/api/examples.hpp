// Examples for the documents, made from the schemas, so that they fit them by construction.
#pragma once

#include <string_view>

#include "base/json.hpp"
#include "shop/api/schema.hpp"

namespace securecart::shop::api {

// A value of the named schema ("Product", "Product[]"): the `examples` where a schema gives them,
// else something of the right type and form. Members that refer back to a schema around them are
// left out where they may be.
json::value example_of(const Schemas& schemas, std::string_view name);

}  // namespace securecart::shop::api
