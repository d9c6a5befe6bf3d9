#include "lab/history.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <future>
#include <optional>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/executor.hpp"
#include "base/text.hpp"
#include "lab/fields.hpp"
#include "lab/limits.hpp"

namespace securecart::lab {
namespace {

json::object document(const RunStarted& run) {
  return {{"kind", "run"},
          {"format", history_format},
          {"tool", run.tool},
          {"url", run.url},
          {"shop_id", run.shop_id},
          {"seed", run.seed},
          {"at", format_rfc3339(run.at)}};
}

json::object document(const StockGiven& stock) {
  return {{"kind", "stock"},
          {"variant_id", stock.variant_id},
          {"item_id", stock.item_id},
          {"units", stock.units},
          {"at", format_rfc3339(stock.at)}};
}

json::object document(const Intent& intent) {
  json::array lines;
  for (const IntentLine& line : intent.lines) {
    lines.push_back(json::object{{"variant_id", line.variant_id}, {"quantity", line.quantity}});
  }
  return {
      {"kind", "intent"},        {"client", intent.client},     {"cart_id", intent.cart_id},
      {"key", intent.key},       {"currency", intent.currency}, {"total", intent.total},
      {"method", intent.method}, {"lines", std::move(lines)},   {"at", format_rfc3339(intent.at)}};
}

json::object document(const Ack& ack) {
  return {{"kind", "ack"},
          {"key", ack.key},
          {"status", ack.status},
          {"order_id", ack.order_id},
          {"number", ack.number},
          {"total", ack.total},
          {"at", format_rfc3339(ack.at)}};
}

json::object document(const Fail& failure) {
  return {{"kind", "fail"},
          {"key", failure.key},
          {"outcome", failure.outcome == Fail::Outcome::refused ? "refused" : "unknown"},
          {"status", failure.status},
          {"code", failure.code},
          {"at", format_rfc3339(failure.at)}};
}

json::object document(const RunEnded& end) {
  return {{"kind", "end"}, {"at", format_rfc3339(end.at)}};
}

// Takes members out of a line and remembers what was missing.
class LineReader {
 public:
  explicit LineReader(const json::object& line) : line_(line) {}

  std::string text(std::string_view name) {
    const json::value* member = line_.if_contains(name);
    if (member == nullptr || !member->is_string()) {
      miss(name, "a text");
      return {};
    }
    return std::string(member->get_string());
  }
  std::int64_t integer(std::string_view name) {
    const json::value* member = line_.if_contains(name);
    if (member == nullptr || !member->is_int64()) {
      miss(name, "a whole number");
      return 0;
    }
    return member->get_int64();
  }
  Timestamp time(std::string_view name) {
    const std::optional<Timestamp> time = parse_rfc3339(text(name));
    if (!time) {
      miss(name, "a time (RFC 3339)");
      return {};
    }
    return *time;
  }
  std::vector<IntentLine> lines() {
    std::vector<IntentLine> lines;
    for (const json::value& line : array_of(line_, "lines")) {
      const json::object& object = as_object(line);
      lines.push_back({text_of(object, "variant_id"), int_of(object, "quantity")});
    }
    return lines;
  }
  void miss(std::string_view name, std::string_view what) {
    if (problem_.empty()) {
      problem_ = fmt::format("`{}` must be {}", name, what);
    }
  }
  const std::string& problem() const { return problem_; }

 private:
  const json::object& line_;
  std::string problem_;
};

std::optional<HistoryEntry> read_entry(LineReader& line, std::string_view kind) {
  if (kind == "run") {
    if (line.text("format") != history_format) {
      line.miss("format", history_format);
    }
    return RunStarted{line.text("tool"), line.text("url"), line.text("shop_id"),
                      line.integer("seed"), line.time("at")};
  }
  if (kind == "stock") {
    return StockGiven{line.text("variant_id"), line.text("item_id"), line.integer("units"),
                      line.time("at")};
  }
  if (kind == "intent") {
    return Intent{line.integer("client"), line.text("cart_id"),  line.text("key"),
                  line.text("currency"),  line.integer("total"), line.text("method"),
                  line.lines(),           line.time("at")};
  }
  if (kind == "ack") {
    return Ack{line.text("key"),    line.integer("status"), line.text("order_id"),
               line.text("number"), line.integer("total"),  line.time("at")};
  }
  if (kind == "fail") {
    const std::string outcome = line.text("outcome");
    if (outcome != "refused" && outcome != "unknown") {
      line.miss("outcome", "refused or unknown");
    }
    return Fail{line.text("key"),
                outcome == "refused" ? Fail::Outcome::refused : Fail::Outcome::unknown,
                line.integer("status"), line.text("code"), line.time("at")};
  }
  if (kind == "end") {
    return RunEnded{line.time("at")};
  }
  return std::nullopt;
}

struct Collector {
  History& history;
  void operator()(RunStarted& run) { history.runs.push_back(std::move(run)); }
  void operator()(StockGiven& stock) { history.stock.push_back(std::move(stock)); }
  void operator()(Intent& intent) { history.intents.push_back(std::move(intent)); }
  void operator()(Ack& ack) { history.acks.push_back(std::move(ack)); }
  void operator()(Fail& failure) { history.fails.push_back(std::move(failure)); }
  void operator()(RunEnded&) { ++history.ended; }
};

[[noreturn]] void throw_errno(std::string_view what, const std::filesystem::path& file) {
  throw std::runtime_error(fmt::format("{} {}: {}", what, file.string(), std::strerror(errno)));
}

// A new file is only there after a crash when its folder is on the disk as well.
void sync_folder_of(const std::filesystem::path& file) {
  const std::filesystem::path folder = std::filesystem::absolute(file).parent_path();
  const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = handle >= 0 && ::fsync(handle) == 0;
  if (handle >= 0) {
    ::close(handle);
  }
  if (!synced) {
    throw_errno("cannot sync", folder);
  }
}

// Where the last whole line ends.
off_t whole_lines(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  stream.seekg(0, std::ios::end);
  for (off_t at = stream.tellg(); at > 0; --at) {
    stream.seekg(at - 1);
    if (stream.get() == '\n') {
      return at;
    }
  }
  return 0;
}

}  // namespace

std::string to_line(const HistoryEntry& entry) {
  return std::visit([](const auto& what) { return to_string(json::value(document(what))); }, entry);
}

Result<HistoryEntry> parse_history_line(std::string_view line) {
  if (line.size() > limits::history_line_bytes) {
    return fail(errc::invalid_request,
                fmt::format("a line of more than {} bytes", limits::history_line_bytes));
  }
  const Result<json::value> parsed = parse_json(line);
  if (!parsed) {
    return std::unexpected(parsed.error());
  }
  if (!parsed->is_object()) {
    return fail(errc::invalid_request, "a JSON object is expected");
  }
  LineReader reader(parsed->get_object());
  const std::string kind = reader.text("kind");
  std::optional<HistoryEntry> entry = read_entry(reader, kind);
  if (!entry) {
    return fail(errc::invalid_request, fmt::format("no such kind of entry: '{}'", kind));
  }
  if (!reader.problem().empty()) {
    return fail(errc::invalid_request, reader.problem());
  }
  return std::move(*entry);
}

Result<History> parse_history(std::string_view text) {
  History history;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      history.torn = true;
      break;
    }
    Result<HistoryEntry> entry = parse_history_line(text.substr(0, end));
    if (!entry) {
      return fail(errc::invalid_request, fmt::format("line {}: {}", number, entry.error().detail));
    }
    std::visit(Collector{history}, *entry);
    text.remove_prefix(end + 1);
  }
  return history;
}

HistoryWriter::HistoryWriter(const std::filesystem::path& file)
    : file_(::open(file.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644)) {
  if (file_ < 0) {
    throw_errno("cannot write", file);
  }
  struct stat status{};
  const bool regular = ::fstat(file_, &status) == 0 && S_ISREG(status.st_mode);
  if (regular && ::ftruncate(file_, whole_lines(file)) != 0) {
    throw_errno("cannot cut the torn line off", file);
  }
  if (regular) {
    sync_folder_of(file);
  }
  thread_ = std::thread([this] { run(); });
}

HistoryWriter::~HistoryWriter() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  ::close(file_);
}

Task<void> HistoryWriter::write(HistoryEntry entry) {
  std::string line = to_line(entry) + "\n";
  std::move_only_function<void(Done)> begin = [this, line = std::move(line)](Done done) mutable {
    submit(std::move(line), std::move(done));
  };
  Task<std::string> waiting = await_on_current<std::string>(std::move(begin));
  const std::string problem = co_await waiting;
  if (!problem.empty()) {
    throw Unavailable("the history cannot be written: " + problem);
  }
}

void HistoryWriter::write_and_wait(const HistoryEntry& entry) {
  std::promise<std::string> promise;
  std::future<std::string> outcome = promise.get_future();
  submit(to_line(entry) + "\n",
         [&promise](std::string problem) { promise.set_value(std::move(problem)); });
  const std::string problem = outcome.get();
  if (!problem.empty()) {
    throw Unavailable("the history cannot be written: " + problem);
  }
}

void HistoryWriter::submit(std::string line, Done done) {
  {
    const std::scoped_lock lock(mutex_);
    if (waiting_.size() < limits::history_queue) {
      waiting_.push_back({std::move(line), std::move(done)});
      wake_.notify_one();
      return;
    }
  }
  done("too many entries are waiting for the disk");
}

void HistoryWriter::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) {
      return;
    }
    std::vector<Waiting> group = std::exchange(waiting_, {});
    lock.unlock();
    std::string lines;
    for (const Waiting& entry : group) {
      lines += entry.line;
    }
    const std::string problem = flush(lines);
    for (Waiting& entry : group) {
      entry.done(problem);
    }
    group.clear();
    lock.lock();
  }
}

std::string HistoryWriter::flush(const std::string& lines) {
  std::string_view left = lines;
  while (!left.empty()) {
    const ssize_t written = ::write(file_, left.data(), left.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return std::strerror(errno);
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fdatasync(file_) == 0 ? std::string() : std::string(std::strerror(errno));
}

}  // namespace securecart::lab
