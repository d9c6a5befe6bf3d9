// When shoppers come and what they pay with, drawn from a seed. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/prng.hpp"

namespace securecart::lab {

// A Poisson process: arrivals do not wait for each other, as people do not. The next one is known
// before the last has been served; that is what makes a load open-loop.
class Arrivals {
 public:
  // `rate` > 0 a second. `random` outlives this.
  Arrivals(double rate, Random& random) : rate_(rate), random_(random) {}
  // Time of the next arrival since the beginning; rises.
  Duration next();

 private:
  const double rate_;
  Random& random_;
  double at_seconds_ = 0;
};

// Payment methods and how often each is used.
class MethodMix {
 public:
  // "tok_approved=90,tok_declined=10": weights, not percent. A name alone weighs 1.
  static Result<MethodMix> parse(std::string_view text);
  const std::string& pick(Random& random) const;

 private:
  struct Share {
    std::string method;
    std::uint64_t weight;
  };
  std::vector<Share> shares_;
  std::uint64_t total_ = 0;
};

}  // namespace securecart::lab
