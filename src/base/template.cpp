#include "base/template.hpp"

#include <set>
#include <stdexcept>

namespace securecart {

std::string render_template(std::string_view text,
                            const std::map<std::string, std::string, std::less<>>& values) {
  std::string out;
  std::set<std::string_view> used;
  std::size_t at = 0;
  for (;;) {
    const std::size_t open = text.find("{{", at);
    out.append(text.substr(at, open - at));
    if (open == std::string_view::npos) {
      break;
    }
    const std::size_t close = text.find("}}", open);
    if (close == std::string_view::npos) {
      throw std::logic_error("template: '{{' is not closed");
    }
    const std::string_view name = text.substr(open + 2, close - open - 2);
    const auto value = values.find(name);
    if (value == values.end()) {
      throw std::logic_error("template: there is no value {{" + std::string(name) + "}}");
    }
    used.insert(value->first);
    out.append(value->second);
    at = close + 2;
  }
  for (const auto& [name, value] : values) {
    if (!used.contains(name)) {
      throw std::logic_error("template: the value {{" + name + "}} is not used");
    }
  }
  return out;
}

}  // namespace securecart
