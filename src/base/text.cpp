#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace securecart {

namespace {

constexpr std::string_view white_space = " \t\r\n\f\v";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::uint8_t byte_at(std::string_view text, std::size_t index) {
  return static_cast<std::uint8_t>(text[index]);
}

bool is_continuation(std::uint8_t byte) {
  return (byte & 0xC0) == 0x80;
}

// Length of the well-formed sequence at the front of `text` (Unicode 15, table 3-7), 0 when none.
std::size_t sequence_length(std::string_view text) {
  const std::uint8_t lead = byte_at(text, 0);
  if (lead < 0x80) {
    return 1;
  }
  const std::size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                             : lead >= 0xE0 && lead <= 0xEF ? 3
                             : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                            : 0;
  if (length == 0 || text.size() < length) {
    return 0;
  }
  // The second byte is where overlong forms, surrogates and values above U+10FFFF show.
  const std::uint8_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const std::uint8_t most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte_at(text, 1) < least || byte_at(text, 1) > most) {
    return 0;
  }
  for (std::size_t i = 2; i < length; ++i) {
    if (!is_continuation(byte_at(text, i))) {
      return 0;
    }
  }
  return length;
}

// The well-formed sequence at the front as a code point.
char32_t decode(std::string_view sequence) {
  if (sequence.size() == 1) {
    return byte_at(sequence, 0);
  }
  char32_t code_point = byte_at(sequence, 0) & (0x7Fu >> sequence.size());
  for (std::size_t i = 1; i < sequence.size(); ++i) {
    code_point = (code_point << 6) | (byte_at(sequence, i) & 0x3Fu);
  }
  return code_point;
}

// U+00C0 to U+017F (Latin-1 letters and Latin Extended-A) without their accents; '-' is no letter.
constexpr std::string_view unaccented =
    "aaaaaaaceeeeiiiidnooooo-ouuuuytsaaaaaaaceeeeiiiidnooooo-ouuuuyty"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
    "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static_assert(unaccented.size() == 0x180 - 0xC0);

// What a code point adds to a slug: letters, or nothing for a break between words.
std::string_view slug_letters(char32_t code_point, std::array<char, 1>& one) {
  switch (code_point) {
    case U'Æ':
    case U'æ':
      return "ae";
    case U'Œ':
    case U'œ':
      return "oe";
    case U'ß':
      return "ss";
    case U'Þ':
    case U'þ':
      return "th";
    default:
      break;
  }
  if (code_point < 0x80) {
    one[0] = lower(static_cast<char>(code_point));
  } else if (code_point >= 0xC0 && code_point < 0x180) {
    one[0] = unaccented[code_point - 0xC0];
  } else {
    return {};
  }
  const bool kept = (one[0] >= 'a' && one[0] <= 'z') || (one[0] >= '0' && one[0] <= '9');
  return kept ? std::string_view(one.data(), 1) : std::string_view();
}

bool is_apostrophe(char32_t code_point) {
  return code_point == U'\'' || code_point == U'’';
}

}  // namespace

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(white_space);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const std::size_t end = text.find(separator);
    pieces.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return pieces;
    }
    text.remove_prefix(end + 1);
  }
}

std::string slugify(std::string_view text, std::size_t most_bytes) {
  std::string slug;
  bool gap = false;
  while (!text.empty() && slug.size() < most_bytes) {
    const std::size_t length = std::max<std::size_t>(sequence_length(text), 1);
    const bool valid = sequence_length(text) != 0;
    const char32_t code_point = valid ? decode(text.substr(0, length)) : U'\uFFFD';
    text.remove_prefix(length);
    if (is_apostrophe(code_point)) {
      continue;  // "men's" is one word
    }
    std::array<char, 1> one{};
    const std::string_view letters = slug_letters(code_point, one);
    if (letters.empty()) {
      gap = true;
      continue;
    }
    if (gap && !slug.empty()) {
      slug += '-';
    }
    gap = false;
    slug += letters;
  }
  slug.resize(std::min(slug.size(), most_bytes));
  while (!slug.empty() && slug.back() == '-') {
    slug.pop_back();
  }
  return slug;
}

bool is_utf8(std::string_view text) {
  return utf8_valid_prefix(text) == text.size();
}

std::size_t utf8_valid_prefix(std::string_view text) {
  std::size_t offset = 0;
  while (offset < text.size()) {
    if (byte_at(text, offset) < 0x80) {
      ++offset;
      continue;
    }
    const std::size_t length = sequence_length(text.substr(offset));
    if (length == 0) {
      return offset;
    }
    offset += length;
  }
  return offset;
}

std::string repair_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t good = utf8_valid_prefix(text);
    out += text.substr(0, good);
    text.remove_prefix(good);
    if (!text.empty()) {
      append_utf8(out, U'\uFFFD');
      text.remove_prefix(1);
    }
  }
  return out;
}

std::string_view utf8_prefix(std::string_view text, std::size_t most_bytes) {
  if (text.size() <= most_bytes) {
    return text;
  }
  std::size_t end = most_bytes;
  while (end > 0 && is_continuation(byte_at(text, end))) {
    --end;
  }
  return text.substr(0, end);
}

std::string latin1_to_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    append_utf8(out, static_cast<std::uint8_t>(c));
  }
  return out;
}

void append_utf8(std::string& out, char32_t code_point) {
  const auto put = [&out](char32_t byte) { out += static_cast<char>(byte); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3F));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

}  // namespace securecart
