#include "shop/api/cursor.hpp"

#include <limits>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace securecart::shop::api {
namespace {

constexpr std::string_view list = "products/price_asc/EUR";

TEST(cursor, keeps_its_keys) {
  const CursorKeys keys{std::int64_t{-5}, std::string("prod_Ä"), std::int64_t{1} << 60};
  const Result<CursorKeys> back = decode_cursor(encode_cursor(list, keys), list, "isi");
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, keys);
  EXPECT_EQ(integer_at(*back, 0), -5);
  EXPECT_EQ(text_at(*back, 1), "prod_Ä");
}

TEST(cursor, is_stable) {
  // Clients keep cursors across releases of the server.
  EXPECT_EQ(encode_cursor("products", {std::int64_t{7}, std::string("a")}),
            "AU--6I1pAAAAAAAAAAdzAAFh");
}

TEST(cursor, of_another_list_or_shape_is_refused) {
  const std::string cursor = encode_cursor(list, {std::int64_t{1}, std::string("a")});
  EXPECT_TRUE(decode_cursor(cursor, list, "is"));
  EXPECT_FALSE(decode_cursor(cursor, "products/price_desc/EUR", "is"));
  EXPECT_FALSE(decode_cursor(cursor, list, "i"));
  EXPECT_FALSE(decode_cursor(cursor, list, "iss"));
  EXPECT_FALSE(decode_cursor(cursor, list, "si"));
}

TEST(cursor, names_the_parameter_when_malformed) {
  for (const std::string_view text : {"", "!", "AA", "AQ==", "hello world", "AcY1Y"}) {
    const Result<CursorKeys> keys = decode_cursor(text, list, "i");
    ASSERT_FALSE(keys) << text;
    EXPECT_TRUE(keys.error().is(errc::invalid_request));
    ASSERT_EQ(keys.error().fields.size(), 1U);
    EXPECT_EQ(keys.error().fields[0].where, "query.cursor");
  }
}

TEST(cursor, of_another_version_is_refused) {
  std::string bytes = *from_base64url(encode_cursor(list, {std::int64_t{1}}));
  bytes[0] = 2;
  EXPECT_FALSE(decode_cursor(base64url(bytes), list, "i"));
}

TEST(cursor, that_is_too_long_is_refused) {
  EXPECT_FALSE(decode_cursor(std::string(5'000, 'A'), list, "i"));
}

RC_GTEST_PROP(cursor, round_trips, ()) {
  const auto number = *rc::gen::arbitrary<std::int64_t>();
  const auto text = repair_utf8(*rc::gen::arbitrary<std::string>());
  const CursorKeys keys{number, text, std::numeric_limits<std::int64_t>::min()};
  RC_ASSERT(decode_cursor(encode_cursor(list, keys), list, "isi").value() == keys);
}

RC_GTEST_PROP(cursor, changed_anywhere_never_crashes_and_never_gains_a_spelling, ()) {
  std::string cursor = encode_cursor(list, {std::int64_t{1}, std::string("prod_1")});
  const auto at = *rc::gen::inRange<std::size_t>(0, cursor.size());
  cursor[at] = *rc::gen::arbitrary<char>();
  const Result<CursorKeys> keys = decode_cursor(cursor, list, "is");
  const bool kept = !keys || encode_cursor(list, *keys) == cursor;
  RC_ASSERT(kept);
}

}  // namespace
}  // namespace securecart::shop::api
