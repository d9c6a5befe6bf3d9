// Real trade, with the oddities of the whole Online Retail file, placed in a shop of its own and
// reconciled; then its history checked, its receipts verified, and all of it done again.
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/files.hpp"
#include "lab/history.hpp"
#include "tests/support/shop_process.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {
namespace {

// Two customers and a guest in four countries, one of them none; the same code at two prices, twice
// in an invoice; an invoice of more lines and a quantity of more units than a cart takes; a gift;
// and what no checkout takes: returns, bad debt, a tenth of a penny.
std::string odd_invoices() {
  std::string text =
      "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\r\n"
      "600001,85123A,WHITE HANGING HEART,5,12/1/2010 8:26,2.55,17850,United Kingdom\r\n"
      "600001,85123A,WHITE HANGING HEART,1,12/1/2010 8:26,2.55,17850,United Kingdom\r\n"
      "600001,85123a,\"HEART, \"\"SMALL\"\"\",2,12/1/2010 8:27,2.95,17850,United Kingdom\r\n"
      "600002,85123A,CAF\xC9 HEART,3,12/1/2010 9:26,5.06,17850,United Kingdom\r\n"
      "600003,PADS,PADS TO MATCH ALL CUSHIONS,1,12/1/2010 9:30,0.001,,Unspecified\r\n"
      "600004,22423,REGENCY CAKESTAND,12000,12/1/2010 9:30,10.95,9,European Community\r\n"
      "600005,22424,,4,12/1/2010 9:40,0,,EIRE\r\n"
      "C600006,85123A,WHITE HANGING HEART,-4,12/2/2010 9:40,2.55,17850,United Kingdom\r\n"
      "C600007,POST,POSTAGE,-1,12/2/2010 9:40,18,9,France\r\n"
      "A600008,B,Adjust bad debt,1,12/2/2010 9:41,-11062.06,,United Kingdom\r\n"
      "600009,22423,damaged,-10,12/2/2010 9:42,0,,United Kingdom\r\n";
  for (int i = 0; i < 130; ++i) {
    text += fmt::format("600010,{},THING {},{},12/2/2010 10:00,{}.{:02},,France\r\n", 30'000 + i, i,
                        i % 7 + 1, i % 12, i % 100);
  }
  return text;
}

class ReplayTest : public testing::Test {
 protected:
  ReplayTest() {
    std::ofstream(invoices_, std::ios::binary) << odd_invoices();
    std::string output;
    const int made =
        run_program({"shop", "create", "--data", (folder_.path() / "data").string(), "--name",
                     "Replay", "--currency", "GBP", "--country", "GB", "--email",
                     "owner@replay.example", "--credentials", credentials_.string()},
                    &output);
    EXPECT_EQ(made, 0) << output;
    // The sample shop stands beside it: the replay must not touch it.
    shop_ = std::make_unique<ShopProcess>(folder_.path() / "data");
  }

  int run(std::vector<std::string> word, std::string& output) const {
    word.insert(word.end(), {"--url", shop_->url(), "--credentials", credentials_.string()});
    return run_program(std::move(word), &output);
  }
  int replay(std::string& output, std::vector<std::string> more = {}) const {
    std::vector<std::string> word{"load", "replay", invoices_.string(), "--history",
                                  history_.string()};
    word.insert(word.end(), more.begin(), more.end());
    return run(std::move(word), output);
  }

  const TempDir folder_;
  const std::filesystem::path invoices_ = folder_.path() / "invoices.csv";
  const std::filesystem::path credentials_ = folder_.path() / "replay.json";
  const std::filesystem::path history_ = folder_.path() / "history.jsonl";
  std::unique_ptr<ShopProcess> shop_;
};

TEST_F(ReplayTest, ReconcilesToThePennyAndDoublesNothing) {
  std::string first;
  ASSERT_EQ(replay(first), 0) << first;
  EXPECT_NE(first.find("5 invoices as 7 orders"), std::string::npos) << first;
  EXPECT_NE(first.find("the shop refunded 10.20 GBP"), std::string::npos) << first;

  std::string again;
  EXPECT_EQ(replay(again), 0) << again;
  EXPECT_NE(again.find("The shop and the file agree to the penny."), std::string::npos) << again;
  const lab::History history = lab::parse_history(need_file(history_)).value();
  EXPECT_EQ(history.intents.size(), 7U) << "the second run asks for nothing again";

  std::string checked;
  EXPECT_EQ(run({"history", "check", history_.string(), "--exclusive"}, checked), 0) << checked;
}

TEST_F(ReplayTest, SaysWhatTheShopLacksWhenItMayNotPrepareIt) {
  std::string output;
  EXPECT_EQ(replay(output, {"--no-prepare"}), 2);
  EXPECT_NE(output.find("the shop does not ship to"), std::string::npos) << output;
}

TEST_F(ReplayTest, SeesAnOrderThatWasPlacedBesideTheFile) {
  std::string output;
  ASSERT_EQ(replay(output, {"--limit", "2"}), 0) << output;
  // The file of another day has the same invoice with one unit more.
  std::ofstream(invoices_) << "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,"
                              "CustomerID,Country\n"
                              "600002,85123A,HEART,4,12/1/2010 9:26,5.06,17850,United Kingdom\n";
  EXPECT_EQ(replay(output), 1) << output;
  EXPECT_NE(output.find("units 4 in the file, 3 in the shop"), std::string::npos) << output;
  EXPECT_NE(output.find("money 20.24 in the file, 15.18 in the shop"), std::string::npos) << output;
}

TEST_F(ReplayTest, RefusesAnotherMachineAndABrokenFile) {
  std::string output;
  EXPECT_EQ(run_program({"load", "replay", invoices_.string(), "--url", "http://192.0.2.1:1",
                         "--admin-key", "sk_x"},
                        &output),
            2);
  EXPECT_NE(output.find("--allow-remote"), std::string::npos) << output;
  std::ofstream(invoices_) << "a,b\n1,2\n";
  EXPECT_EQ(replay(output), 2);
  EXPECT_NE(output.find("the column InvoiceNo is missing"), std::string::npos) << output;
}

}  // namespace
}  // namespace securecart::test
