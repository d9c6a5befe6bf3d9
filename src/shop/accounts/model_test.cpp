#include "shop/accounts/model.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "shop/accounts/errc.hpp"
#include "shop/accounts/limits.hpp"

namespace securecart::shop::accounts {
namespace {

TEST(Email, IsTrimmedAndLowered) {
  EXPECT_EQ(normalise_email("  Ada@Example.COM ").value(), "ada@example.com");
}

TEST(Email, RefusesWhatCannotBeOne) {
  for (const std::string_view text : {"", "ada", "@example.com", "ada@", "a@b@c", "a b@c.d", "a@.d",
                                      "a@d.", "a@b..c", "a\n@b.c"}) {
    const Result<std::string> email = normalise_email(text);
    ASSERT_FALSE(email) << text;
    EXPECT_TRUE(email.error().is(errc::invalid_request));
    EXPECT_EQ(email.error().fields.at(0).where, "/email");
  }
  EXPECT_FALSE(normalise_email(std::string(limits::email_bytes, 'a') + "@b.c"));
}

RC_GTEST_PROP(Email, NormalisingTwiceChangesNothing, (const std::string& text)) {
  const Result<std::string> once = normalise_email(text + "@Example.com");
  if (once) {
    RC_ASSERT(normalise_email(*once).value() == *once);
  }
}

TEST(Password, HasLimits) {
  EXPECT_FALSE(check_password("123456789"));
  EXPECT_TRUE(check_password("1234567890"));
  EXPECT_FALSE(check_password(std::string(limits::password_bytes_most + 1, 'x')));
}

Address address() {
  return {.name = "Ada",
          .company = "",
          .line1 = "Rietwal 14",
          .line2 = "",
          .city = "Haarlem",
          .postal_code = "2011 ZW",
          .province = "",
          .country = "NL",
          .phone = ""};
}

TEST(Address, KeepsItsShapeThroughJson) {
  const json::object object = to_json(address());
  EXPECT_FALSE(object.contains("company"));
  const Address read = address_from_json(object);
  EXPECT_EQ(read.line1, "Rietwal 14");
  EXPECT_EQ(read.country, "NL");
}

TEST(Address, ChangesOnlyWhatWasSent) {
  const AddressChange change = address_change_from_json({{"city", "Zaandam"}, {"line2", nullptr}});
  Address before = address();
  before.line2 = "Attic";
  const Address after = changed(before, change);
  EXPECT_EQ(after.city, "Zaandam");
  EXPECT_EQ(after.line2, "");
  EXPECT_EQ(after.line1, "Rietwal 14");
}

TEST(Address, NamesTheFieldThatIsWrong) {
  Address wrong = address();
  wrong.country = "nl";
  EXPECT_EQ(normalise_address(wrong).error().fields.at(0).where, "/country");
  wrong = address();
  wrong.line1 = "  ";
  EXPECT_EQ(normalise_address(wrong, "/address").error().fields.at(0).where, "/address/line1");
  wrong = address();
  wrong.city = "a\tb\x01";
  EXPECT_EQ(normalise_address(wrong).error().fields.at(0).where, "/city");
}

TEST(Page, KnowsWhetherThereIsMore) {
  std::vector<Customer> three(3);
  three[0].id = "a";
  three[1].id = "b";
  three[1].created_at = from_millis(7);
  const Page<Customer> page = page_of(three, 2);
  EXPECT_EQ(page.items.size(), 2U);
  ASSERT_TRUE(page.next);
  EXPECT_EQ(page.next->id, "b");
  EXPECT_EQ(page.next->at, 7);
  EXPECT_FALSE(page_of(three, 3).next);
}

}  // namespace
}  // namespace securecart::shop::accounts
