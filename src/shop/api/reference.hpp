// The reference: one HTML page of everything the API does, made on the server from the table of
// operations and the schemas. No requests to anywhere, works without scripts.
#pragma once

#include <string>
#include <string_view>

#include "shop/api/operation.hpp"
#include "shop/api/schema.hpp"

namespace securecart::shop::api {

struct ReferencePage {
  std::string html;
  // For Content-Security-Policy: nothing but the page's own style and script, by their hashes.
  std::string content_security_policy;
};
ReferencePage render_reference(const Operations& operations, const Schemas& schemas,
                               std::string_view version);
// Where the `type` of a problem leads: what the error means and who answers it.
ReferencePage render_problem(const ErrorKind& kind, const Operations& operations);

}  // namespace securecart::shop::api
