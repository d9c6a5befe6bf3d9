// The API's own documents: /openapi.json, /reference and a page for each error, /problems/CODE.
// Made once, when the table is complete.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "shop/api/operation.hpp"
#include "shop/api/reference.hpp"
#include "shop/api/schema.hpp"

namespace securecart::shop::api {

class DocumentRoutes {
 public:
  void mount(Operations& operations);
  // After every route is mounted and before the first request.
  void build(const Operations& operations, const Schemas& schemas, std::string_view version);

 private:
  struct Document {
    std::shared_ptr<const std::string> bytes;
    std::string etag;
    std::string content_security_policy;
  };
  static Document document_of(std::string bytes);
  static Document document_of(ReferencePage page);
  static Reply answer(const Document& document, std::string content_type);
  Task<Result<Reply>> openapi(Call& call);
  Task<Result<Reply>> reference(Call& call);
  Task<Result<Reply>> problem(Call& call);

  Document openapi_;
  Document reference_;
  std::map<std::string, Document, std::less<>> problems_;  // by code
};

}  // namespace securecart::shop::api
