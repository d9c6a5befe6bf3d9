// Any bytes as a message from the broker: an event or a refusal, and an event is sent again as it
// came.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "events/amqp/message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securecart::events::amqp;
  const auto event = decode({reinterpret_cast<const char*>(data), size});
  if (!event) {
    return event.error().empty() ? 1 : 0;
  }
  const auto again = decode(encode(*event));
  if (!again || encode(*again) != encode(*event)) {
    std::abort();
  }
  return 0;
}
