// Descriptions come from merchants and from files of anyone: only a small, safe part of HTML is
// kept.
//
//   kept:      p br ul ol li strong em b i h2 h3 h4, and a with an href of http, https or mailto
//   renamed:   h1 -> h2, h5 and h6 -> h4
//   unwrapped: every other element; its text stays
//   dropped:   elements that are not text (script, style, svg, iframe, …) with their content,
//              comments, declarations, every attribute but href
//
// The output is well formed whatever the input was: each element is closed, blocks never stand
// inside inline elements, `&`, `<`, `>` of the text are escaped. sanitise(sanitise(x)) ==
// sanitise(x).
#pragma once

#include <string>
#include <string_view>

namespace securecart::shop::catalog {

std::string sanitise_html(std::string_view html);

// The words of sanitised HTML, for search and previews: no markup, common references decoded, white
// space collapsed.
std::string plain_text(std::string_view sanitised);

}  // namespace securecart::shop::catalog
