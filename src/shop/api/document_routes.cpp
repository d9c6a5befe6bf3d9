#include "shop/api/document_routes.hpp"

#include <cassert>

#include "base/crypto.hpp"
#include "shop/api/errc.hpp"
#include "shop/api/openapi.hpp"
#include "shop/api/possible_errors.hpp"

namespace securecart::shop::api {

void DocumentRoutes::mount(Operations& operations) {
  operations.add({.id = "getOpenApi",
                  .method = net::Method::get,
                  .path = "/openapi.json",
                  .tag = "System",
                  .summary = "This API as an OpenAPI 3.1 document",
                  .access = Access::open,
                  .needs_database = false},
                 *this, &DocumentRoutes::openapi);
  operations.add({.id = "getReference",
                  .method = net::Method::get,
                  .path = "/reference",
                  .tag = "System",
                  .summary = "This API as a page to read",
                  .access = Access::open,
                  .response_type = "text/html; charset=utf-8",
                  .needs_database = false},
                 *this, &DocumentRoutes::reference);
  operations.add({.id = "getProblem",
                  .method = net::Method::get,
                  .path = "/problems/{problem}",
                  .tag = "System",
                  .summary = "What an error means, as a page to read",
                  .description = "Where the `type` of each problem document leads.",
                  .access = Access::open,
                  .response_type = "text/html; charset=utf-8",
                  .needs_database = false},
                 *this, &DocumentRoutes::problem);
}

void DocumentRoutes::build(const Operations& operations, const Schemas& schemas,
                           std::string_view version) {
  openapi_ = document_of(to_string(openapi_document(operations, schemas, version)));
  reference_ = document_of(render_reference(operations, schemas, version));
  for (const ErrorKind* kind : all_errors(operations)) {
    problems_.insert_or_assign(std::string(kind->code),
                               document_of(render_problem(*kind, operations)));
  }
}

DocumentRoutes::Document DocumentRoutes::document_of(std::string bytes) {
  Document document;
  document.etag = "\"" + sha256_hex(bytes).substr(0, 32) + "\"";
  document.bytes = std::make_shared<const std::string>(std::move(bytes));
  return document;
}

DocumentRoutes::Document DocumentRoutes::document_of(ReferencePage page) {
  Document document = document_of(std::move(page.html));
  document.content_security_policy = std::move(page.content_security_policy);
  return document;
}

// Kept by caches, but asked for again each time: the next version of the program has another.
Reply DocumentRoutes::answer(const Document& document, std::string content_type) {
  assert(document.bytes && "build() comes before the first request");
  Reply reply;
  reply.shared_body = document.bytes;
  reply.content_type = std::move(content_type);
  reply.headers.emplace_back("ETag", document.etag);
  reply.headers.emplace_back("Cache-Control", "public, no-cache");
  if (!document.content_security_policy.empty()) {
    reply.headers.emplace_back("Content-Security-Policy", document.content_security_policy);
  }
  return reply;
}

Task<Result<Reply>> DocumentRoutes::openapi(Call& /*call*/) {
  Reply reply = answer(openapi_, "application/json");
  reply.headers.emplace_back("Access-Control-Allow-Origin", "*");  // tools in other pages read it
  co_return reply;
}

Task<Result<Reply>> DocumentRoutes::reference(Call& /*call*/) {
  co_return answer(reference_, "text/html; charset=utf-8");
}

Task<Result<Reply>> DocumentRoutes::problem(Call& call) {
  const auto found = problems_.find(call.path("problem"));
  if (found == problems_.end()) {
    co_return fail(errc::not_found, "No error has this code; /reference lists them all.");
  }
  co_return answer(found->second, "text/html; charset=utf-8");
}

}  // namespace securecart::shop::api
