// Any bytes as a geo database: refused, or read to its end.
#include <cstddef>
#include <cstdint>
#include <string>

#include "traffic/routing/geo.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securecart::traffic;
  const auto index = routing::GeoIndex::load({reinterpret_cast<const char*>(data), size});
  if (index) {
    (*index)->find(parse_address("192.0.2.1").value());
    (*index)->find(parse_address("2001:db8::1").value());
  }
  return 0;
}
