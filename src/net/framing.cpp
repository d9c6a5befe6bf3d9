#include "net/framing.hpp"

#include <algorithm>

#include "net/text.hpp"

namespace securecart::net {

HeadScanner::Progress HeadScanner::scan(std::string_view bytes) {
  for (;;) {
    const std::size_t newline = bytes.find('\n', scanned_);
    if (newline == std::string_view::npos) {
      scanned_ = bytes.size();
      return Progress::need_more;
    }
    if (newline == line_begin_ || bytes[newline - 1] != '\r') {
      return Progress::bad_line;
    }
    const bool empty_line = newline == line_begin_ + 1;
    scanned_ = newline + 1;
    line_begin_ = scanned_;
    if (empty_line) {
      return Progress::complete;
    }
  }
}

BodyReader BodyReader::chunked(std::size_t line_bytes) {
  BodyReader reader(Kind::chunked, 0);
  reader.line_limit_ = line_bytes;
  return reader;
}

std::optional<std::uint64_t> BodyReader::announced() const {
  return kind_ == Kind::length ? std::optional(taken_ + left_) : std::nullopt;
}

void BodyReader::take_data(std::string_view& bytes, std::string& body, std::uint64_t most) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), most));
  body.append(bytes.substr(0, count));
  bytes.remove_prefix(count);
  taken_ += count;
}

BodyReader::Progress BodyReader::put(std::string_view& bytes, std::string& body) {
  switch (kind_) {
    case Kind::length: {
      if (left_ > most_ - taken_) {
        return Progress::too_large;
      }
      const std::uint64_t before = taken_;
      take_data(bytes, body, left_);
      left_ -= taken_ - before;
      done_ = left_ == 0;
      break;
    }
    case Kind::until_end:
      if (bytes.size() > most_ - taken_) {
        return Progress::too_large;
      }
      take_data(bytes, body, bytes.size());
      break;
    case Kind::chunked:
      return put_chunked(bytes, body);
  }
  return done_ ? Progress::done : Progress::need_more;
}

BodyReader::Progress BodyReader::put_end() {
  done_ = done_ || kind_ == Kind::until_end;
  return done_ ? Progress::done : Progress::malformed;
}

BodyReader::Progress BodyReader::put_chunked(std::string_view& bytes, std::string& body) {
  while (!done_ && !bytes.empty()) {
    if (chunk_ == Chunk::data) {
      const std::uint64_t before = taken_;
      take_data(bytes, body, left_);
      left_ -= taken_ - before;
      chunk_ = left_ == 0 ? Chunk::data_cr : Chunk::data;
      continue;
    }
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (!take_control(c)) {
      return Progress::malformed;
    }
    if (left_ > most_ - taken_) {
      return Progress::too_large;
    }
  }
  return done_ ? Progress::done : Progress::need_more;
}

// One hex digit more. More than 2^60 bytes cannot come, so the shift cannot overflow.
bool BodyReader::take_size(char c) {
  const int digit = hex_digit(c);
  if (digit < 0 || left_ >> 56 != 0) {
    return false;
  }
  left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
  return true;
}

bool BodyReader::take_control(char c) {
  const bool is_text = static_cast<unsigned char>(c) >= 0x20 || c == '\t';
  switch (chunk_) {
    case Chunk::first_size:
      left_ = 0;
      line_bytes_ = line_limit_;
      chunk_ = Chunk::size;
      return take_size(c);
    case Chunk::size:
      if (c == '\r') {
        chunk_ = Chunk::size_lf;
        return true;
      }
      if (c == ';') {
        chunk_ = Chunk::extension;
        return true;
      }
      return line_bytes_-- > 0 && take_size(c);
    case Chunk::extension:
      chunk_ = c == '\r' ? Chunk::size_lf : Chunk::extension;
      return c == '\r' || (is_text && c != 0x7f && line_bytes_-- > 0);
    case Chunk::size_lf:
      chunk_ = left_ == 0 ? Chunk::trailer_line : Chunk::data;
      return c == '\n';
    case Chunk::data_cr:
      chunk_ = Chunk::data_lf;
      return c == '\r';
    case Chunk::data_lf:
      chunk_ = Chunk::first_size;
      return c == '\n';
    case Chunk::trailer_line:
      chunk_ = c == '\r' ? Chunk::end_lf : Chunk::trailer;
      return c == '\r' || (is_text && c != ' ' && c != '\t' && line_bytes_-- > 0);
    case Chunk::trailer:
      chunk_ = c == '\r' ? Chunk::trailer_lf : Chunk::trailer;
      return c == '\r' || (is_text && line_bytes_-- > 0);
    case Chunk::trailer_lf:
      chunk_ = Chunk::trailer_line;
      return c == '\n';
    case Chunk::end_lf:
      done_ = c == '\n';
      return done_;
    case Chunk::data:
      break;
  }
  return false;
}

}  // namespace securecart::net
