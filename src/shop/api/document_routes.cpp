#include "shop/api/document_routes.hpp"

#include <cassert>

#include "base/crypto.hpp"
#include "shop/api/openapi.hpp"
#include "shop/api/reference.hpp"

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
}

void DocumentRoutes::build(const Operations& operations, const Schemas& schemas,
                           std::string_view version) {
  openapi_ = document_of(to_string(openapi_document(operations, schemas, version)));
  ReferencePage page = render_reference(operations, schemas, version);
  reference_ = document_of(std::move(page.html));
  reference_.content_security_policy = std::move(page.content_security_policy);
}

DocumentRoutes::Document DocumentRoutes::document_of(std::string bytes) {
  Document document;
  document.etag = "\"" + sha256_hex(bytes).substr(0, 32) + "\"";
  document.bytes = std::make_shared<const std::string>(std::move(bytes));
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

}  // namespace securecart::shop::api
