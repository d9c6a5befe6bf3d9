// Text in HTML and SVG.
#pragma once

#include <string>
#include <string_view>

namespace securecart::lab {

std::string escape_markup(std::string_view text);

}  // namespace securecart::lab
