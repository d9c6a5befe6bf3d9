#include "traffic/dns/svcb.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "traffic/model/address.hpp"

namespace securecart::traffic::dns {
namespace {

enum Key : std::uint16_t {
  mandatory = 0,
  alpn = 1,
  no_default_alpn = 2,
  port = 3,
  ipv4hint = 4,
  ech = 5,
  ipv6hint = 6,
};

constexpr auto key_names =
    std::to_array<std::pair<std::string_view, std::uint16_t>>({{"mandatory", mandatory},
                                                               {"alpn", alpn},
                                                               {"no-default-alpn", no_default_alpn},
                                                               {"port", port},
                                                               {"ipv4hint", ipv4hint},
                                                               {"ech", ech},
                                                               {"ipv6hint", ipv6hint}});

using Value = std::vector<std::uint8_t>;
using Parsed = std::expected<Value, std::string>;

std::optional<std::uint16_t> number_of(std::string_view text) {
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty()
             ? std::optional(value)
             : std::nullopt;
}

std::optional<std::uint16_t> key_of(std::string_view text) {
  for (const auto& [name, number] : key_names) {
    if (name == text) {
      return number;
    }
  }
  return text.starts_with("key") ? number_of(text.substr(3)) : std::nullopt;
}

std::string key_text(std::uint16_t key) {
  return key < key_names.size() ? std::string(key_names[key].first) : fmt::format("key{}", key);
}

void put16(Value& out, std::uint16_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8U));
  out.push_back(static_cast<std::uint8_t>(value));
}

// The items of a comma-separated list; "\," is a comma inside an item (RFC 9460 appendix A.1).
std::vector<std::string> items_of(std::string_view list) {
  std::vector<std::string> items(1);
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i] == ',') {
      items.emplace_back();
      continue;
    }
    if (list[i] == '\\' && i + 1 < list.size()) {
      ++i;
    }
    items.back() += list[i];
  }
  return items;
}

Parsed alpn_value(std::string_view text) {
  Value out;
  for (const std::string& item : items_of(text)) {
    if (item.empty() || item.size() > 255) {
      return std::unexpected("a protocol id of alpn has 1 to 255 bytes");
    }
    out.push_back(static_cast<std::uint8_t>(item.size()));
    out.insert(out.end(), item.begin(), item.end());
  }
  return out;
}

Parsed hint_value(std::string_view text, Family family) {
  Value out;
  for (const std::string_view item : split(text, ',')) {
    const std::optional<Address> address = parse_address(item);
    if (!address || address->family != family) {
      return std::unexpected(fmt::format("'{}' is not an address of this hint", item));
    }
    out.insert(out.end(), address->view().begin(), address->view().end());
  }
  return out;
}

Parsed mandatory_value(std::string_view text) {
  std::vector<std::uint16_t> keys;
  for (const std::string_view item : split(text, ',')) {
    const std::optional<std::uint16_t> key = key_of(item);
    if (!key || *key == mandatory) {
      return std::unexpected(fmt::format("'{}' cannot be mandatory", item));
    }
    keys.push_back(*key);
  }
  std::ranges::sort(keys);
  if (std::ranges::adjacent_find(keys) != keys.end()) {
    return std::unexpected("a key is mandatory twice");
  }
  Value out;
  for (const std::uint16_t key : keys) {
    put16(out, key);
  }
  return out;
}

Parsed value_of(std::uint16_t key, std::string_view text) {
  switch (key) {
    case mandatory:
      return mandatory_value(text);
    case alpn:
      return alpn_value(text);
    case ipv4hint:
      return hint_value(text, Family::v4);
    case ipv6hint:
      return hint_value(text, Family::v6);
    case no_default_alpn:
      return text.empty() ? Parsed(Value()) : std::unexpected("no-default-alpn takes no value");
    case port: {
      const std::optional<std::uint16_t> number = number_of(text);
      Value out;
      put16(out, number.value_or(0));
      return number ? Parsed(std::move(out)) : std::unexpected("a port is a number up to 65535");
    }
    case ech: {
      const std::optional<std::string> bytes = from_base64(text);
      return bytes && !bytes->empty() ? Parsed(Value(bytes->begin(), bytes->end()))
                                      : std::unexpected("ech takes base64");
    }
    default:
      return Value(text.begin(), text.end());
  }
}

std::string_view without_quotes(std::string_view text) {
  const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
  return quoted ? text.substr(1, text.size() - 2) : text;
}

bool has_all_mandatory(const std::map<std::uint16_t, Value>& values) {
  const auto named = values.find(mandatory);
  if (named == values.end()) {
    return true;
  }
  for (std::size_t i = 0; i + 1 < named->second.size(); i += 2) {
    const auto key = static_cast<std::uint16_t>(named->second[i] << 8U | named->second[i + 1]);
    if (!values.contains(key)) {
      return false;
    }
  }
  return true;
}

// One value as text; nullopt when it does not fit its key.
std::optional<std::string> value_text(std::uint16_t key, Bytes value) {
  const std::string_view raw(reinterpret_cast<const char*>(value.data()), value.size());
  std::string text;
  const auto add = [&text](std::string_view item) {
    text += text.empty() ? "" : ",";
    text += item;
  };
  if (key == port || key == mandatory) {
    if (value.empty() || value.size() % 2 != 0 || (key == port && value.size() != 2)) {
      return std::nullopt;
    }
    for (std::size_t i = 0; i < value.size(); i += 2) {
      const auto number = static_cast<std::uint16_t>(value[i] << 8U | value[i + 1]);
      add(key == port ? std::to_string(number) : key_text(number));
    }
    return text;
  }
  if (key == ipv4hint || key == ipv6hint) {
    const std::size_t size = key == ipv4hint ? 4 : 16;
    if (value.empty() || value.size() % size != 0) {
      return std::nullopt;
    }
    for (std::size_t i = 0; i < value.size(); i += size) {
      add(to_text(*address_from_bytes(value.subspan(i, size))));
    }
    return text;
  }
  if (key == ech) {
    return base64(raw);
  }
  if (key == no_default_alpn) {
    return value.empty() ? std::optional(std::string()) : std::nullopt;
  }
  if (key != alpn) {
    return escape(value);
  }
  for (std::size_t i = 0; i < value.size(); i += value[i] + 1U) {
    if (value[i] == 0 || value[i] >= value.size() - i) {
      return std::nullopt;
    }
    std::string item;
    for (const std::uint8_t byte : value.subspan(i + 1, value[i])) {
      item += byte == ',' || byte == '\\' ? "\\" : "";
      item += static_cast<char>(byte);
    }
    add(escape({reinterpret_cast<const std::uint8_t*>(item.data()), item.size()}));
  }
  return value.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

std::expected<std::vector<std::uint8_t>, SvcbError> parse_service_parameters(
    std::span<const std::string_view> parameters) {
  std::map<std::uint16_t, Value> values;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::size_t equals = parameters[i].find('=');
    const std::optional<std::uint16_t> key = key_of(parameters[i].substr(0, equals));
    if (!key) {
      return std::unexpected(
          SvcbError{i, fmt::format("'{}' is no service parameter", parameters[i])});
    }
    const std::optional<std::string> text = unescape(
        equals == std::string_view::npos ? "" : without_quotes(parameters[i].substr(equals + 1)));
    Parsed value = text ? value_of(*key, *text) : std::unexpected("a bad escape");
    if (!value) {
      return std::unexpected(SvcbError{i, std::move(value.error())});
    }
    if (value->size() > 65'535 || !values.emplace(*key, std::move(*value)).second) {
      return std::unexpected(SvcbError{i, "this key was there before, or is too long"});
    }
  }
  if (!has_all_mandatory(values)) {
    return std::unexpected(SvcbError{0, "a mandatory key is missing"});
  }
  Value out;
  for (const auto& [key, value] : values) {
    put16(out, key);
    put16(out, static_cast<std::uint16_t>(value.size()));
    out.insert(out.end(), value.begin(), value.end());
  }
  return out;
}

std::optional<std::string> service_parameters_text(Bytes wire) {
  std::string text;
  while (!wire.empty()) {
    if (wire.size() < 4) {
      return std::nullopt;
    }
    const auto key = static_cast<std::uint16_t>(wire[0] << 8U | wire[1]);
    const auto size = static_cast<std::size_t>(wire[2] << 8U | wire[3]);
    if (size > wire.size() - 4) {
      return std::nullopt;
    }
    const std::optional<std::string> value = value_text(key, wire.subspan(4, size));
    if (!value) {
      return std::nullopt;
    }
    text += text.empty() ? "" : " ";
    text += value->empty() ? key_text(key) : fmt::format("{}=\"{}\"", key_text(key), *value);
    wire = wire.subspan(4 + size);
  }
  return text;
}

std::optional<std::string> unescape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const auto digit = [text](std::size_t at) {
      return at < text.size() && text[at] >= '0' && text[at] <= '9';
    };
    if (++i == text.size()) {
      return std::nullopt;
    }
    if (!digit(i)) {
      out += text[i];
      continue;
    }
    if (!digit(i + 1) || !digit(i + 2)) {
      return std::nullopt;
    }
    const int value = (text[i] - '0') * 100 + (text[i + 1] - '0') * 10 + (text[i + 2] - '0');
    if (value > 255) {
      return std::nullopt;
    }
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

std::string escape(Bytes bytes) {
  std::string out;
  for (const std::uint8_t byte : bytes) {
    if (byte < ' ' || byte >= 0x7f) {
      out += fmt::format("\\{:03}", byte);
      continue;
    }
    if (byte == '"' || byte == '\\') {
      out += '\\';
    }
    out += static_cast<char>(byte);
  }
  return out;
}

}  // namespace securecart::traffic::dns
