// The repository as data, for the tests that read its own sources.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace securecart::test {

struct SourceFile {
  std::string path;                // from the root of the repository, with '/'
  std::string text;                // as it is
  std::vector<std::string> lines;  // of `text`
  std::vector<std::string> code;   // the same lines; comments and literals are blanks (C++ only)

  bool ends_with(std::string_view suffix) const { return path.ends_with(suffix); }
  bool below(std::string_view folder) const { return path.starts_with(folder); }
  bool is_cpp() const { return ends_with(".cpp") || ends_with(".hpp"); }
  bool is_header() const { return ends_with(".hpp"); }
  std::string name() const { return std::filesystem::path(path).filename().string(); }
  std::string stem() const { return std::filesystem::path(path).stem().string(); }
};

inline std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

// Takes C++ apart just far enough to tell code from comments and literals.
class CodeStripper {
 public:
  explicit CodeStripper(std::string_view text) : text_(text), code_(text) {}

  std::string run() {
    while (at_ < text_.size()) {
      step();
    }
    return code_;
  }

 private:
  void step() {
    if (starts("//")) {
      blank_until(text_.find('\n', at_));
    } else if (starts("/*")) {
      blank_until(end_of("*/", at_ + 2));
    } else if (starts("R\"")) {
      const std::size_t open = text_.find('(', at_);
      const std::string close = ")" + std::string(text_.substr(at_ + 2, open - at_ - 2)) + "\"";
      blank_until(end_of(close, open));
    } else if (text_[at_] == '"' || (text_[at_] == '\'' && !follows_a_digit())) {
      blank_literal(text_[at_]);
    } else {
      ++at_;
    }
  }

  bool starts(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  // 10'000 is no character literal.
  bool follows_a_digit() const {
    return at_ > 0 && std::isxdigit(static_cast<unsigned char>(text_[at_ - 1])) != 0;
  }
  std::size_t end_of(std::string_view what, std::size_t from) const {
    const std::size_t found = text_.find(what, from);
    return found == std::string_view::npos ? found : found + what.size();
  }
  void blank_literal(char quote) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
      end += text_[end] == '\\' ? 2 : 1;
    }
    // The quotes stay, so that `f("x")` still looks like a call with one argument.
    const std::size_t after = std::min(end + 1, text_.size());
    ++at_;
    blank_until(std::min(end, text_.size()));
    at_ = after;
  }
  void blank_until(std::size_t end) {
    for (end = std::min(end, text_.size()); at_ < end; ++at_) {
      if (text_[at_] != '\n') {
        code_[at_] = ' ';
      }
    }
  }

  std::string_view text_;
  std::string code_;
  std::size_t at_ = 0;
};

inline SourceFile make_source_file(std::string path, std::string text) {
  SourceFile file{.path = std::move(path), .text = std::move(text), .lines = {}, .code = {}};
  file.lines = split_lines(file.text);
  if (file.is_cpp()) {
    file.code = split_lines(CodeStripper(file.text).run());
  }
  return file;
}

// What git does not keep, or what others wrote. `folder` is relative to the repository.
inline bool is_foreign_folder(const std::filesystem::path& folder) {
  const std::string name = folder.filename().string();
  const bool at_root = folder == name;
  return name == "node_modules" || name == "dist" ||
         (at_root && (name == "build" || name == "data" || name == "artifacts")) ||
         (name.starts_with('.') && name != ".ci");
}

// Every file of the repository, sorted by path.
inline std::vector<SourceFile> read_source_tree(const std::filesystem::path& root) {
  std::vector<SourceFile> files;
  for (auto entry = std::filesystem::recursive_directory_iterator(root);
       entry != std::filesystem::recursive_directory_iterator(); ++entry) {
    const std::filesystem::path path = std::filesystem::relative(entry->path(), root);
    if (entry->is_directory() && is_foreign_folder(path)) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file()) {
      std::ifstream stream(entry->path(), std::ios::binary);
      std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
      files.push_back(make_source_file(path.generic_string(), std::move(text)));
    }
  }
  std::ranges::sort(files, {}, &SourceFile::path);
  return files;
}

// `word` stands in `text` by itself: not inside of a longer identifier.
inline bool contains_word(std::string_view text, std::string_view word) {
  const auto is_part = [](char c) {
    return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
  };
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const std::size_t after = at + word.size();
    const bool free_before = at == 0 || !is_part(text[at - 1]) || !is_part(word.front());
    const bool free_after = after >= text.size() || !is_part(text[after]) || !is_part(word.back());
    if (free_before && free_after) {
      return true;
    }
  }
  return false;
}

}  // namespace securecart::test
