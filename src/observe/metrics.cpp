#include "observe/metrics.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

namespace securecart::observe {

namespace {

enum Type : int { counter_type, gauge_type, histogram_type };

constexpr double latency_seconds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                      0.25,   0.5,   1,      2.5,   5,    10,    15};

std::string_view type_name(int type) {
  return type == counter_type ? "counter" : type == gauge_type ? "gauge" : "histogram";
}

bool is_name(std::string_view name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
  };
  return !name.empty() && letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::string escape(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '\\' || (quotes && c == '"')) {
        out += '\\';
      }
      out += c;
    }
  }
  return out;
}

std::string number(double value) {
  if (std::isnan(value)) {
    return "NaN";
  }
  if (std::isinf(value)) {
    return value > 0 ? "+Inf" : "-Inf";
  }
  return fmt::format("{}", value);
}

// `a="1",b="2"`, without braces: a histogram adds its own label.
std::string label_text(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    assert(is_name(name) && name.find(':') == std::string::npos);
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, escape(value, true));
  }
  return text;
}

std::string in_braces(std::string_view labels) {
  return labels.empty() ? std::string() : fmt::format("{{{}}}", labels);
}

}  // namespace

struct Metrics::Series {
  std::string labels;
  Counter counter;
  Gauge gauge;
  std::unique_ptr<Histogram> histogram;
  std::shared_ptr<const std::function<double()>> read;
};

struct Metrics::Family {
  std::string name;
  std::string help;
  int type;
  std::vector<std::unique_ptr<Series>> series;
};

Histogram::Histogram(std::span<const double> upper_bounds)
    : bounds_(upper_bounds.begin(), upper_bounds.end()),
      buckets_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds_.size() + 1)) {
  assert(std::is_sorted(bounds_.begin(), bounds_.end()));
}

void Histogram::observe(double value) {
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  const auto index = static_cast<std::size_t>(bound - bounds_.begin());
  buckets_[index].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::span<const double> latency_buckets() {
  return latency_seconds;
}

Metrics::Metrics() = default;
Metrics::~Metrics() = default;

// Finds or adds; the caller holds the lock.
Metrics::Series& Metrics::series(std::string name, std::string help, Labels labels, int type) {
  assert(is_name(name));
  std::sort(labels.begin(), labels.end());
  auto family = std::find_if(families_.begin(), families_.end(),
                             [&](const auto& known) { return known->name == name; });
  if (family == families_.end()) {
    families_.push_back(std::make_unique<Family>(
        Family{std::move(name), std::move(help), type, std::vector<std::unique_ptr<Series>>()}));
    family = std::prev(families_.end());
  }
  assert((*family)->type == type && "one name, one type");
  auto& all = (*family)->series;
  const std::string text = label_text(labels);
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const auto& known) { return known->labels == text; });
  if (found != all.end()) {
    return **found;
  }
  all.push_back(std::make_unique<Series>());
  all.back()->labels = text;
  return *all.back();
}

Counter& Metrics::counter(std::string name, std::string help, Labels labels) {
  const std::scoped_lock lock(mutex_);
  return series(std::move(name), std::move(help), std::move(labels), counter_type).counter;
}

Gauge& Metrics::gauge(std::string name, std::string help, Labels labels) {
  const std::scoped_lock lock(mutex_);
  return series(std::move(name), std::move(help), std::move(labels), gauge_type).gauge;
}

Histogram& Metrics::histogram(std::string name, std::string help, Labels labels,
                              std::span<const double> upper_bounds) {
  const std::scoped_lock lock(mutex_);
  Series& found = series(std::move(name), std::move(help), std::move(labels), histogram_type);
  if (!found.histogram) {
    found.histogram = std::make_unique<Histogram>(upper_bounds);
  }
  return *found.histogram;
}

void Metrics::gauge_from(std::string name, std::string help, Labels labels,
                         std::function<double()> read) {
  const std::scoped_lock lock(mutex_);
  series(std::move(name), std::move(help), std::move(labels), gauge_type).read =
      std::make_shared<const std::function<double()>>(std::move(read));
}

void Metrics::append_histogram(std::string& out, const Family& family, const Series& one) {
  const Histogram& histogram = *one.histogram;
  const std::string_view comma = one.labels.empty() ? "" : ",";
  std::uint64_t count = 0;
  for (std::size_t i = 0; i <= histogram.bounds_.size(); ++i) {
    count += histogram.buckets_[i].load(std::memory_order_relaxed);
    const std::string bound = i < histogram.bounds_.size() ? number(histogram.bounds_[i]) : "+Inf";
    out += fmt::format("{}_bucket{{{}{}le=\"{}\"}} {}\n", family.name, one.labels, comma, bound,
                       count);
  }
  const std::string labels = in_braces(one.labels);
  out += fmt::format("{}_sum{} {}\n", family.name, labels,
                     number(histogram.sum_.load(std::memory_order_relaxed)));
  out += fmt::format("{}_count{} {}\n", family.name, labels, count);
}

void Metrics::append_sample(std::string& out, const Family& family, const Series& one,
                            const std::function<double()>* read) {
  if (family.type == histogram_type) {
    append_histogram(out, family, one);
    return;
  }
  const std::string value = read != nullptr               ? number((*read)())
                            : family.type == counter_type ? fmt::format("{}", one.counter.value())
                                                          : fmt::format("{}", one.gauge.value());
  out += fmt::format("{}{} {}\n", family.name, in_braces(one.labels), value);
}

std::string Metrics::prometheus_text() const {
  struct Sample {
    const Family* family;
    const Series* series;
    std::shared_ptr<const std::function<double()>> read;
  };
  // Series are never removed: a snapshot of pointers is enough, and a gauge's reader may take its
  // own locks, or register metrics, without meeting ours.
  std::vector<Sample> samples;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& family : families_) {
      for (const auto& one : family->series) {
        samples.push_back({family.get(), one.get(), one->read});
      }
    }
  }
  std::string out;
  const Family* current = nullptr;
  for (const Sample& sample : samples) {
    const Family& family = *sample.family;
    if (current != &family) {
      current = &family;
      out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", family.name, escape(family.help, false),
                         family.name, type_name(family.type));
    }
    append_sample(out, family, *sample.series, sample.read.get());
  }
  return out;
}

}  // namespace securecart::observe
