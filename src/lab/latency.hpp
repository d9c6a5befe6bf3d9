// Latencies in a fixed space, exact to 1 in 64: log-linear buckets as in HdrHistogram.
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.hpp"

namespace securecart::lab {

class LatencyHistogram {
 public:
  void record(Duration latency);
  void clear() { *this = LatencyHistogram(); }

  std::uint64_t count() const { return count_; }
  Duration max() const { return max_; }
  // The latency that `percent` of the recorded ones do not exceed; zero when there are none.
  Duration percentile(double percent) const;

 private:
  static constexpr unsigned precision_bits = 6;
  static constexpr std::size_t sub_buckets = 1U << precision_bits;
  static constexpr std::size_t powers = 36;  // of two, in microseconds: up to 19 hours

  static std::size_t bucket_of(std::uint64_t micros);
  static std::uint64_t upper_bound(std::size_t bucket);

  std::array<std::uint64_t, sub_buckets * powers> buckets_{};
  std::uint64_t count_ = 0;
  Duration max_{};
};

}  // namespace securecart::lab
