// GET /v1/events: the log itself, so that a consumer can prove that it missed nothing.
#pragma once

#include "events/log.hpp"
#include "shop/api/operation.hpp"

namespace securecart::shop::api {

class EventRoutes {
 public:
  explicit EventRoutes(events::Log& log) : log_(log) {}
  void mount(Operations& operations);

 private:
  Task<Result<Reply>> list(Call& call);

  events::Log& log_;
};

}  // namespace securecart::shop::api
