// Structured logs: one JSON object a line on standard error (or text for people at a terminal).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace securecart::log {

enum class Level { debug, info, warn, error };
enum class Format { json, text };

struct Field {
  std::string_view name;
  std::variant<std::string, std::int64_t, double, bool> value;
  Field(std::string_view n, std::string v) : name(n), value(std::move(v)) {}
  Field(std::string_view n, std::string_view v) : name(n), value(std::string(v)) {}
  Field(std::string_view n, const char* v) : name(n), value(std::string(v)) {}
  Field(std::string_view n, std::int64_t v) : name(n), value(v) {}
  Field(std::string_view n, int v) : name(n), value(std::int64_t{v}) {}
  Field(std::string_view n, std::size_t v) : name(n), value(static_cast<std::int64_t>(v)) {}
  Field(std::string_view n, double v) : name(n), value(v) {}
  Field(std::string_view n, bool v) : name(n), value(v) {}
};

// Set once at start-up, before other threads exist.
void configure(Level least, Format format);
bool enabled(Level level);

// The trace this thread works for, as lower-case hex; empty outside a request.
struct TraceId {
  std::array<char, 32> hex{};
  std::size_t size = 0;
  std::string_view view() const { return {hex.data(), size}; }
};
TraceId current_trace() noexcept;
// Sets the thread's trace and returns the one before.
TraceId exchange_trace(const TraceId& trace) noexcept;

// Every log line written inside its life carries `trace_id_hex` (cut to 32 characters). It may live
// in a coroutine: Task puts the trace away while it waits and brings it back (base/task.hpp).
class TraceScope {
 public:
  explicit TraceScope(std::string_view trace_id_hex) noexcept;
  ~TraceScope();
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  TraceId previous_;
};

// Writes `message` with `fields` and the current trace. Never throws; safe from several threads.
void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});
inline void debug(std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::debug, m, f);
}
inline void info(std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::info, m, f);
}
inline void warn(std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::warn, m, f);
}
inline void error(std::string_view m, std::initializer_list<Field> f = {}) {
  write(Level::error, m, f);
}

}  // namespace securecart::log
