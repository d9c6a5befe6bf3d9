#include "lab/faults/fault.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "base/config.hpp"
#include "base/text.hpp"

namespace securecart::lab {
namespace {

using Scope = Place::Scope;

constexpr std::array<std::pair<FaultKind, std::string_view>, 10> kinds{{
    {FaultKind::clock, "clock"},
    {FaultKind::cut, "cut"},
    {FaultKind::delay, "delay"},
    {FaultKind::disk_full, "disk-full"},
    {FaultKind::disk_slow, "disk-slow"},
    {FaultKind::kill, "kill"},
    {FaultKind::loss, "loss"},
    {FaultKind::partition, "partition"},
    {FaultKind::pause, "pause"},
    {FaultKind::power_off, "power-off"},
}};

constexpr std::array<std::pair<Scope, std::string_view>, 9> scopes{{
    {Scope::all, "all"},
    {Scope::any_host, "any-host"},
    {Scope::any_with, "any-with:"},
    {Scope::any_zone, "any-zone"},
    {Scope::holder, "holder:"},
    {Scope::host, "host:"},
    {Scope::with, "with:"},
    {Scope::zone, "zone:"},
    {Scope::zone_of, "zone-of:"},
}};

constexpr std::array<std::string_view, 5> seat_names{"balancer", "controller", "etcd", "primary",
                                                     "redis"};

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 63 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

std::unexpected<Error> wrong(std::string detail) {
  return fail(errc::invalid_request, std::move(detail));
}

Result<Place> parse_place(std::string_view text) {
  for (const auto& [scope, word] : scopes) {
    const bool has_name = word.ends_with(':');
    if (has_name ? !text.starts_with(word) : text != word) {
      continue;
    }
    Place place{scope, std::string(text.substr(word.size()))};
    if (has_name && !is_name(place.name)) {
      return wrong(fmt::format("'{}' needs a name behind the colon", text));
    }
    const bool of_seat = scope == Scope::holder || scope == Scope::zone_of;
    if (of_seat && std::ranges::find(seat_names, place.name) == seat_names.end()) {
      return wrong(fmt::format("there is no seat '{}'; the seats are {}", place.name,
                               fmt::join(seat_names, ", ")));
    }
    return place;
  }
  return wrong(fmt::format(
      "'{}' is no place; write all, any-host, any-zone, host:NAME, zone:NAME, with:PART, "
      "any-with:PART, holder:SEAT or zone-of:SEAT",
      text));
}

std::optional<int> parse_percent(std::string_view text) {
  text = text.ends_with('%') ? text.substr(0, text.size() - 1) : text;
  int percent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
  const bool good = error == std::errc() && end == text.data() + text.size();
  return good && percent >= 1 && percent <= 100 ? std::optional(percent) : std::nullopt;
}

using Words = std::span<const std::string_view>;

Result<void> read_process(Fault& fault, std::string_view word) {
  const std::size_t at = word.find('@');
  if (at == std::string_view::npos || !is_name(word.substr(0, at))) {
    return wrong(fmt::format("'{}' is no process; write UNIT@PLACE", word));
  }
  fault.unit = word.substr(0, at);
  Result<Place> place = parse_place(word.substr(at + 1));
  if (!place) {
    return std::unexpected(std::move(place.error()));
  }
  fault.place = std::move(*place);
  return {};
}

// What stands behind the place.
Result<void> read_rest(Fault& fault, Words words) {
  const auto duration = [&words](std::size_t index) {
    return index < words.size() ? parse_duration(words[index]) : std::nullopt;
  };
  switch (fault.kind) {
    case FaultKind::partition: {
      if (words.size() < 2 || words[0] != "from" || words.size() > 3 ||
          (words.size() == 3 && words[2] != "one-way")) {
        return wrong("write partition PLACE from PLACE [one-way]");
      }
      Result<Place> other = parse_place(words[1]);
      if (!other) {
        return std::unexpected(std::move(other.error()));
      }
      fault.other = std::move(*other);
      fault.one_way = words.size() == 3;
      return {};
    }
    case FaultKind::loss: {
      const std::optional<int> percent = words.size() == 1 ? parse_percent(words[0]) : std::nullopt;
      if (!percent) {
        return wrong("write loss PLACE PERCENT, 1 to 100");
      }
      fault.percent = *percent;
      return {};
    }
    case FaultKind::delay: {
      const bool with_jitter = words.size() == 3 && words[1] == "jitter";
      const std::optional<Duration> jitter = with_jitter ? duration(2) : Duration::zero();
      if (!duration(0) || !jitter || (words.size() != 1 && !with_jitter)) {
        return wrong("write delay PLACE DURATION [jitter DURATION], like 20ms");
      }
      fault.delay = *duration(0);
      fault.jitter = *jitter;
      return {};
    }
    case FaultKind::clock: {
      const bool has_sign =
          words.size() == 1 && words[0].size() > 1 && (words[0][0] == '+' || words[0][0] == '-');
      const std::optional<Duration> jump =
          has_sign ? parse_duration(words[0].substr(1)) : std::nullopt;
      if (!jump) {
        return wrong("write clock PLACE +DURATION or -DURATION");
      }
      fault.delay = words[0][0] == '-' ? -*jump : *jump;
      return {};
    }
    default:
      break;
  }
  return words.empty() ? Result<void>()
                       : wrong(fmt::format("'{}' is one word too many", words.front()));
}

}  // namespace

std::string_view fault_word(FaultKind kind) {
  return std::ranges::find(kinds, kind, &std::pair<FaultKind, std::string_view>::first)->second;
}

Result<Fault> parse_fault(std::string_view text) {
  std::vector<std::string_view> words;
  for (const std::string_view word : split(text, ' ')) {
    if (!word.empty()) {
      words.push_back(word);
    }
  }
  const auto kind =
      words.empty()
          ? kinds.end()
          : std::ranges::find(kinds, words[0], &std::pair<FaultKind, std::string_view>::second);
  if (kind == kinds.end()) {
    std::vector<std::string_view> known;
    for (const auto& [ignored, word] : kinds) {
      known.push_back(word);
    }
    return wrong(
        fmt::format("'{}' begins with no fault; the faults are {}", text, fmt::join(known, ", ")));
  }
  if (words.size() < 2) {
    return wrong(fmt::format("{} of what? Name a place", words[0]));
  }
  Fault fault;
  fault.kind = kind->first;
  if (fault.kind == FaultKind::kill || fault.kind == FaultKind::pause) {
    if (Result<void> read = read_process(fault, words[1]); !read) {
      return std::unexpected(std::move(read.error()));
    }
  } else {
    Result<Place> place = parse_place(words[1]);
    if (!place) {
      return std::unexpected(std::move(place.error()));
    }
    fault.place = std::move(*place);
  }
  if (Result<void> read = read_rest(fault, Words(words).subspan(2)); !read) {
    return std::unexpected(std::move(read.error()));
  }
  return fault;
}

std::string to_text(const Place& place) {
  return std::string(
             std::ranges::find(scopes, place.scope, &std::pair<Scope, std::string_view>::first)
                 ->second) +
         place.name;
}

std::string to_text(const Fault& fault) {
  std::string text(fault_word(fault.kind));
  text += ' ' + (fault.unit.empty() ? "" : fault.unit + "@") + to_text(fault.place);
  switch (fault.kind) {
    case FaultKind::partition:
      text += " from " + to_text(fault.other) + (fault.one_way ? " one-way" : "");
      break;
    case FaultKind::loss:
      text += fmt::format(" {}%", fault.percent);
      break;
    case FaultKind::delay:
      text += ' ' + format_duration(fault.delay);
      text += fault.jitter > Duration::zero() ? " jitter " + format_duration(fault.jitter) : "";
      break;
    case FaultKind::clock:
      text += fault.delay < Duration::zero() ? " -" + format_duration(-fault.delay)
                                             : " +" + format_duration(fault.delay);
      break;
    default:
      break;
  }
  return text;
}

}  // namespace securecart::lab
