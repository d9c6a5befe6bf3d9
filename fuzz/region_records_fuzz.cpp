// Any bytes as a value in the store, by its first byte one record or another: refused, or a record
// that is the same after being written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cluster/control/records.hpp"

namespace {

using namespace securecart;
using namespace securecart::cluster;

template <class T>
void check(Result<T> (*parse)(std::string_view), std::string_view text) {
  const Result<T> record = parse(text);
  if (!record) {
    return;
  }
  const std::string written = to_json(*record);
  const Result<T> again = parse(written);
  if (!again || to_json(*again) != written) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'h':
      check(parse_host_report, text);
      break;
    case 'o':
      check(parse_host_order, text);
      break;
    case 's':
      check(parse_service_order, text);
      break;
    case 'p':
      check(parse_patch_order, text);
      break;
    case 'c':
      check(parse_scaling_record, text);
      break;
    case 'r':
      check(parse_rollout_record, text);
      break;
    case 'z':
      check(parse_shift_record, text);
      break;
    case 'a':
      check(parse_alarm_list, text);
      break;
    default:
      check(parse_instance_record, text);
  }
  return 0;
}
