#include "lab/latency.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace securecart::lab {

// Values below 64 have a bucket each; above, each power of two is cut into 64.
std::size_t LatencyHistogram::bucket_of(std::uint64_t micros) {
  if (micros < sub_buckets) {
    return static_cast<std::size_t>(micros);
  }
  const auto power = static_cast<unsigned>(std::bit_width(micros)) - 1;
  const unsigned shift = power - precision_bits;
  const std::uint64_t sub = (micros >> shift) - sub_buckets;
  const std::size_t bucket = (shift + 1) * sub_buckets + static_cast<std::size_t>(sub);
  return std::min(bucket, sub_buckets * powers - 1);
}

std::uint64_t LatencyHistogram::upper_bound(std::size_t bucket) {
  if (bucket < sub_buckets) {
    return bucket;
  }
  const std::size_t shift = bucket / sub_buckets - 1;
  const std::uint64_t sub = bucket % sub_buckets + sub_buckets;
  return ((sub + 1) << shift) - 1;
}

void LatencyHistogram::record(Duration latency) {
  const Duration not_negative = std::max(latency, Duration::zero());
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(not_negative).count();
  ++buckets_[bucket_of(static_cast<std::uint64_t>(micros))];
  ++count_;
  max_ = std::max(max_, not_negative);
}

Duration LatencyHistogram::percentile(double percent) const {
  // In whole thousandths of a percent: 0.56 * 25 is a hair over 14 in floating point, and would
  // name the value after the one that was asked for.
  constexpr std::uint64_t whole = 100'000;
  const auto share =
      static_cast<std::uint64_t>(std::llround(std::clamp(percent, 0.0, 100.0) * 1'000));
  const std::uint64_t rank = (count_ * share + whole - 1) / whole;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size() && count_ > 0; ++i) {
    seen += buckets_[i];
    if (seen >= std::max<std::uint64_t>(rank, 1)) {
      const Duration bound = std::chrono::microseconds(upper_bound(i));
      return std::min(bound, max_);
    }
  }
  return max_;
}

}  // namespace securecart::lab
