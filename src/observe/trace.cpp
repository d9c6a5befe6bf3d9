#include "observe/trace.hpp"

#include <algorithm>

#include "base/crypto.hpp"

namespace securecart::observe {

namespace {

template <std::size_t Size>
std::string hex(const std::array<std::uint8_t, Size>& id) {
  return to_hex({reinterpret_cast<const char*>(id.data()), id.size()});
}

template <std::size_t Size>
bool is_zero(const std::array<std::uint8_t, Size>& id) {
  return std::all_of(id.begin(), id.end(), [](std::uint8_t byte) { return byte == 0; });
}

// Never all zero: that is the id of nothing.
template <std::size_t Size>
void fill(std::array<std::uint8_t, Size>& id, Random& random) {
  do {
    for (std::size_t i = 0; i < Size; i += 8) {
      const std::uint64_t word = random.next();
      for (std::size_t k = 0; k < 8; ++k) {
        id[i + k] = static_cast<std::uint8_t>(word >> (8 * k));
      }
    }
  } while (is_zero(id));
}

bool is_lower_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

template <std::size_t Size>
bool read_hex(std::string_view text, std::array<std::uint8_t, Size>& id) {
  const std::optional<std::string> bytes =
      is_lower_hex(text) && text.size() == 2 * Size ? from_hex(text) : std::nullopt;
  if (!bytes) {
    return false;
  }
  std::transform(bytes->begin(), bytes->end(), id.begin(),
                 [](char byte) { return static_cast<std::uint8_t>(byte); });
  return true;
}

}  // namespace

bool TraceContext::valid() const {
  return !is_zero(trace_id) && !is_zero(span_id);
}

std::string TraceContext::trace_id_hex() const {
  return hex(trace_id);
}

std::string TraceContext::traceparent() const {
  return "00-" + hex(trace_id) + '-' + hex(span_id) + (sampled ? "-01" : "-00");
}

TraceContext TraceContext::child(Random& random) const {
  TraceContext context = *this;
  fill(context.span_id, random);
  return context;
}

TraceContext new_trace(Random& random) {
  TraceContext context;
  fill(context.trace_id, random);
  fill(context.span_id, random);
  context.sampled = true;
  return context;
}

std::optional<TraceContext> span_of(std::string_view trace_id_hex, Random& random) {
  TraceContext context;
  if (!read_hex(trace_id_hex, context.trace_id) || is_zero(context.trace_id)) {
    return std::nullopt;
  }
  fill(context.span_id, random);
  context.sampled = true;
  return context;
}

std::optional<TraceContext> parse_traceparent(std::string_view header) {
  // 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
  constexpr std::size_t length = 55;
  if (header.size() < length || header[2] != '-' || header[35] != '-' || header[52] != '-') {
    return std::nullopt;
  }
  // Version 00 ends here; a later one may go on behind another dash, and is read as 00
  // (section 4.3).
  const bool longer = header.size() > length;
  if (longer && (header.starts_with("00") || header[length] != '-')) {
    return std::nullopt;
  }
  TraceContext context;
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  if (!read_hex(header.substr(0, 2), version) || version[0] == 0xFF ||
      !read_hex(header.substr(3, 32), context.trace_id) ||
      !read_hex(header.substr(36, 16), context.span_id) || !read_hex(header.substr(53, 2), flags) ||
      !context.valid()) {
    return std::nullopt;
  }
  context.sampled = (flags[0] & 1) != 0;
  return context;
}

}  // namespace securecart::observe
