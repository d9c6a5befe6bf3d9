// Health, metrics: what operators and load balancers ask an instance.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "observe/metrics.hpp"
#include "shop/api/operation.hpp"
#include "storage/database.hpp"

namespace securecart::shop::api {

class SystemRoutes {
 public:
  // `database` is null in a process that has none to be ready.
  SystemRoutes(storage::Database* database, const Clock& clock, observe::Metrics& metrics)
      : database_(database), clock_(clock), metrics_(metrics) {}
  void mount(Operations& operations);

  // A dependency without which the instance still serves: while `good()` is false, /readyz says
  // `degraded` and its name, with 200. Before the server runs; `good` is called on its threads.
  void watch(std::string name, std::function<bool()> good) {
    watched_.emplace_back(std::move(name), std::move(good));
  }
  // From now on /readyz answers 503, so that balancers send nothing new.
  void drain() { draining_ = true; }

 private:
  Task<Result<Reply>> live(Call& call);
  Task<Result<Reply>> ready(Call& call);
  Task<Result<Reply>> metrics(Call& call);

  storage::Database* database_;
  const Clock& clock_;
  observe::Metrics& metrics_;
  std::vector<std::pair<std::string, std::function<bool()>>> watched_;
  std::atomic<bool> draining_ = false;
  std::atomic<SteadyTime> answered_ = SteadyTime::min();  // by the database, last
};

namespace errc {
// The instance is ending: it answers what it is asked, but balancers should send nothing new.
inline constexpr ErrorKind draining{"draining", 503, "This instance is shutting down.", true};
}  // namespace errc

}  // namespace securecart::shop::api
