// Templates: text with {{names}}, filled in strictly. What a file forgets or misspells is found
// when it is rendered, never in what came out.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace securecart {

// Replaces each {{name}} by its value, as it is. Throws std::logic_error when the text names a
// value that is not there, when a value is never used, or when a pair of braces is not closed.
std::string render_template(std::string_view text,
                            const std::map<std::string, std::string, std::less<>>& values);

}  // namespace securecart
