#include "traffic/health/expression.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace securecart::traffic::health {

Status combine(CheckKind kind, std::int64_t least, std::span<const Status> statuses) {
  const auto total = static_cast<std::int64_t>(statuses.size());
  const std::int64_t needed = kind == CheckKind::all ? total : kind == CheckKind::any ? 1 : least;
  const std::int64_t up = std::ranges::count(statuses, Status::up);
  const std::int64_t down = std::ranges::count(statuses, Status::down);
  if (up >= needed) {
    return Status::up;
  }
  return total - down < needed ? Status::down : Status::unknown;
}

std::optional<double> metric_value(std::string_view text, std::string_view metric) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.starts_with(metric)) {
      continue;
    }
    line.remove_prefix(metric.size());
    if (line.empty() || (line.front() != ' ' && line.front() != '\t')) {
      continue;  // a longer name, or other labels
    }
    line = trim(line);
    line = line.substr(0, line.find(' '));  // a timestamp may follow
    double value = 0;
    const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), value);
    if (error == std::errc() && stop == line.data() + line.size()) {
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace securecart::traffic::health
