#include "traffic/model/fields.hpp"

#include <gtest/gtest.h>

namespace securecart::traffic {
namespace {

TEST(Fields, WhatIsAbsentOrOfAnotherTypeIsTheFallback) {
  const json::object fields{
      {"text", "a"}, {"whole", 3}, {"port", 80U}, {"part", 2.5}, {"flag", true}};
  EXPECT_EQ(text_or(fields, "text"), "a");
  EXPECT_EQ(text_or(fields, "whole", "b"), "b");
  EXPECT_EQ(text_or(fields, "none"), "");
  EXPECT_EQ(whole_or(fields, "whole", 7), 3);
  EXPECT_EQ(whole_or(fields, "port", 7), 80);
  EXPECT_EQ(whole_or(fields, "part", 7), 7);
  EXPECT_EQ(whole_or(fields, "text", 7), 7);
  EXPECT_EQ(number_or(fields, "part", 1), 2.5);
  EXPECT_EQ(number_or(fields, "whole", 1), 3);
  EXPECT_EQ(number_or(fields, "flag", 1), 1);
  EXPECT_TRUE(flag_or(fields, "flag", false));
  EXPECT_TRUE(flag_or(fields, "none", true));
  EXPECT_FALSE(flag_or(fields, "text", false));
}

}  // namespace
}  // namespace securecart::traffic
