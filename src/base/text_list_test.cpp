#include "base/text_list.hpp"

#include <gtest/gtest.h>

namespace securecart {
namespace {

using Texts = std::vector<std::string>;

TEST(TextList, IsReadAndStored) {
  const Texts texts = {"EUR", "", "a \"b\"\n", "é"};
  EXPECT_EQ(stored_text_list(store_text_list(texts)), texts);
  EXPECT_EQ(store_text_list({"EUR", "USD"}), R"(["EUR","USD"])");
  EXPECT_EQ(stored_text_list("[]"), Texts{});
  EXPECT_EQ(store_text_list({}), "[]");
  EXPECT_EQ(text_list({"NL", "DE"}), (Texts{"NL", "DE"}));
}

TEST(TextListDeathTest, AssertsOnWhatWasNeverValidated) {
  EXPECT_DEATH(stored_text_list("{}"), "validated");
  EXPECT_DEATH(stored_text_list("[1]"), "validated");
}

}  // namespace
}  // namespace securecart
