#include "lab/history.hpp"

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/files.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/thread_executor.hpp"

namespace securecart::lab {
namespace {

const Timestamp at = from_millis(1'767'225'600'123);

Intent intent(std::string key) {
  return {3, "cart_1", std::move(key), "EUR", 1'250, "tok_approved", {{"var_1", 2}}, at};
}

const std::vector<HistoryEntry>& one_of_each() {
  static const std::vector<HistoryEntry> entries = {
      RunStarted{"load run", "http://127.0.0.1:8080", "shop_1", 7, at},
      StockGiven{"var_1", "item_1", 5, at},
      intent("key-1"),
      Ack{"key-1", 201, "ord_1", "7K3F9-QX2MB", 1'250, at},
      Fail{"key-2", Fail::Outcome::refused, 409, "out_of_stock", at},
      Fail{"key-3", Fail::Outcome::unknown, 0, "", at},
      RunEnded{at}};
  return entries;
}

std::string whole_text() {
  std::string text;
  for (const HistoryEntry& entry : one_of_each()) {
    text += to_line(entry) + "\n";
  }
  return text;
}

TEST(HistoryLines, ComeBackAsTheyWere) {
  for (const HistoryEntry& entry : one_of_each()) {
    const Result<HistoryEntry> read = parse_history_line(to_line(entry));
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(*read, entry);
  }
}

RC_GTEST_PROP(HistoryLines, CarryAnyTextAndNumber, ()) {
  const auto printable = rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127));
  Intent some = intent(*printable);
  some.total = *rc::gen::arbitrary<std::int64_t>();
  some.method = *printable;
  const std::string line = to_line(some);
  RC_ASSERT(line.find('\n') == std::string::npos);
  const Result<HistoryEntry> read = parse_history_line(line);
  RC_ASSERT(read.has_value());
  RC_ASSERT(std::get<Intent>(*read) == some);
}

TEST(HistoryLines, SayWhatIsWrong) {
  const auto problem = [](std::string_view line) {
    const Result<HistoryEntry> read = parse_history_line(line);
    return read ? std::string("none") : read.error().detail;
  };
  EXPECT_EQ(problem(R"([1])"), "a JSON object is expected");
  EXPECT_EQ(problem(R"({"kind":"dream"})"), "no such kind of entry: 'dream'");
  EXPECT_EQ(problem(R"({"kind":"end","at":"yesterday"})"), "`at` must be a time (RFC 3339)");
  EXPECT_EQ(problem(R"({"kind":"ack","key":7})"), "`key` must be a text");
  EXPECT_NE(problem("{").find("byte"), std::string::npos);
}

TEST(HistoryText, IsSortedByKind) {
  const Result<History> history = parse_history(whole_text());
  ASSERT_TRUE(history) << history.error().detail;
  EXPECT_EQ(history->runs.size(), 1U);
  EXPECT_EQ(history->stock.size(), 1U);
  EXPECT_EQ(history->intents.size(), 1U);
  EXPECT_EQ(history->acks.size(), 1U);
  EXPECT_EQ(history->fails.size(), 2U);
  EXPECT_EQ(history->ended, 1U);
  EXPECT_FALSE(history->torn);
}

TEST(HistoryText, MayBeCutAnywhere) {
  const std::string text = whole_text();
  for (std::size_t length = 0; length <= text.size(); ++length) {
    const Result<History> history = parse_history(std::string_view(text).substr(0, length));
    ASSERT_TRUE(history) << length << ": " << history.error().detail;
    EXPECT_EQ(history->torn, length > 0 && text[length - 1] != '\n') << length;
  }
}

TEST(HistoryText, NamesABrokenLineInTheMiddle) {
  const Result<History> history = parse_history("{\"kind\":\"end\"\n" + whole_text());
  ASSERT_FALSE(history);
  EXPECT_TRUE(history.error().detail.starts_with("line 1: ")) << history.error().detail;
}

TEST(HistoryWriter, MakesEachEntryDurableBeforeItGoesOn) {
  const test::TempDir folder;
  const auto file = folder.path() / "history.jsonl";
  {
    HistoryWriter writer(file);
    test::ThreadExecutor executor;
    executor.run_task<void>([&] { return writer.write(intent("key-1")); });
    EXPECT_EQ(parse_history(need_file(file))->intents.size(), 1U);
    writer.write_and_wait(RunEnded{at});
  }
  EXPECT_EQ(parse_history(need_file(file))->ended, 1U);
}

TEST(HistoryWriter, WritesForManyAtOnceInTheOrderTheyCame) {
  const test::TempDir folder;
  const auto file = folder.path() / "history.jsonl";
  constexpr int entries = 500;
  {
    HistoryWriter writer(file);
    test::ThreadExecutor executor;
    std::vector<std::future<void>> written;
    for (int i = 0; i < entries; ++i) {
      written.push_back(executor.spawn<void>(
          [&writer, i] { return writer.write(intent("key-" + std::to_string(i))); }));
    }
    for (std::future<void>& one : written) {
      one.get();
    }
  }
  const Result<History> history = parse_history(need_file(file));
  ASSERT_TRUE(history);
  ASSERT_EQ(history->intents.size(), static_cast<std::size_t>(entries));
  for (int i = 0; i < entries; ++i) {
    EXPECT_EQ(history->intents[static_cast<std::size_t>(i)].key, "key-" + std::to_string(i));
  }
}

TEST(HistoryWriter, CutsATornLineOffBeforeItAddsToTheFile) {
  const test::TempDir folder;
  const auto file = folder.path() / "history.jsonl";
  std::ofstream(file) << to_line(intent("key-1")) << "\n" << R"({"kind":"ack","key":"k)";
  {
    HistoryWriter(file).write_and_wait(RunEnded{at});
  }
  const Result<History> history = parse_history(need_file(file));
  ASSERT_TRUE(history) << history.error().detail;
  EXPECT_FALSE(history->torn);
  EXPECT_EQ(history->intents.size(), 1U);
  EXPECT_EQ(history->ended, 1U);
  EXPECT_TRUE(history->acks.empty());
}

TEST(HistoryWriter, SaysWhenTheFileCannotBeWritten) {
  EXPECT_THROW(HistoryWriter("/nowhere/history.jsonl"), std::runtime_error);
  HistoryWriter full("/dev/full");
  EXPECT_THROW(full.write_and_wait(RunEnded{at}), Unavailable);
}

}  // namespace
}  // namespace securecart::lab
