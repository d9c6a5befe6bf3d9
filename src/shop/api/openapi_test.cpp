#include "shop/api/openapi.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shop/api/errc.hpp"
#include "shop/api/examples.hpp"

namespace securecart::shop::api {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr ErrorKind sold_out{"sold_out", 409, "Sold out."};

Task<Result<Reply>> answer_nothing(Call&) {
  co_return no_content();
}

Schemas sample_schemas() {
  static const std::string own = R"({
      "Thing": {"type": "object", "required": ["id", "version"], "additionalProperties": false,
                "properties": {"id": {"type": "string", "format": "id:thing"},
                               "price": {"type": "integer", "minimum": 0, "examples": [1250]},
                               "owner": {"anyOf": [{"$ref": "Address"}, {"type": "null"}]},
                               "version": {"type": "integer"}}}})";
  return Schemas({{"api/schemas/test.json", own},
                  {"api/schemas/common.json", embedded_asset("api/schemas/common.json")}});
}

Operations sample_operations() {
  Operations table;
  table.add({.id = "listThings",
             .method = net::Method::get,
             .path = "/v1/store/things",
             .tag = "Things",
             .summary = "All things",
             .query = page_parameters(
                 {{.name = "sort", .description = "Order.", .choices = {"newest", "title"}}}),
             .response_schema = "Thing[]",
             .handler = answer_nothing});
  table.add({.id = "changeThing",
             .method = net::Method::patch,
             .path = "/v1/admin/things/{thing_id}",
             .tag = "Things",
             .summary = "Change a thing",
             .description = "Long words.",
             .access = Access::admin,
             .permission = Permission::staff_write,
             .request_schema = "Thing",
             .response_schema = "Thing",
             .idempotent = true,
             .if_match = true,
             .errors = {&sold_out},
             .handler = answer_nothing});
  table.add({.id = "getThing",
             .method = net::Method::get,
             .path = "/v1/admin/things/{thing_id}",
             .tag = "Things",
             .summary = "One thing",
             .response_schema = "Thing",
             .handler = answer_nothing});
  return table;
}

json::value sample_document() {
  return openapi_document(sample_operations(), sample_schemas(), "1.2.3");
}

std::vector<std::string> names_of(const json::value& object) {
  std::vector<std::string> names;
  for (const auto& member : object.as_object()) {
    names.emplace_back(member.key());
  }
  return names;
}

TEST(openapi, is_deterministic) {
  EXPECT_EQ(to_string(sample_document()), to_string(sample_document()));
}

TEST(openapi, describes_operations) {
  const json::value document = sample_document();
  EXPECT_EQ(document.at("openapi"), "3.1.0");
  EXPECT_EQ(document.at("info").at("version"), "1.2.3");
  EXPECT_EQ(document.at("servers").at(0).at("url"), "/");
  const json::value& item = document.at("paths").at("/v1/admin/things/{thing_id}");
  EXPECT_THAT(names_of(item), testing::ElementsAre("patch", "get"));
  const json::value& change = item.at("patch");
  EXPECT_EQ(change.at("operationId"), "changeThing");
  EXPECT_THAT(std::string(change.at("description").as_string()), HasSubstr("staff_write"));
  EXPECT_THAT(std::string(change.at("description").as_string()), HasSubstr("(owner)"));
  EXPECT_TRUE(change.at("security").at(0).as_object().contains("secret_key"));
  std::set<std::string> parameters;
  for (const json::value& parameter : change.at("parameters").as_array()) {
    parameters.emplace(parameter.at("name").as_string());
  }
  EXPECT_EQ(parameters, (std::set<std::string>{"thing_id", "Idempotency-Key", "If-Match"}));
}

TEST(openapi, says_what_may_be_sent_again) {
  const auto repeatable = [](Operation operation) {
    Operations table;
    operation.handler = answer_nothing;
    table.add(std::move(operation));
    const json::value document = openapi_document(table, sample_schemas(), "1");
    return document.at("paths")
        .at("/v1/things")
        .as_object()
        .begin()
        ->value()
        .as_object()
        .contains("x-repeatable");
  };
  const auto of = [](net::Method method) {
    return Operation{.id = "doThing",
                     .method = method,
                     .path = "/v1/things",
                     .tag = "Things",
                     .summary = "Do it"};
  };
  EXPECT_TRUE(repeatable(of(net::Method::get)));
  EXPECT_FALSE(repeatable(of(net::Method::post)));
  Operation keyed = of(net::Method::post);
  keyed.idempotent = true;
  EXPECT_TRUE(repeatable(keyed));
  Operation harmless = of(net::Method::post);
  harmless.repeatable = true;
  EXPECT_TRUE(repeatable(harmless));
}

TEST(openapi, lists_every_error_by_status) {
  const json::value document = sample_document();
  const json::value& responses =
      document.at("paths").at("/v1/admin/things/{thing_id}").at("patch").at("responses");
  EXPECT_THAT(names_of(responses),
              testing::IsSupersetOf({"200", "400", "401", "403", "404", "409", "412", "415", "422",
                                     "428", "429", "503"}));
  const json::value& examples =
      responses.at("400").at("content").at("application/problem+json").at("examples");
  EXPECT_THAT(names_of(examples), Contains("idempotency_key_missing"));
  EXPECT_TRUE(responses.at("429").at("headers").as_object().contains("Retry-After"));
  EXPECT_TRUE(responses.at("200").at("headers").as_object().contains("Idempotency-Replayed"));
  EXPECT_TRUE(responses.at("200").at("headers").as_object().contains("ETag"));
  const json::value& example = document.at("components").at("examples").at("sold_out").at("value");
  EXPECT_EQ(example.at("status"), 409);
}

// Every {"$ref": "#/…"} below `value`.
void collect_references(const json::value& value, std::set<std::string>& found) {
  if (const json::object* object = value.if_object()) {
    for (const auto& member : *object) {
      if (member.key() == "$ref") {
        found.emplace(member.value().as_string());
      }
      collect_references(member.value(), found);
    }
  } else if (const json::array* array = value.if_array()) {
    for (const json::value& item : *array) {
      collect_references(item, found);
    }
  }
}

TEST(openapi, refers_only_to_what_is_there) {
  const json::value document = sample_document();
  std::set<std::string> references;
  collect_references(document, references);
  EXPECT_THAT(references, Contains("#/components/schemas/ThingPage"));
  EXPECT_THAT(references, Contains("#/components/schemas/Address"));
  for (const std::string& reference : references) {
    boost::system::error_code error;
    EXPECT_NE(document.find_pointer(reference.substr(1), error), nullptr) << reference;
  }
}

TEST(openapi, writes_formats_as_patterns) {
  const json::value document = sample_document();
  const json::value& id =
      document.at("components").at("schemas").at("Thing").at("properties").at("id");
  EXPECT_EQ(id.at("pattern"), "^thing_[0-9A-HJKMNP-TV-Z]{26}$");
  EXPECT_FALSE(id.as_object().contains("format"));
}

TEST(examples, fit_their_schemas) {
  const Schemas schemas = Schemas::embedded();
  for (const auto& [name, document] : schemas.documents()) {
    const json::value example = example_of(schemas, name);
    for (const FieldError& error : validate(*schemas.find(name), example)) {
      ADD_FAILURE() << name << " " << error.where << " " << error.what << "\n"
                    << to_string(example);
    }
  }
  const json::value page = example_of(schemas, "Problem[]");
  EXPECT_TRUE(validate(*schemas.find("Problem[]"), page).empty());
}

TEST(examples, of_schemas_within_themselves_end) {
  const Schemas schemas({{"api/schemas/test.json",
                          R"({"Tree": {"type": "object", "properties": {"left": {"$ref": "Tree"},
                              "leaves": {"type": "array", "items": {"$ref": "Tree"}}}}})"}});
  EXPECT_EQ(to_string(example_of(schemas, "Tree")), R"({"leaves":[]})");
}

}  // namespace
}  // namespace securecart::shop::api
