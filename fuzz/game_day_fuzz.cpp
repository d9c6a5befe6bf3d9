// Any bytes as a game day, and as a fault: the readers end, and a fault they took is written and
// read again unchanged.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lab/gameday/plan.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto fault = securecart::lab::parse_fault(text)) {
    const std::string written = to_text(*fault);
    const auto again = securecart::lab::parse_fault(written);
    if (!again || to_text(*again) != written) {
      std::abort();
    }
  }
  if (const auto plan = securecart::lab::parse_game_day("fuzz.toml", text)) {
    securecart::Prng random(1);
    static_cast<void>(securecart::lab::schedule_of(*plan, random));
  }
  return 0;
}
