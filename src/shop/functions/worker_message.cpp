#include "shop/functions/worker_message.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "shop/functions/limits.hpp"

namespace securecart::shop::functions {
namespace {

// Only how a worker's own run can end; the others are the parent's to say.
constexpr std::array endings{Ending::finished, Ending::threw, Ending::out_of_memory,
                             Ending::output_too_large};

std::unexpected<Error> wrong(std::string_view what) {
  return fail(securecart::errc::invalid_request, std::string(what));
}

const std::string* text_member(const json::object& object, std::string_view name,
                               std::string& storage, std::size_t most) {
  const json::value* member = object.if_contains(name);
  if (member == nullptr || !member->is_string() || member->get_string().size() > most) {
    return nullptr;
  }
  storage = member->get_string();
  return &storage;
}

std::optional<std::int64_t> number_member(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  if (member == nullptr || !member->is_int64() || member->get_int64() < 0) {
    return std::nullopt;
  }
  return member->get_int64();
}

// At most the log's limit, and no half character at the end.
std::string cut(std::string text) {
  if (text.size() > limits::function_log_bytes) {
    text.resize(limits::function_log_bytes);
    while (!is_utf8(text)) {
      text.pop_back();
    }
  }
  return text;
}

Result<json::object> object_of(std::string_view text) {
  Result<json::value> parsed = parse_json(text);
  if (!parsed) {
    return std::unexpected(std::move(parsed.error()));
  }
  if (!parsed->is_object()) {
    return wrong("a message must be an object");
  }
  return std::move(parsed->as_object());
}

bool read_logs(const json::object& object, std::vector<std::string>& logs) {
  const json::value* member = object.if_contains("logs");
  if (member == nullptr || !member->is_array() ||
      member->get_array().size() > limits::function_log_lines) {
    return false;
  }
  std::size_t bytes = 0;
  for (const json::value& line : member->get_array()) {
    if (!line.is_string()) {
      return false;
    }
    bytes += line.get_string().size();
    logs.emplace_back(line.get_string());
  }
  return bytes <= 2 * limits::function_log_bytes;
}

}  // namespace

std::string frame(std::string_view body) {
  assert(!body.empty() && body.size() <= limits::function_message_bytes);
  std::string framed;
  for (int shift = 24; shift >= 0; shift -= 8) {
    framed.push_back(static_cast<char>((body.size() >> static_cast<unsigned>(shift)) & 0xffU));
  }
  return framed.append(body);
}

std::optional<std::size_t> frame_length(std::string_view header) {
  if (header.size() != frame_header_bytes) {
    return std::nullopt;
  }
  std::size_t length = 0;
  for (const char c : header) {
    length = (length << 8U) | static_cast<unsigned char>(c);
  }
  if (length == 0 || length > limits::function_message_bytes) {
    return std::nullopt;
  }
  return length;
}

std::string write_request(const RunRequest& request) {
  const json::object message{{"source", request.source},
                             {"input", request.input},
                             {"now", to_millis(request.now)},
                             {"seed", request.seed & INT64_MAX},
                             {"heap_bytes", request.heap_bytes}};
  return securecart::to_string(json::value(message));
}

Result<RunRequest> read_request(std::string_view text) {
  const Result<json::object> message = object_of(text);
  if (!message) {
    return std::unexpected(message.error());
  }
  RunRequest request;
  const bool texts =
      text_member(*message, "source", request.source, limits::function_source_bytes) != nullptr &&
      text_member(*message, "input", request.input, limits::function_input_bytes) != nullptr;
  const auto now = number_member(*message, "now");
  const auto seed = number_member(*message, "seed");
  const auto heap = number_member(*message, "heap_bytes");
  if (!texts || !now || !seed || !heap) {
    return wrong("not a request");
  }
  request.now = from_millis(*now);
  request.seed = static_cast<std::uint64_t>(*seed);
  request.heap_bytes =
      std::min(static_cast<std::size_t>(*heap), std::size_t{limits::function_heap_bytes});
  return request;
}

std::string write_report(const RunReport& report) {
  json::array logs;
  for (const std::string& line : report.logs) {
    logs.emplace_back(line);
  }
  const json::object message{{"ending", to_string(report.ending)},
                             {"output", report.output},
                             {"error", cut(report.error)},
                             {"logs", std::move(logs)},
                             {"heap_bytes", report.heap_bytes}};
  return securecart::to_string(json::value(message));
}

Result<RunReport> read_report(std::string_view text) {
  const Result<json::object> message = object_of(text);
  if (!message) {
    return std::unexpected(message.error());
  }
  RunReport report;
  std::string ending;
  const bool texts =
      text_member(*message, "ending", ending, limits::text_bytes) != nullptr &&
      text_member(*message, "output", report.output, limits::function_output_bytes) != nullptr &&
      text_member(*message, "error", report.error, limits::function_log_bytes) != nullptr;
  const auto heap = number_member(*message, "heap_bytes");
  if (!texts || !heap || !read_logs(*message, report.logs)) {
    return wrong("not a report");
  }
  const auto known = std::ranges::find_if(
      endings, [&ending](Ending candidate) { return to_string(candidate) == ending; });
  if (known == endings.end()) {
    return wrong("no ending of a worker's run");
  }
  report.ending = *known;
  report.heap_bytes = static_cast<std::size_t>(*heap);
  return report;
}

}  // namespace securecart::shop::functions
