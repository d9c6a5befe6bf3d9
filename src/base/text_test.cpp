#include "base/text.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace securecart {
namespace {

TEST(Text, TrimsAndFolds) {
  EXPECT_EQ(trim(" \t\r\n a b \n"), "a b");
  EXPECT_EQ(trim("  "), "");
  EXPECT_EQ(to_lower("AbZ\u00C9[1]"), "abz\u00C9[1]");
  EXPECT_TRUE(equal_ignoring_case("ETag", "etag"));
  EXPECT_FALSE(equal_ignoring_case("ETag", "etags"));
  EXPECT_FALSE(equal_ignoring_case("@", "`"));
}

TEST(Text, Splits) {
  using Pieces = std::vector<std::string_view>;
  EXPECT_EQ(split("a,b", ','), (Pieces{"a", "b"}));
  EXPECT_EQ(split(",a,", ','), (Pieces{"", "a", ""}));
  EXPECT_EQ(split("", ','), (Pieces{""}));
}

TEST(Slugify, MakesHandles) {
  EXPECT_EQ(slugify("WHITE HANGING HEART T-LIGHT HOLDER"), "white-hanging-heart-t-light-holder");
  EXPECT_EQ(slugify("  Crème brûlée -- №5! "), "creme-brulee-5");
  EXPECT_EQ(slugify("Men's Łódź straße Ærø œuvre"), "mens-lodz-strasse-aero-oeuvre");
  EXPECT_EQ(slugify("日本"), "");
  EXPECT_EQ(slugify("a\xFF"
                    "b"),
            "a-b");
  EXPECT_EQ(slugify("ab cd", 3), "ab");
  EXPECT_EQ(slugify("ŽĎÁR × ÿ"), "zdar-y");
}

RC_GTEST_PROP(Slugify, GivesOnlyHandlesAndKeepsThem, (const std::string& text)) {
  const std::string slug = slugify(text, 40);
  RC_ASSERT(slug.size() <= 40U);
  RC_ASSERT(slug.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos);
  RC_ASSERT(!slug.starts_with('-'));
  RC_ASSERT(!slug.ends_with('-'));
  RC_ASSERT(slug.find("--") == std::string::npos);
  RC_ASSERT(slugify(slug) == slug);
}

TEST(Utf8, FollowsTable37OfUnicode) {
  for (const std::string_view good :
       {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(is_utf8(good));
  }
  for (const std::string_view bad :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41", "\xE0\x9F\xBF", "\xED\xA0\x80",
        "\xE2\x82", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF",
        "\xF0\x90\x80"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
  EXPECT_EQ(utf8_valid_prefix("ab\xC3\xA9\xFFz"), 4U);
}

RC_GTEST_PROP(Utf8, EveryScalarValueIsValid, ()) {
  const auto scalar = *rc::gen::suchThat(rc::gen::inRange<char32_t>(0, 0x110000),
                                         [](char32_t c) { return c < 0xD800 || c > 0xDFFF; });
  std::string text;
  append_utf8(text, scalar);
  RC_ASSERT(is_utf8(text));
  RC_ASSERT(!is_utf8(std::string_view(text).substr(1)) || text.size() == 1);
}

RC_GTEST_PROP(Utf8, RepairsAnything, (const std::string& text)) {
  const std::string repaired = repair_utf8(text);
  RC_ASSERT(is_utf8(repaired));
  RC_ASSERT(!is_utf8(text) || repaired == text);
}

TEST(Utf8, CutsBetweenCharacters) {
  EXPECT_EQ(utf8_prefix("abc", 5), "abc");
  EXPECT_EQ(utf8_prefix("a\u00E9", 2), "a");
  EXPECT_EQ(utf8_prefix("a\u00E9", 3), "a\u00E9");
  EXPECT_EQ(utf8_prefix("\U0001F600", 3), "");
}

TEST(Latin1, BecomesUtf8) {
  EXPECT_EQ(latin1_to_utf8("\xA3"
                           "5 caf\xE9"),
            "\u00A35 caf\u00E9");
}

RC_GTEST_PROP(Latin1, IsAlwaysValidAndAsLongAsItsHighBytesSay, (const std::string& text)) {
  const std::string converted = latin1_to_utf8(text);
  RC_ASSERT(is_utf8(converted));
  const auto high = std::count_if(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
  RC_ASSERT(converted.size() == text.size() + static_cast<std::size_t>(high));
}

}  // namespace
}  // namespace securecart
