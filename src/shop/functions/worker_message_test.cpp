#include "shop/functions/worker_message.hpp"

#include <gtest/gtest.h>

#include "shop/functions/limits.hpp"

namespace securecart::shop::functions {
namespace {

TEST(WorkerMessage, GoesThereAndBack) {
  RunRequest request;
  request.source = "function run() {}";
  request.input = R"({"a":"ß"})";
  request.now = from_millis(12);
  request.seed = ~std::uint64_t{0};
  const Result<RunRequest> read = read_request(write_request(request));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->source, request.source);
  EXPECT_EQ(read->input, request.input);
  EXPECT_EQ(read->now, request.now);
  EXPECT_EQ(read->seed, request.seed >> 1U);
  EXPECT_EQ(read->heap_bytes, limits::function_heap_bytes);

  RunReport report;
  report.ending = Ending::threw;
  report.error = "no\nstock";
  report.logs = {"a", ""};
  report.heap_bytes = 99;
  const Result<RunReport> told = read_report(write_report(report));
  ASSERT_TRUE(told);
  EXPECT_EQ(told->ending, Ending::threw);
  EXPECT_EQ(told->error, report.error);
  EXPECT_EQ(told->logs, report.logs);
  EXPECT_EQ(told->heap_bytes, 99U);
}

TEST(WorkerMessage, CutsALongErrorBetweenCharacters) {
  RunReport report;
  report.ending = Ending::threw;
  report.error = "x";
  while (report.error.size() < 2 * limits::function_log_bytes) {
    report.error += "ß";
  }
  EXPECT_TRUE(read_report(write_report(report)));
}

TEST(WorkerMessage, FramesAreLimited) {
  EXPECT_EQ(frame("ab"), std::string("\0\0\0\2ab", 6));
  EXPECT_EQ(frame_length(frame("abc").substr(0, 4)), 3U);
  EXPECT_EQ(frame_length(std::string(4, '\0')), std::nullopt);
  EXPECT_EQ(frame_length("\xff\xff\xff\xff"), std::nullopt);
  EXPECT_EQ(frame_length("abc"), std::nullopt);
}

TEST(WorkerMessage, BelievesNothing) {
  for (const char* text :
       {"", "[]", "{}", R"({"ending":"finished"})",
        R"({"ending":"timed_out","output":"","error":"","logs":[],"heap_bytes":1})",
        R"({"ending":"finished","output":1,"error":"","logs":[],"heap_bytes":1})",
        R"({"ending":"finished","output":"","error":"","logs":[1],"heap_bytes":1})",
        R"({"ending":"finished","output":"","error":"","logs":[],"heap_bytes":-1})"}) {
    EXPECT_FALSE(read_report(text)) << text;
  }
  RunReport report;
  report.ending = Ending::finished;
  report.output = std::string(limits::function_output_bytes + 1, '1');
  EXPECT_FALSE(read_report(write_report(report)));
  report.output = "1";
  report.logs.assign(limits::function_log_lines + 1, "x");
  EXPECT_FALSE(read_report(write_report(report)));
}

}  // namespace
}  // namespace securecart::shop::functions
