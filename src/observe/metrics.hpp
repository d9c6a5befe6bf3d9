// Counters, gauges and histograms, exposed in the Prometheus text format (version 0.0.4) at
// /metrics.
//
// A metric is registered once and then only its atomic is touched; nothing on a request's path
// takes a lock or looks a name up.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace securecart::observe {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

class Gauge {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t delta) { value_.fetch_add(delta, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_ = 0;
};

class Histogram {
 public:
  explicit Histogram(std::span<const double> upper_bounds);
  void observe(double value);

 private:
  friend class Metrics;
  std::vector<double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> buckets_;  // bounds_ and +Inf
  std::atomic<double> sum_ = 0;
};

// Seconds, 0.5 ms to 15 s.
std::span<const double> latency_buckets();

class Metrics {
 public:
  // The same name and labels give the same metric. References live as long as this object. Asserts
  // on names outside [a-zA-Z_:][a-zA-Z0-9_:]* and on one name with two types.
  Counter& counter(std::string name, std::string help, Labels labels = {});
  Gauge& gauge(std::string name, std::string help, Labels labels = {});
  Histogram& histogram(std::string name, std::string help, Labels labels = {},
                       std::span<const double> upper_bounds = latency_buckets());
  // A gauge read when it is scraped.
  void gauge_from(std::string name, std::string help, Labels labels, std::function<double()> read);

  std::string prometheus_text() const;

 private:
  struct Series;
  struct Family;
  Series& series(std::string name, std::string help, Labels labels, int type);
  static void append_histogram(std::string& out, const Family& family, const Series& one);
  static void append_sample(std::string& out, const Family& family, const Series& one,
                            const std::function<double()>* read);
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Family>> families_;

 public:
  Metrics();
  ~Metrics();
};

}  // namespace securecart::observe
