#include "shop/api/schema.hpp"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/ids.hpp"
#include "base/prng.hpp"
#include "shop/api/limits.hpp"
#include "tests/support/seed.hpp"

namespace securecart::shop::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Schemas schemas_of(std::string_view text) {
  return Schemas({{"api/schemas/test.json", text}});
}

// The complaints about `value` under the schema `text`, as "where: what".
std::vector<std::string> complaints(std::string_view text, std::string_view value) {
  const std::string file = R"({"Test": )" + std::string(text) + "}";
  const Schemas schemas = schemas_of(file);
  std::vector<std::string> lines;
  for (const FieldError& error : validate(*schemas.find("Test"), parse_json(value).value())) {
    lines.push_back(error.where + ": " + error.what);
  }
  return lines;
}

std::string why_refused(std::string_view text) {
  try {
    schemas_of(text);
  } catch (const std::logic_error& error) {
    return error.what();
  }
  return "";
}

TEST(schema, of_this_program_compiles) {
  const Schemas schemas = Schemas::embedded();
  ASSERT_NE(schemas.find("Problem"), nullptr);
  ASSERT_NE(schemas.find("Problem[]"), nullptr);
  EXPECT_EQ(schemas.find("Nothing"), nullptr);
  schemas.check_for_requests("Address");
}

TEST(schema, checks_types) {
  EXPECT_THAT(complaints(R"({"type": "string", "maxLength": 3})", R"(1)"),
              ElementsAre("body: must be a string, not an integer"));
  EXPECT_THAT(complaints(R"({"type": ["string", "null"]})", R"(null)"), ElementsAre());
  EXPECT_THAT(complaints(R"({"type": ["string", "null"]})", R"([])"),
              ElementsAre("body: must be null or a string, not a list"));
  EXPECT_THAT(complaints(R"({"type": "boolean"})", R"("true")"),
              ElementsAre("body: must be true or false, not a string"));
  EXPECT_THAT(complaints("{}", R"({"a": [1.5, null]})"), ElementsAre());
}

TEST(schema, takes_integers_only) {
  const std::string_view schema = R"({"type": "integer", "minimum": 1, "maximum": 10})";
  EXPECT_THAT(complaints(schema, "10"), ElementsAre());
  EXPECT_THAT(complaints(schema, "0"), ElementsAre("body: must be at least 1"));
  EXPECT_THAT(complaints(schema, "11"), ElementsAre("body: must be at most 10"));
  const std::string point =
      "body: must be an integer, not a number with a decimal point or exponent";
  EXPECT_THAT(complaints(schema, "1.0"), ElementsAre(point));
  EXPECT_THAT(complaints(schema, "1e3"), ElementsAre(point));
  EXPECT_THAT(complaints(R"({"type": "integer"})", "18446744073709551615"),
              ElementsAre("body: must be at most 9223372036854775807"));
}

TEST(schema, counts_code_points_of_texts) {
  const std::string_view schema = R"({"type": "string", "minLength": 1, "maxLength": 3})";
  EXPECT_THAT(complaints(schema, R"("äöü")"), ElementsAre());
  EXPECT_THAT(complaints(schema, R"("🛒🛒🛒")"), ElementsAre());
  EXPECT_THAT(complaints(schema, R"("äöüa")"),
              ElementsAre("body: must have at most 3 characters, not 4"));
  EXPECT_THAT(complaints(schema, R"("")"), ElementsAre("body: must not be empty"));
}

TEST(schema, refuses_control_characters_everywhere) {
  const std::string what = "must not contain control characters";
  EXPECT_THAT(complaints(R"({"type": "string"})", R"("a\u0000b")"), ElementsAre("body: " + what));
  EXPECT_THAT(complaints(R"({"type": "string"})", R"("a\tb\r\nc")"), ElementsAre());
  EXPECT_THAT(complaints("{}", R"({"a": ["\u0001"]})"), ElementsAre("/a/0: " + what));
}

TEST(schema, checks_members_of_objects) {
  const std::string_view schema = R"({"type": "object", "required": ["a"],
      "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
      "additionalProperties": false})";
  EXPECT_THAT(complaints(schema, R"({"a": 1, "b": ""})"), ElementsAre());
  EXPECT_THAT(complaints(schema, R"({"b": 2, "c/d~e": 1})"),
              ElementsAre("/b: must be a string, not an integer",
                          "/c~1d~0e: is not known here; known are: a, b", "/a: is required"));
}

TEST(schema, checks_maps) {
  const std::string_view schema = R"({"type": "object", "maxProperties": 2, "minProperties": 1,
      "propertyNames": {"format": "currency"},
      "additionalProperties": {"type": "integer", "minimum": 0}})";
  EXPECT_THAT(complaints(schema, R"({"EUR": 1})"), ElementsAre());
  EXPECT_THAT(complaints(schema, R"({"EUR": -1, "eur": 1})"),
              ElementsAre("/EUR: must be at least 0",
                          "/eur: must be a currency code of ISO 4217 such as EUR"));
  EXPECT_THAT(complaints(schema, "{}"), ElementsAre("body: must have at least 1 member"));
  EXPECT_THAT(complaints(schema, R"({"EUR": 1, "USD": 1, "GBP": 1})"),
              ElementsAre("body: must have at most 2 members"));
}

TEST(schema, checks_lists) {
  const std::string_view schema = R"({"type": "array", "minItems": 1, "maxItems": 3,
      "uniqueItems": true, "items": {"type": "integer"}})";
  EXPECT_THAT(complaints(schema, "[1, 2]"), ElementsAre());
  EXPECT_THAT(complaints(schema, "[]"), ElementsAre("body: must have at least 1 item"));
  EXPECT_THAT(complaints(schema, "[1, 2, 3, 4]"),
              ElementsAre("body: must have at most 3 items, not 4"));
  EXPECT_THAT(complaints(schema, R"([1, "x", 1])"),
              ElementsAre("/1: must be an integer, not a string", "/2: is in the list already"));
}

TEST(schema, checks_choices) {
  EXPECT_THAT(complaints(R"({"enum": ["a", "b", null]})", R"("a")"), ElementsAre());
  EXPECT_THAT(complaints(R"({"enum": ["a", "b"]})", R"("c")"),
              ElementsAre(R"(body: must be one of "a", "b")"));
  EXPECT_THAT(complaints(R"({"const": 5})", "6"), ElementsAre("body: must be 5"));
}

TEST(schema, says_what_is_wrong_by_the_alternative_that_fits_best) {
  const std::string_view schema = R"({"anyOf": [{"type": "null"},
      {"type": "object", "required": ["kind", "x"], "additionalProperties": false,
       "properties": {"kind": {"const": "point"}, "x": {"type": "integer"}}},
      {"type": "object", "required": ["kind", "r"], "additionalProperties": false,
       "properties": {"kind": {"const": "circle"}, "r": {"type": "integer"}}}]})";
  EXPECT_THAT(complaints(schema, "null"), ElementsAre());
  EXPECT_THAT(complaints(schema, R"({"kind": "circle", "r": 1})"), ElementsAre());
  EXPECT_THAT(complaints(schema, R"({"kind": "circle", "r": "1"})"),
              ElementsAre("/r: must be an integer, not a string"));
  EXPECT_THAT(complaints(schema, "7"),
              ElementsAre("body: must be null or an object, not an integer"));
  EXPECT_THAT(
      complaints(R"({"oneOf": [{"type": "integer"}, {"type": "integer", "minimum": 1}]})", "1"),
      ElementsAre("body: fits more than one of the alternatives"));
}

TEST(schema, refers_to_others) {
  const Schemas schemas = schemas_of(R"({
      "Tree": {"type": "object", "properties": {"left": {"$ref": "Tree"},
               "leaf": {"$ref": "#/components/schemas/Leaf", "description": "the fruit"}},
               "additionalProperties": false},
      "Leaf": {"type": "integer"}})");
  const json::value value = parse_json(R"({"left": {"left": {"leaf": "x"}}})").value();
  const std::vector<FieldError> errors = validate(*schemas.find("Tree"), value);
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].where, "/left/left/leaf");
}

TEST(schema, shares_members_through_all_of) {
  const Schemas schemas = schemas_of(R"({
      "OrderMembers": {"type": "object", "required": ["id"],
                       "properties": {"id": {"type": "integer"}}},
      "Order": {"allOf": [{"$ref": "OrderMembers"}], "unevaluatedProperties": false},
      "AdminOrder": {"allOf": [{"$ref": "OrderMembers"}, {"type": "object", "required": ["cart"],
                     "properties": {"cart": {"type": "string"}}}],
                     "unevaluatedProperties": false}})");
  const json::value order = parse_json(R"({"id": 1})").value();
  const json::value admin = parse_json(R"({"id": 1, "cart": "c"})").value();
  EXPECT_TRUE(validate(*schemas.find("Order"), order).empty());
  EXPECT_FALSE(validate(*schemas.find("Order"), admin).empty());
  EXPECT_TRUE(validate(*schemas.find("AdminOrder"), admin).empty());
  EXPECT_FALSE(validate(*schemas.find("AdminOrder"), order).empty());
}

TEST(schema, wraps_pages) {
  const Schemas schemas = schemas_of(R"({"Leaf": {"type": "integer"}})");
  const Schema* page = schemas.find("Leaf[]");
  ASSERT_NE(page, nullptr);
  EXPECT_TRUE(
      validate(*page, parse_json(R"({"items": [1], "next_cursor": null})").value()).empty());
  EXPECT_FALSE(
      validate(*page, parse_json(R"({"items": ["x"], "next_cursor": null})").value()).empty());
  EXPECT_FALSE(validate(*page, parse_json(R"({"items": []})").value()).empty());
}

TEST(schema, stops_at_the_limit_of_complaints) {
  const Schemas schemas =
      schemas_of(R"({"List": {"type": "array", "items": {"type": "integer"}}})");
  json::array many(1'000, json::value("x"));
  EXPECT_EQ(validate(*schemas.find("List"), many).size(), limits::schema_errors);
  EXPECT_EQ(validate(*schemas.find("List"), many, 3).size(), 3U);
}

TEST(schema, that_says_more_than_is_checked_is_refused) {
  EXPECT_THAT(why_refused(R"({"A": {"type": "string", "pattern": "x"}})"),
              HasSubstr("test.json#/A: unsupported keyword 'pattern'"));
  EXPECT_THAT(why_refused(R"({"A": {"type": "number"}})"), HasSubstr("unknown type"));
  EXPECT_THAT(why_refused(R"({"A": {"type": "string", "format": "ipv9"}})"),
              HasSubstr("unknown format"));
  EXPECT_THAT(why_refused(R"({"A": {"$ref": "B"}})"), HasSubstr("no schema is called"));
  EXPECT_THAT(why_refused(R"({"A": {"$ref": "A"}})"), HasSubstr("refers to itself"));
  EXPECT_THAT(why_refused(R"({"A": {"anyOf": [{"$ref": "B"}]}, "B": {"$ref": "A"}})"),
              HasSubstr("refers to itself"));
  EXPECT_THAT(why_refused(R"({"A": {"maxLength": 3}})"), HasSubstr("without the type"));
  EXPECT_THAT(why_refused(R"({"A": {"type": "object", "required": ["b"],
                              "properties": {"a": {"type": "null"}}}})"),
              HasSubstr("requires 'b'"));
  EXPECT_THAT(why_refused(R"({"A": 1})"), HasSubstr("must be an object"));
  EXPECT_THAT(why_refused(R"([])"), HasSubstr("must be an object"));
  EXPECT_THAT(why_refused("{"), HasSubstr("test.json"));
}

TEST(schema, is_named_once) {
  EXPECT_THROW(
      Schemas({{"api/schemas/a.json", R"({"A": {}})"}, {"api/schemas/b.json", R"({"A": {}})"}}),
      std::logic_error);
}

TEST(schema, of_a_request_has_limits) {
  const Schemas schemas = schemas_of(R"({
      "Text": {"type": "object", "additionalProperties": false,
               "properties": {"a": {"type": "string"}}},
      "List": {"type": "array", "items": {"type": "null"}},
      "Open": {"type": "object", "properties": {"a": {"type": "null"}}},
      "Fine": {"type": "object", "additionalProperties": true,
               "properties": {"a": {"type": "string", "maxLength": 5}}}})");
  EXPECT_THROW(schemas.check_for_requests("Text"), std::logic_error);
  EXPECT_THROW(schemas.check_for_requests("List"), std::logic_error);
  EXPECT_THROW(schemas.check_for_requests("Open"), std::logic_error);
  EXPECT_THROW(schemas.check_for_requests("None"), std::logic_error);
  schemas.check_for_requests("Fine");
}

struct FormatCase {
  std::string_view format;
  std::string_view text;
  bool accepted;
};

class formats : public testing::TestWithParam<FormatCase> {};

TEST_P(formats, accept_what_they_mean) {
  const FormatCase& one = GetParam();
  EXPECT_EQ(Format::find(one.format)->accepts(one.text), one.accepted)
      << one.format << " " << one.text;
}

INSTANTIATE_TEST_SUITE_P(
    texts, formats,
    testing::Values(
        FormatCase{"email", "ada@example.org", true},
        FormatCase{"email", "a.b+c@mail.example.org", true},
        FormatCase{"email", "ada@localhost", false}, FormatCase{"email", "@example.org", false},
        FormatCase{"email", "a@b@example.org", false},
        FormatCase{"email", "a b@example.org", false},
        FormatCase{"email", "ada@-example.org", false}, FormatCase{"currency", "EUR", true},
        FormatCase{"currency", "eur", false}, FormatCase{"currency", "XQQ", false},
        FormatCase{"country", "NL", true}, FormatCase{"country", "GB", true},
        FormatCase{"country", "UK", false}, FormatCase{"country", "nl", false},
        FormatCase{"country", "D ", false}, FormatCase{"country", "EA", false},
        FormatCase{"date-time", "2026-01-31T09:30:00Z", true},
        FormatCase{"date-time", "2026-01-31", false}, FormatCase{"handle", "marsh-teapot_2", true},
        FormatCase{"handle", "Marsh", false}, FormatCase{"handle", "-a", false},
        FormatCase{"handle", "", false}, FormatCase{"uri", "https://example.org/a?b", true},
        FormatCase{"uri", "javascript:alert(1)", false}, FormatCase{"uri", "https://", false},
        FormatCase{"uri", "https://user@example.org/", false},
        FormatCase{"uri", "https://example.org/a b", false},
        FormatCase{"uri-reference", "/images/a.svg", true},
        FormatCase{"uri-reference", "//elsewhere/a.svg", false},
        FormatCase{"uri-reference", "/\\elsewhere", false},
        FormatCase{"hostname", "shop.example.org", true},
        FormatCase{"hostname", "shop.example.org:80", false}, FormatCase{"hostname", "", false},
        FormatCase{"id:prod", "prod_1", false}));

TEST(formats, of_ids) {
  Prng random(test::seed());
  const ManualClock clock;
  const Ids ids(clock, random);
  EXPECT_TRUE(Format::find("id:prod")->accepts(ids.make("prod")));
  EXPECT_FALSE(Format::find("id:prod")->accepts(ids.make("ord")));
  EXPECT_FALSE(Format::find("id:"));
  EXPECT_FALSE(Format::find("phone"));
}

}  // namespace
}  // namespace securecart::shop::api
