#include "lab/gameday/readers.hpp"

#include <algorithm>

#include "base/executor.hpp"
#include "lab/arrivals.hpp"
#include "lab/fields.hpp"
#include "lab/limits.hpp"

namespace securecart::lab {
namespace {

using namespace std::chrono_literals;

constexpr const char* list_target = "/v1/store/products?limit=20";

// Every page asked for exists.
Sample::Outcome outcome_of(const ApiAnswer& answer) {
  return answer.ok() ? Sample::Outcome::good : Sample::Outcome::failed;
}

}  // namespace

Task<std::vector<Sample>> Readers::run(SteadyTime began, std::function<bool()> is_over) {
  began_ = began;
  Arrivals arrivals(options_.rate, random_);
  const Duration offset = api_.clock().steady() - began;
  while (!is_over()) {
    const SteadyTime due = began + offset + arrivals.next();
    Duration ahead = due - api_.clock().steady();
    while (ahead > Duration::zero() && !is_over()) {
      co_await sleep_for(std::min<Duration>(ahead, 50ms));
      ahead = due - api_.clock().steady();
    }
    if (ahead > Duration::zero()) {
      break;  // over before this one was due
    }
    if (in_flight_ >= limits::reads_at_once) {
      samples_.push_back({Sample::Kind::read, Sample::Outcome::failed, due - began_, {}});
      continue;
    }
    ++in_flight_;
    start(read(due), [this](const std::exception_ptr&) { --in_flight_; });
  }
  while (in_flight_ > 0) {
    co_await sleep_for(10ms);
  }
  co_return std::move(samples_);
}

Task<void> Readers::read(SteadyTime due) {
  ApiCall call{.target = next_target(),
               .headers = {{"X-Publishable-Key", options_.publishable_key}}};
  const ApiAnswer answer = co_await api_.once(std::move(call), options_.patience);
  if (answer.ok() && products_.empty()) {
    for (const json::value& product : array_of(answer.body, "items")) {
      products_.push_back(text_of(as_object(product), "id"));
    }
  }
  Sample sample{Sample::Kind::read, outcome_of(answer), due - began_, {}};
  sample.latency = api_.clock().steady() - due;
  samples_.push_back(sample);
}

// A list at first and now and then; else one of its products.
std::string Readers::next_target() {
  if (products_.empty() || random_.below(4) == 0) {
    return list_target;
  }
  return "/v1/store/products/" + products_[random_.below(products_.size())];
}

}  // namespace securecart::lab
