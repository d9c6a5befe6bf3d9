// What clients were about to ask for and what was acknowledged: the file a load run leaves behind
// and `securecart history check` reconciles with the shop.
//
// One JSON object a line, in UTF-8, each line ended by LF. An intent is on the disk (fsync) before
// its request is sent, so whatever the shop may have done is known here, also when the machine of
// the load dies. Times are RFC 3339 in UTC, money is minor units.
//
//   {"kind":"run","format":"securecart-history-1","tool":"load run","url":…,"shop_id":…,"seed":7,
//    "at":…}                                             begins a run; a file may hold several
//   {"kind":"stock","variant_id":…,"item_id":…,"units":5,"at":…}
//                                                        all there ever is of it: oversold beyond
//   {"kind":"intent","client":12,"cart_id":…,"key":…,"currency":"EUR","total":1250,
//    "method":"tok_approved","lines":[{"variant_id":…,"quantity":2}],"at":…}
//   {"kind":"ack","key":…,"status":201,"order_id":…,"number":…,"total":1250,"at":…}
//   {"kind":"fail","key":…,"outcome":"refused"|"unknown","status":409,"code":"out_of_stock","at":…}
//       refused: certainly no order. unknown: no answer in time; perhaps an order, never two.
//   {"kind":"end","at":…}                                the run ended by itself
//
// A last line that is cut short (the load tool died while writing it) belongs to nothing that was
// sent; readers say so and go on, writers cut it off before they add to the file.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/task.hpp"
#include "lab/limits.hpp"

namespace securecart::lab {

inline constexpr std::string_view history_format = "securecart-history-1";

struct RunStarted {
  std::string tool;
  std::string url;
  std::string shop_id;
  std::int64_t seed = 0;
  Timestamp at;
  friend bool operator==(const RunStarted&, const RunStarted&) = default;
};

struct StockGiven {
  std::string variant_id;
  std::string item_id;
  std::int64_t units = 0;
  Timestamp at;
  friend bool operator==(const StockGiven&, const StockGiven&) = default;
};

struct IntentLine {
  std::string variant_id;
  std::int64_t quantity = 0;
  friend bool operator==(const IntentLine&, const IntentLine&) = default;
};

struct Intent {
  std::int64_t client = 0;
  std::string cart_id;
  std::string key;  // Idempotency-Key
  std::string currency;
  std::int64_t total = 0;
  std::string method;
  std::vector<IntentLine> lines;
  Timestamp at;
  friend bool operator==(const Intent&, const Intent&) = default;
};

struct Ack {
  std::string key;
  std::int64_t status = 0;  // 201, or 200 for a cart completed before
  std::string order_id;
  std::string number;
  std::int64_t total = 0;
  Timestamp at;
  friend bool operator==(const Ack&, const Ack&) = default;
};

struct Fail {
  enum class Outcome { refused, unknown };
  std::string key;
  Outcome outcome = Outcome::unknown;
  std::int64_t status = 0;  // 0: no answer
  std::string code;
  Timestamp at;
  friend bool operator==(const Fail&, const Fail&) = default;
};

struct RunEnded {
  Timestamp at;
  friend bool operator==(const RunEnded&, const RunEnded&) = default;
};

using HistoryEntry = std::variant<RunStarted, StockGiven, Intent, Ack, Fail, RunEnded>;

// One line without its end.
std::string to_line(const HistoryEntry& entry);
// The Error (invalid_request) says what is wrong with the line.
Result<HistoryEntry> parse_history_line(std::string_view line);

struct History {
  std::vector<RunStarted> runs;
  std::vector<StockGiven> stock;
  std::vector<Intent> intents;
  std::vector<Ack> acks;
  std::vector<Fail> fails;
  std::size_t ended = 0;  // runs that ended by themselves
  bool torn = false;      // the last line was cut short and left out
};

// Of a whole file. The Error names the line.
Result<History> parse_history(std::string_view text);

// Appends to a history. One thread writes and fsyncs for all who wait: entries that come while an
// fsync is under way share the next one.
class HistoryWriter {
 public:
  // Opens or creates the file and cuts off a torn last line. Throws std::runtime_error.
  explicit HistoryWriter(const std::filesystem::path& file);
  // Writes what is queued, then ends.
  ~HistoryWriter();
  HistoryWriter(const HistoryWriter&) = delete;
  HistoryWriter& operator=(const HistoryWriter&) = delete;

  // Returns once the entry is durable. Throws Unavailable when it cannot be made so (disk full) or
  // more than limits::history_queue wait: nothing may be sent on the strength of it.
  Task<void> write(HistoryEntry entry);
  // The same for plain threads.
  void write_and_wait(const HistoryEntry& entry);

 private:
  using Done = std::move_only_function<void(std::string)>;  // empty: durable; else what went wrong
  struct Waiting {
    std::string line;
    Done done;
  };
  void submit(std::string line, Done done);
  void run();
  std::string flush(const std::string& lines);

  int file_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Waiting> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace securecart::lab
