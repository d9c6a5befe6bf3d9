#include "shop/api/admin/event_routes.hpp"

#include <limits>

#include <boost/json/parse.hpp>

#include "base/text.hpp"
#include "shop/api/limits.hpp"

namespace securecart::shop::api {

void EventRoutes::mount(Operations& operations) {
  using Type = Parameter::Type;
  operations.add({.id = "listEvents",
                  .method = net::Method::get,
                  .path = "/v1/events",
                  .tag = "Events",
                  .summary = "What happened in the shop, in order, from a position on",
                  .description = "Positions rise and never change. Ask again with `after` set to "
                                 "`next_after`: as long as "
                                 "that is below `tail` there is more, and nothing is ever skipped.",
                  .access = Access::admin,
                  .permission = Permission::events_read,
                  .query = {{.name = "after",
                             .type = Type::integer,
                             .description = "Only events after this position.",
                             .minimum = 0,
                             .maximum = std::numeric_limits<std::int64_t>::max()},
                            {.name = "limit",
                             .type = Type::integer,
                             .description = "At most this many.",
                             .minimum = 1,
                             .maximum = static_cast<std::int64_t>(limits::page_max)},
                            {.name = "types",
                             .description = "Only these types, separated by commas.",
                             .maximum = 1'000}},
                  .response_schema = "EventPage"},
                 *this, &EventRoutes::list);
}

Task<Result<Reply>> EventRoutes::list(Call& call) {
  events::EventTypes types;
  if (const std::optional<std::string> named = call.query("types")) {
    for (const std::string_view name : split(*named, ',')) {
      types.names.emplace_back(name);
    }
  }
  const std::int64_t after = call.query_int("after").value_or(0);
  const std::int64_t tail = co_await log_.read_tail();
  const events::Page page =
      co_await log_.read_shop_after(call.shop(), after, std::move(types), call.limit());
  json::array items;
  for (const events::EventPtr& event : page.events) {
    items.push_back(json::object{{"position", event->position},
                                 {"type", event->type},
                                 {"subject", event->subject},
                                 {"payload", json::parse(event->payload)},
                                 {"at", format_rfc3339(event->at)}});
  }
  co_return reply(200, json::object{{"items", std::move(items)},
                                    {"next_after", std::max(page.through, after)},
                                    {"tail", tail}});
}

}  // namespace securecart::shop::api
