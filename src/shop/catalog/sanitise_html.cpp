#include "shop/catalog/sanitise_html.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "shop/catalog/limits.hpp"

namespace securecart::shop::catalog {

namespace {

constexpr std::array<std::string_view, 8> block_elements = {"p",  "ul", "ol", "li",
                                                            "h2", "h3", "h4", "br"};
constexpr std::array<std::string_view, 5> inline_elements = {"strong", "em", "b", "i", "a"};
// Not text, or parsed by rules of their own: gone with all they hold.
constexpr std::array<std::string_view, 24> dropped_elements = {
    "script",   "style",  "iframe", "noscript", "noembed",  "noframes", "xmp",    "plaintext",
    "textarea", "title",  "svg",    "math",     "template", "object",   "embed",  "applet",
    "select",   "option", "head",   "audio",    "video",    "canvas",   "button", "frameset"};
// Unwrapped, but what stood apart stays apart.
constexpr std::array<std::string_view, 14> separating_elements = {
    "div", "section", "article", "table", "tr",     "td",     "th",
    "dl",  "dt",      "dd",      "hr",    "header", "footer", "blockquote"};

template <std::size_t N>
bool is_one_of(std::string_view name, const std::array<std::string_view, N>& names) {
  return std::ranges::find(names, name) != names.end();
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A character reference at the start of `text` ("&amp;", "&#x3c;"), as HTML 13.2.5.72 reads those
// that end in a semicolon.
struct Reference {
  std::size_t size;                    // of the whole reference
  std::string_view name;               // of a named one
  std::optional<char32_t> code_point;  // of a numeric one, and of the five that markup needs
};

std::optional<char32_t> named_code_point(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, char32_t>, 12> known = {{{"amp", U'&'},
                                                                            {"lt", U'<'},
                                                                            {"gt", U'>'},
                                                                            {"quot", U'"'},
                                                                            {"apos", U'\''},
                                                                            {"nbsp", U'\u00A0'},
                                                                            {"hellip", U'\u2026'},
                                                                            {"ndash", U'\u2013'},
                                                                            {"mdash", U'\u2014'},
                                                                            {"rsquo", U'\u2019'},
                                                                            {"ldquo", U'\u201C'},
                                                                            {"rdquo", U'\u201D'}}};
  for (const auto& [text, code_point] : known) {
    if (text == name) {
      return code_point;
    }
  }
  return std::nullopt;
}

std::optional<Reference> numeric_reference(std::string_view text, std::size_t end) {
  const bool hexadecimal = end > 3 && (text[2] == 'x' || text[2] == 'X');
  const char* first = text.data() + (hexadecimal ? 3 : 2);
  const char* last = text.data() + end;
  std::uint32_t number = 0;
  const auto [stop, error] = std::from_chars(first, last, number, hexadecimal ? 16 : 10);
  if (stop != last || first == last) {
    return std::nullopt;
  }
  const bool scalar =
      error == std::errc() && number <= 0x10FFFF && (number < 0xD800 || number > 0xDFFF);
  return Reference{end + 1, {}, scalar ? static_cast<char32_t>(number) : U'\uFFFD'};
}

std::optional<Reference> parse_reference(std::string_view text) {
  constexpr std::size_t longest = 32;
  const std::size_t end = text.substr(0, longest).find(';');
  if (end == std::string_view::npos || end < 2) {
    return std::nullopt;
  }
  if (text[1] == '#') {
    return numeric_reference(text, end);
  }
  const std::string_view name = text.substr(1, end - 1);
  if (!std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c); })) {
    return std::nullopt;
  }
  return Reference{end + 1, name, named_code_point(name)};
}

bool is_control(char32_t c) {
  return (c < 0x20 && c != U'\t' && c != U'\n') || (c >= 0x7F && c < 0xA0);
}

void append_escaped(std::string& out, char32_t c) {
  if (is_control(c)) {
    return;
  }
  switch (c) {
    case U'&':
      out += "&amp;";
      break;
    case U'<':
      out += "&lt;";
      break;
    case U'>':
      out += "&gt;";
      break;
    default:
      append_utf8(out, c);
  }
}

// The value of an attribute with its references decoded.
std::string decode(std::string_view text) {
  std::string decoded;
  while (!text.empty()) {
    const std::optional<Reference> reference =
        text.front() == '&' ? parse_reference(text) : std::nullopt;
    if (reference && reference->code_point) {
      append_utf8(decoded, *reference->code_point);
      text.remove_prefix(reference->size);
    } else {
      decoded += text.front();
      text.remove_prefix(1);
    }
  }
  return decoded;
}

// The address when it is one we let through. Browsers skip white space around it and tabs and line
// ends inside it (URL standard 4.4), so those are gone before the scheme is looked at; an address
// with any other control character is refused.
std::optional<std::string> safe_address(std::string_view value) {
  std::string address;
  for (const char c : trim(value)) {
    if (c != '\t' && c != '\n' && c != '\r') {
      address += c;
    }
  }
  const auto forbidden = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '\x7F' || c == '<' || c == '>' || c == '"';
  };
  const std::string start = to_lower(std::string_view(address).substr(0, 8));
  const bool known =
      start.starts_with("http://") || start.starts_with("https://") || start.starts_with("mailto:");
  if (!known || address.size() > limits::url_bytes || std::ranges::any_of(address, forbidden)) {
    return std::nullopt;
  }
  return address;
}

// One tag as it stands in the input.
struct Tag {
  std::string name;  // lower case
  bool closing = false;
  std::optional<std::string> href;  // decoded
};

class Sanitiser {
 public:
  explicit Sanitiser(std::string_view input) : rest_(input) {}

  std::string run() {
    while (!rest_.empty()) {
      if (rest_.front() == '<') {
        markup();
      } else {
        text();
      }
    }
    close_down_to(0);
    return std::move(out_);
  }

 private:
  void text();
  void markup();
  std::optional<Tag> read_tag();
  void read_attribute(Tag& tag);
  std::string_view attribute_value();
  void skip_past(std::string_view end);
  void skip_element(std::string_view name);
  void handle(const Tag& tag);
  void open(std::string_view name, const Tag& tag);
  void close(std::string_view name);
  void close_down_to(std::size_t depth);
  void close_paragraph();
  void separate();
  std::optional<std::size_t> innermost(std::string_view name) const;

  std::string_view rest_;
  std::string out_;
  std::vector<std::string> open_;  // elements written and not yet closed, outermost first
};

// A run of text up to the next '<'.
void Sanitiser::text() {
  while (!rest_.empty() && rest_.front() != '<') {
    if (rest_.front() == '&') {
      const std::optional<Reference> reference = parse_reference(rest_);
      if (!reference) {
        out_ += "&amp;";
        rest_.remove_prefix(1);
        continue;
      }
      if (reference->code_point) {
        append_escaped(out_, *reference->code_point);
      } else {
        out_ += rest_.substr(0, reference->size);
      }
      rest_.remove_prefix(reference->size);
      continue;
    }
    const char c = rest_.front();
    const auto byte = static_cast<unsigned char>(c);
    // C1 controls are two bytes in UTF-8: C2 80 to C2 9F.
    const bool c1 = byte == 0xC2 && rest_.size() > 1 && static_cast<unsigned char>(rest_[1]) < 0xA0;
    if (byte >= 0x80 && !c1) {
      out_ += c;
    } else if (!c1) {
      append_escaped(out_, static_cast<char32_t>(byte));
    }
    rest_.remove_prefix(c1 ? 2 : 1);
  }
}

void Sanitiser::markup() {
  if (rest_.starts_with("<!--")) {
    rest_.remove_prefix(4);
    // "<!-->" and "<!--->" are comments too, already ended.
    if (rest_.starts_with(">") || rest_.starts_with("->")) {
      skip_past(">");
    } else {
      skip_past("-->");
    }
    return;
  }
  const char next = rest_.size() > 1 ? rest_[1] : '\0';
  const bool closes = next == '/' && rest_.size() > 2;
  if (is_letter(next) || (closes && is_letter(rest_[2]))) {
    if (const std::optional<Tag> tag = read_tag()) {
      handle(*tag);
    }
  } else if (next == '!' || next == '?' || closes) {
    skip_past(">");
  } else {
    out_ += "&lt;";
    rest_.remove_prefix(1);
  }
}

// Reads a whole tag; nullopt (and nothing left) when the input ends inside it.
std::optional<Tag> Sanitiser::read_tag() {
  Tag tag;
  tag.closing = rest_[1] == '/';
  rest_.remove_prefix(tag.closing ? 2 : 1);
  const auto name_end =
      std::ranges::find_if(rest_, [](char c) { return is_space(c) || c == '/' || c == '>'; });
  const auto name_size = static_cast<std::size_t>(name_end - rest_.begin());
  tag.name = to_lower(rest_.substr(0, name_size));
  rest_.remove_prefix(name_size);
  while (!rest_.empty()) {
    const char c = rest_.front();
    if (c == '>') {
      rest_.remove_prefix(1);
      return tag;
    }
    if (is_space(c) || c == '/') {
      rest_.remove_prefix(1);
    } else {
      read_attribute(tag);
    }
  }
  return std::nullopt;
}

void Sanitiser::read_attribute(Tag& tag) {
  // A '=' in first place belongs to the name (HTML 13.2.5.32).
  std::size_t size = 1;
  while (size < rest_.size() && !is_space(rest_[size]) && rest_[size] != '/' &&
         rest_[size] != '>' && rest_[size] != '=') {
    ++size;
  }
  const std::string name = to_lower(rest_.substr(0, size));
  rest_.remove_prefix(size);
  std::size_t spaces = 0;
  while (spaces < rest_.size() && is_space(rest_[spaces])) {
    ++spaces;
  }
  if (spaces == rest_.size() || rest_[spaces] != '=') {
    return;
  }
  rest_.remove_prefix(spaces + 1);
  const std::string_view value = attribute_value();
  // Of an attribute given twice the first counts.
  if (name == "href" && !tag.href) {
    tag.href = decode(value);
  }
}

std::string_view Sanitiser::attribute_value() {
  while (!rest_.empty() && is_space(rest_.front())) {
    rest_.remove_prefix(1);
  }
  if (rest_.empty()) {
    return {};
  }
  const char quote = rest_.front();
  if (quote == '"' || quote == '\'') {
    rest_.remove_prefix(1);
    const std::size_t end = std::min(rest_.find(quote), rest_.size());
    const std::string_view value = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return value;
  }
  std::size_t end = 0;
  while (end < rest_.size() && !is_space(rest_[end]) && rest_[end] != '>') {
    ++end;
  }
  const std::string_view value = rest_.substr(0, end);
  rest_.remove_prefix(end);
  return value;
}

void Sanitiser::skip_past(std::string_view end) {
  const std::size_t at = rest_.find(end);
  rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + end.size());
}

// Everything up to the end tag of `name`; the rest of the input when there is none.
void Sanitiser::skip_element(std::string_view name) {
  while (!rest_.empty()) {
    skip_past("</");
    const std::string_view found = rest_.substr(0, name.size());
    const char after = rest_.size() > name.size() ? rest_[name.size()] : '>';
    if (equal_ignoring_case(found, name) && (is_space(after) || after == '/' || after == '>')) {
      skip_past(">");
      return;
    }
  }
}

void Sanitiser::handle(const Tag& tag) {
  std::string_view name = tag.name;
  if (name == "h1") {
    name = "h2";
  } else if (name == "h5" || name == "h6") {
    name = "h4";
  }
  if (is_one_of(name, block_elements) || is_one_of(name, inline_elements)) {
    if (tag.closing) {
      close(name);
    } else {
      open(name, tag);
    }
  } else if (is_one_of(name, dropped_elements)) {
    if (!tag.closing && name != "embed") {
      skip_element(name);
    }
  } else if (is_one_of(name, separating_elements)) {
    separate();
  }
}

std::optional<std::size_t> Sanitiser::innermost(std::string_view name) const {
  for (std::size_t i = open_.size(); i > 0; --i) {
    if (open_[i - 1] == name) {
      return i - 1;
    }
  }
  return std::nullopt;
}

void Sanitiser::close_down_to(std::size_t depth) {
  while (open_.size() > depth) {
    out_ += "</" + open_.back() + ">";
    open_.pop_back();
  }
}

// Blocks end a paragraph, a heading and every inline element that is open.
void Sanitiser::close_paragraph() {
  std::size_t keep = 0;
  for (std::size_t i = 0; i < open_.size(); ++i) {
    if (open_[i] == "ul" || open_[i] == "ol" || open_[i] == "li") {
      keep = i + 1;
    }
  }
  close_down_to(keep);
}

void Sanitiser::open(std::string_view name, const Tag& tag) {
  if (name == "br") {
    out_ += "<br>";
    return;
  }
  if (name == "a") {
    const std::optional<std::string> address = tag.href ? safe_address(*tag.href) : std::nullopt;
    if (const auto outer = innermost("a")) {
      close_down_to(*outer);
    }
    if (!address || open_.size() >= limits::html_depth) {
      return;
    }
    out_ += "<a href=\"";
    for (const char c : *address) {
      out_ += c == '&' ? std::string_view("&amp;") : std::string_view(&c, 1);
    }
    out_ += "\" rel=\"nofollow noopener\">";
    open_.emplace_back("a");
    return;
  }
  if (is_one_of(name, block_elements)) {
    close_paragraph();
  }
  const bool in_list = !open_.empty() && (open_.back() == "ul" || open_.back() == "ol");
  if (name == "li") {
    if (!open_.empty() && open_.back() == "li") {
      close_down_to(open_.size() - 1);
    } else if (!in_list) {
      separate();
      return;
    }
  }
  if (open_.size() >= limits::html_depth) {
    return;
  }
  out_ += "<" + std::string(name) + ">";
  open_.emplace_back(name);
}

void Sanitiser::close(std::string_view name) {
  const std::optional<std::size_t> at = innermost(name);
  if (!at) {
    return;
  }
  // An inline end tag does not reach out of its block, nor a paragraph's out of its list item.
  for (std::size_t i = *at + 1; i < open_.size(); ++i) {
    const bool crosses = open_[i] == "ul" || open_[i] == "ol" || open_[i] == "li";
    if (crosses && name != "ul" && name != "ol" && name != "li") {
      return;
    }
    if (name == "li" && (open_[i] == "ul" || open_[i] == "ol")) {
      return;
    }
  }
  close_down_to(*at);
}

void Sanitiser::separate() {
  if (!out_.empty() && !is_space(out_.back()) && out_.back() != '>') {
    out_ += '\n';
  }
}

}  // namespace

std::string sanitise_html(std::string_view html) {
  const std::string valid = repair_utf8(html);
  const std::string clean = Sanitiser(valid).run();
  return std::string(trim(clean));
}

std::string plain_text(std::string_view sanitised) {
  std::string text;
  const auto space = [&text] {
    if (!text.empty() && text.back() != ' ') {
      text += ' ';
    }
  };
  while (!sanitised.empty()) {
    if (sanitised.front() == '<') {
      const std::size_t end = sanitised.find('>');
      std::string_view name = sanitised.substr(1, end == std::string_view::npos ? end : end - 1);
      name.remove_prefix(name.starts_with('/') ? 1 : 0);
      // An inline element may begin or end inside a word.
      if (is_one_of(name, block_elements)) {
        space();
      }
      sanitised.remove_prefix(end == std::string_view::npos ? sanitised.size() : end + 1);
      continue;
    }
    const std::optional<Reference> reference =
        sanitised.front() == '&' ? parse_reference(sanitised) : std::nullopt;
    if (reference && reference->code_point) {
      if (*reference->code_point == U'\u00A0') {
        space();
      } else {
        append_utf8(text, *reference->code_point);
      }
    } else if (is_space(sanitised.front())) {
      space();
    } else {
      text += sanitised.front();
    }
    sanitised.remove_prefix(reference && reference->code_point ? reference->size : 1);
  }
  return std::string(trim(text));
}

}  // namespace securecart::shop::catalog
