#include "base/csv.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace securecart {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// CRLF is one end, as are CR and LF alone.
std::size_t count_line_ends(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool lf_of_crlf = text[i] == '\n' && i > 0 && text[i - 1] == '\r';
    if (!lf_of_crlf && (text[i] == '\n' || text[i] == '\r')) {
      ++count;
    }
  }
  return count;
}

std::string undouble_quotes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    if (text[i] == '"') {
      ++i;  // its twin
    }
  }
  return out;
}

}  // namespace

CsvReader::CsvReader(std::string_view text, CsvLimits most) : text_(text), most_(most) {
  if (text_.starts_with(byte_order_mark)) {
    offset_ = byte_order_mark.size();
  }
}

std::unexpected<Error> CsvReader::refuse(std::size_t line, std::string what) {
  offset_ = text_.size();
  return fail(errc::invalid_request, fmt::format("Line {} of the CSV: {}", line, what),
              {{fmt::format("line {}", line), what}});
}

bool CsvReader::skip_line_end() {
  if (at_end() || (text_[offset_] != '\r' && text_[offset_] != '\n')) {
    return false;
  }
  offset_ += text_.substr(offset_).starts_with("\r\n") ? 2 : 1;
  ++line_;
  return true;
}

void CsvReader::skip_empty_lines() {
  while (skip_line_end()) {
  }
}

Result<bool> CsvReader::next() {
  skip_empty_lines();
  record_.fields.clear();
  unescaped_.clear();
  record_.line = line_;
  if (at_end()) {
    return false;
  }
  if (rows_ == most_.rows) {
    return refuse(line_, fmt::format("there are more than {} rows; split the file.", most_.rows));
  }
  ++rows_;
  return read_record();
}

Result<bool> CsvReader::read_record() {
  for (;;) {
    if (record_.fields.size() == most_.columns) {
      return refuse(line_,
                    fmt::format("there are more than {} columns; remove those the import does "
                                "not need.",
                                most_.columns));
    }
    Result<std::string_view> field = read_field();
    if (!field) {
      return std::unexpected(std::move(field.error()));
    }
    record_.fields.push_back(*field);
    if (at_end() || skip_line_end()) {
      return true;
    }
    ++offset_;  // the comma
  }
}

Result<std::string_view> CsvReader::read_field() {
  if (!at_end() && text_[offset_] == '"') {
    return read_quoted();
  }
  const std::size_t begin = offset_;
  offset_ = std::min(text_.find_first_of(",\r\n", begin), text_.size());
  if (offset_ - begin > most_.field_bytes) {
    return refuse(line_, fmt::format("column {} holds more than {} bytes; shorten it.",
                                     record_.fields.size() + 1, most_.field_bytes));
  }
  return text_.substr(begin, offset_ - begin);
}

Result<std::string_view> CsvReader::read_quoted() {
  const std::size_t column = record_.fields.size() + 1;
  const std::size_t opened_line = line_;
  const std::size_t begin = offset_ + 1;
  std::size_t end = begin;
  bool doubled = false;
  for (;;) {
    end = text_.find('"', end);
    if (end == std::string_view::npos) {
      return refuse(opened_line, fmt::format("the quote opened in column {} is never closed; close "
                                             "it, or double quotes that belong to the text.",
                                             column));
    }
    if (end + 1 == text_.size() || text_[end + 1] != '"') {
      break;
    }
    doubled = true;
    end += 2;
  }
  const std::string_view raw = text_.substr(begin, end - begin);
  if (raw.size() > most_.field_bytes) {
    return refuse(opened_line, fmt::format("column {} holds more than {} bytes; shorten it.",
                                           column, most_.field_bytes));
  }
  offset_ = end + 1;
  line_ += count_line_ends(raw);
  if (!at_end() && std::string_view(",\r\n").find(text_[offset_]) == std::string_view::npos) {
    return refuse(line_,
                  fmt::format("text follows the closing quote of column {}; double quotes that "
                              "belong to the text.",
                              column));
  }
  return doubled ? std::string_view(unescaped_.emplace_back(undouble_quotes(raw))) : raw;
}

void CsvWriter::write(std::span<const std::string_view> fields) {
  assert(!fields.empty());
  if (fields.size() == 1 && fields.front().empty()) {
    out_ += "\"\"";  // an empty line would be no record
  } else {
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) {
        out_ += ',';
      }
      write_field(fields[i]);
    }
  }
  out_ += options_.line_end;
}

void CsvWriter::write_field(std::string_view field) {
  const bool formula = options_.guard_formulas && !field.empty() &&
                       std::string_view("=+-@\t\r").find(field.front()) != std::string_view::npos;
  const bool quoted = field.find_first_of(",\"\r\n") != std::string_view::npos ||
                      field.starts_with(byte_order_mark);
  if (quoted) {
    out_ += '"';
  }
  if (formula) {
    out_ += '\'';
  }
  for (const char c : field) {
    out_ += c;
    if (c == '"') {
      out_ += '"';
    }
  }
  if (quoted) {
    out_ += '"';
  }
}

}  // namespace securecart
