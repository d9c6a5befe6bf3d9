#include "cluster/etcd/watch_reader.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "cluster/etcd/limits.hpp"
#include "net/limits.hpp"

namespace securecart::cluster::etcd {
namespace {

constexpr std::size_t size_line_bytes = 32;
constexpr std::size_t chunk_bytes = limits::etcd_watch_line_bytes;

bool is_chunked(std::string_view head) {
  for (const std::string_view line : split(head, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos &&
        equal_ignoring_case(line.substr(0, colon), "transfer-encoding")) {
      return equal_ignoring_case(trim(line.substr(colon + 1)), "chunked");
    }
  }
  return false;
}

}  // namespace

void WatchReader::feed(std::string_view bytes) {
  if (state_ == State::ended) {
    return;
  }
  in_.erase(0, std::exchange(at_, 0));
  in_ += bytes;
}

std::expected<std::optional<std::string>, std::string> WatchReader::next() {
  while (true) {
    if (const std::size_t end = lines_.find('\n', searched_); end != std::string::npos) {
      std::string line = lines_.substr(0, end);
      lines_.erase(0, end + 1);
      searched_ = 0;
      if (line.empty()) {
        continue;
      }
      return line;
    }
    searched_ = lines_.size();
    if (lines_.size() > limits::etcd_watch_line_bytes) {
      return std::unexpected(fail("a line of the watch is too long").error());
    }
    const std::expected<bool, std::string> moved = step();
    if (!moved) {
      return std::unexpected(moved.error());
    }
    if (!*moved) {
      return std::nullopt;
    }
  }
}

// True when something was read; false when more is needed.
std::expected<bool, std::string> WatchReader::step() {
  switch (state_) {
    case State::head:
      return read_head();
    case State::size:
      return read_size();
    case State::data: {
      const std::string_view piece = rest().substr(0, chunk_);
      lines_ += piece;
      at_ += piece.size();
      chunk_ -= piece.size();
      if (chunk_ == 0) {
        state_ = State::data_end;
      }
      return !piece.empty();
    }
    case State::data_end:
      if (rest().size() < 2) {
        return false;
      }
      if (!rest().starts_with("\r\n")) {
        return fail("a chunk of the watch does not end");
      }
      at_ += 2;
      state_ = State::size;
      return true;
    case State::ended:
      return std::unexpected(why_);
  }
  return false;
}

std::expected<bool, std::string> WatchReader::read_head() {
  const std::size_t end = rest().find("\r\n\r\n");
  if (end == std::string_view::npos) {
    return rest().size() > limits::response_header_bytes ? fail("the head is too long") : false;
  }
  const std::string_view head = rest().substr(0, end);
  const std::string_view line = head.substr(0, head.find("\r\n"));
  if (!line.starts_with("HTTP/1.1 200")) {
    return fail("the watch is refused: " + repair_utf8(line.substr(0, limits::text_bytes)));
  }
  if (!is_chunked(head)) {
    return fail("the watch is no stream");
  }
  at_ += end + 4;
  state_ = State::size;
  return true;
}

std::expected<bool, std::string> WatchReader::read_size() {
  const std::size_t end = rest().find("\r\n");
  if (end == std::string_view::npos) {
    return rest().size() > size_line_bytes ? fail("a chunk of the watch has no size") : false;
  }
  const std::string_view line = rest().substr(0, end);
  std::size_t size = 0;
  const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
  if (error != std::errc() || stop != line.data() + line.size()) {
    return fail("a chunk of the watch has no size");
  }
  if (size == 0) {
    return fail("the watch has ended");
  }
  if (size > chunk_bytes) {
    return fail("a chunk of the watch is too long");
  }
  at_ += end + 2;
  chunk_ = size;
  state_ = State::data;
  return true;
}

std::expected<bool, std::string> WatchReader::fail(std::string why) {
  state_ = State::ended;
  why_ = std::move(why);
  in_.clear();
  at_ = 0;
  lines_.clear();
  searched_ = 0;
  return std::unexpected(why_);
}

}  // namespace securecart::cluster::etcd
