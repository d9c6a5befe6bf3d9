// CSV (RFC 4180) as people export it: LF, CRLF or CR line ends, UTF-8 with or without a byte order
// mark, quoted fields that hold commas, doubled quotes and line ends.
//
//   file   = [BOM] record *(end record) [end]
//   record = field *("," field)                 ; a line with nothing on it is no record
//   field  = quoted / plain
//   quoted = DQUOTE *(any but DQUOTE / 2DQUOTE) DQUOTE
//   plain  = *(any but "," CR LF)               ; a quote inside it, not at its start, is just text
#pragma once

#include <cstddef>
#include <deque>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/errors.hpp"
#include "base/limits.hpp"

namespace securecart {

struct CsvRecord {
  std::size_t line = 0;  // where it starts, counted from 1
  std::vector<std::string_view> fields;
};

struct CsvLimits {
  std::size_t field_bytes = limits::csv_field_bytes;
  std::size_t columns = limits::csv_columns;
  std::size_t rows = limits::csv_rows;
};

// Reads one record after another from a text that outlives it. Bytes are handed on as they are: an
// encoding other than UTF-8 is converted before (base/text.hpp).
class CsvReader {
 public:
  explicit CsvReader(std::string_view text, CsvLimits most = {});

  // True: record() is the next one. False: the text is at its end. An Error (invalid_request) names
  // the line and what to do, and is the last answer: the rest of the file cannot be trusted.
  Result<bool> next();
  // Its fields are views into the text or this reader, until the next call of next().
  const CsvRecord& record() const { return record_; }
  // Offset of the first byte not yet read, for showing progress.
  std::size_t offset() const { return offset_; }

 private:
  std::unexpected<Error> refuse(std::size_t line, std::string what);
  Result<bool> read_record();
  Result<std::string_view> read_field();
  Result<std::string_view> read_quoted();
  bool at_end() const { return offset_ == text_.size(); }
  bool skip_line_end();
  void skip_empty_lines();

  std::string_view text_;
  CsvLimits most_;
  std::size_t offset_ = 0;
  std::size_t line_ = 1;
  std::size_t rows_ = 0;
  CsvRecord record_;
  std::deque<std::string> unescaped_;  // fields whose doubled quotes had to be undone
};

struct CsvWriterOptions {
  std::string_view line_end = "\n";
  // Puts a ' before fields that a spreadsheet would run as a formula (= + - @ tab CR). Off, because
  // what is read back must be what was written.
  bool guard_formulas = false;
};

// Appends records to a text. Quotes only what needs it.
class CsvWriter {
 public:
  explicit CsvWriter(std::string& out, CsvWriterOptions options = {})
      : out_(out), options_(options) {}
  // At least one field.
  void write(std::span<const std::string_view> fields);
  void write(std::initializer_list<std::string_view> fields) {
    write(std::span(fields.begin(), fields.size()));
  }

 private:
  void write_field(std::string_view field);
  std::string& out_;
  CsvWriterOptions options_;
};

}  // namespace securecart
