#include <algorithm>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "base/text.hpp"
#include "net/limits.hpp"
#include "net/response_reader_impl.hpp"

namespace securecart::net {

namespace http = boost::beast::http;

void ResponseParser::on_field_impl(http::field field, View name, View value, ErrorCode& error) {
  if (++fields_ > limits::response_header_fields) {
    error = http::error::header_limit;
    return;
  }
  std::string text(value.data(), value.size());
  if (field == http::field::transfer_encoding) {
    transfer_encoding = transfer_encoding ? *transfer_encoding + ", " + text : text;
  }
  response.headers.add({name.data(), name.size()}, std::move(text));
}

ResponseReader::ResponseReader(bool without_body, std::size_t body_bytes)
    : without_body_(without_body), body_bytes_(body_bytes) {}

std::size_t ResponseReader::put(std::string_view bytes) {
  begun_ = begun_ || !bytes.empty();
  std::size_t taken = 0;
  while (!parser_) {
    const std::size_t head = put_head(bytes.substr(taken));
    taken += head;
    if (head == 0) {
      return taken;
    }
  }
  std::string_view rest = bytes.substr(taken);
  switch (body_.put(rest, parser_->response.body)) {
    case BodyReader::Progress::need_more:
      break;
    case BodyReader::Progress::done:
      done_ = true;
      break;
    case BodyReader::Progress::malformed:
      problem_ = "the answer's chunks are not well formed";
      break;
    case BodyReader::Progress::too_large:
      problem_ = "the answer is too large";
      break;
  }
  return bytes.size() - rest.size();
}

// Takes one whole header; 0 when there is none yet, or it is not acceptable.
std::size_t ResponseReader::put_head(std::string_view bytes) {
  const HeadScanner::Progress progress = scanner_.scan(bytes);
  const std::size_t seen =
      progress == HeadScanner::Progress::need_more ? bytes.size() : scanner_.size();
  if (seen > limits::response_header_bytes) {
    problem_ = "the answer's header is too large";
    return 0;
  }
  if (progress == HeadScanner::Progress::bad_line) {
    problem_ = "the answer is not HTTP";
    return 0;
  }
  if (progress == HeadScanner::Progress::need_more) {
    return 0;
  }
  const std::size_t size = scanner_.size();
  scanner_ = HeadScanner();
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(limits::response_header_bytes) + 1);
  parser_->skip(true);
  boost::beast::error_code error;
  parser_->put(boost::asio::buffer(bytes.data(), size), error);
  if (error || !parser_->is_header_done()) {
    problem_ = "the answer is not acceptable: " + error.message();
    parser_.reset();
    return 0;
  }
  begin_body();
  return size;
}

void ResponseReader::begin_body() {
  const int status = parser_->response.status;
  if (status < 200 && status != 101) {
    if (++interim_answers_ > limits::interim_answers) {
      problem_ = "too many interim answers";
    }
    parser_.reset();
    return;
  }
  if (without_body_ || status == 101 || status == 204 || status == 304) {
    body_ = BodyReader::none();
  } else if (parser_->transfer_encoding) {
    // RFC 9112 section 6.3: anything but chunked at the end lasts until the connection closes; we
    // ask for no other coding and could not read it.
    if (!equal_ignoring_case(*parser_->transfer_encoding, "chunked")) {
      problem_ = "the answer is in a transfer encoding nobody asked for";
    }
    body_ = BodyReader::chunked(limits::response_header_bytes);
  } else if (const auto length = parser_->content_length()) {
    body_ = BodyReader::of_length(*length);
    parser_->response.body.reserve(std::min<std::uint64_t>(*length, limits::read_buffer_bytes));
  } else {
    body_ = BodyReader::until_end();
  }
  body_.limit(body_bytes_);
  done_ = body_.done();
}

void ResponseReader::put_end() {
  if (done_) {
    return;
  }
  if (!begun_) {
    problem_ = "the peer closed the connection without an answer";
  } else if (!parser_ || body_.put_end() != BodyReader::Progress::done) {
    problem_ = "the peer closed the connection within its answer";
  } else {
    done_ = true;
  }
}

}  // namespace securecart::net
