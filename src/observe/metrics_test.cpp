#include "observe/metrics.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace securecart::observe {
namespace {

TEST(Metrics, AreWrittenInThePrometheusTextFormat) {
  Metrics metrics;
  metrics.counter("orders_total", "Orders placed.", {{"shop", "gifts"}, {"currency", "GBP"}})
      .add(3);
  metrics.gauge("queue_depth", "Waiting\nbatches with a \\.").set(-2);
  metrics.gauge_from("uptime_seconds", "Since the start.", {}, [] { return 1.5; });
  EXPECT_EQ(metrics.prometheus_text(),
            "# HELP orders_total Orders placed.\n"
            "# TYPE orders_total counter\n"
            "orders_total{currency=\"GBP\",shop=\"gifts\"} 3\n"
            "# HELP queue_depth Waiting\\nbatches with a \\\\.\n"
            "# TYPE queue_depth gauge\n"
            "queue_depth -2\n"
            "# HELP uptime_seconds Since the start.\n"
            "# TYPE uptime_seconds gauge\n"
            "uptime_seconds 1.5\n");
}

TEST(Metrics, HistogramsAreCumulative) {
  Metrics metrics;
  const double bounds[] = {0.1, 1};
  Histogram& histogram =
      metrics.histogram("latency_seconds", "How long.", {{"op", "read"}}, bounds);
  for (const double value : {0.05, 0.1, 0.5, 7.0}) {
    histogram.observe(value);
  }
  EXPECT_EQ(metrics.prometheus_text(),
            "# HELP latency_seconds How long.\n"
            "# TYPE latency_seconds histogram\n"
            "latency_seconds_bucket{op=\"read\",le=\"0.1\"} 2\n"
            "latency_seconds_bucket{op=\"read\",le=\"1\"} 3\n"
            "latency_seconds_bucket{op=\"read\",le=\"+Inf\"} 4\n"
            "latency_seconds_sum{op=\"read\"} 7.65\n"
            "latency_seconds_count{op=\"read\"} 4\n");
}

TEST(Metrics, SameNameAndLabelsAreTheSameMetric) {
  Metrics metrics;
  Counter& first = metrics.counter("a", "A.", {{"x", "1"}, {"y", "2"}});
  EXPECT_EQ(&first, &metrics.counter("a", "A.", {{"y", "2"}, {"x", "1"}}));
  EXPECT_NE(&first, &metrics.counter("a", "A.", {{"x", "1"}}));
}

TEST(Metrics, EscapesLabelValues) {
  Metrics metrics;
  metrics.counter("a", "A \"quoted\" help.", {{"path", "C:\\x \"y\"\nz"}}).add();
  EXPECT_EQ(metrics.prometheus_text(),
            "# HELP a A \"quoted\" help.\n# TYPE a counter\n"
            "a{path=\"C:\\\\x \\\"y\\\"\\nz\"} 1\n");
}

TEST(Metrics, AGaugeMayBeReadWhileItRegistersAnother) {
  Metrics metrics;
  metrics.gauge_from("a", "A.", {}, [&metrics] {
    metrics.counter("b", "B.").add();
    return 1.0;
  });
  EXPECT_NE(metrics.prometheus_text().find("a 1\n"), std::string::npos);
  EXPECT_NE(metrics.prometheus_text().find("b 2\n"), std::string::npos);
}

TEST(Metrics, CountsFromManyThreadsWhileItIsScraped) {
  Metrics metrics;
  Counter& counter = metrics.counter("a", "A.");
  Histogram& histogram = metrics.histogram("h", "H.");
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int i = 0; i < 1'000; ++i) {
          counter.add();
          histogram.observe(1);
          metrics.gauge("g", "G.", {{"i", std::to_string(i % 10)}}).add(1);
        }
      });
    }
    for (int i = 0; i < 10; ++i) {
      EXPECT_FALSE(metrics.prometheus_text().empty());
    }
  }
  EXPECT_EQ(counter.value(), 4'000U);
  const std::string text = metrics.prometheus_text();
  EXPECT_NE(text.find("h_sum 4000\n"), std::string::npos);
  EXPECT_NE(text.find("h_count 4000\n"), std::string::npos);
  EXPECT_NE(text.find("g{i=\"7\"} 400\n"), std::string::npos);
}

TEST(MetricsDeathTest, AssertOnBadNamesAndTypes) {
  Metrics metrics;
  metrics.counter("a", "A.");
  EXPECT_DEATH(metrics.gauge("a", "A."), "one type");
  EXPECT_DEATH(metrics.counter("1a", ""), "is_name");
  EXPECT_DEATH(metrics.counter("b", "", {{"x-y", "1"}}), "is_name");
}

}  // namespace
}  // namespace securecart::observe
