#include "shop/functions/model.hpp"

#include <gtest/gtest.h>

namespace securecart::shop::functions {
namespace {

ActiveFunction function(std::string_view trigger, bool fails_closed) {
  return {"fn_1", "check", 1, std::string(trigger), fails_closed, 100, ""};
}
RunReport finished(std::string output) {
  RunReport report;
  report.ending = Ending::finished;
  report.output = std::move(output);
  return report;
}

TEST(Verdict, IsReadStrictly) {
  const Result<Verdict> full =
      read_verdict(R"({"decision":"review","score":62.5,"reasons":["a","b"]})");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->decision, Decision::review);
  EXPECT_EQ(full->score, 63);
  EXPECT_EQ(full->reasons.size(), 2U);
  EXPECT_TRUE(read_verdict(R"({"decision":"accept"})"));
  for (const char* wrong :
       {"", "null", "true", "[]", "{}", R"({"decision":"yes"})", R"({"decision":1})",
        R"({"decision":"accept","score":101})", R"({"decision":"accept","score":-1})",
        R"({"decision":"accept","score":"1"})", R"({"decision":"accept","reasons":"x"})",
        R"({"decision":"accept","reasons":[1]})", R"({"decision":"accept","extra":1})",
        R"({"decision":"accept","reasons":["1","2","3","4","5","6","7","8","9","10","11"]})"}) {
    EXPECT_FALSE(read_verdict(wrong)) << wrong;
  }
}

TEST(Conclusion, FollowsTheVerdict) {
  for (const char* decision : {"accept", "review", "reject"}) {
    const std::string output = std::string(R"({"decision":")") + decision + "\"}";
    EXPECT_EQ(to_string(conclude(function(before_completion, true), finished(output)).decision),
              decision);
  }
  EXPECT_EQ(conclude(function(order_placed, false), finished(R"({"decision":"reject"})")).decision,
            Decision::review)
      << "an order that is placed is held";
}

TEST(Conclusion, FailsAsTheShopSaid) {
  for (const Ending ending : {Ending::threw, Ending::out_of_memory, Ending::output_too_large,
                              Ending::timed_out, Ending::crashed, Ending::overloaded}) {
    RunReport report;
    report.ending = ending;
    EXPECT_EQ(conclude(function(before_completion, false), report).decision, Decision::accept);
    EXPECT_EQ(conclude(function(before_completion, true), report).decision, Decision::reject);
    EXPECT_EQ(conclude(function(order_placed, false), report).decision, Decision::accept);
    EXPECT_EQ(conclude(function(order_placed, true), report).decision, Decision::review);
    EXPECT_EQ(conclude(function(order_placed, true), report).outcome, to_string(ending));
  }
  const Conclusion invalid = conclude(function(before_completion, true), finished("42"));
  EXPECT_EQ(invalid.outcome, "invalid_output");
  EXPECT_EQ(invalid.decision, Decision::reject);
  EXPECT_FALSE(invalid.report.error.empty());
}

}  // namespace
}  // namespace securecart::shop::functions
