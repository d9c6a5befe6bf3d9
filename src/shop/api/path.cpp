#include "shop/api/path.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace securecart::shop::api {

namespace {

bool is_snake_case(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool is_literal(std::string_view segment) {
  return !segment.empty() && std::ranges::all_of(segment, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

}  // namespace

std::vector<std::string_view> segments_of(std::string_view path) {
  if (path.empty() || path == "/") {
    return {};
  }
  return split(path.substr(1), '/');
}

std::optional<std::string_view> parameter_name(std::string_view segment) {
  if (segment.size() < 3 || segment.front() != '{' || segment.back() != '}') {
    return std::nullopt;
  }
  return segment.substr(1, segment.size() - 2);
}

std::optional<std::string> problem_of_pattern(std::string_view pattern) {
  if (!pattern.starts_with('/')) {
    return "the path does not begin with a slash";
  }
  std::vector<std::string_view> names;
  for (const std::string_view segment : segments_of(pattern)) {
    const std::optional<std::string_view> name = parameter_name(segment);
    if (!name) {
      if (!is_literal(segment)) {
        return std::string("the segment '").append(segment).append("' is malformed");
      }
      continue;
    }
    if (!is_snake_case(*name) || std::ranges::find(names, *name) != names.end()) {
      return std::string("the parameter ").append(segment).append(" is malformed or named twice");
    }
    names.push_back(*name);
  }
  return std::nullopt;
}

std::optional<std::size_t> parameter_index(std::string_view pattern, std::string_view name) {
  std::size_t index = 0;
  for (std::size_t open = pattern.find('{'); open != std::string_view::npos;
       open = pattern.find('{', open + 1)) {
    const std::string_view rest = pattern.substr(open + 1);
    if (rest.size() > name.size() && rest.starts_with(name) && rest[name.size()] == '}') {
      return index;
    }
    ++index;
  }
  return std::nullopt;
}

bool same_shape(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      segments_of(a), segments_of(b), [](std::string_view left, std::string_view right) {
        return parameter_name(left) ? parameter_name(right).has_value() : left == right;
      });
}

std::string version_tag(std::int64_t version) {
  return "\"v" + std::to_string(version) + "\"";
}

std::optional<std::int64_t> parse_version_tag(std::string_view tag) {
  if (tag.size() < 4 || !tag.starts_with("\"v") || tag.back() != '"') {
    return std::nullopt;
  }
  const std::string_view digits = tag.substr(2, tag.size() - 3);
  std::int64_t version = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), version);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  if (!whole || version < 0 || digits.front() == '-' || (digits.size() > 1 && digits[0] == '0')) {
    return std::nullopt;
  }
  return version;
}

}  // namespace securecart::shop::api
