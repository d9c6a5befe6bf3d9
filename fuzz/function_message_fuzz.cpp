// What a worker process sends, any bytes: refused, or a report that is written and read again as it
// was. A worker may have been taken over by the script it runs.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "shop/functions/limits.hpp"
#include "shop/functions/model.hpp"
#include "shop/functions/worker_message.hpp"

namespace {

using namespace securecart;
using namespace securecart::shop::functions;

void require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto length = frame_length(text.substr(0, frame_header_bytes))) {
    require(*length <= limits::function_message_bytes);
  }
  const Result<RunReport> report = read_report(text);
  if (report) {
    const Result<RunReport> again = read_report(write_report(*report));
    require(again && again->ending == report->ending && again->output == report->output &&
            again->logs == report->logs && again->heap_bytes == report->heap_bytes);
    (void)read_verdict(report->output);
  }
  (void)read_request(text);
  (void)read_verdict(text);
  return 0;
}
