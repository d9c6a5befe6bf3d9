#include "shop/api/formats.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/limits.hpp"
#include "base/money.hpp"
#include "base/text.hpp"
#include "shop/carts/limits.hpp"

namespace securecart::shop::api {

namespace {

// ISO 3166-1 alpha-2, officially assigned, and XK for Kosovo (user-assigned, in postal use).
constexpr std::string_view countries =
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
    "BS "
    "BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC "
    "EE "
    "EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK "
    "HM "
    "HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB "
    "LC "
    "LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ "
    "NA "
    "NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU "
    "RW "
    "SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN "
    "TO "
    "TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_country(std::string_view text, std::string_view) {
  return text.size() == 2 && text.find(' ') == std::string_view::npos &&
         countries.find(text) != std::string_view::npos;
}

// RFC 1123 section 2.1, with numbers: letters, digits and inner hyphens between dots.
bool is_hostname(std::string_view text, std::string_view) {
  return text.size() <= 253 && std::ranges::all_of(split(text, '.'), [](std::string_view label) {
           return !label.empty() && label.size() <= 63 && label.front() != '-' &&
                  label.back() != '-' &&
                  std::ranges::all_of(label, [](char c) { return c == '-' || is_alphanumeric(c); });
         });
}

// What mail in practice is delivered to (the rule of HTML's input type=email, with a dot in the
// domain); RFC 5322 allows more than anyone accepts.
bool is_email(std::string_view text, std::string_view) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0 || at > 64 || text.size() > 254) {
    return false;
  }
  const std::string_view local = text.substr(0, at);
  const std::string_view domain = text.substr(at + 1);
  const auto fits_local = [](char c) {
    return is_alphanumeric(c) ||
           std::string_view(".!#$%&'*+/=?^_`{|}~-").find(c) != std::string_view::npos;
  };
  return std::ranges::all_of(local, fits_local) && domain.find('.') != std::string_view::npos &&
         is_hostname(domain, "");
}

bool is_currency(std::string_view text, std::string_view) {
  return Currency::parse(text).has_value();
}

bool is_date_time(std::string_view text, std::string_view) {
  return parse_rfc3339(text).has_value();
}

bool is_handle(std::string_view text, std::string_view) {
  return !text.empty() && text.size() <= limits::text_bytes && text.front() != '-' &&
         text.back() != '-' && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

bool is_visible_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

bool is_uri(std::string_view text, std::string_view) {
  const std::string_view rest = text.starts_with("https://")  ? text.substr(8)
                                : text.starts_with("http://") ? text.substr(7)
                                                              : std::string_view();
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const bool no_user = authority.find('@') == std::string_view::npos;
  return text.size() <= 2'048 && !authority.empty() && no_user && is_visible_ascii(text);
}

// An absolute http(s) URL, or a path on this host; never "//elsewhere".
bool is_uri_reference(std::string_view text, std::string_view) {
  const bool path = text.starts_with('/') && !text.starts_with("//") && text.size() <= 2'048 &&
                    text.find('\\') == std::string_view::npos && is_visible_ascii(text);
  return path || is_uri(text, "");
}

bool is_id_of(std::string_view text, std::string_view prefix) {
  return is_id(text, prefix);
}

bool is_promotion_code(std::string_view text, std::string_view) {
  return !text.empty() && text.size() <= limits::promotion_code_bytes &&
         is_alphanumeric(text.front()) && std::ranges::all_of(text, [](char c) {
           return is_alphanumeric(c) || c == '-' || c == '_';
         });
}

// OpenAPI's hint to hide a field's input; any text is one.
bool is_password(std::string_view, std::string_view) {
  return true;
}

}  // namespace

struct Format::Known {
  std::string_view name;
  Check check;
  std::string_view meaning;
  std::string_view pattern;
};

const Format::Known Format::known[] = {
    {"email", is_email, "an e-mail address", ""},
    {"currency", is_currency, "a currency code of ISO 4217 such as EUR", "^[A-Z]{3}$"},
    {"country", is_country, "a country code of ISO 3166-1 such as NL", "^[A-Z]{2}$"},
    {"date-time", is_date_time, "a time of RFC 3339 such as 2026-01-31T09:30:00Z", ""},
    {"handle", is_handle,
     "lower-case letters, digits, '-' and '_', not beginning or ending with '-'",
     "^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$"},
    {"uri", is_uri, "an http or https address", "^https?://"},
    {"uri-reference", is_uri_reference, "an http or https address or a path beginning with '/'",
     "^(https?://|/)"},
    {"hostname", is_hostname, "a host name without a port", ""},
    {"promotion-code", is_promotion_code,
     "up to 32 letters, digits, '-' and '_', beginning with a letter or digit",
     "^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$"},
    {"password", is_password, "a password", ""}};

std::optional<Format> Format::find(std::string_view name) {
  Format format;
  if (name.starts_with("id:") && name.size() > 3) {
    format.check_ = is_id_of;
    format.argument_ = name.substr(3);
    format.meaning_ = "an id such as " + format.argument_ + "_01JZ8X4Q2W7K9M3N5P6R8T0V2Y";
    format.pattern_ = "^" + format.argument_ + "_[0-9A-HJKMNP-TV-Z]{26}$";
    return format;
  }
  for (const Known& candidate : known) {
    if (candidate.name == name) {
      format.check_ = candidate.check;
      format.meaning_ = candidate.meaning;
      format.pattern_ = candidate.pattern;
      return format;
    }
  }
  return std::nullopt;
}

bool Format::accepts(std::string_view text) const {
  return check_(text, argument_);
}

}  // namespace securecart::shop::api
