// Typed reading of a TOML document. All that is wrong with it is collected, each with file, line,
// column and how to mend it, so that one look mends the file.
//
//   Result<ConfigReader> config = ConfigReader::parse("shop.toml", text);
//   ConfigReader server = config->table("server");
//   const auto port = server.integer("port", {1, 65'535}, 8080);       // 8080 when absent
//   const auto name = server.string("name", required);                 // a problem when absent
//   if (Result<void> good = config->finish(); !good) { ... }
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/limits.hpp"

namespace securecart {

// In place of a fallback: the key must be there.
inline constexpr std::nullopt_t required = std::nullopt;

template <class T>
struct Range {
  T least;
  T most;
};

// "250ms", "15s", "5m", "1h30m", "7d": whole numbers, largest unit first or not. nullopt when
// malformed or beyond 64 bits of nanoseconds.
std::optional<Duration> parse_duration(std::string_view text);
// The shortest text that parses back to the same duration.
std::string format_duration(Duration duration);

// One table of the document. Copies read the same document and add to the same list of problems.
// A reader that met a problem returns the fallback (or an empty value): read on, then ask finish().
class ConfigReader {
 public:
  // `file` is only named in errors. Fails on a text above limits::config_bytes and on TOML syntax.
  static Result<ConfigReader> parse(std::string_view file, std::string_view text);

  std::string string(std::string_view key, std::optional<std::string> fallback,
                     std::size_t most_bytes = limits::text_bytes) const;
  // One of `choices`.
  std::string choice(std::string_view key, std::initializer_list<std::string_view> choices,
                     std::optional<std::string> fallback) const;
  std::int64_t integer(std::string_view key, Range<std::int64_t> range,
                       std::optional<std::int64_t> fallback) const;
  bool boolean(std::string_view key, std::optional<bool> fallback) const;
  Duration duration(std::string_view key, Range<Duration> range,
                    std::optional<Duration> fallback) const;
  // A list of strings.
  std::vector<std::string> list(std::string_view key,
                                std::optional<std::vector<std::string>> fallback,
                                std::size_t most_items = limits::config_list_items) const;
  bool has(std::string_view key) const;
  // [key]; an absent table reads as an empty one.
  ConfigReader table(std::string_view key) const;
  // [[key]], in the order of the file; absent is none.
  std::vector<ConfigReader> tables(std::string_view key) const;
  // The keys of this table in the order of the alphabet: for tables whose keys are names. Each
  // still has to be read.
  std::vector<std::string> keys() const;

  // Reports what the reader cannot know (a handle nobody defined, two keys that exclude each
  // other).
  void problem(std::string_view key, std::string what) const;

  // Once everything is read: keys nobody asked for are problems too. The Error (invalid_request)
  // has one field a problem, `where` as "shop.toml:12:5 server.port", and all of them in its
  // detail.
  Result<void> finish() const;

 private:
  struct Document;
  struct Table;
  explicit ConfigReader(std::shared_ptr<Table> table) : table_(std::move(table)) {}
  std::shared_ptr<Table> table_;
};

}  // namespace securecart
