// People who look around while others buy: pages asked for by schedule, whatever the shop does.
// Each is one request without a second try, so that what is seen is what a browser would see.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/prng.hpp"
#include "lab/api.hpp"
#include "lab/gameday/timeline.hpp"

namespace securecart::lab {

struct ReaderOptions {
  std::string publishable_key;
  double rate = 20;  // a second
  std::uint64_t seed = 1;
  Duration patience = std::chrono::seconds(5);  // with one page
};

class Readers {
 public:
  // `api` outlives this.
  Readers(Api& api, ReaderOptions options)
      : api_(api), options_(std::move(options)), random_(options_.seed ^ 0x8ead) {}

  // Reads from `began` on until `until` says so, and waits for the last answers. Times of samples
  // count from `began`.
  Task<std::vector<Sample>> run(SteadyTime began, std::function<bool()> is_over);

 private:
  Task<void> read(SteadyTime due);
  std::string next_target();

  Api& api_;
  const ReaderOptions options_;
  Prng random_;
  SteadyTime began_{};
  std::size_t in_flight_ = 0;
  std::vector<std::string> products_;
  std::vector<Sample> samples_;
};

}  // namespace securecart::lab
