// Any bytes as a description: the output is made of known tags only, and cleaning it again changes
// nothing.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "shop/catalog/sanitise_html.hpp"

namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

bool is_known_tag(std::string_view tag) {
  for (const std::string_view known :
       {"p", "ul", "ol", "li", "strong", "em", "b", "i", "h2", "h3", "h4", "br"}) {
    if (tag == known || (tag.starts_with('/') && tag.substr(1) == known && known != "br")) {
      return true;
    }
  }
  return tag == "/a" || ((tag.starts_with("a href=\"http") || tag.starts_with("a href=\"mailto:") ||
                          tag.starts_with("a href=\"H") || tag.starts_with("a href=\"h") ||
                          tag.starts_with("a href=\"m") || tag.starts_with("a href=\"M")) &&
                         tag.ends_with("\" rel=\"nofollow noopener\""));
}

void require_known_tags(std::string_view html) {
  for (std::size_t at = html.find('<'); at != std::string_view::npos; at = html.find('<', at + 1)) {
    const std::size_t end = html.find('>', at);
    require(end != std::string_view::npos);
    require(is_known_tag(html.substr(at + 1, end - at - 1)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string once = securecart::shop::catalog::sanitise_html(input);
  require(securecart::is_utf8(once));
  require_known_tags(once);
  require(securecart::shop::catalog::sanitise_html(once) == once);
  require(securecart::is_utf8(securecart::shop::catalog::plain_text(once)));
  return 0;
}
