// The repository reads itself: rules a compiler does not know. Each rule is a function from files
// to complaints ("path:line: what and why"), tried on a small bad example first and then on the
// tree.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/places.hpp"
#include "tests/support/source_tree.hpp"

namespace securecart::test {
namespace {

constexpr std::size_t columns_max = 100;

using Files = std::vector<SourceFile>;
using Complaints = std::vector<std::string>;

const Files& tree() {
  static const Files files = read_source_tree(source_dir());
  return files;
}

Files example(std::string path, std::string text) {
  return {make_source_file(std::move(path), std::move(text))};
}

const SourceFile* find_file(const Files& files, std::string_view path) {
  const auto found = std::ranges::find(files, path, &SourceFile::path);
  return found == files.end() ? nullptr : &*found;
}

std::string at_line(const SourceFile& file, std::size_t index, std::string_view what) {
  return fmt::format("{}:{}: {}", file.path, index + 1, what);
}

// One line a complaint, so that a red test is a to-do list.
void expect_none(const Complaints& complaints) {
  std::string listed;
  for (const std::string& complaint : complaints) {
    listed += "\n  " + complaint;
  }
  EXPECT_TRUE(complaints.empty()) << listed;
}

// What stands behind #include on this line, with its quotes or angle brackets; empty when nothing.
std::string_view included(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  if (!line.starts_with("#include")) {
    return {};
  }
  const std::size_t open = line.find_first_of("\"<");
  const std::size_t close = open == line.npos ? line.npos : line.find_first_of("\">", open + 1);
  return close == line.npos ? std::string_view() : line.substr(open, close - open + 1);
}

std::string_view between_quotes(std::string_view include) {
  return include.size() > 2 && include.front() == '"' ? include.substr(1, include.size() - 2)
                                                      : std::string_view();
}

bool is_test_code(const SourceFile& file) {
  return file.ends_with("_test.cpp") || file.ends_with("_contract.hpp") ||
         file.ends_with("_fixture.hpp") || file.below("tests/") || file.below("fuzz/") ||
         file.below("bench/");
}

// ---- Modules ----

// Folder -> the folders it may include, as CMakeLists.txt states them.
using Modules = std::map<std::string, std::set<std::string>, std::less<>>;

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = text.find_first_not_of(" \n\t"); at < text.size();
       at = text.find_first_not_of(" \n\t", at)) {
    const std::size_t end = std::min(text.find_first_of(" \n\t", at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

// The arguments of each `call(...)` in a CMake file, with the position they begin at.
std::vector<std::pair<std::size_t, std::vector<std::string>>> calls_of(std::string_view cmake,
                                                                       std::string_view call) {
  std::vector<std::pair<std::size_t, std::vector<std::string>>> calls;
  const std::string opening = std::string(call) + "(";
  for (std::size_t at = cmake.find(opening); at != cmake.npos; at = cmake.find(opening, at + 1)) {
    const std::size_t begin = at + opening.size();
    calls.emplace_back(at, words_of(cmake.substr(begin, cmake.find(')', begin) - begin)));
  }
  return calls;
}

void add_module(Modules& modules, std::span<const std::string> arguments, std::string_view noun) {
  std::string folder = arguments.front();
  if (const std::size_t variable = folder.find("${noun}"); variable != folder.npos) {
    folder.replace(variable, std::string_view("${noun}").size(), noun);
  }
  std::set<std::string>& allowed = modules[folder];
  allowed.insert(folder);
  bool depends = false;
  for (const std::string& word : arguments.subspan(1)) {
    if (word == "DEPENDS" || word == "LIBRARIES") {
      depends = word == "DEPENDS";
    } else if (depends) {
      allowed.insert(word);
    }
  }
}

Modules modules_of(const std::string& cmake) {
  Modules modules;
  const auto loops = calls_of(cmake, "\nforeach");
  for (const auto& [at, arguments] : calls_of(cmake, "securecart_module")) {
    if (arguments.front().find("${noun}") == std::string::npos) {
      add_module(modules, arguments, "");
      continue;
    }
    const auto after = [&at](const auto& loop) { return loop.first > at; };
    const auto loop = std::prev(std::ranges::find_if(loops, after));
    for (const std::string& noun : std::span(loop->second).subspan(3)) {  // noun IN ITEMS ...
      add_module(modules, arguments, noun);
    }
  }
  return modules;
}

Modules modules_of_tree() {
  const SourceFile* cmake = find_file(tree(), "CMakeLists.txt");
  return cmake == nullptr ? Modules() : modules_of(cmake->text);
}

// The module a path below src/ belongs to: the longest that fits.
std::string module_of(const Modules& modules, std::string_view path) {
  std::string best;
  for (const auto& [folder, allowed] : modules) {
    if (path.starts_with(folder + "/") && folder.size() > best.size()) {
      best = folder;
    }
  }
  return best;
}

Complaints includes_that_point_up(const Files& files, const Modules& modules) {
  Complaints complaints;
  for (const SourceFile& file : files) {
    const std::string from =
        file.below("src/") ? module_of(modules, file.path.substr(4)) : std::string();
    if (!file.is_cpp() || from.empty()) {
      continue;
    }
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string_view path = between_quotes(included(file.lines[i]));
      if (path.empty() || (is_test_code(file) && path.starts_with("tests/"))) {
        continue;
      }
      const std::string to = module_of(modules, path);
      if (to.empty()) {
        complaints.push_back(at_line(file, i, fmt::format("{} is in no module", path)));
      } else if (!modules.at(from).contains(to)) {
        complaints.push_back(at_line(
            file, i, fmt::format("{} may not include {} (CMakeLists.txt, DEPENDS)", from, to)));
      }
    }
  }
  return complaints;
}

TEST(TidyIncludes, PointDown) {
  const Modules modules = modules_of(
      "securecart_module(base LIBRARIES x)\nsecurecart_module(net DEPENDS base\n LIBRARIES y)\n"
      "foreach(noun IN ITEMS carts orders)\n  securecart_module(shop/${noun} DEPENDS base)\n"
      "endforeach()\n");
  ASSERT_EQ(modules.size(), 4U);
  EXPECT_EQ(
      includes_that_point_up(example("src/base/a.cpp", "#include \"net/b.hpp\"\n"), modules).size(),
      1U);
  EXPECT_EQ(includes_that_point_up(
                example("src/shop/carts/a.hpp", "#include \"shop/orders/b.hpp\"\n"), modules)
                .size(),
            1U);
  expect_none(
      includes_that_point_up(example("src/net/a.cpp", "#include \"base/b.hpp\"\n"), modules));
  expect_none(includes_that_point_up(tree(), modules_of_tree()));
}

TEST(TidyIncludes, EveryFolderIsAModule) {
  const Modules modules = modules_of_tree();
  for (const SourceFile& file : tree()) {
    if (file.below("src/") && file.is_cpp() && file.path != "src/main.cpp") {
      EXPECT_NE(module_of(modules, file.path.substr(4)), "") << file.path;
    }
  }
}

// Asio and Beast are heavy to compile and easy to misuse: net/ alone knows them, and only in its
// .cpp files and the *_impl.hpp headers that nothing outside of net/ includes.
Complaints asio_outside_of_net(const Files& files) {
  Complaints complaints;
  for (const SourceFile& file : files) {
    if (!file.is_cpp() || !file.below("src/")) {
      continue;
    }
    const bool may_know =
        file.below("src/net/") && (!file.is_header() || file.ends_with("_impl.hpp"));
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string_view what = included(file.lines[i]);
      const bool heavy = what.starts_with("<boost/asio") || what.starts_with("<boost/beast");
      const bool inside = what.starts_with("\"net/") && what.ends_with("_impl.hpp\"");
      if ((heavy && !may_know) || (inside && !file.below("src/net/"))) {
        complaints.push_back(
            at_line(file, i, "Asio and Beast stay in src/net (use base/task.hpp)"));
      }
    }
  }
  return complaints;
}

TEST(TidyIncludes, AsioAndBeastStayInNet) {
  EXPECT_EQ(
      asio_outside_of_net(example("src/shop/a.cpp", "#include <boost/asio/ip/tcp.hpp>\n")).size(),
      1U);
  EXPECT_EQ(asio_outside_of_net(example("src/net/a.hpp", "#include <boost/beast.hpp>\n")).size(),
            1U);
  EXPECT_EQ(
      asio_outside_of_net(example("src/cli/a.cpp", "#include \"net/core_impl.hpp\"\n")).size(), 1U);
  expect_none(asio_outside_of_net(example("src/net/a.cpp", "#include <boost/beast.hpp>\n")));
  expect_none(asio_outside_of_net(tree()));
}

// ---- Banned calls ----

struct Ban {
  std::string_view call;
  std::string_view why;
  std::vector<std::string_view> allowed_below;
};

const std::vector<Ban>& bans() {
  static const std::vector<std::string_view> edges = {"src/base/", "src/cli/", "tests/", "bench/"};
  // The threads themselves: io threads, and tests that wait for a condition with a deadline. The
  // writer's one sleep is the sabotage that `history check` must catch.
  static const std::vector<std::string_view> threads = {
      "src/base/", "src/net/", "src/cli/", "tests/", "bench/", "src/storage/sqlite/writer.cpp"};
  static const std::vector<Ban> all = {
      {"system_clock::now", "take a Clock& (base/clock.hpp)", edges},
      {"steady_clock::now", "take a Clock& (base/clock.hpp)", threads},
      {"random_device", "take a Random& (base/prng.hpp)", edges},
      {"getenv", "configuration is passed in", edges},
      {"rand", "take a Random& (base/prng.hpp)", {}},
      {"srand", "take a Random& (base/prng.hpp)", {}},
      {"this_thread::sleep_for", "wait for a condition; tasks use base/executor.hpp", threads},
      {"this_thread::sleep_until", "wait for a condition; tasks use base/executor.hpp", threads},
      {"usleep", "wait for a condition with a deadline", {}},
      {"nanosleep", "wait for a condition with a deadline", {}},
      {"std::regex", "recursive, slow, and overflows the stack on long input", {}},
      {"localtime", "time is UTC (base/clock.hpp)", {}},
      {"gmtime", "shares one buffer between threads", {}},
      {"strtok", "keeps state between calls", {}},
      {"sprintf", "use fmt::format", {}},
      {"strcpy", "use std::string", {}},
      {"atoi", "says nothing of errors; use std::from_chars", {}},
      {"reinterpret_pointer_cast", "hides what owns what", {}},
      {"GTEST_SKIP", "a skipped test proves nothing", {}},
      {"using namespace std;", "names stay with their owners", {}},
      {"NDEBUG", "asserts stay on in every build", {}},
  };
  return all;
}

bool is_allowed(const Ban& ban, const SourceFile& file) {
  // A test with real threads polls a condition until a deadline.
  if (ban.call == "steady_clock::now" && is_test_code(file)) {
    return true;
  }
  const auto below = [&file](std::string_view folder) { return file.below(folder); };
  return std::ranges::any_of(ban.allowed_below, below);
}

Complaints banned_calls(const Files& files) {
  Complaints complaints;
  for (const SourceFile& file : files) {
    for (std::size_t i = 0; i < file.code.size(); ++i) {
      for (const Ban& ban : bans()) {
        if (contains_word(file.code[i], ban.call) && !is_allowed(ban, file)) {
          complaints.push_back(at_line(file, i, fmt::format("{}: {}", ban.call, ban.why)));
        }
      }
      if (file.code[i].find("DISABLED_") != std::string::npos) {
        complaints.push_back(at_line(file, i, "a disabled test proves nothing"));
      }
    }
  }
  return complaints;
}

TEST(TidyCode, HasNoBannedCalls) {
  EXPECT_EQ(banned_calls(example("src/shop/a.cpp", "auto t = steady_clock::now();\n")).size(), 1U);
  EXPECT_EQ(banned_calls(example("src/base/a.cpp", "int x = rand();\n")).size(), 1U);
  expect_none(banned_calls(example("src/shop/a.cpp", "// rand() is bad\nint grand = 1;\n")));
  expect_none(banned_calls(example("src/shop/a.cpp", "auto s = \"getenv\"; int x = 1'000;\n")));
  expect_none(banned_calls(tree()));
}

// The text of each assert(...) on this line, as far as the line goes.
bool asserts_with_an_effect(std::string_view line) {
  const std::size_t at = line.find("assert(");
  if (at == line.npos || line.find("static_assert(") != line.npos) {
    return false;
  }
  const std::string_view claim = line.substr(at);
  for (const std::string_view effect : {"++", "--", " = ", "+=", "-=", "co_await", ".erase(",
                                        ".insert(", ".emplace", ".push_", ".pop_", "std::move("}) {
    if (claim.find(effect) != claim.npos) {
      return true;
    }
  }
  return false;
}

TEST(TidyCode, AssertsHaveNoEffects) {
  EXPECT_TRUE(asserts_with_an_effect("  assert(map.erase(key) == 1);"));
  EXPECT_FALSE(asserts_with_an_effect("  assert(a == b && c <= d);"));
  for (const SourceFile& file : tree()) {
    for (std::size_t i = 0; i < file.code.size(); ++i) {
      EXPECT_FALSE(asserts_with_an_effect(file.code[i])) << at_line(file, i, file.lines[i]);
    }
  }
}

TEST(TidyCode, HeadersAreIncludedOnce) {
  for (const SourceFile& file : tree()) {
    EXPECT_TRUE(!file.is_header() || file.text.find("#pragma once\n") != std::string::npos)
        << file.path << ": #pragma once is missing";
  }
}

// ---- Text ----

std::size_t columns(std::string_view line) {
  const auto begins_character = [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  };
  return static_cast<std::size_t>(std::ranges::count_if(line, begins_character));
}

bool is_text(const SourceFile& file) {
  constexpr std::string_view endings[] = {".cpp",        ".hpp", ".cmake",  ".sql", ".sh",
                                          ".ts",         ".tsx", ".css",    ".md",  ".toml",
                                          ".html",       ".txt", ".yml",    ".mjs", ".clang-format",
                                          ".clang-tidy", "/run", "Makefile"};
  return std::ranges::any_of(endings,
                             [&](std::string_view ending) { return file.ends_with(ending); });
}

// Tables and links of a page cannot be broken; code can.
bool has_a_line_limit(const SourceFile& file) {
  return file.is_cpp() || file.ends_with(".cmake") || file.ends_with(".sql") ||
         file.ends_with("CMakeLists.txt");
}

Complaints untidy_text(const Files& files) {
  // Spelt in two halves, so that this page does not complain of itself.
  const std::string unfinished[] = {std::string("TO") + "DO", std::string("FIX") + "ME",
                                    std::string("XX") + "X:", std::string("HA") + "CK:"};
  Complaints complaints;
  for (const SourceFile& file : files) {
    if (!is_text(file)) {
      continue;
    }
    if (!file.text.empty() && file.text.back() != '\n') {
      complaints.push_back(file.path + ": the last line has no end");
    }
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string& line = file.lines[i];
      if (has_a_line_limit(file) && columns(line) > columns_max) {
        complaints.push_back(at_line(file, i, fmt::format("{} columns", columns(line))));
      }
      if (line.find('\t') != line.npos && !file.ends_with("Makefile")) {
        complaints.push_back(at_line(file, i, "a tab"));
      }
      if (!line.empty() && (line.back() == ' ' || line.back() == '\r')) {
        complaints.push_back(at_line(file, i, "blanks at the end"));
      }
      for (const std::string& word : unfinished) {
        if (contains_word(line, word)) {
          complaints.push_back(at_line(file, i, word + ": finish it or say it in an issue"));
        }
      }
    }
  }
  return complaints;
}

TEST(TidyText, IsTidy) {
  EXPECT_EQ(untidy_text(example("a.cpp",
                                "int a;  \n\tint b;\n// TO"
                                "DO\nint c;"))
                .size(),
            4U);
  EXPECT_EQ(untidy_text(example("a.cpp", std::string(101, 'x') + "\n")).size(), 1U);
  expect_none(untidy_text(example("a.sql", std::string(100, 'x') + "\n")));
  expect_none(untidy_text(tree()));
}

// ---- Nothing is dead ----

Complaints headers_nobody_includes(const Files& files) {
  std::set<std::string, std::less<>> wanted;
  for (const SourceFile& file : files) {
    for (const std::string& line : file.lines) {
      if (const std::string_view path = between_quotes(included(line)); !path.empty()) {
        wanted.emplace(path);
      }
    }
  }
  Complaints complaints;
  for (const SourceFile& file : files) {
    const std::string path = file.below("src/") ? file.path.substr(4) : file.path;
    const bool for_the_build = file.below("cmake/");  // given to the compiler by CMake
    if (file.is_header() && !for_the_build && !wanted.contains(path)) {
      complaints.push_back(file.path + ": nobody includes it");
    }
  }
  return complaints;
}

TEST(TidyDead, EveryHeaderIsIncluded) {
  EXPECT_EQ(headers_nobody_includes(example("src/base/a.hpp", "#pragma once\n")).size(), 1U);
  expect_none(headers_nobody_includes(tree()));
}

// An asset is found by its whole path, or its folder is listed as a whole ("sql/").
bool is_named(const Files& files, const SourceFile& asset) {
  const std::string folder = std::filesystem::path(asset.path).parent_path().generic_string() + "/";
  for (const SourceFile& file : files) {
    const bool may_name = file.path != asset.path && !file.below("docs/") && !file.ends_with(".md");
    if (may_name &&
        (file.text.find(asset.path) != std::string::npos ||
         file.text.find("\"" + folder) != std::string::npos ||
         (asset.below("sample/") && file.text.find(asset.name()) != std::string::npos))) {
      return true;
    }
  }
  return false;
}

TEST(TidyDead, EveryAssetIsUsed) {
  Files files = example("sql/0001_a.sql", "select 1;\n");
  EXPECT_FALSE(is_named(files, files.front()));
  files.push_back(make_source_file("src/storage/m.cpp", "auto all = assets_below(\"sql/\");\n"));
  EXPECT_TRUE(is_named(files, files.front()));
  for (const SourceFile& file : tree()) {
    if (file.below("sql/") || file.below("lua/") || file.below("templates/") ||
        file.below("sample/")) {
      EXPECT_TRUE(is_named(tree(), file)) << file.path << ": nothing names it";
    }
  }
}

TEST(TidyDead, EveryScriptIsCalled) {
  for (const SourceFile& script : tree()) {
    if (!script.below("scripts/")) {
      continue;
    }
    const auto calls = [&script](const SourceFile& file) {
      return file.path != script.path && file.text.find(script.path) != std::string::npos;
    };
    EXPECT_TRUE(std::ranges::any_of(tree(), calls)) << script.path << ": nothing calls it";
  }
}

TEST(TidyDead, EveryPageIsLinked) {
  for (const SourceFile& page : tree()) {
    if (!page.below("docs/") || !page.ends_with(".md")) {
      continue;
    }
    const auto links = [&page](const SourceFile& file) {
      return file.path != page.path && file.text.find(page.name()) != std::string::npos;
    };
    EXPECT_TRUE(std::ranges::any_of(tree(), links)) << page.path << ": nothing links to it";
  }
}

// A page's module of TypeScript or style is imported by the end of its path, without its ending.
TEST(TidyDead, EveryWebModuleIsImported) {
  const auto is_module = [](const SourceFile& file) {
    return file.below("web/") &&
           (file.ends_with(".ts") || file.ends_with(".tsx") || file.ends_with(".css")) &&
           file.path.find("/src/") != std::string::npos && !file.ends_with(".d.ts") &&
           file.path.find(".test.") == std::string::npos;
  };
  for (const SourceFile& module : tree()) {
    if (!is_module(module)) {
      continue;
    }
    const auto imports = [&module](const SourceFile& file) {
      return file.below("web/") && file.path != module.path &&
             (file.text.find("/" + module.stem() + "\"") != std::string::npos ||
              file.text.find("/" + module.stem() + "'") != std::string::npos ||
              file.text.find("/" + module.stem() + ".js'") != std::string::npos ||
              file.text.find("/" + module.name()) != std::string::npos);
    };
    EXPECT_TRUE(std::ranges::any_of(tree(), imports)) << module.path << ": nothing imports it";
  }
}

// `inline constexpr [type] NAME` of one file, by name.
std::vector<std::string> constants_of(const SourceFile& file, std::string_view type) {
  std::vector<std::string> names;
  for (const std::string& line : file.code) {
    const std::string opening = "inline constexpr " + std::string(type);
    if (!line.starts_with(opening)) {
      continue;
    }
    const std::size_t end = line.find_first_of("={[", opening.size());
    std::string_view name = std::string_view(line).substr(0, end);
    name = name.substr(0, name.find_last_not_of(' ') + 1);
    names.emplace_back(name.substr(name.find_last_of(' ') + 1));
  }
  return names;
}

// Somewhere else than where it is defined.
bool is_used(std::string_view name, const std::function<bool(const SourceFile&)>& counts) {
  for (const SourceFile& file : tree()) {
    if (!counts(file) || file.text.find(name) == std::string::npos) {
      continue;
    }
    for (const std::string& line : file.code) {
      if (contains_word(line, name) && !line.starts_with("inline constexpr")) {
        return true;
      }
    }
  }
  return false;
}

bool is_product_code(const SourceFile& file) {
  return file.below("src/") && file.is_cpp() && !is_test_code(file);
}

TEST(TidyDead, EveryLimitIsEnforced) {
  int found = 0;
  for (const SourceFile& limits : tree()) {
    if (!limits.path.starts_with("src/") || !limits.path.ends_with("/limits.hpp")) {
      continue;
    }
    for (const std::string& name : constants_of(limits, "")) {
      const bool used =
          is_used("limits::" + name, is_product_code) ||
          is_used(name, [&](const SourceFile& file) { return file.path == limits.path; });
      EXPECT_TRUE(used) << limits.path << ": " << name << " is written down, nothing enforces it";
      ++found;
    }
  }
  EXPECT_GT(found, 100);
}

TEST(TidyDead, EveryErrorHappens) {
  for (const SourceFile& file : tree()) {
    if (!is_product_code(file) || !file.is_header()) {
      continue;
    }
    for (const std::string& name : constants_of(file, "ErrorKind ")) {
      EXPECT_TRUE(is_used("errc::" + name, is_product_code))
          << file.path << ": errc::" << name << " never happens";
    }
  }
}

// ---- Errors ----

// The string in the definition of an error: `inline constexpr ErrorKind
// out_of_stock{"out_of_stock"`.
std::string code_of(const SourceFile& file, std::size_t line) {
  const std::string text =
      file.lines[line] + (line + 1 < file.lines.size() ? file.lines[line + 1] : "");
  const std::size_t open = text.find('"');
  return open == text.npos ? "" : text.substr(open + 1, text.find('"', open + 1) - open - 1);
}

TEST(TidyErrors, CodesAreTheirNamesAndUnique) {
  std::map<std::string, std::string> defined_in;
  for (const SourceFile& file : tree()) {
    for (std::size_t i = 0; file.below("src/") && i < file.code.size(); ++i) {
      if (!file.code[i].starts_with("inline constexpr ErrorKind ")) {
        continue;
      }
      const std::string code = code_of(file, i);
      EXPECT_TRUE(contains_word(file.code[i], code))
          << at_line(file, i, "the code is not the name");
      const auto [place, is_new] = defined_in.emplace(code, file.path);
      EXPECT_TRUE(is_new) << at_line(file, i, code + " is also in " + place->second);
    }
  }
}

// ---- Documents ----

TEST(TidyDocuments, ArchitectureListsEveryFolder) {
  const SourceFile* page = find_file(tree(), "ARCHITECTURE.md");
  ASSERT_NE(page, nullptr);
  for (const auto& [folder, allowed] : modules_of_tree()) {
    EXPECT_NE(page->text.find("| `" + folder + "/` |"), std::string::npos)
        << "ARCHITECTURE.md does not list `" << folder << "/`";
  }
}

// [text](path) of a page, relative to it; addresses and anchors are left out.
std::vector<std::string> links_of(const SourceFile& page) {
  std::vector<std::string> links;
  for (std::size_t at = page.text.find("]("); at != std::string::npos;
       at = page.text.find("](", at + 1)) {
    const std::string link =
        page.text.substr(at + 2, page.text.find_first_of(")# ", at + 2) - at - 2);
    if (!link.empty() && link.find("://") == std::string::npos && !link.starts_with("mailto:")) {
      links.push_back(link);
    }
  }
  return links;
}

TEST(TidyDocuments, LinksLeadSomewhere) {
  const std::filesystem::path root = source_dir();
  for (const SourceFile& page : tree()) {
    if (!page.ends_with(".md")) {
      continue;
    }
    for (const std::string& link : links_of(page)) {
      EXPECT_TRUE(std::filesystem::exists((root / page.path).parent_path() / link))
          << page.path << ": there is no " << link;
    }
  }
}

// ---- Headers stand alone ----

// A header that is the first #include of its own .cpp is proven by that compilation.
bool is_proven_by_its_source(const Files& files, const SourceFile& header) {
  const std::string base = header.path.substr(0, header.path.size() - 4);
  for (const std::string_view ending : {".cpp", "_test.cpp"}) {
    const SourceFile* source = find_file(files, base + std::string(ending));
    if (source == nullptr) {
      continue;
    }
    const auto first = std::ranges::find_if(
        source->lines, [](const std::string& line) { return !included(line).empty(); });
    if (first != source->lines.end() && header.path.ends_with(between_quotes(included(*first))) &&
        !between_quotes(included(*first)).empty()) {
      return true;
    }
  }
  return false;
}

TEST(TidyIncludes, HeadersStandAlone) {
  Files files = example("src/base/a.hpp", "#pragma once\n");
  EXPECT_FALSE(is_proven_by_its_source(files, files.front()));
  files.push_back(make_source_file("src/base/a.cpp", "// why\n#include \"base/a.hpp\"\n"));
  EXPECT_TRUE(is_proven_by_its_source(files, files.front()));

  // The others are compiled alone, two at a time, and remembered by the compiler's cache.
  const std::filesystem::path folder = std::filesystem::path(binary_dir()) / "headers";
  std::filesystem::create_directories(folder);
  const std::filesystem::path list = folder / "list";
  std::size_t count = 0;
  {
    std::ofstream out(list);
    for (const SourceFile& file : tree()) {
      if (file.is_header() && !is_proven_by_its_source(tree(), file)) {
        out << file.path << '\n';
        ++count;
      }
    }
  }
  std::printf("%zu headers are compiled alone\n", count);
  const std::string command = fmt::format(
      "cd '{}' && xargs -P 2 -I @ sh -c 'ccache clang++-19 -std=c++23 -c -x c++ -Wall -Wextra "
      "-Werror -Wno-pragma-once-outside-header -Wno-unused -DSPDLOG_FMT_EXTERNAL "
      "-DBOOST_ASIO_SEPARATE_COMPILATION -DBOOST_BEAST_SEPARATE_COMPILATION "
      "-DBOOST_ASIO_NO_DEPRECATED -I. -Isrc \"$1\" "
      "-o \"$2/$(echo \"$1\" | tr / _).o\"' check @ '{}' < '{}'",
      source_dir(), folder.string(), list.string());
  EXPECT_EQ(std::system(command.c_str()), 0) << "a header needs another one to be included first";
}

}  // namespace
}  // namespace securecart::test
