#include "traffic/dns/rdata.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "traffic/dns/svcb.hpp"
#include "traffic/dns/types.hpp"
#include "traffic/model/address.hpp"

namespace securecart::traffic::dns {
namespace {

// The fields of a type, one letter each:
//   b, s, l  number of 8, 16, 32 bits      t  seconds          n  name
//   4, 6     address                       q  one string       Q  strings to the end
//   v        the rest, from one string     p  service parameters
//   H, B     the rest in hex, in base64
struct Form {
  std::uint16_t type;
  std::string_view fields;
};

constexpr auto forms = std::to_array<Form>({
    {type::a, "4"},         {type::aaaa, "6"},       {type::ns, "n"},      {type::cname, "n"},
    {type::ptr, "n"},       {type::alias, "n"},      {type::policy, "q"},  {type::mx, "sn"},
    {type::soa, "nnltttt"}, {type::txt, "Q"},        {type::srv, "sssn"},  {type::caa, "bqv"},
    {type::svcb, "snp"},    {type::https, "snp"},    {type::hinfo, "qq"},  {type::naptr, "ssqqqn"},
    {type::ds, "sbbH"},     {type::cds, "sbbH"},     {type::tlsa, "bbbH"}, {type::sshfp, "bbH"},
    {type::dnskey, "sbbB"}, {type::cdnskey, "sbbB"},
});

std::string_view form_of(std::uint16_t wanted) {
  const auto found = std::ranges::find(forms, wanted, &Form::type);
  return found == forms.end() ? std::string_view() : found->fields;
}

constexpr std::size_t rdata_max = 65'535;
constexpr std::uint32_t ttl_max = 0x7fff'ffff;  // RFC 2181 section 8

void put_number(RdataBytes& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) {
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
}

// Reads the words of one record from left to right.
class Words {
 public:
  Words(std::span<const Token> words, const Name& origin) : words_(words), origin_(origin) {}

  std::expected<RdataBytes, RdataError> read(std::string_view fields) {
    for (const char field : fields) {
      if (!read_field(field)) {
        return std::unexpected(std::move(*error_));
      }
    }
    return finish();
  }

  // RFC 3597 section 5: \# size hex.
  std::expected<RdataBytes, RdataError> read_generic() {
    at_ = 1;
    std::uint64_t size = 0;
    if (!number(rdata_max, size)) {
      return std::unexpected(std::move(*error_));
    }
    if (size > 0 && !hex()) {
      return std::unexpected(std::move(*error_));
    }
    if (out_.size() != size) {
      return std::unexpected(
          RdataError{1, fmt::format("says {} bytes, but there are {}", size, out_.size())});
    }
    return finish();
  }

 private:
  bool wrong(std::string what) {
    error_ = RdataError{at_, std::move(what)};
    return false;
  }
  bool has(std::string_view what) {
    return at_ < words_.size() || wrong(fmt::format("{} is missing", what));
  }

  std::expected<RdataBytes, RdataError> finish() {
    if (at_ < words_.size()) {
      return std::unexpected(RdataError{at_, "too much for this type"});
    }
    if (out_.size() > rdata_max) {
      return std::unexpected(RdataError{0, "more than 65535 bytes"});
    }
    return std::move(out_);
  }

  bool read_field(char field) {
    std::uint64_t value = 0;
    switch (field) {
      case 'b':
        return number(0xff, value) && put(value, 1);
      case 's':
        return number(0xffff, value) && put(value, 2);
      case 'l':
        return number(0xffff'ffff, value) && put(value, 4);
      case 't':
        return seconds();
      case 'n':
        return name();
      case '4':
        return address(Family::v4);
      case '6':
        return address(Family::v6);
      case 'q':
        return string(true);
      case 'Q':
        return strings();
      case 'v':
        return string(false);
      case 'p':
        return service_parameters();
      case 'H':
        return hex();
      default:
        return base64_rest();
    }
  }

  bool put(std::uint64_t value, unsigned bytes) {
    put_number(out_, value, bytes);
    return true;
  }

  bool number(std::uint64_t most, std::uint64_t& value) {
    if (!has("a number")) {
      return false;
    }
    const std::string_view text = words_[at_].text;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value > most) {
      return wrong(fmt::format("'{}' is not a number from 0 to {}", text, most));
    }
    ++at_;
    return true;
  }

  bool seconds() {
    std::uint32_t value = 0;
    if (!has("a time in seconds")) {
      return false;
    }
    if (!parse_ttl(words_[at_].text, value)) {
      return wrong(fmt::format("'{}' is not a time (300, 5m, 1h30m)", words_[at_].text));
    }
    ++at_;
    return put(value, 4);
  }

  bool name() {
    if (!has("a name")) {
      return false;
    }
    const std::optional<Name> parsed = Name::parse(words_[at_].text, &origin_);
    if (!parsed) {
      return wrong(fmt::format("'{}' is not a domain name", words_[at_].text));
    }
    ++at_;
    out_.insert(out_.end(), parsed->wire().begin(), parsed->wire().end());
    return true;
  }

  bool address(Family family) {
    if (!has("an address")) {
      return false;
    }
    const std::optional<Address> parsed = parse_address(words_[at_].text);
    if (!parsed || parsed->family != family) {
      return wrong(fmt::format("'{}' is not an {} address", words_[at_].text,
                               family == Family::v4 ? "IPv4" : "IPv6"));
    }
    ++at_;
    out_.insert(out_.end(), parsed->view().begin(), parsed->view().end());
    return true;
  }

  // A character string, behind its length or (the last field) bare.
  bool string(bool with_length) {
    if (!has("a string")) {
      return false;
    }
    const std::optional<std::string> text = unescape(words_[at_].text);
    if (!text) {
      return wrong("a bad escape: \\ and three digits up to 255, or \\ and another character");
    }
    if (with_length && text->size() > 255) {
      return wrong("a string of more than 255 bytes; write several");
    }
    ++at_;
    if (with_length) {
      put_number(out_, text->size(), 1);
    }
    out_.insert(out_.end(), text->begin(), text->end());
    return true;
  }

  bool strings() {
    do {
      if (!string(true)) {
        return false;
      }
    } while (at_ < words_.size());
    return true;
  }

  bool service_parameters() {
    std::vector<std::string_view> parameters;
    for (std::size_t i = at_; i < words_.size(); ++i) {
      parameters.push_back(words_[i].text);
    }
    std::expected<RdataBytes, SvcbError> parsed = parse_service_parameters(parameters);
    if (!parsed) {
      at_ += parsed.error().parameter;
      return wrong(std::move(parsed.error().what));
    }
    out_.insert(out_.end(), parsed->begin(), parsed->end());
    at_ = words_.size();
    return true;
  }

  std::string rest() {
    std::string text;
    for (; at_ < words_.size(); ++at_) {
      text += words_[at_].text;
    }
    return text;
  }

  bool hex() {
    if (!has("a hexadecimal value")) {
      return false;
    }
    const std::size_t begin = at_;
    const std::optional<std::string> bytes = from_hex(rest());
    return append_decoded(bytes, begin, "not hexadecimal");
  }

  bool base64_rest() {
    if (!has("a base64 value")) {
      return false;
    }
    const std::size_t begin = at_;
    const std::optional<std::string> bytes = from_base64(rest());
    return append_decoded(bytes, begin, "not base64");
  }

  bool append_decoded(const std::optional<std::string>& bytes, std::size_t begin,
                      std::string_view complaint) {
    if (!bytes) {
      at_ = begin;
      return wrong(std::string(complaint));
    }
    out_.insert(out_.end(), bytes->begin(), bytes->end());
    return true;
  }

  std::span<const Token> words_;
  const Name& origin_;
  std::size_t at_ = 0;
  RdataBytes out_;
  std::optional<RdataError> error_;
};

// Writes rdata field by field; gives up when the rdata does not fit its form.
class Text {
 public:
  explicit Text(Bytes rdata) : rest_(rdata) {}

  std::optional<std::string> write(std::string_view fields) {
    for (const char field : fields) {
      if (!write_field(field)) {
        return std::nullopt;
      }
    }
    return rest_.empty() ? std::optional(std::move(out_)) : std::nullopt;
  }

 private:
  void add(std::string_view word) {
    out_ += out_.empty() ? "" : " ";
    out_ += word;
  }

  std::optional<Bytes> take(std::size_t size) {
    if (size > rest_.size()) {
      return std::nullopt;
    }
    const Bytes taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  bool write_field(char field) {
    switch (field) {
      case 'b':
        return number(1);
      case 's':
        return number(2);
      case 'l':
      case 't':
        return number(4);
      case 'n':
        return name();
      case '4':
        return address(4);
      case '6':
        return address(16);
      case 'q':
        return string();
      case 'Q':
        return strings();
      case 'v':
        return quoted(*take(rest_.size()));
      case 'p':
        return parameters();
      case 'H':
        return decoded(to_hex(rest_text()));
      default:
        return decoded(base64(rest_text()));
    }
  }

  std::string_view rest_text() const {
    return {reinterpret_cast<const char*>(rest_.data()), rest_.size()};
  }
  bool decoded(const std::string& text) {
    add(text);
    rest_ = {};
    return true;
  }

  bool number(std::size_t size) {
    const std::optional<Bytes> bytes = take(size);
    if (!bytes) {
      return false;
    }
    std::uint64_t value = 0;
    for (const std::uint8_t byte : *bytes) {
      value = value << 8U | byte;
    }
    add(std::to_string(value));
    return true;
  }

  bool name() {
    const std::size_t size = name_size(rest_);
    if (size == 0) {
      return false;
    }
    add(name_text(*take(size)));
    return true;
  }

  bool address(std::size_t size) {
    const std::optional<Bytes> bytes = take(size);
    if (!bytes) {
      return false;
    }
    add(to_text(*address_from_bytes(*bytes)));
    return true;
  }

  bool quoted(Bytes bytes) {
    add("\"" + escape(bytes) + "\"");
    return true;
  }

  bool string() {
    const std::optional<Bytes> length = take(1);
    const std::optional<Bytes> bytes = length ? take((*length)[0]) : std::nullopt;
    return bytes && quoted(*bytes);
  }

  bool strings() {
    do {
      if (!string()) {
        return false;
      }
    } while (!rest_.empty());
    return true;
  }

  bool parameters() {
    const std::optional<std::string> text = service_parameters_text(rest_);
    if (!text) {
      return false;
    }
    if (!text->empty()) {
      add(*text);
    }
    rest_ = {};
    return true;
  }

  Bytes rest_;
  std::string out_;
};

std::optional<std::uint32_t> unit_seconds(char unit) {
  switch (unit) {
    case 's':
    case 'S':
      return 1;
    case 'm':
    case 'M':
      return 60;
    case 'h':
    case 'H':
      return 3'600;
    case 'd':
    case 'D':
      return 86'400;
    case 'w':
    case 'W':
      return 604'800;
    default:
      return std::nullopt;
  }
}

// Offset of the first name in the rdata, and how many follow one another there.
std::pair<std::size_t, std::size_t> names_in(std::uint16_t wanted) {
  switch (wanted) {
    case type::ns:
    case type::cname:
    case type::ptr:
      return {0, 1};
    case type::soa:
      return {0, 2};
    case type::mx:
      return {2, 1};
    case type::srv:
      return {6, 1};
    default:
      return {0, 0};
  }
}

}  // namespace

std::expected<RdataBytes, RdataError> parse_rdata(std::uint16_t wanted,
                                                  std::span<const Token> words,
                                                  const Name& origin) {
  const std::string_view fields = form_of(wanted);
  Words reader(words, origin);
  if (!words.empty() && words[0].text == "\\#" && !words[0].quoted) {
    std::expected<RdataBytes, RdataError> bytes = reader.read_generic();
    if (bytes && !fields.empty() && !Text(*bytes).write(fields)) {
      return std::unexpected(RdataError{2, "does not fit type " + type_text(wanted)});
    }
    return bytes;
  }
  if (fields.empty()) {
    return std::unexpected(RdataError{
        0,
        fmt::format("type {} has no form here; write \\# SIZE HEX (RFC 3597)", type_text(wanted))});
  }
  return reader.read(fields);
}

std::string rdata_text(std::uint16_t wanted, Bytes rdata) {
  const std::string_view fields = form_of(wanted);
  if (!fields.empty()) {
    if (std::optional<std::string> text = Text(rdata).write(fields)) {
      return std::move(*text);
    }
  }
  const std::string_view bytes(reinterpret_cast<const char*>(rdata.data()), rdata.size());
  return fmt::format("\\# {}{}{}", rdata.size(), rdata.empty() ? "" : " ", to_hex(bytes));
}

bool parse_ttl(std::string_view text, std::uint32_t& seconds) {
  std::uint64_t total = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  if (text.empty()) {
    return false;
  }
  while (at != end) {
    std::uint32_t number = 0;
    const auto [stop, error] = std::from_chars(at, end, number);
    if (error != std::errc()) {
      return false;
    }
    std::uint64_t unit = 1;
    at = stop;
    if (at != end) {
      const std::optional<std::uint32_t> known = unit_seconds(*at++);
      if (!known) {
        return false;
      }
      unit = *known;
    } else if (stop != end || total != 0) {
      return false;  // "1h30": thirty of what?
    }
    total += number * unit;
    if (total > ttl_max) {
      return false;
    }
  }
  seconds = static_cast<std::uint32_t>(total);
  return true;
}

Bytes target_of(std::uint16_t wanted, Bytes rdata) {
  std::size_t at = names_in(wanted).first;
  if (wanted == type::https || wanted == type::svcb) {
    at = 2;
  } else if (names_in(wanted).second != 1 || wanted == type::cname || wanted == type::ptr) {
    return {};
  }
  if (at >= rdata.size()) {
    return {};
  }
  return rdata.subspan(at, name_size(rdata.subspan(at)));
}

void make_canonical(std::uint16_t wanted, std::span<std::uint8_t> rdata) {
  auto [at, count] = names_in(wanted);
  if (wanted == type::naptr) {
    at = 4;
    for (int strings = 0; strings < 3 && at < rdata.size(); ++strings) {
      at += rdata[at] + 1U;
    }
    count = 1;
  }
  for (; count > 0 && at < rdata.size(); --count) {
    const std::size_t size = name_size(rdata.subspan(at));
    const std::span<std::uint8_t> name = rdata.subspan(at, size);
    std::ranges::transform(name, name.begin(), lower_byte);
    at += size;
  }
}

}  // namespace securecart::traffic::dns
