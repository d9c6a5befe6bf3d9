// An event as a message: a JSON object of its fields. Its payload is JSON already and travels as
// the text it is, so that what arrives is what stands in the log, byte by byte.
//
//   {"origin":"local","position":17,"shop_id":"shop_…","type":"order.placed","subject":"ord_…",
//    "payload":"{…}","at":1767225600000,"trace":""}
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "events/event.hpp"

namespace securecart::events::amqp {

std::string encode(const Event& event);
// What is no event of encode() is refused with a reason. Fields this program does not know are
// ignored: a newer one may send them.
std::expected<Event, std::string> decode(std::string_view body);

}  // namespace securecart::events::amqp
