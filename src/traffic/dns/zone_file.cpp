#include "traffic/dns/zone_file.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "traffic/dns/limits.hpp"
#include "traffic/dns/types.hpp"

namespace securecart::traffic::dns {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

// Cuts the text into the words of one entry at a time.
class Scanner {
 public:
  Scanner(std::string_view text, std::uint32_t file, ZoneProblems& problems)
      : text_(text), file_(file), problems_(problems) {}

  // False at the end of the text. `words` is empty for a blank line; `indented` says whether the
  // entry begins with a blank. `broken`: a problem was told and the entry is not to be used.
  bool next(std::vector<Token>& words, bool& indented, bool& broken) {
    words.clear();
    broken = false;
    if (at_ >= text_.size()) {
      return false;
    }
    indented = is_blank(text_[at_]);
    std::uint32_t open = 0;
    Place opened;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (is_blank(c)) {
        ++at_;
      } else if (c == '\n') {
        new_line();
        if (open == 0) {
          return true;
        }
      } else if (c == ';') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == '(' || c == ')') {
        opened = c == '(' ? here() : opened;
        broken |= !parenthesis(c, open);
        ++at_;
      } else {
        broken |= !word(words);
      }
    }
    if (open > 0) {
      problems_.add(opened, "this ( is never closed");
      broken = true;
    }
    return true;
  }

 private:
  Place here() const { return {file_, line_, static_cast<std::uint32_t>(at_ - line_begin_ + 1)}; }
  void new_line() {
    ++at_;
    ++line_;
    line_begin_ = at_;
  }

  bool parenthesis(char c, std::uint32_t& open) {
    if (c == '(') {
      ++open;
      return true;
    }
    if (open == 0) {
      problems_.add(here(), "this ) was never opened");
      return false;
    }
    --open;
    return true;
  }

  // A word, or a string in quotes; quotes may also begin inside a word (alpn="h2,h3").
  bool word(std::vector<Token>& words) {
    const Place place = here();
    Token token{{}, text_[at_] == '"', place.column, place.line};
    const std::size_t begin = at_;
    bool inside = false;
    for (; at_ < text_.size() && text_[at_] != '\n'; ++at_) {
      const char c = text_[at_];
      if (c == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n') {
        ++at_;
      } else if (c == '"') {
        inside = !inside;
        if (!inside && token.quoted) {
          ++at_;
          break;
        }
      } else if (!inside && (is_blank(c) || c == ';' || c == '(' || c == ')')) {
        break;
      }
    }
    if (inside) {
      problems_.add(place, "this string is not closed on its line");
      return false;
    }
    token.text = text_.substr(begin, at_ - begin);
    if (token.quoted) {
      token.text = token.text.substr(1, token.text.size() - 2);
    }
    words.push_back(token);
    return true;
  }

  std::string_view text_;
  std::uint32_t file_;
  ZoneProblems& problems_;
  std::size_t at_ = 0;
  std::size_t line_begin_ = 0;
  std::uint32_t line_ = 1;
};

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string() : path.substr(0, slash + 1);
}

class Parser {
 public:
  Parser(const Name& origin, const ReadFile& read_file, const RecordSink& sink,
         ZoneProblems& problems)
      : origin_(origin), read_file_(read_file), sink_(sink), problems_(problems) {}

  void file(const std::string& path, std::string_view text) {
    const std::uint32_t outer = std::exchange(file_, problems_.add_file(path));
    path_ = path;
    Scanner scanner(text, file_, problems_);
    std::vector<Token> words;
    bool indented = false;
    bool broken = false;
    while (!problems_.full() && scanner.next(words, indented, broken)) {
      if (!broken && !words.empty()) {
        entry(words, indented);
      }
    }
    file_ = outer;
  }

 private:
  void wrong(const Token& token, std::string what) {
    problems_.add({file_, token.line, token.column}, std::move(what));
  }

  void entry(std::span<const Token> words, bool indented) {
    const std::string_view first = words[0].text;
    if (!indented && !words[0].quoted && first.starts_with('$')) {
      directive(words);
      return;
    }
    if (!indented) {
      const std::optional<Name> name = Name::parse(first, &origin_);
      if (!name) {
        wrong(words[0], fmt::format("'{}' is not a domain name", first));
        return;
      }
      owner_ = *name;
      words = words.subspan(1);
    } else if (!owner_) {
      wrong(words[0], "no owner: the first record cannot begin with a blank");
      return;
    }
    if (words.empty()) {
      return;  // a name alone sets the owner
    }
    record(words);
  }

  void directive(std::span<const Token> words) {
    const std::string_view word = words[0].text;
    if (equal_ignoring_case(word, "$ORIGIN") && words.size() == 2) {
      set_origin(words[1]);
    } else if (equal_ignoring_case(word, "$TTL") && words.size() == 2) {
      std::uint32_t seconds = 0;
      if (!parse_ttl(words[1].text, seconds)) {
        wrong(words[1], fmt::format("'{}' is not a time (300, 5m, 1h30m)", words[1].text));
        return;
      }
      default_ttl_ = seconds;
    } else if (equal_ignoring_case(word, "$INCLUDE") && (words.size() == 2 || words.size() == 3)) {
      include(words);
    } else {
      wrong(words[0],
            fmt::format("'{}' is not $ORIGIN NAME, $TTL TIME or $INCLUDE FILE [NAME]", word));
    }
  }

  bool set_origin(const Token& token) {
    const std::optional<Name> name = Name::parse(token.text, &origin_);
    if (!name) {
      wrong(token, fmt::format("'{}' is not a domain name", token.text));
      return false;
    }
    origin_ = *name;
    return true;
  }

  void include(std::span<const Token> words) {
    if (depth_ == limits::dns_include_depth || problems_.files() >= limits::dns_include_files) {
      wrong(words[0], "too many files include one another");
      return;
    }
    const std::string path = words[1].text.starts_with('/')
                                 ? std::string(words[1].text)
                                 : folder_of(path_) + std::string(words[1].text);
    const Result<std::string> text = read_file_(path);
    if (!text) {
      wrong(words[1], text.error().detail);
      return;
    }
    const Name outer_origin = origin_;
    const std::optional<Name> outer_owner = owner_;
    const std::string outer_path = path_;
    if (words.size() == 3 && !set_origin(words[2])) {
      return;
    }
    ++depth_;
    file(path, *text);
    --depth_;
    path_ = outer_path;
    origin_ = outer_origin;  // RFC 1035 section 5.1: as it was, whatever the file did
    owner_ = outer_owner;
  }

  // [ttl] [class] type rdata, the first two in any order.
  void record(std::span<const Token> words) {
    std::optional<std::uint32_t> ttl;
    bool has_class = false;
    std::size_t at = 0;
    for (; at < words.size(); ++at) {
      std::uint32_t seconds = 0;
      if (!has_class && equal_ignoring_case(words[at].text, "IN")) {
        has_class = true;
      } else if (!ttl && parse_ttl(words[at].text, seconds)) {
        ttl = seconds;
      } else {
        break;
      }
    }
    if (at == words.size()) {
      wrong(words.back(), "a record type is missing");
      return;
    }
    const std::optional<std::uint16_t> kind = parse_type(words[at].text);
    if (!kind || is_meta_type(*kind)) {
      wrong(words[at], fmt::format("'{}' is not a record type", words[at].text));
      return;
    }
    data(words[at], *kind, ttl, words.subspan(at + 1));
  }

  void data(const Token& kind_word, std::uint16_t kind, std::optional<std::uint32_t> ttl,
            std::span<const Token> words) {
    std::expected<RdataBytes, RdataError> rdata = parse_rdata(kind, words, origin_);
    if (!rdata) {
      const std::size_t at = rdata.error().token;
      wrong(at < words.size() ? words[at]
            : words.empty()   ? kind_word
                              : words.back(),
            fmt::format("{}: {}", type_text(kind), rdata.error().what));
      return;
    }
    if (!ttl) {
      ttl = default_ttl_ ? default_ttl_ : last_ttl_;
    }
    if (!ttl && kind == type::soa) {  // RFC 1035: the last field of the SOA stands in
      const std::size_t end = rdata->size();
      ttl = static_cast<std::uint32_t>((*rdata)[end - 4] << 24U | (*rdata)[end - 3] << 16U |
                                       (*rdata)[end - 2] << 8U | (*rdata)[end - 1]);
    }
    if (!ttl) {
      wrong(kind_word, "no TTL: write one here, or $TTL above");
      return;
    }
    last_ttl_ = ttl;
    record_.owner = *owner_;
    record_.type = kind;
    record_.ttl_seconds = *ttl;
    record_.rdata = std::move(*rdata);
    record_.place = {file_, kind_word.line, kind_word.column};
    sink_(record_);
  }

  Name origin_;
  const ReadFile& read_file_;
  const RecordSink& sink_;
  ZoneProblems& problems_;
  std::string path_;
  std::uint32_t file_ = 0;
  std::size_t depth_ = 0;
  std::optional<Name> owner_;
  std::optional<std::uint32_t> default_ttl_;
  std::optional<std::uint32_t> last_ttl_;
  ZoneRecord record_;
};

}  // namespace

std::uint32_t ZoneProblems::add_file(std::string path) {
  files_.push_back(std::move(path));
  return static_cast<std::uint32_t>(files_.size() - 1);
}

void ZoneProblems::add(const Place& place, std::string what) {
  if (full()) {
    return;
  }
  const std::string file = place.file < files_.size() ? files_[place.file] : "zone";
  found_.push_back(
      {place.line == 0 ? file : fmt::format("{}:{}:{}", file, place.line, place.column),
       std::move(what)});
}

bool ZoneProblems::full() const {
  return found_.size() >= limits::dns_zone_problems;
}

Error ZoneProblems::error() const {
  std::string detail;
  for (const FieldError& problem : found_) {
    detail += fmt::format("{}{}: {}", detail.empty() ? "" : "\n", problem.where, problem.what);
  }
  return Error(errc::invalid_request, std::move(detail), found_);
}

void parse_zone_file(const std::string& path, std::string_view text, const Name& origin,
                     const ReadFile& read_file, const RecordSink& sink, ZoneProblems& problems) {
  Parser(origin, read_file, sink, problems).file(path, text);
}

}  // namespace securecart::traffic::dns
