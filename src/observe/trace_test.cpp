#include "observe/trace.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace securecart::observe {
namespace {

constexpr std::string_view example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(Traceparent, ReadsTheExampleOfTheStandard) {
  const std::optional<TraceContext> context = parse_traceparent(example);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_id_hex(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_TRUE(context->sampled);
  EXPECT_EQ(context->traceparent(), example);
}

TEST(Traceparent, ReadsLaterVersions) {
  const std::string later = "cc" + std::string(example.substr(2));
  EXPECT_TRUE(parse_traceparent(later));
  EXPECT_TRUE(parse_traceparent(later + "-what-the-future-holds"));
  EXPECT_FALSE(parse_traceparent(later + ".no"));
}

TEST(Traceparent, Refuses) {
  for (const std::string_view text :
       {"", "00", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-011",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "0g-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}) {
    EXPECT_FALSE(parse_traceparent(text)) << text;
  }
}

TEST(Traceparent, GoesOnFromWhatALogKeeps) {
  Prng prng(1);
  const std::optional<TraceContext> span = span_of("4bf92f3577b34da6a3ce929d0e0e4736", prng);
  ASSERT_TRUE(span);
  EXPECT_EQ(span->trace_id_hex(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_TRUE(span->valid());
  for (const std::string_view none : {"", "4bf9", "trace_1", "00000000000000000000000000000000"}) {
    EXPECT_FALSE(span_of(none, prng)) << none;
  }
}

RC_GTEST_PROP(Traceparent, ReadsWhatItWroteAndKeepsTheTrace, (std::uint64_t seed)) {
  Prng prng(seed);
  const TraceContext trace = new_trace(prng);
  RC_ASSERT(trace.valid());
  const TraceContext child = trace.child(prng);
  RC_ASSERT(child.trace_id == trace.trace_id);
  RC_ASSERT(child.span_id != trace.span_id);
  const std::optional<TraceContext> again = parse_traceparent(child.traceparent());
  RC_ASSERT(again.has_value());
  RC_ASSERT(again->traceparent() == child.traceparent());
}

RC_GTEST_PROP(Traceparent, NeverFailsOnAnyBytes, (const std::string& text)) {
  parse_traceparent(text);
}

}  // namespace
}  // namespace securecart::observe
