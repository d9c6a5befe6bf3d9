// The OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0), made from the table of
// operations and the schemas: what is not in them cannot be in the document, and the other way
// round.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "shop/api/operation.hpp"
#include "shop/api/schema.hpp"

namespace securecart::shop::api {

// The same input gives the same bytes. `version` is that of the program.
json::value openapi_document(const Operations& operations, const Schemas& schemas,
                             std::string_view version);

// Words the documents share.

// "Store API", "Admin API", …: what an operation is part of, by its path.
std::string_view section_of(const Operation& operation);
// One sentence about a tag; empty when there is none.
std::string_view about_tag(std::string_view tag);
// Who may call, as a sentence: "Staff or a secret key with catalog_write (owner, manager)."
std::string who_may_call(const Operation& operation);
// "The cart's id." of {cart_id}.
std::string about_path_parameter(std::string_view name);
// Header fields an operation reads beside its parameters.
struct HeaderField {
  std::string_view name;
  std::string_view description;
  bool required = false;
};
std::vector<HeaderField> header_fields(const Operation& operation, const Schemas& schemas);
// Whether answers of this operation carry a version, and so an ETag.
bool has_version(const Operation& operation, const Schemas& schemas);
// The name of a schema in the document: "ProductPage" of "Product[]".
std::string component_name(std::string_view schema);

}  // namespace securecart::shop::api
