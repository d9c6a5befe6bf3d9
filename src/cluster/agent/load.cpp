#include "cluster/agent/load.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

#include "base/text.hpp"

namespace securecart::cluster::agent {
namespace {

constexpr std::string_view listener = "listener=\"api\"";
constexpr double p99 = 0.99;

std::optional<double> number_of(std::string_view text) {
  text = trim(text);
  if (text == "+Inf") {
    return std::numeric_limits<double>::infinity();
  }
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                  : std::nullopt;
}

std::optional<std::int64_t> whole_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                  : std::nullopt;
}

// Of `name="value"` among the labels.
std::string_view label(std::string_view labels, std::string_view name) {
  const std::string start = std::string(name) + "=\"";
  const std::size_t at = labels.find(start);
  if (at == std::string_view::npos) {
    return {};
  }
  const std::string_view rest = labels.substr(at + start.size());
  return rest.substr(0, rest.find('"'));
}

void read_sample(Scrape& scrape, std::string_view name, std::string_view labels, double value) {
  if (name == "securecart_consumer_lag_events") {
    scrape.waiting = std::max(scrape.waiting, value);
    return;
  }
  if (labels.find(listener) == std::string_view::npos) {
    return;
  }
  if (name == "securecart_http_requests_total") {
    scrape.answered += value;
    scrape.failed += label(labels, "class") == "5xx" ? value : 0.0;
  } else if (name == "securecart_http_request_seconds_bucket") {
    if (const std::optional<double> bound = number_of(label(labels, "le"))) {
      scrape.buckets[*bound] += value;
    }
  }
}

double grown(double before, double after) {
  return after >= before ? after - before : after;
}

// The upper bound of the bucket that the quantile falls into, and within it by proportion.
Duration quantile(const std::map<double, double>& growth, double share) {
  const double all = growth.empty() ? 0.0 : growth.rbegin()->second;
  if (all <= 0.0) {
    return {};
  }
  double below = 0.0;
  double bound_below = 0.0;
  for (const auto& [bound, count] : growth) {
    if (count >= all * share) {
      const double seconds = bound == std::numeric_limits<double>::infinity()
                                 ? bound_below
                                 : bound_below + (bound - bound_below) * (all * share - below) /
                                                     std::max(count - below, 1e-9);
      return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
    }
    below = count;
    bound_below = bound;
  }
  return {};
}

// Fields of a line that are separated by one space each.
std::optional<std::string_view> field(std::string_view line, std::size_t index) {
  const std::vector<std::string_view> fields = split(trim(line), ' ');
  return index < fields.size() ? std::optional(fields[index]) : std::nullopt;
}

}  // namespace

Scrape parse_metrics(std::string_view text) {
  Scrape scrape;
  for (const std::string_view line : split(text, '\n')) {
    if (line.empty() || line.front() == '#') {
      continue;
    }
    const std::size_t space = line.rfind(' ');
    if (space == std::string_view::npos) {
      continue;
    }
    const std::string_view series = line.substr(0, space);
    const std::size_t brace = series.find('{');
    const std::optional<double> value = number_of(line.substr(space + 1));
    if (value) {
      read_sample(scrape, series.substr(0, brace),
                  brace == std::string_view::npos ? std::string_view() : series.substr(brace),
                  *value);
    }
  }
  return scrape;
}

Load load_between(const Scrape& before, const Scrape& after, Duration between) {
  Load load;
  load.queue = after.waiting;
  const double seconds = std::chrono::duration<double>(between).count();
  if (seconds <= 0.0) {
    return load;
  }
  const bool anew = after.answered < before.answered;
  const double answered = grown(before.answered, after.answered);
  load.requests = answered / seconds;
  load.errors =
      answered > 0.0 ? (anew ? after.failed : grown(before.failed, after.failed)) / answered : 0.0;
  std::map<double, double> growth;
  for (const auto& [bound, count] : after.buckets) {
    const auto known = before.buckets.find(bound);
    growth[bound] = anew || known == before.buckets.end() ? count : grown(known->second, count);
  }
  load.latency_p99 = quantile(growth, p99);
  return load;
}

std::optional<Duration> parse_processor_time(std::string_view stat, long ticks_per_second) {
  // Fields 14 to 17 of all, counted from behind the name in parentheses.
  constexpr std::size_t first = 11;
  const std::size_t behind = stat.rfind(')');
  if (behind == std::string_view::npos || behind + 2 > stat.size() || ticks_per_second <= 0) {
    return std::nullopt;
  }
  std::int64_t ticks = 0;
  for (std::size_t i = first; i < first + 4; ++i) {
    const std::optional<std::string_view> text = field(stat.substr(behind + 2), i);
    const std::optional<std::int64_t> number = text ? whole_of(*text) : std::nullopt;
    if (!number) {
      return std::nullopt;
    }
    ticks += *number;
  }
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(
      static_cast<double>(ticks) / static_cast<double>(ticks_per_second)));
}

std::optional<std::int64_t> parse_resident_pages(std::string_view statm) {
  const std::optional<std::string_view> text = field(statm, 1);
  return text ? whole_of(*text) : std::nullopt;
}

std::optional<std::int64_t> parse_memory_available(std::string_view meminfo) {
  constexpr std::int64_t kilobyte = 1024;
  for (const std::string_view line : split(meminfo, '\n')) {
    if (line.starts_with("MemAvailable:")) {
      const std::string_view rest = trim(line.substr(line.find(':') + 1));
      const std::optional<std::int64_t> number = whole_of(rest.substr(0, rest.find(' ')));
      return number ? std::optional(*number * kilobyte) : std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<double> parse_load_average(std::string_view loadavg) {
  const std::optional<std::string_view> text = field(loadavg, 0);
  return text ? number_of(*text) : std::nullopt;
}

}  // namespace securecart::cluster::agent
