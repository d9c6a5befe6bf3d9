// Patterns of paths ("/v1/store/carts/{cart_id}") and the small texts in headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace securecart::shop::api {

// "/a/{b}" -> "a", "{b}". "/" has no segment; "/a/" has "a" and "".
std::vector<std::string_view> segments_of(std::string_view path);
// "{b}" -> "b"; nullopt for a literal segment.
std::optional<std::string_view> parameter_name(std::string_view segment);

// What is wrong with a pattern, for the one who wrote it; nullopt when nothing is: it begins with a
// slash, does not end with one, its parameters are snake_case, whole segments, and named once.
std::optional<std::string> problem_of_pattern(std::string_view pattern);
// The position of {name} among the parameters of `pattern`.
std::optional<std::size_t> parameter_index(std::string_view pattern, std::string_view name);
// True when every path that fits one also fits the other.
bool same_shape(std::string_view a, std::string_view b);

// A strong entity tag of a version (RFC 9110 section 8.8.3): "v7" with its quotes.
std::string version_tag(std::int64_t version);
std::optional<std::int64_t> parse_version_tag(std::string_view tag);

}  // namespace securecart::shop::api
