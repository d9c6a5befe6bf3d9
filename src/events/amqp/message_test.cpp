#include "events/amqp/message.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "events/limits.hpp"
#include "storage/limits.hpp"

namespace securecart::events::amqp {
namespace {

Event sample() {
  return {"local", 17, "shop_1", "order.placed", "ord_1", R"({"a":"ä\n"})", from_millis(1'700), ""};
}

TEST(BrokerMessage, ComesBackAsItWas) {
  const Event event = decode(encode(sample())).value();
  EXPECT_EQ(event.position, 17);
  EXPECT_EQ(event.payload, sample().payload);
  EXPECT_EQ(event.at, sample().at);
  EXPECT_EQ(encode(event), encode(sample()));
}

TEST(BrokerMessage, TheLargestEventFits) {
  Event event = sample();
  event.payload = std::string(limits::event_payload_bytes, '\x01');  // six bytes each, escaped
  const std::string message = encode(event);
  EXPECT_LE(message.size(), limits::broker_message_bytes);
  EXPECT_EQ(decode(message).value().payload, event.payload);
}

TEST(BrokerMessage, IgnoresFieldsOfANewerVersion) {
  std::string message = encode(sample());
  message.insert(1, R"("priority":7,)");
  EXPECT_TRUE(decode(message));
}

TEST(BrokerMessage, RefusesWhatIsNoEventWithAReason) {
  const std::string good = encode(sample());
  const auto changed = [&good](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    return at == std::string::npos ? "not there: " + from : text.replace(at, from.size(), to);
  };
  for (const std::string& message :
       {std::string(), std::string("{"), std::string("null"), std::string("[]"), std::string("{}"),
        good.substr(1), good + "x", changed("17", "0"), changed("17", "-1"), changed("17", "1.5"),
        changed("17", "\"17\""), changed("17", "99999999999999999999"), changed("1700", "-1"),
        changed("\"local\"", "\"\""), changed("\"local\"", "7"),
        changed("\"order.placed\"", "\"\""), changed("\"origin\"", "\"other\""),
        std::string(limits::broker_message_bytes + 1, ' ')}) {
    const auto event = decode(message);
    ASSERT_FALSE(event) << message.substr(0, 200);
    EXPECT_FALSE(event.error().empty());
  }
}

RC_GTEST_PROP(BrokerMessage, AnyBytesAreAnEventOrARefusal, (const std::string& bytes)) {
  const auto event = decode(bytes);
  RC_ASSERT(event.has_value() || !event.error().empty());
}

}  // namespace
}  // namespace securecart::events::amqp
