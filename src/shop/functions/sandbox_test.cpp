#include "shop/functions/sandbox.hpp"

#include <gtest/gtest.h>

#include "shop/functions/limits.hpp"

namespace securecart::shop::functions {
namespace {

RunReport run(std::string source, std::string input = "{}") {
  RunRequest request;
  request.source = std::move(source);
  request.input = std::move(input);
  request.now = from_millis(1'767'225'600'000);
  request.seed = 7;
  return run_in_sandbox(request);
}
std::string output(const std::string& expression, std::string input = "{}") {
  const RunReport report =
      run("function run(input) { return " + expression + "; }", std::move(input));
  EXPECT_EQ(report.ending, Ending::finished) << report.error;
  return report.output;
}

TEST(Sandbox, AnswersWithWhatRunReturns) {
  EXPECT_EQ(output("input.a + 1", R"({"a": 41})"), "42");
  EXPECT_EQ(output("{decision: 'accept', reasons: [input.name]}", R"({"name": "Æther 東京"})"),
            R"({"decision":"accept","reasons":["Æther 東京"]})");
  EXPECT_EQ(output("undefined"), "");
  EXPECT_EQ(output("input.s", R"({"s": "😀"})"), "\"😀\"") << "outside of the basic plane";
}

TEST(Sandbox, HasTheLanguageAndNothingElse) {
  for (const char* name :
       {"require", "module", "process", "global", "Duktape", "performance", "setTimeout",
        "XMLHttpRequest", "fetch", "print", "alert", "load", "readFile"}) {
    EXPECT_EQ(output(std::string("typeof ") + name), "\"undefined\"") << name;
  }
  EXPECT_EQ(output("[Math.max(1, 2), JSON.parse('[3]')[0], /a+/.test('caat'), [1, 2].length]"),
            "[2,3,true,2]");
}

TEST(Sandbox, IsTheSameEveryTime) {
  EXPECT_EQ(output("[Date.now(), new Date().toISOString(), new Date(0).getTime()]"),
            R"([1767225600000,"2026-01-01T00:00:00.000Z",0])");
  EXPECT_EQ(output("new Date(2026, 1, 3, 4).toISOString()"), R"("2026-02-03T04:00:00.000Z")");
  EXPECT_EQ(output("new (Object.getPrototypeOf(new Date()).constructor)().getTime()"),
            "1767225600000")
      << "no way around to the real one";
  EXPECT_EQ(output("new Date() instanceof Date"), "true");
  const std::string dice = output("[Math.random(), Math.random()]");
  EXPECT_EQ(output("[Math.random(), Math.random()]"), dice);
  EXPECT_NE(dice.find("0."), std::string::npos);
}

TEST(Sandbox, LeavesNothingBehind) {
  EXPECT_EQ(run("Array.prototype.push = null; leak = 1; function run() { return 1; }").output, "1");
  EXPECT_EQ(output("[typeof leak, typeof [].push]"), R"(["undefined","function"])");
}

TEST(Sandbox, TellsWhatWentWrongAndWhere) {
  const RunReport syntax = run("function run(input) {\n  return 1 +;\n}");
  EXPECT_EQ(syntax.ending, Ending::threw);
  EXPECT_NE(syntax.error.find("line 2"), std::string::npos) << syntax.error;
  EXPECT_NE(run("function run() { throw new Error('no stock'); }").error.find("no stock"),
            std::string::npos);
  EXPECT_EQ(run("function run() { throw {toString: function () { throw 1; }}; }").ending,
            Ending::threw);
  EXPECT_NE(run("var x = 1;").error.find("no function named run"), std::string::npos);
  EXPECT_EQ(run("function run(i) { var o = {}; o.o = o; return o; }").ending, Ending::threw);
  EXPECT_EQ(run("", "").ending, Ending::threw);
  EXPECT_EQ(run("function run() { throw 1; }", "").ending, Ending::finished) << "only looked at";
}

TEST(Sandbox, EndsWithItsHeap) {
  for (const char* greedy :
       {"var a = []; while (true) { a.push([1, 2, 3]); }", "var s = 'x'; while (true) { s += s; }",
        "return new Uint8Array(1 << 30).length;",
        "var o = {}; for (var i = 0; true; ++i) { o['k' + i] = i; }"}) {
    const RunReport report = run("function run() { " + std::string(greedy) + " }");
    EXPECT_EQ(report.ending, Ending::out_of_memory) << greedy << report.error;
    EXPECT_LE(report.heap_bytes, limits::function_heap_bytes) << greedy;
  }
  EXPECT_LT(run("function run() { return 1; }").heap_bytes, 1024U * 1024U);
}

TEST(Sandbox, BearsDeepRecursion) {
  EXPECT_EQ(run("function run() { return run() + 1; }").ending, Ending::threw);
  EXPECT_NE(run("function run() { return JSON.stringify(" + std::string(5'000, '[') +
                std::string(5'000, ']') + "); }")
                .ending,
            Ending::crashed);
}

TEST(Sandbox, LimitsWhatComesOut) {
  EXPECT_EQ(run("function run() { return new Array(20000).join('x'); }").ending,
            Ending::output_too_large);
  const RunReport chatty =
      run("function run() { for (var i = 0; i < 1000; ++i) console.log('line', i); return 1; }");
  EXPECT_EQ(chatty.ending, Ending::finished);
  EXPECT_EQ(chatty.logs.size(), limits::function_log_lines);
  EXPECT_EQ(chatty.logs.at(3), "line 3");
  const RunReport long_line =
      run("function run() { console.log(new Array(20000).join('x')); console.log('y'); }");
  ASSERT_EQ(long_line.logs.size(), 1U);
  EXPECT_EQ(long_line.logs.at(0), "(the log is full)");
}

}  // namespace
}  // namespace securecart::shop::functions
