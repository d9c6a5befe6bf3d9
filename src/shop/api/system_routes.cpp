#include "shop/api/system_routes.hpp"

#include "shop/api/errc.hpp"

namespace securecart::shop::api {
namespace {

// Every gateway asks, twice a second: the database is not asked for each of them.
constexpr Duration fresh = std::chrono::milliseconds(250);

Reply text_reply(std::string body, std::string content_type) {
  Reply answer;
  answer.body = std::move(body);
  answer.content_type = std::move(content_type);
  return answer;
}

}  // namespace

void SystemRoutes::mount(Operations& operations) {
  using net::Method;
  operations.add({.id = "getLiveness",
                  .method = Method::get,
                  .path = "/livez",
                  .tag = "System",
                  .summary = "The process runs; it asks nothing else",
                  .access = Access::open,
                  .response_type = "text/plain; charset=utf-8",
                  .needs_database = false},
                 *this, &SystemRoutes::live);
  operations.add(
      {.id = "getReadiness",
       .method = Method::get,
       .path = "/readyz",
       .tag = "System",
       .summary = "The instance can take requests: its database answers, it is not ending. A line "
                  "`degraded: …` names what is away and only delays work",
       .access = Access::open,
       .response_type = "text/plain; charset=utf-8",
       .errors = {&errc::draining}},
      *this, &SystemRoutes::ready);
  operations.add({.id = "getMetrics",
                  .method = Method::get,
                  .path = "/metrics",
                  .tag = "System",
                  .summary = "Metrics in the Prometheus text format",
                  .access = Access::open,
                  .response_type = "text/plain; version=0.0.4; charset=utf-8",
                  .needs_database = false},
                 *this, &SystemRoutes::metrics);
}

Task<Result<Reply>> SystemRoutes::live(Call& /*call*/) {
  co_return text_reply("ok\n", "text/plain; charset=utf-8");
}

Task<Result<Reply>> SystemRoutes::ready(Call& /*call*/) {
  if (draining_) {
    co_return fail(errc::draining, "Send requests to another instance.");
  }
  const SteadyTime now = clock_.steady();
  if (database_ != nullptr && answered_.load() + fresh <= now) {
    storage::Query query{"SELECT 1", {}};
    co_await database_->read(std::move(query));
    answered_ = now;
  }
  std::string text = "ready\n";
  for (const auto& [name, good] : watched_) {
    text += good() ? "" : "degraded: " + name + "\n";
  }
  co_return text_reply(std::move(text), "text/plain; charset=utf-8");
}

Task<Result<Reply>> SystemRoutes::metrics(Call& /*call*/) {
  co_return text_reply(metrics_.prometheus_text(), "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace securecart::shop::api
