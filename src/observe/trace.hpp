// W3C Trace Context (https://www.w3.org/TR/trace-context/): who caused what, across processes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/prng.hpp"

namespace securecart::observe {

struct TraceContext {
  std::array<std::uint8_t, 16> trace_id{};
  std::array<std::uint8_t, 8> span_id{};
  bool sampled = false;

  bool valid() const;  // neither id is all zero
  std::string trace_id_hex() const;
  std::string traceparent() const;  // version 00
  TraceContext child(Random& random) const;
};

TraceContext new_trace(Random& random);
// A new span of the trace that has this id, as logs and events keep it; nullopt when it is none.
std::optional<TraceContext> span_of(std::string_view trace_id_hex, Random& random);
// Section 3.2: version ff, zero ids, upper-case hex and bad lengths are refused.
std::optional<TraceContext> parse_traceparent(std::string_view header);

}  // namespace securecart::observe
