#include "base/text_list.hpp"

#include <cassert>

namespace securecart {

std::vector<std::string> text_list(const json::array& array) {
  std::vector<std::string> texts;
  texts.reserve(array.size());
  for (const json::value& text : array) {
    assert(text.is_string() && "the document was not validated");
    texts.emplace_back(text.get_string());
  }
  return texts;
}

std::vector<std::string> stored_text_list(std::string_view document) {
  if (document == "[]") {
    return {};
  }
  const Result<json::value> parsed = parse_json(document);
  assert(parsed && parsed->is_array() && "the document was not validated");
  return text_list(parsed->get_array());
}

json::array json_list(const std::vector<std::string>& texts) {
  json::array array;
  array.reserve(texts.size());
  for (const std::string& text : texts) {
    array.emplace_back(text);
  }
  return array;
}

std::string store_text_list(const std::vector<std::string>& texts) {
  return to_string(json_list(texts));
}

}  // namespace securecart
