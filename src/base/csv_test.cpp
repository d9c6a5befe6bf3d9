#include "base/csv.hpp"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace securecart {
namespace {

struct Row {
  std::size_t line;
  std::vector<std::string> fields;
  friend bool operator==(const Row&, const Row&) = default;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.line << ":";
  for (const std::string& field : row.fields) {
    *out << " [" << field << "]";
  }
}

struct Reading {
  std::vector<Row> rows;
  std::string error;
};

Reading read(std::string_view text, CsvLimits most = {}) {
  Reading reading;
  CsvReader reader(text, most);
  for (;;) {
    const Result<bool> more = reader.next();
    if (!more) {
      reading.error = more.error().detail;
      EXPECT_TRUE(more.error().is(errc::invalid_request));
      EXPECT_FALSE(*reader.next()) << "an error is the last answer";
      return reading;
    }
    if (!*more) {
      EXPECT_EQ(reader.offset(), text.size());
      return reading;
    }
    const CsvRecord& record = reader.record();
    reading.rows.push_back({record.line, {record.fields.begin(), record.fields.end()}});
  }
}

using Rows = std::vector<Row>;

TEST(CsvReader, ReadsTheFormsOfRfc4180) {
  EXPECT_EQ(read("a,b\r\n1,2\r\n").rows, (Rows{{1, {"a", "b"}}, {2, {"1", "2"}}}));
  EXPECT_EQ(read("a,b\r\n1,2").rows, (Rows{{1, {"a", "b"}}, {2, {"1", "2"}}}));
  EXPECT_EQ(read("\"a\",\"b \"\"c\"\"\",\"\"\n").rows, (Rows{{1, {"a", "b \"c\"", ""}}}));
  EXPECT_EQ(read("\"x,y\",\"1\r\n2\"\nz").rows, (Rows{{1, {"x,y", "1\r\n2"}}, {3, {"z"}}}));
}

TEST(CsvReader, TakesEveryLineEnd) {
  EXPECT_EQ(read("a\nb\rc\r\nd").rows, (Rows{{1, {"a"}}, {2, {"b"}}, {3, {"c"}}, {4, {"d"}}}));
  EXPECT_EQ(read("\n\na\n\r\n\nb\n\n").rows, (Rows{{3, {"a"}}, {6, {"b"}}}));
}

TEST(CsvReader, CountsTheLinesInsideQuotes) {
  EXPECT_EQ(read("\"a\rb\r\nc\nd\",x\ny").rows, (Rows{{1, {"a\rb\r\nc\nd", "x"}}, {5, {"y"}}}));
}

TEST(CsvReader, SkipsAByteOrderMark) {
  EXPECT_EQ(read("\xEF\xBB\xBFHandle,Title\n").rows, (Rows{{1, {"Handle", "Title"}}}));
  EXPECT_EQ(read("\xEF\xBB\xBF\"Handle\"\n").rows, (Rows{{1, {"Handle"}}}));
}

TEST(CsvReader, KeepsEmptyFieldsAndSpaces) {
  EXPECT_EQ(read(",\n , a \n\"\"\n").rows, (Rows{{1, {"", ""}}, {2, {" ", " a "}}, {3, {""}}}));
  EXPECT_EQ(read("a,").rows, (Rows{{1, {"a", ""}}}));
  EXPECT_EQ(read("").rows, Rows{});
}

TEST(CsvReader, TakesAStrayQuoteAsText) {
  EXPECT_EQ(read("5\" pipe,a\"b\"\n").rows, (Rows{{1, {"5\" pipe", "a\"b\""}}}));
}

TEST(CsvReader, NamesWhereAQuoteWasOpened) {
  const Reading reading = read("a,b\n1,2\n3,\"x\ny\nz\n4,5\n");
  EXPECT_EQ(reading.rows.size(), 2U);
  EXPECT_EQ(reading.error,
            "Line 3 of the CSV: the quote opened in column 2 is never closed; close it, or double "
            "quotes that belong to the text.");
}

TEST(CsvReader, RefusesTextBehindAQuote) {
  EXPECT_NE(read("a\n\"b\nc\"d,e\n")
                .error.find("Line 3 of the CSV: text follows the closing quote "
                            "of column 1"),
            std::string::npos);
}

TEST(CsvReader, HoldsItsLimits) {
  const CsvLimits most{.field_bytes = 4, .columns = 2, .rows = 2};
  EXPECT_EQ(read("abcd,\"efgh\"\n", most).error, "");
  EXPECT_NE(read("abcde\n", most).error.find("column 1 holds more than 4 bytes"),
            std::string::npos);
  EXPECT_NE(read("a,\"abcde\"\n", most).error.find("column 2 holds more"), std::string::npos);
  EXPECT_NE(read("a,b,c\n", most).error.find("more than 2 columns"), std::string::npos);
  EXPECT_EQ(read("a\nb\n\n", most).error, "");
  EXPECT_NE(read("a\nb\nc\n", most).error.find("Line 3 of the CSV: there are more than 2 rows"),
            std::string::npos);
}

std::string any_field() {
  return *rc::gen::container<std::string>(rc::gen::oneOf(
      rc::gen::elementOf(std::string("\",\r\n\xEF\xBB\xBF =+ab")), rc::gen::arbitrary<char>()));
}

std::vector<std::vector<std::string>> any_table() {
  std::vector<std::vector<std::string>> table(*rc::gen::inRange<std::size_t>(0, 6));
  for (auto& row : table) {
    row.resize(*rc::gen::inRange<std::size_t>(1, 5));
    for (std::string& field : row) {
      field = any_field();
    }
  }
  return table;
}

RC_GTEST_PROP(Csv, ReadsWhatItWrote, ()) {
  const auto table = any_table();
  std::string text;
  CsvWriter writer(text, {.line_end = *rc::gen::element<std::string_view>("\n", "\r\n", "\r")});
  for (const auto& row : table) {
    const std::vector<std::string_view> fields(row.begin(), row.end());
    writer.write(fields);
  }
  const Reading reading = read(text);
  RC_ASSERT(reading.error == "");
  RC_ASSERT(reading.rows.size() == table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    RC_ASSERT(reading.rows[i].fields == table[i]);
  }
}

RC_GTEST_PROP(CsvReader, EndsOnAnyBytes, ()) {
  const std::string text = any_field();
  CsvReader reader(text, {.field_bytes = 8, .columns = 3, .rows = 5});
  std::size_t records = 0;
  for (Result<bool> more = reader.next(); more && *more; more = reader.next()) {
    ++records;
    RC_ASSERT(!reader.record().fields.empty());
  }
  RC_ASSERT(records <= 5U);
}

TEST(CsvWriter, QuotesOnlyWhatNeedsIt) {
  std::string text;
  CsvWriter writer(text);
  writer.write({"a b", "", "x,y", "say \"hi\"", "1\n2", "=1+1"});
  writer.write({""});
  EXPECT_EQ(text, "a b,,\"x,y\",\"say \"\"hi\"\"\",\"1\n2\",=1+1\n\"\"\n");
}

TEST(CsvWriter, GuardsFormulasWhenAsked) {
  std::string text;
  CsvWriter writer(text, {.guard_formulas = true});
  writer.write({"=cmd|' /C calc'!A0", "@a", "-5", "5-", "=\"x\""});
  EXPECT_EQ(text, "'=cmd|' /C calc'!A0,'@a,'-5,5-,\"'=\"\"x\"\"\"\n");
}

}  // namespace
}  // namespace securecart
