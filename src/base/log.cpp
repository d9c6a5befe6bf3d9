#include "base/log.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace securecart::log {

namespace {

thread_local TraceId thread_trace;

struct Writer {
  Level least = Level::info;
  Format format = Format::json;
  spdlog::logger sink{"securecart", std::make_shared<spdlog::sinks::stderr_sink_mt>()};

  Writer() {
    sink.set_level(spdlog::level::trace);
    sink.set_pattern("%v");
    sink.flush_on(spdlog::level::trace);
    // A log that cannot be written must not hurt what is being logged.
    sink.set_error_handler([](const std::string&) {});
  }
};

Writer& writer() {
  // Never destroyed: threads may log until the very end of the process.
  static Writer& instance = *new Writer();
  return instance;
}

std::string_view name(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      return "error";
  }
  return "error";
}

// A JSON string. Bytes that are not UTF-8 become U+FFFD: a log line is always valid JSON.
void append_quoted(std::string& out, std::string_view text) {
  const std::string repaired = is_utf8(text) ? std::string() : repair_utf8(text);
  out += '"';
  for (const char c : repaired.empty() ? text : std::string_view(repaired)) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

struct AppendValue {
  std::string& out;
  void operator()(const std::string& value) const { append_quoted(out, value); }
  void operator()(std::int64_t value) const { out += fmt::format("{}", value); }
  void operator()(double value) const {
    out += std::isfinite(value) ? fmt::format("{}", value) : fmt::format("\"{}\"", value);
  }
  void operator()(bool value) const { out += value ? "true" : "false"; }
};

std::string json_line(Level level, std::string_view message, std::string_view trace,
                      std::initializer_list<Field> fields) {
  std::string line = fmt::format(R"({{"time":"{}","level":"{}","message":)",
                                 format_rfc3339(SystemClock().now()), name(level));
  append_quoted(line, message);
  if (!trace.empty()) {
    line += ",\"trace_id\":";
    append_quoted(line, trace);
  }
  for (const Field& field : fields) {
    line += ',';
    append_quoted(line, field.name);
    line += ':';
    std::visit(AppendValue{line}, field.value);
  }
  line += '}';
  return line;
}

// `2026-01-31T09:30:00.000Z warn  message key=value other="a b"`: for people at a terminal.
std::string text_line(Level level, std::string_view message, std::string_view trace,
                      std::initializer_list<Field> fields) {
  std::string line =
      fmt::format("{} {:<5} {}", format_rfc3339(SystemClock().now()), name(level), message);
  std::replace(line.begin(), line.end(), '\n', ' ');
  for (const Field& field : fields) {
    line += fmt::format(" {}=", field.name);
    const auto* text = std::get_if<std::string>(&field.value);
    const bool plain = text != nullptr && !text->empty() &&
                       std::all_of(text->begin(), text->end(),
                                   [](char c) { return c > ' ' && c != '"' && c != 0x7f; });
    if (plain) {
      line += *text;
    } else {
      std::visit(AppendValue{line}, field.value);
    }
  }
  if (!trace.empty()) {
    line += fmt::format(" trace_id={}", trace);
  }
  return line;
}

}  // namespace

void configure(Level least, Format format) {
  writer().least = least;
  writer().format = format;
}

bool enabled(Level level) {
  return level >= writer().least;
}

TraceId current_trace() noexcept {
  return thread_trace;
}

TraceId exchange_trace(const TraceId& trace) noexcept {
  return std::exchange(thread_trace, trace);
}

TraceScope::TraceScope(std::string_view trace_id_hex) noexcept : previous_(thread_trace) {
  thread_trace = {};
  thread_trace.size = std::min(trace_id_hex.size(), thread_trace.hex.size());
  std::copy_n(trace_id_hex.begin(), thread_trace.size, thread_trace.hex.begin());
}

TraceScope::~TraceScope() {
  thread_trace = previous_;
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  try {
    Writer& out = writer();
    if (level < out.least) {
      return;
    }
    const std::string line = out.format == Format::json
                                 ? json_line(level, message, thread_trace.view(), fields)
                                 : text_line(level, message, thread_trace.view(), fields);
    out.sink.log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
  } catch (...) {
    // Out of memory, or standard error is gone: there is nobody left to tell.
  }
}

}  // namespace securecart::log
