#include "base/json.hpp"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/limits.hpp"
#include "base/text.hpp"

namespace securecart {
namespace {

TEST(ParseJson, ReadsADocument) {
  const Result<json::value> value = parse_json(R"( {"a": [1, -2, 1.5, "x\u00e9", true, null]} )");
  ASSERT_TRUE(value) << value.error().detail;
  EXPECT_EQ(to_string(*value), "{\"a\":[1,-2,1.5E0,\"x\u00e9\",true,null]}");
}

TEST(ParseJson, RefusesWithTheByte) {
  struct Case {
    std::string_view text;
    std::string_view detail;
  };
  const Case cases[] = {
      {"", "at byte 0: the document ends too early"},
      {"{\"a\":1", "the document ends too early"},
      {"{\"a\":1} x", "at byte 8: something follows the document"},
      {R"({"a":1,"b":{"c":1,"c":2}})", "the name \"c\" occurs twice"},
      {R"({"a":1,"\u0061":2})", "the name \"a\" occurs twice"},
      {"[1e999]", "a number is too large"},
      {"[-1e400]", "a number is too large"},
      {"[1,]", "at byte 3"},
      {"{'a':1}", "at byte 1"},
      {"[\"\xFF\"]", "at byte 2"},
      {"[\"\xED\xA0\x80\"]", "wrong"},
      {"[\"\\ud800\"]", "wrong"},
      {"[NaN]", "at byte 1"},
      {"[01]", "wrong"},
      {"// hello\n1", "at byte 0"},
      {"[\"a\nb\"]", "wrong"},
  };
  for (const Case& one : cases) {
    const Result<json::value> value = parse_json(one.text);
    ASSERT_FALSE(value) << one.text;
    EXPECT_TRUE(value.error().is(errc::invalid_request));
    EXPECT_NE(value.error().detail.find(one.detail), std::string::npos)
        << one.text << ": " << value.error().detail;
    EXPECT_TRUE(is_utf8(value.error().detail));
  }
}

TEST(ParseJson, AllowsOneNameInTwoObjects) {
  EXPECT_TRUE(parse_json(R"([{"a":1},{"a":{"a":[{"a":2},{"b":3,"a":4}]}}])"));
}

TEST(ParseJson, LimitsDepth) {
  const std::size_t deep = limits::json_depth;
  EXPECT_TRUE(parse_json(std::string(deep, '[') + std::string(deep, ']')));
  const Result<json::value> deeper =
      parse_json(std::string(deep + 1, '[') + std::string(deep + 1, ']'));
  ASSERT_FALSE(deeper);
  EXPECT_NE(deeper.error().detail.find("nested more than 32 deep"), std::string::npos);
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
}

TEST(ParseJson, KeepsWholeNumbersExact) {
  EXPECT_EQ(parse_json("9223372036854775807")->as_int64(), 9223372036854775807);
  EXPECT_EQ(parse_json("18446744073709551615")->as_uint64(), 18446744073709551615U);
}

TEST(CanonicalJson, SortsByUtf16AndEscapesLeast) {
  // The example of RFC 8785 section 3.2.3: U+FB33 sorts behind the surrogate pair of U+1F600.
  const Result<json::value> value =
      parse_json(R"({"\u20ac":"Euro","\r":"CR","\ufb33":"Dalet","1":"One","\ud83d\ude00":"Grin",)"
                 R"("\u0080":"Control","\u00f6":"O"})");
  ASSERT_TRUE(value);
  EXPECT_EQ(canonical_json(*value),
            "{\"\\r\":\"CR\",\"1\":\"One\",\"\u0080\":\"Control\",\"\u00f6\":\"O\","
            "\"\u20ac\":\"Euro\",\"\U0001F600\":\"Grin\",\"\ufb33\":\"Dalet\"}");
  EXPECT_EQ(canonical_json("\x01\b\t\n\f\r\"\\/\x7f"), "\"\\u0001\\b\\t\\n\\f\\r\\\"\\\\/\x7f\"");
}

json::value any_value(int depth);

std::string any_text() {
  std::string text;
  for (const char32_t c : *rc::gen::container<std::u32string>(rc::gen::oneOf(
           rc::gen::inRange<char32_t>(0, 0x80), rc::gen::inRange<char32_t>(0x80, 0xD800),
           rc::gen::inRange<char32_t>(0xE000, 0x110000)))) {
    append_utf8(text, c);
  }
  return text;
}

json::value any_container(int depth) {
  if (*rc::gen::arbitrary<bool>()) {
    json::array array;
    for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
      array.push_back(any_value(depth - 1));
    }
    return array;
  }
  json::object object;
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    object[any_text()] = any_value(depth - 1);
  }
  return object;
}

json::value any_value(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 6 : 4)) {
    case 0:
      return nullptr;
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return *rc::gen::arbitrary<std::int64_t>();
    case 3:
      return json::value(any_text());
    default:
      return any_container(depth);
  }
}

RC_GTEST_PROP(CanonicalJson, SurvivesReadingAndIsStable, ()) {
  const json::value value = any_value(4);
  const std::string canonical = canonical_json(value);
  const Result<json::value> again = parse_json(canonical);
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == value);
  RC_ASSERT(canonical_json(*again) == canonical);
  const Result<json::value> plain = parse_json(to_string(value));
  RC_ASSERT(plain.has_value());
  RC_ASSERT(canonical_json(*plain) == canonical);
}

RC_GTEST_PROP(ParseJson, NeverFailsOnAnyBytes, (const std::string& text)) {
  parse_json(text);
}

TEST(Readers, ReadMembersAndFallBack) {
  const json::value value = *parse_json(R"({"s":"x","i":3,"b":true,"n":null,"o":{},"a":[1]})");
  const json::object& object = value.as_object();
  EXPECT_EQ(get_string(object, "s"), "x");
  EXPECT_EQ(get_int(object, "i"), 3);
  EXPECT_TRUE(get_bool(object, "b"));
  EXPECT_TRUE(get_object(object, "o").empty());
  EXPECT_EQ(get_array(object, "a").size(), 1U);
  EXPECT_EQ(get_string_or(object, "n", "none"), "none");
  EXPECT_EQ(get_int_or(object, "absent", 7), 7);
  EXPECT_EQ(get_int_or(object, "i", 7), 3);
  EXPECT_FALSE(get_bool_or(object, "n", false));
  EXPECT_FALSE(has(object, "n"));
  EXPECT_TRUE(has(object, "b"));
}

TEST(ReadersDeathTest, AssertOnWhatWasNeverValidated) {
  const json::object object{{"s", "x"}};
  EXPECT_DEATH(get_int(object, "absent"), "validated");
  EXPECT_DEATH(get_int(object, "s"), "");
  EXPECT_DEATH(canonical_json(json::value(1.5)), "minor units");
}

}  // namespace
}  // namespace securecart
