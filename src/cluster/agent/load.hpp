// What an instance carries: from its /metrics (Prometheus text) and from /proc. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace securecart::cluster::agent {

// Counters as they stand, of the listener that serves shoppers and other roles.
struct Scrape {
  double answered = 0.0;
  double failed = 0.0;               // 5xx of these
  double waiting = 0.0;              // events, of the consumer that is furthest behind
  std::map<double, double> buckets;  // of the answers' seconds, by upper bound, cumulative
};
Scrape parse_metrics(std::string_view text);

// Between two looks.
struct Load {
  double requests = 0.0;  // a second
  double errors = 0.0;    // of these, 0..1
  Duration latency_p99{};
  double queue = 0.0;
};
// Counters that went back (another process now) count from zero.
Load load_between(const Scrape& before, const Scrape& after, Duration between);

// /proc/<pid>/stat: processor time used so far, of the process and of children it has reaped.
std::optional<Duration> parse_processor_time(std::string_view stat, long ticks_per_second);
// /proc/<pid>/statm: resident pages.
std::optional<std::int64_t> parse_resident_pages(std::string_view statm);
// /proc/meminfo: what could be had without swapping, in bytes.
std::optional<std::int64_t> parse_memory_available(std::string_view meminfo);
// /proc/loadavg: of the last minute.
std::optional<double> parse_load_average(std::string_view loadavg);

}  // namespace securecart::cluster::agent
