// An OpenAPI document as a test uses it: its operations, which of them a request meets, and which
// of the errors it declares were met.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/json.hpp"
#include "base/text.hpp"
#include "lab/api.hpp"
#include "net/http.hpp"

namespace securecart::test {

// One operation of the document.
struct DocumentedOperation {
  std::string id;
  net::Method method;
  std::string path;
  json::object document;

  bool admin() const { return path.starts_with("/v1/admin") || path == "/v1/events"; }
  bool store() const { return path.starts_with("/v1/store"); }
  bool writes() const { return method != net::Method::get; }
  // Only a signed-in customer may call it.
  bool shopper() const {
    if (!document.contains("security")) {
      return false;
    }
    const json::array& ways = get_array(document, "security");
    return !ways.empty() && std::ranges::all_of(ways, [](const json::value& way) {
      return way.as_object().contains("customer_session");
    });
  }
  // Whether it requires the header.
  bool needs(std::string_view header) const {
    if (!document.contains("parameters")) {
      return false;
    }
    return std::ranges::any_of(get_array(document, "parameters"), [header](const json::value& row) {
      const json::object& parameter = row.as_object();
      return get_string(parameter, "name") == header && get_bool_or(parameter, "required", false);
    });
  }
  // The body of the document's own example; null when it takes none.
  json::value example() const {
    if (!document.contains("requestBody")) {
      return nullptr;
    }
    const json::object& content = get_object(get_object(document, "requestBody"), "content");
    const json::object& type = content.begin()->value().as_object();
    const json::value* example = type.if_contains("example");
    return example != nullptr ? *example : json::value("Handle,Title\n");
  }
  // The codes of its errors.
  std::set<std::string> errors() const {
    std::set<std::string> codes;
    for (const auto& [status, response] : get_object(document, "responses")) {
      if (status.starts_with('4') || status.starts_with('5')) {
        const json::object& content = get_object(response.as_object(), "content");
        const json::object& problem = get_object(content, "application/problem+json");
        for (const auto& [code, example] : get_object(problem, "examples")) {
          codes.emplace(code);
        }
      }
    }
    return codes;
  }
};

inline std::vector<DocumentedOperation> operations_of(const json::object& document) {
  std::vector<DocumentedOperation> operations;
  for (const auto& [path, methods] : get_object(document, "paths")) {
    for (const auto& [method, operation] : methods.as_object()) {
      std::string upper(method);
      std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
      operations.push_back({std::string(get_string(operation.as_object(), "operationId")),
                            net::parse_method(upper), std::string(path), operation.as_object()});
    }
  }
  return operations;
}

// The path with its parameters; a missing one fails the test.
inline std::string filled(std::string path, const std::map<std::string, std::string>& ids) {
  for (std::size_t open; (open = path.find('{')) != std::string::npos;) {
    const std::size_t close = path.find('}', open);
    const std::string name = path.substr(open + 1, close - open - 1);
    const auto id = ids.find(name);
    EXPECT_NE(id, ids.end()) << "the test has no " << name;
    path.replace(open, close - open + 1, id != ids.end() ? id->second : "unknown");
  }
  return path;
}

inline void expect_documented(const DocumentedOperation& operation, const lab::ApiAnswer& answer) {
  const json::object& responses = get_object(operation.document, "responses");
  const json::value* documented = responses.if_contains(std::to_string(answer.status));
  ASSERT_NE(documented, nullptr) << operation.id << " answers " << answer.describe()
                                 << ", which is not documented";
  if (!answer.ok()) {
    EXPECT_NE(to_string(*documented).find("\"" + answer.code + "\""), std::string::npos)
        << operation.id << ": " << answer.describe() << " is not documented";
  }
}

}  // namespace securecart::test
