// Lists of texts as they stand in JSON: in a request's body, in a column of a row.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

namespace securecart {

// Of an array that was validated before, or that we wrote ourselves: asserts on another member.
std::vector<std::string> text_list(const json::array& array);
// Of a stored document: ["EUR","USD"].
std::vector<std::string> stored_text_list(std::string_view document);
// The array of them.
json::array json_list(const std::vector<std::string>& texts);
// As such a document.
std::string store_text_list(const std::vector<std::string>& texts);

}  // namespace securecart
