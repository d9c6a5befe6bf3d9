#include "base/log.hpp"

#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace securecart {
namespace {

// What `work` writes to standard error.
template <class Work>
std::string captured(log::Format format, Work work) {
  log::configure(log::Level::debug, format);
  testing::internal::CaptureStderr();
  work();
  log::configure(log::Level::info, log::Format::json);
  return testing::internal::GetCapturedStderr();
}

TEST(Log, WritesOneJsonObjectALine) {
  const std::string text = captured(log::Format::json, [] {
    const log::TraceScope scope("4bf92f3577b34da6a3ce929d0e0e4736");
    log::warn("slow \"query\"\n\x01\xFF", {{"ms", 12}, {"ratio", 0.5}, {"ok", true}, {"sql", "a"}});
  });
  ASSERT_TRUE(text.ends_with('\n'));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  const Result<json::value> line = parse_json(trim(text));
  ASSERT_TRUE(line) << text;
  const json::object& object = line->as_object();
  EXPECT_TRUE(parse_rfc3339(get_string(object, "time")));
  EXPECT_EQ(get_string(object, "level"), "warn");
  EXPECT_EQ(get_string(object, "message"), "slow \"query\"\n\x01\uFFFD");
  EXPECT_EQ(get_string(object, "trace_id"), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(get_int(object, "ms"), 12);
  EXPECT_EQ(object.at("ratio").as_double(), 0.5);
  EXPECT_TRUE(get_bool(object, "ok"));
  EXPECT_EQ(get_string(object, "sql"), "a");
}

TEST(Log, WritesTextForPeople) {
  const std::string text = captured(log::Format::text, [] {
    log::info("listening", {{"port", 8'080}, {"host", "127.0.0.1"}, {"note", "two words"}});
  });
  EXPECT_TRUE(text.ends_with("info  listening port=8080 host=127.0.0.1 note=\"two words\"\n"))
      << text;
}

TEST(Log, KeepsQuietBelowItsLevel) {
  log::configure(log::Level::warn, log::Format::json);
  EXPECT_FALSE(log::enabled(log::Level::info));
  EXPECT_TRUE(log::enabled(log::Level::error));
  testing::internal::CaptureStderr();
  log::info("not this");
  log::configure(log::Level::info, log::Format::json);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Log, LinesOfManyThreadsDoNotMix) {
  const std::string text = captured(log::Format::json, [] {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([thread] {
        const log::TraceScope scope(std::to_string(thread));
        for (int i = 0; i < 200; ++i) {
          log::info(std::string(100, static_cast<char>('a' + thread)), {{"i", i}});
        }
      });
    }
  });
  std::size_t lines = 0;
  for (const std::string_view line : split(trim(text), '\n')) {
    ++lines;
    const Result<json::value> value = parse_json(line);
    ASSERT_TRUE(value) << line;
    const std::string_view message = get_string(value->as_object(), "message");
    EXPECT_EQ(std::set<char>(message.begin(), message.end()).size(), 1U);
    EXPECT_EQ(std::to_string(message[0] - 'a'), get_string(value->as_object(), "trace_id"));
  }
  EXPECT_EQ(lines, 800U);
}

TEST(TraceScope, NestsAndCuts) {
  EXPECT_EQ(log::current_trace().view(), "");
  {
    const log::TraceScope outer("outer");
    {
      const log::TraceScope inner(std::string(50, 'x'));
      EXPECT_EQ(log::current_trace().view(), std::string(32, 'x'));
    }
    EXPECT_EQ(log::current_trace().view(), "outer");
  }
  EXPECT_EQ(log::current_trace().view(), "");
}

}  // namespace
}  // namespace securecart
