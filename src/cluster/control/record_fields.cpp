#include "cluster/control/record_fields.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/limits.hpp"

namespace securecart::cluster {
namespace {

bool is_name(std::string_view text, std::size_t most, bool dots) {
  const auto fits = [dots](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || (dots && c == '.');
  };
  return !text.empty() && text.size() <= most && std::ranges::all_of(text, fits);
}

}  // namespace

RecordFields::RecordFields(const json::value& value, std::string where, std::string& problem)
    : object_(value.if_object()), where_(std::move(where)), problem_(problem) {
  if (object_ == nullptr && problem_.empty()) {
    problem_ = fmt::format("{} is not an object", where_.empty() ? "It" : where_);
  }
}

void RecordFields::refuse(std::string_view name, std::string what) {
  if (problem_.empty()) {
    problem_ = fmt::format("{}/{} {}", where_, name, what);
  }
}

const json::value* RecordFields::find(std::string_view name) const {
  const json::value* const found = object_ == nullptr ? nullptr : object_->if_contains(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::string RecordFields::text(std::string_view name) {
  const json::value* const value = find(name);
  if (value == nullptr) {
    return {};
  }
  if (!value->is_string() || value->as_string().size() > limits::text_bytes) {
    refuse(name, fmt::format("is not a text of at most {} bytes", limits::text_bytes));
    return {};
  }
  return std::string(value->as_string());
}

std::string RecordFields::label(std::string_view name) {
  std::string value = text(name);
  if (!is_name(value, limits::dns_label_bytes, false)) {
    refuse(name, "is not a label of 1 to 63 lower-case letters, digits and '-'");
  }
  return value;
}

std::string RecordFields::name(std::string_view name) {
  std::string value = text(name);
  if (!is_name(value, limits::text_bytes, true)) {
    refuse(name, "is not a name of lower-case letters, digits, '-' and '.'");
  }
  return value;
}

std::int64_t RecordFields::integer(std::string_view name, std::int64_t least, std::int64_t most,
                                   std::int64_t fallback) {
  const json::value* const value = find(name);
  if (value == nullptr) {
    return fallback;
  }
  if (!value->is_int64() || value->as_int64() < least || value->as_int64() > most) {
    refuse(name, fmt::format("is not a whole number from {} to {}", least, most));
    return fallback;
  }
  return value->as_int64();
}

double RecordFields::number(std::string_view name, double least, double most, double fallback) {
  const json::value* const value = find(name);
  if (value == nullptr) {
    return fallback;
  }
  const double number = value->is_number() ? value->to_number<double>() : NAN;
  if (!(number >= least && number <= most)) {
    refuse(name, fmt::format("is not a number from {} to {}", least, most));
    return fallback;
  }
  return number;
}

bool RecordFields::flag(std::string_view name) {
  const json::value* const value = find(name);
  if (value != nullptr && !value->is_bool()) {
    refuse(name, "is neither true nor false");
    return false;
  }
  return value != nullptr && value->as_bool();
}

Timestamp RecordFields::time(std::string_view name) {
  const std::string written = text(name);
  const std::optional<Timestamp> time = parse_rfc3339(written);
  // Beyond the year 9999 it could not be written again.
  constexpr Timestamp end{std::chrono::milliseconds(253'402'300'800'000)};
  if (!written.empty() && (!time || *time < Timestamp() || *time >= end)) {
    refuse(name, "is not a time as RFC 3339 writes it, from 1970 on");
    return {};
  }
  return time.value_or(Timestamp());
}

std::size_t RecordFields::one_of(std::string_view name, std::span<const std::string_view> names,
                                 std::size_t fallback) {
  const std::string written = text(name);
  const auto found = std::ranges::find(names, written);
  if (written.empty()) {
    return fallback;
  }
  if (found == names.end()) {
    refuse(name, fmt::format("is unknown: \"{}\"", written));
    return fallback;
  }
  return static_cast<std::size_t>(found - names.begin());
}

void RecordFields::each(std::string_view name, std::size_t most,
                        const std::function<void(RecordFields&)>& read) {
  const json::value* const value = find(name);
  if (value == nullptr) {
    return;
  }
  if (!value->is_array() || value->as_array().size() > most) {
    refuse(name, fmt::format("is not a list of at most {}", most));
    return;
  }
  for (std::size_t i = 0; i < value->as_array().size() && well(); ++i) {
    RecordFields item(value->as_array()[i], fmt::format("{}/{}/{}", where_, name, i), problem_);
    if (well()) {
      read(item);
    }
  }
}

void RecordFields::each_member(std::string_view name, std::size_t most,
                               const std::function<void(std::string_view, RecordFields&)>& read) {
  const json::value* const value = find(name);
  if (value == nullptr) {
    return;
  }
  if (!value->is_object() || value->as_object().size() > most) {
    refuse(name, fmt::format("is not an object of at most {} members", most));
    return;
  }
  for (const json::key_value_pair& member : value->as_object()) {
    const std::string_view key = member.key();
    if (!is_name(key, limits::dns_label_bytes, false)) {
      refuse(name, "has a member that is not a label");
    }
    RecordFields item(member.value(), fmt::format("{}/{}/{}", where_, name, key), problem_);
    if (!well()) {
      return;
    }
    read(key, item);
  }
}

std::vector<std::string> RecordFields::texts(std::string_view name, std::size_t most) {
  const json::value* const value = find(name);
  std::vector<std::string> all;
  if (value == nullptr) {
    return all;
  }
  if (!value->is_array() || value->as_array().size() > most) {
    refuse(name, fmt::format("is not a list of at most {}", most));
    return all;
  }
  for (const json::value& item : value->as_array()) {
    if (!item.is_string() || item.as_string().size() > limits::text_bytes) {
      refuse(name, fmt::format("holds more than texts of at most {} bytes", limits::text_bytes));
      return {};
    }
    all.emplace_back(item.as_string());
  }
  return all;
}

std::vector<double> RecordFields::numbers(std::string_view name, std::size_t most, double largest) {
  const json::value* const value = find(name);
  std::vector<double> all;
  if (value == nullptr) {
    return all;
  }
  if (!value->is_array() || value->as_array().size() > most) {
    refuse(name, fmt::format("is not a list of at most {}", most));
    return all;
  }
  for (const json::value& item : value->as_array()) {
    const double number = item.is_number() ? item.to_number<double>() : NAN;
    if (!(number >= 0 && number <= largest)) {
      refuse(name, fmt::format("holds more than numbers from 0 to {}", largest));
      return {};
    }
    all.push_back(number);
  }
  return all;
}

}  // namespace securecart::cluster
