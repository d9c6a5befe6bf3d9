#include "lab/arrivals.hpp"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/text.hpp"

namespace securecart::lab {
namespace {

constexpr std::uint64_t most_weight = 1'000'000;

}  // namespace

Duration Arrivals::next() {
  // Inverse of the exponential distribution; unit() is below 1, so the logarithm is finite.
  at_seconds_ += -std::log1p(-random_.unit()) / rate_;
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(at_seconds_));
}

Result<MethodMix> MethodMix::parse(std::string_view text) {
  MethodMix mix;
  for (const std::string_view part : split(text, ',')) {
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string_view method = trim(part.substr(0, equals));
    std::uint64_t weight = 1;
    if (equals < part.size()) {
      const std::string_view number = trim(part.substr(equals + 1));
      const auto [end, error] =
          std::from_chars(number.data(), number.data() + number.size(), weight);
      if (error != std::errc() || end != number.data() + number.size() || weight > most_weight) {
        return fail(
            errc::invalid_request,
            fmt::format("'{}': a weight is a whole number from 0 to {}", part, most_weight));
      }
    }
    if (method.empty()) {
      return fail(errc::invalid_request,
                  fmt::format("'{}': write METHOD=WEIGHT,METHOD=WEIGHT", text));
    }
    mix.shares_.push_back({std::string(method), weight});
    mix.total_ += weight;
  }
  if (mix.total_ == 0) {
    return fail(errc::invalid_request, "all weights are zero");
  }
  return mix;
}

const std::string& MethodMix::pick(Random& random) const {
  std::uint64_t at = random.below(total_);
  std::size_t i = 0;
  while (at >= shares_[i].weight) {
    at -= shares_[i].weight;
    ++i;
  }
  return shares_[i].method;
}

}  // namespace securecart::lab
