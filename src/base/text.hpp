// Small text helpers. Everything is UTF-8; case folding is ASCII only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace securecart {

// Without ASCII white space (space, tab, CR, LF, FF, VT) at both ends.
std::string_view trim(std::string_view text);
// A-Z become a-z; other bytes stay.
std::string to_lower(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);
// The pieces between separators, empty ones too: ",a" -> "", "a". An empty text is one empty piece.
std::vector<std::string_view> split(std::string_view text, char separator);

// A handle for URLs: lower-case ASCII letters and digits, everything else becomes one '-' between
// words; Latin letters with accents lose them ("Crème brûlée" -> "creme-brulee"). Cut to
// `most_bytes`. Empty when nothing of the text remains: the caller chooses a fallback.
std::string slugify(std::string_view text, std::size_t most_bytes = 255);

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);
// Offset of the first byte that breaks the encoding; text.size() when none does.
std::size_t utf8_valid_prefix(std::string_view text);
// Each byte that is not UTF-8 becomes U+FFFD.
std::string repair_utf8(std::string_view text);
// The longest prefix of at most `most_bytes` that does not cut a character in two.
std::string_view utf8_prefix(std::string_view text, std::size_t most_bytes);
// ISO 8859-1: each byte is the code point of the same number. Never fails.
std::string latin1_to_utf8(std::string_view text);
// Appends one code point (a Unicode scalar value) as UTF-8.
void append_utf8(std::string& out, char32_t code_point);

}  // namespace securecart
