#include "events/amqp/message.hpp"

#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/limits.hpp"
#include "events/limits.hpp"
#include "storage/limits.hpp"

namespace securecart::events::amqp {

namespace {

struct TextField {
  std::string_view name;
  std::string Event::* member;
  std::size_t most_bytes;
  bool may_be_empty;
};

constexpr std::array text_fields{
    TextField{"origin", &Event::origin, limits::text_bytes, false},
    TextField{"shop_id", &Event::shop_id, limits::text_bytes, true},
    TextField{"type", &Event::type, limits::text_bytes, false},
    TextField{"subject", &Event::subject, limits::text_bytes, true},
    TextField{"payload", &Event::payload, limits::event_payload_bytes, false},
    TextField{"trace", &Event::trace, limits::text_bytes, true},
};

}  // namespace

std::string encode(const Event& event) {
  json::object object;
  for (const TextField& field : text_fields) {
    object[field.name] = event.*field.member;
  }
  object["position"] = event.position;
  object["at"] = to_millis(event.at);
  return to_string(object);
}

std::expected<Event, std::string> decode(std::string_view body) {
  if (body.size() > limits::broker_message_bytes) {
    return std::unexpected(fmt::format("the message has {} bytes", body.size()));
  }
  const Result<json::value> parsed = parse_json(body);
  if (!parsed) {
    return std::unexpected("the message is not JSON: " + parsed.error().detail);
  }
  const json::object* object = parsed->if_object();
  if (object == nullptr) {
    return std::unexpected("the message is not a JSON object");
  }
  Event event;
  for (const TextField& field : text_fields) {
    const json::value* value = object->if_contains(field.name);
    const json::string* text = value == nullptr ? nullptr : value->if_string();
    if (text == nullptr || text->size() > field.most_bytes ||
        (text->empty() && !field.may_be_empty)) {
      return std::unexpected(fmt::format("the message has no good '{}'", field.name));
    }
    event.*field.member = std::string(std::string_view(*text));
  }
  const auto number = [object](std::string_view name) -> std::optional<std::int64_t> {
    const json::value* value = object->if_contains(name);
    const std::int64_t* known = value == nullptr ? nullptr : value->if_int64();
    return known == nullptr ? std::nullopt : std::optional(*known);
  };
  const std::optional<std::int64_t> position = number("position");
  const std::optional<std::int64_t> at = number("at");
  if (!position || *position < 1) {
    return std::unexpected("the message has no good 'position'");
  }
  if (!at || *at < 0) {
    return std::unexpected("the message has no good 'at'");
  }
  event.position = *position;
  event.at = from_millis(*at);
  return event;
}

}  // namespace securecart::events::amqp
