// Health, metrics: what operators and load balancers ask an instance.
#pragma once

#include <atomic>

#include "observe/metrics.hpp"
#include "shop/api/operation.hpp"
#include "storage/database.hpp"

namespace securecart::shop::api {

class SystemRoutes {
 public:
  SystemRoutes(storage::Database& database, observe::Metrics& metrics)
      : database_(database), metrics_(metrics) {}
  void mount(Operations& operations);

  // From now on /readyz answers 503, so that balancers send nothing new.
  void drain() { draining_ = true; }

 private:
  Task<Result<Reply>> live(Call& call);
  Task<Result<Reply>> ready(Call& call);
  Task<Result<Reply>> metrics(Call& call);

  storage::Database& database_;
  observe::Metrics& metrics_;
  std::atomic<bool> draining_ = false;
};

namespace errc {
// The instance is ending: it answers what it is asked, but balancers should send nothing new.
inline constexpr ErrorKind draining{"draining", 503, "This instance is shutting down.", true};
}  // namespace errc

}  // namespace securecart::shop::api
