// Small pieces of HTML for the reference page.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"

namespace securecart::shop::api::html {

// Text between tags or inside a quoted attribute.
std::string escape(std::string_view text);
// Escaped, with `code`, **strong**, blank lines as paragraphs and lines of "- " as a list.
std::string prose(std::string_view text);
// The same without paragraphs, for a table's cell.
std::string phrase(std::string_view text);
// Indented by two spaces, one member a line.
std::string pretty_json(const json::value& value);
// The same in spans of class k (names), s (strings), n (numbers) and l (literals).
std::string coloured_json(const json::value& value);

}  // namespace securecart::shop::api::html
