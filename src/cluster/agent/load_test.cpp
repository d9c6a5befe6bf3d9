#include "cluster/agent/load.hpp"

#include <gtest/gtest.h>

namespace securecart::cluster::agent {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view before = R"(# HELP securecart_http_requests_total Requests answered.
securecart_http_requests_total{listener="api",class="2xx"} 100
securecart_http_requests_total{listener="api",class="5xx"} 10
securecart_http_requests_total{listener="test-payments",class="5xx"} 999
securecart_http_request_seconds_bucket{listener="api",le="0.01"} 100
securecart_http_request_seconds_bucket{listener="api",le="0.1"} 110
securecart_http_request_seconds_bucket{listener="api",le="+Inf"} 110
securecart_consumer_lag_events{consumer="payments"} 3
securecart_consumer_lag_events{consumer="webhooks"} 7
)";
constexpr std::string_view after = R"(
securecart_http_requests_total{listener="api",class="2xx"} 190
securecart_http_requests_total{listener="api",class="5xx"} 20
securecart_http_request_seconds_bucket{listener="api",le="0.01"} 150
securecart_http_request_seconds_bucket{listener="api",le="0.1"} 210
securecart_http_request_seconds_bucket{listener="api",le="+Inf"} 210
securecart_consumer_lag_events{consumer="payments"} 5
nonsense
securecart_http_requests_total{listener="api",class="2xx"} many
)";

TEST(Load, IsWhatHappenedBetweenTwoLooks) {
  const Load load = load_between(parse_metrics(before), parse_metrics(after), 2s);
  EXPECT_DOUBLE_EQ(load.requests, 50.0);
  EXPECT_DOUBLE_EQ(load.errors, 0.1);
  EXPECT_GT(load.latency_p99, 90ms);
  EXPECT_LE(load.latency_p99, 100ms);
  EXPECT_DOUBLE_EQ(load.queue, 5.0);
}

TEST(Load, AnotherProcessCountsFromZero) {
  const Load load = load_between(parse_metrics(after), parse_metrics(before), 1s);
  EXPECT_DOUBLE_EQ(load.requests, 110.0);
  EXPECT_DOUBLE_EQ(load.errors, 10.0 / 110.0);
  EXPECT_GT(load.latency_p99, 10ms);
}

TEST(Load, NothingHappenedIsNoLoad) {
  const Load load = load_between(parse_metrics(after), parse_metrics(after), 1s);
  EXPECT_DOUBLE_EQ(load.requests, 0.0);
  EXPECT_DOUBLE_EQ(load.errors, 0.0);
  EXPECT_EQ(load.latency_p99, Duration{});
  EXPECT_DOUBLE_EQ(load_between({}, parse_metrics(after), Duration{}).requests, 0.0);
}

TEST(Load, ProcFilesAreRead) {
  EXPECT_EQ(parse_processor_time("7 (a) b) S 1 2 3 4 5 6 7 8 9 10 100 50 30 20 20 0 1 0 5", 100),
            2s);
  EXPECT_EQ(parse_processor_time("7 (a", 100), std::nullopt);
  EXPECT_EQ(parse_processor_time("7 (a) S 1 2 3", 100), std::nullopt);
  EXPECT_EQ(parse_resident_pages("1000 250 3 4 0 5 0\n"), 250);
  EXPECT_EQ(parse_resident_pages(""), std::nullopt);
  EXPECT_EQ(parse_memory_available("MemTotal: 9 kB\nMemAvailable:   2048 kB\n"), 2'097'152);
  EXPECT_EQ(parse_memory_available("MemTotal: 9 kB\n"), std::nullopt);
  EXPECT_EQ(parse_load_average("0.52 0.58 0.59 1/467 12\n"), 0.52);
  EXPECT_EQ(parse_load_average("x"), std::nullopt);
}

}  // namespace
}  // namespace securecart::cluster::agent
