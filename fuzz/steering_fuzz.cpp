// Any JSON as kept orders and kept checks: what fits is taken, and is written the same way again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "traffic/health/board.hpp"
#include "traffic/routing/steering.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securecart;
  using traffic::routing::Steering;
  const Result<json::value> value = parse_json({reinterpret_cast<const char*>(data), size});
  if (!value) {
    return 0;
  }
  const json::value once = Steering::from_json(*value).to_json();
  if (Steering::from_json(once).to_json() != once) {
    std::abort();
  }
  traffic::health::CheckConfig check;
  check.name = "web";
  check.url = "http://127.0.0.1/";
  traffic::health::Board board({check}, {"a"}, 1, 1);
  board.restore(*value);
  board.refresh(SteadyTime(std::chrono::hours(1)));
  return 0;
}
