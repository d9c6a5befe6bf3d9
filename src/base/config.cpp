#include "base/config.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/limits.hpp"

namespace securecart {

namespace {

struct Problem {
  toml::source_position at;
  std::string key;  // from the root: server.port
  std::string what;
};

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};

constexpr std::array<Unit, 7> units{{{"d", 86'400'000'000'000},
                                     {"h", 3'600'000'000'000},
                                     {"m", 60'000'000'000},
                                     {"s", 1'000'000'000},
                                     {"ms", 1'000'000},
                                     {"us", 1'000},
                                     {"ns", 1}}};

// How many single-character edits lead from one word to the other (Levenshtein).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t k = 0; k < b.size(); ++k) {
      const std::size_t changed = diagonal + (a[i] == b[k] ? 0 : 1);
      diagonal = row[k + 1];
      row[k + 1] = std::min({row[k] + 1, row[k + 1] + 1, changed});
    }
  }
  return row.back();
}

std::string_view type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number with a point";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or time";
  }
}

std::string quoted_list(const auto& names) {
  std::string out;
  for (const std::string_view name : names) {
    out += fmt::format("{}\"{}\"", out.empty() ? "" : ", ", name);
  }
  return out;
}

std::string where(std::string_view file, const Problem& problem) {
  return fmt::format("{}:{}:{}{}{}", file, problem.at.line, problem.at.column,
                     problem.key.empty() ? "" : " ", problem.key);
}

Error all_of(std::string_view file, std::vector<Problem> problems) {
  std::sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.at.line, a.at.column, a.key, a.what) <
           std::tie(b.at.line, b.at.column, b.key, b.what);
  });
  const std::size_t shown = std::min(problems.size(), limits::config_problems);
  std::string detail = problems.size() == 1
                           ? "The configuration has one problem."
                           : fmt::format("The configuration has {} problems.", problems.size());
  std::vector<FieldError> fields;
  for (std::size_t i = 0; i < shown; ++i) {
    detail += fmt::format("\n{}: {}", where(file, problems[i]), problems[i].what);
    fields.push_back({where(file, problems[i]), problems[i].what});
  }
  return Error(errc::invalid_request, std::move(detail), std::move(fields));
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  std::int64_t total = 0;
  if (text.empty()) {
    return std::nullopt;
  }
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    std::int64_t count = 0;
    for (const char digit : text.substr(0, digits)) {
      if (__builtin_mul_overflow(count, 10, &count) ||
          __builtin_add_overflow(count, digit - '0', &count)) {
        return std::nullopt;
      }
    }
    text.remove_prefix(digits);
    const std::size_t letters = std::min(text.find_first_of("0123456789"), text.size());
    const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& known) {
      return known.name == text.substr(0, letters);
    });
    if (digits == 0 || unit == units.end() ||
        __builtin_mul_overflow(count, unit->nanoseconds, &count) ||
        __builtin_add_overflow(total, count, &total)) {
      return std::nullopt;
    }
    text.remove_prefix(letters);
  }
  return Duration(total);
}

std::string format_duration(Duration duration) {
  std::int64_t left = duration.count();
  std::string out;
  for (const Unit& unit : units) {
    if (left / unit.nanoseconds > 0) {
      out += fmt::format("{}{}", left / unit.nanoseconds, unit.name);
      left %= unit.nanoseconds;
    }
  }
  return out.empty() ? "0s" : out;
}

// What is asked of one table of the document; `asked` grows as keys are read.
struct ConfigReader::Table {
  Document& document;
  const toml::table* nodes;  // null: the table is absent
  std::string path;          // "server." before its keys; empty for the root
  toml::source_position at;
  std::set<std::string, std::less<>> asked;

  std::string full(std::string_view key) const { return path + std::string(key); }
  void report(toml::source_position position, std::string_view key, std::string what) const;
  // Null when absent; then `needed` makes it a problem.
  const toml::node* find(std::string_view key, bool needed) {
    asked.emplace(key);
    const toml::node* const node = nodes == nullptr ? nullptr : nodes->get(key);
    if (node == nullptr && needed) {
      report(at, key, "is missing; add it");
    }
    return node;
  }
  void wrong_type(std::string_view key, const toml::node& node, std::string_view wanted) const {
    report(node.source().begin, key, fmt::format("must be {}, not {}", wanted, type_name(node)));
  }
  std::string_view nearest(std::string_view key) const {
    std::string_view best;
    std::size_t least = key.size() / 3 + 2;  // two edits (a swap) in a short word
    for (const std::string& known : asked) {
      const std::size_t distance = edit_distance(key, known);
      if (distance < least && nodes->get(known) == nullptr) {
        best = known;
        least = distance;
      }
    }
    return best;
  }
  void report_unknown() const {
    if (nodes == nullptr) {
      return;
    }
    for (const auto& [key, node] : *nodes) {
      if (!asked.contains(key.str())) {
        const std::string_view meant = nearest(key.str());
        report(key.source().begin, key.str(),
               meant.empty() ? std::string("is not known here; remove it")
                             : fmt::format("is not known here; did you mean \"{}\"?", meant));
      }
    }
  }
};

struct ConfigReader::Document {
  std::string file;
  toml::table root;
  std::vector<Problem> problems;
  std::vector<std::unique_ptr<Table>> opened;

  // A table opened twice is one: what was asked of it counts once.
  Table& open(const toml::table* nodes, std::string path, toml::source_position at) {
    for (const auto& known : opened) {
      if (nodes != nullptr && known->nodes == nodes) {
        return *known;
      }
    }
    opened.push_back(std::make_unique<Table>(Table{*this, nodes, std::move(path), at, {}}));
    return *opened.back();
  }
};

void ConfigReader::Table::report(toml::source_position position, std::string_view key,
                                 std::string what) const {
  document.problems.push_back({position, full(key), std::move(what)});
}

Result<ConfigReader> ConfigReader::parse(std::string_view file, std::string_view text) {
  if (text.size() > limits::config_bytes) {
    return fail(errc::invalid_request, fmt::format("{} holds more than {} bytes: that is no "
                                                   "configuration of SecureCart.",
                                                   file, limits::config_bytes));
  }
  auto document = std::make_shared<Document>();
  document->file = file;
  try {
    document->root = toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    return std::unexpected(
        all_of(file, {{error.source().begin, "", std::string(error.description())}}));
  }
  Table& root = document->open(&document->root, "", {1, 1});
  return ConfigReader(std::shared_ptr<Table>(std::move(document), &root));
}

std::string ConfigReader::string(std::string_view key, std::optional<std::string> fallback,
                                 std::size_t most_bytes) const {
  const toml::node* const node = table_->find(key, !fallback);
  const auto* const text = node == nullptr ? nullptr : node->as_string();
  if (node != nullptr && text == nullptr) {
    table_->wrong_type(key, *node, "a text in quotes");
  }
  if (text != nullptr && text->get().size() > most_bytes) {
    table_->report(
        node->source().begin, key,
        fmt::format("must have at most {} bytes, not {}", most_bytes, text->get().size()));
    return {};
  }
  return text != nullptr ? text->get() : std::move(fallback).value_or("");
}

std::string ConfigReader::choice(std::string_view key,
                                 std::initializer_list<std::string_view> choices,
                                 std::optional<std::string> fallback) const {
  std::string chosen = string(key, std::move(fallback));
  const toml::node* const node = table_->find(key, false);
  if (node != nullptr && node->is_string() &&
      std::find(choices.begin(), choices.end(), chosen) == choices.end()) {
    table_->report(node->source().begin, key,
                   fmt::format("must be one of {}, not \"{}\"", quoted_list(choices), chosen));
  }
  return chosen;
}

std::int64_t ConfigReader::integer(std::string_view key, Range<std::int64_t> range,
                                   std::optional<std::int64_t> fallback) const {
  const toml::node* const node = table_->find(key, !fallback);
  const auto* const number = node == nullptr ? nullptr : node->as_integer();
  if (number == nullptr) {
    if (node != nullptr) {
      table_->wrong_type(key, *node, "a whole number");
    }
    return fallback.value_or(range.least);
  }
  if (number->get() < range.least || number->get() > range.most) {
    table_->report(
        node->source().begin, key,
        fmt::format("must be from {} to {}, not {}", range.least, range.most, number->get()));
    return fallback.value_or(range.least);
  }
  return number->get();
}

bool ConfigReader::boolean(std::string_view key, std::optional<bool> fallback) const {
  const toml::node* const node = table_->find(key, !fallback);
  const auto* const flag = node == nullptr ? nullptr : node->as_boolean();
  if (node != nullptr && flag == nullptr) {
    table_->wrong_type(key, *node, "true or false");
  }
  return flag != nullptr ? flag->get() : fallback.value_or(false);
}

Duration ConfigReader::duration(std::string_view key, Range<Duration> range,
                                std::optional<Duration> fallback) const {
  const toml::node* const node = table_->find(key, !fallback);
  if (node == nullptr) {
    return fallback.value_or(range.least);
  }
  const std::optional<Duration> value =
      node->is_string() ? parse_duration(node->as_string()->get()) : std::nullopt;
  if (!value) {
    table_->report(node->source().begin, key,
                   "must be a duration in quotes, as \"250ms\", \"15s\" or \"1h30m\"");
  } else if (*value < range.least || *value > range.most) {
    table_->report(node->source().begin, key,
                   fmt::format("must be from {} to {}, not {}", format_duration(range.least),
                               format_duration(range.most), format_duration(*value)));
  } else {
    return *value;
  }
  return fallback.value_or(range.least);
}

std::vector<std::string> ConfigReader::list(std::string_view key,
                                            std::optional<std::vector<std::string>> fallback,
                                            std::size_t most_items) const {
  const toml::node* const node = table_->find(key, !fallback);
  const toml::array* const array = node == nullptr ? nullptr : node->as_array();
  if (array == nullptr) {
    if (node != nullptr) {
      table_->wrong_type(key, *node, "a list of texts, as [\"a\", \"b\"]");
    }
    return std::move(fallback).value_or(std::vector<std::string>());
  }
  if (array->size() > most_items) {
    table_->report(node->source().begin, key,
                   fmt::format("must have at most {} items, not {}", most_items, array->size()));
    return {};
  }
  std::vector<std::string> items;
  for (const toml::node& item : *array) {
    if (const auto* const text = item.as_string()) {
      items.push_back(text->get());
    } else {
      table_->wrong_type(key, item, "a list of texts");
    }
  }
  return items;
}

bool ConfigReader::has(std::string_view key) const {
  return table_->find(key, false) != nullptr;
}

ConfigReader ConfigReader::table(std::string_view key) const {
  const toml::node* const node = table_->find(key, false);
  const toml::table* const nodes = node == nullptr ? nullptr : node->as_table();
  if (node != nullptr && nodes == nullptr) {
    table_->wrong_type(key, *node, "a table");
  }
  Table& child = table_->document.open(nodes, table_->full(key) + '.',
                                       node != nullptr ? node->source().begin : table_->at);
  return ConfigReader(std::shared_ptr<Table>(table_, &child));
}

std::vector<ConfigReader> ConfigReader::tables(std::string_view key) const {
  const toml::node* const node = table_->find(key, false);
  const toml::array* const array = node == nullptr ? nullptr : node->as_array();
  if (node != nullptr && array == nullptr) {
    table_->wrong_type(key, *node, "a list of tables");
  }
  std::vector<ConfigReader> readers;
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    const toml::node& item = *array->get(i);
    if (!item.is_table()) {
      table_->wrong_type(key, item, "a list of tables");
      continue;
    }
    Table& child = table_->document.open(
        item.as_table(), fmt::format("{}[{}].", table_->full(key), i), item.source().begin);
    readers.push_back(ConfigReader(std::shared_ptr<Table>(table_, &child)));
  }
  return readers;
}

std::vector<std::string> ConfigReader::keys() const {
  std::vector<std::string> names;
  if (table_->nodes != nullptr) {
    for (const auto& [key, node] : *table_->nodes) {
      names.emplace_back(key.str());
    }
  }
  return names;
}

void ConfigReader::problem(std::string_view key, std::string what) const {
  const toml::node* const node = table_->find(key, false);
  table_->report(node != nullptr ? node->source().begin : table_->at, key, std::move(what));
}

Result<void> ConfigReader::finish() const {
  Document& document = table_->document;
  for (const auto& table : document.opened) {
    table->report_unknown();
  }
  std::vector<Problem> problems = std::exchange(document.problems, {});
  if (!problems.empty()) {
    return std::unexpected(all_of(document.file, std::move(problems)));
  }
  return {};
}

}  // namespace securecart
