#include "net/http.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.hpp"
#include "net/errc.hpp"
#include "net/limits.hpp"
#include "net/text.hpp"

namespace securecart::net {

namespace {

constexpr std::array<std::pair<std::string_view, Method>, 7> method_names{
    {{"GET", Method::get},
     {"HEAD", Method::head},
     {"POST", Method::post},
     {"PUT", Method::put},
     {"PATCH", Method::patch},
     {"DELETE", Method::del},
     {"OPTIONS", Method::options}}};

// Decodes one piece of a target. `plus_is_space` for queries (the form encoding of HTML). A slash
// or backslash that only appears by decoding would make two different targets one path: refused.
Result<std::string> decode(std::string_view text, bool plus_is_space, bool slashes_allowed) {
  std::string decoded;
  decoded.reserve(text.size());
  bool non_ascii = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_space) {
      c = ' ';
    } else if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return fail(errc::bad_encoding, "A percent sign must be followed by two hex digits.");
      }
      c = static_cast<char>(high * 16 + low);
      i += 2;
      if (!slashes_allowed && (c == '/' || c == '\\')) {
        return fail(errc::bad_encoding, "An encoded slash or backslash is not accepted in a path.");
      }
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      return fail(errc::bad_encoding, "Control characters are not accepted in an address.");
    }
    non_ascii = non_ascii || byte >= 0x80;
    decoded.push_back(c);
  }
  if (non_ascii && !is_utf8(decoded)) {
    return fail(errc::bad_encoding, "The address is not valid UTF-8.");
  }
  return decoded;
}

std::optional<Error> check_characters(std::string_view target) {
  for (const char c : target) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) {
      return Error(errc::bad_encoding, "Bytes outside ASCII must be percent-encoded.");
    }
    if (byte <= 0x20 || byte == 0x7f || c == '#' || c == '\\') {
      return Error(errc::malformed_request, "The address has a character that is not allowed.");
    }
  }
  return std::nullopt;
}

// RFC 3986 section 5.2.4, after decoding, so that an encoded dot is a dot. Empty segments ("//")
// are refused rather than merged: caches and proxies in front disagree about what they mean.
Result<std::string> decode_path(std::string_view raw) {
  std::string path;
  path.reserve(raw.size());
  std::size_t at = 1;
  for (;;) {
    const std::size_t slash = raw.find('/', at);
    const bool last = slash == std::string_view::npos;
    const std::string_view piece = raw.substr(at, last ? raw.size() - at : slash - at);
    Result<std::string> segment = decode(piece, false, false);
    if (!segment) {
      return std::unexpected(std::move(segment.error()));
    }
    if (segment->empty() && !last) {
      return fail(errc::malformed_request, "The path has an empty segment.");
    }
    if (*segment == "..") {
      if (path.empty()) {
        return fail(errc::malformed_request, "The path leaves the root.");
      }
      path.resize(path.rfind('/'));
    } else if (*segment != ".") {
      path.push_back('/');
      path.append(*segment);
    }
    if (last) {
      if (*segment == "." || *segment == "..") {
        path.push_back('/');
      }
      return path;
    }
    at = slash + 1;
  }
}

// Most paths need no work at all.
bool is_plain_path(std::string_view raw) {
  return raw.find('%') == std::string_view::npos && raw.find("/.") == std::string_view::npos &&
         raw.find("//") == std::string_view::npos;
}

std::optional<Error> decode_query(std::string_view raw, Target& target) {
  std::size_t at = 0;
  while (at <= raw.size()) {
    const std::size_t end = std::min(raw.find('&', at), raw.size());
    const std::string_view piece = raw.substr(at, end - at);
    at = end + 1;
    if (piece.empty()) {
      continue;
    }
    const std::size_t equals = piece.find('=');
    Result<std::string> name = decode(piece.substr(0, equals), true, true);
    Result<std::string> value = equals == std::string_view::npos
                                    ? std::string()
                                    : decode(piece.substr(equals + 1), true, true);
    if (!name) {
      return std::move(name.error());
    }
    if (!value) {
      return std::move(value.error());
    }
    target.query.emplace_back(std::move(*name), std::move(*value));
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Method method) {
  for (const auto& [name, known] : method_names) {
    if (known == method) {
      return name;
    }
  }
  return "OTHER";
}

Method parse_method(std::string_view text) {
  for (const auto& [name, method] : method_names) {
    if (name == text) {
      return method;
    }
  }
  return Method::other;
}

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string_view name, std::string value) {
  std::erase_if(fields_,
                [name](const auto& field) { return equal_ignoring_case(field.first, name); });
  fields_.emplace_back(std::string(name), std::move(value));
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const auto& [field, value] : fields_) {
    if (equal_ignoring_case(field, name)) {
      return value;
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> Request::query_value(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) {
      return value;
    }
  }
  return std::nullopt;
}

std::string_view Request::host() const {
  const std::string_view host = headers.find("Host").value_or("");
  if (host.starts_with('[')) {  // an IPv6 address: its colons are not a port
    const std::size_t end = host.find(']');
    return end == std::string_view::npos ? host : host.substr(0, end + 1);
  }
  return host.substr(0, host.rfind(':'));
}

std::size_t Handler::body_limit(Method, std::string_view) const {
  return limits::request_body_bytes;
}

Response json_response(int status, std::string body) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

Response problem(const Error& error, std::string_view request_id) {
  boost::json::object document;
  document["type"] = std::string("/problems/").append(error.kind->code);
  document["title"] = error.kind->title;
  document["status"] = error.kind->status;
  document["code"] = error.kind->code;
  document["retryable"] = error.kind->retryable;
  document["detail"] = repair_utf8(error.detail);
  document["request_id"] = request_id;
  if (!error.fields.empty()) {
    boost::json::array fields;
    for (const FieldError& field : error.fields) {
      fields.emplace_back(boost::json::object{{"where", repair_utf8(field.where)},
                                              {"what", repair_utf8(field.what)}});
    }
    document["errors"] = std::move(fields);
  }
  Response response;
  response.status = error.kind->status;
  response.headers.add("Content-Type", "application/problem+json");
  response.headers.add("Cache-Control", "no-store");
  if (error.retry_after_seconds > 0) {
    response.headers.add("Retry-After", std::to_string(error.retry_after_seconds));
  } else if (error.kind->status == 503) {
    response.headers.add("Retry-After", "1");
  }
  response.body = boost::json::serialize(document);
  return response;
}

Result<Target> parse_target(std::string_view target) {
  if (target.size() > limits::request_target_bytes) {
    return fail(errc::target_too_long,
                "An address may have " + std::to_string(limits::request_target_bytes) + " bytes.");
  }
  if (!target.starts_with('/')) {
    return fail(errc::malformed_request, "The address must begin with a slash.");
  }
  if (std::optional<Error> error = check_characters(target)) {
    return std::unexpected(std::move(*error));
  }
  Target parsed;
  const std::size_t question = target.find('?');
  const std::string_view raw_path = target.substr(0, question);
  if (is_plain_path(raw_path)) {
    parsed.path = raw_path;
  } else {
    Result<std::string> path = decode_path(raw_path);
    if (!path) {
      return std::unexpected(std::move(path.error()));
    }
    parsed.path = std::move(*path);
  }
  if (question != std::string_view::npos) {
    if (std::optional<Error> error = decode_query(target.substr(question + 1), parsed)) {
      return std::unexpected(std::move(*error));
    }
  }
  return parsed;
}

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.push_back('%');
      encoded.push_back(digits[byte >> 4]);
      encoded.push_back(digits[byte & 15]);
    }
  }
  return encoded;
}

}  // namespace securecart::net
