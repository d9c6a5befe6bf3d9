// What the server counts. Threads count in plain numbers and add them up once a batch.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "observe/metrics.hpp"
#include "traffic/dns/answer.hpp"

namespace securecart::traffic::dns {

// Shared by all threads.
class Counters {
 public:
  explicit Counters(observe::Metrics& metrics);

  observe::Counter& udp_queries;
  observe::Counter& tcp_queries;
  observe::Counter& dropped_limit;
  observe::Counter& dropped_odd;
  observe::Counter& slipped;
  observe::Counter& truncated;
  observe::Counter& by_policy;
  observe::Counter& signatures;
  observe::Counter& transfers;
  observe::Counter& unsent;
  observe::Gauge& connections;
  static constexpr std::size_t rcodes = 17;
  std::array<observe::Counter*, rcodes> by_rcode{};
};

// One thread's, not yet added.
struct Tally {
  std::uint64_t udp_queries = 0;
  std::uint64_t tcp_queries = 0;
  std::uint64_t dropped_limit = 0;
  std::uint64_t dropped_odd = 0;
  std::uint64_t slipped = 0;
  std::uint64_t truncated = 0;
  std::uint64_t by_policy = 0;
  std::uint64_t transfers = 0;
  std::uint64_t unsent = 0;
  std::array<std::uint64_t, Counters::rcodes> by_rcode{};
  std::vector<std::uint32_t> by_zone;  // of the snapshot in use
  std::vector<std::uint32_t> touched;  // zones that are not zero in it

  void count(const Reply& reply);
  // Adds all to `counters` and begins at zero.
  void flush(Counters& counters, const Snapshot& snapshot);
};

}  // namespace securecart::traffic::dns
