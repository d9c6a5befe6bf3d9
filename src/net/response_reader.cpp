#include <algorithm>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "base/limits.hpp"
#include "net/response_reader_impl.hpp"

namespace securecart::net {

namespace http = boost::beast::http;

void ResponseParser::on_field_impl(http::field, View name, View value, ErrorCode& error) {
  if (++fields_ > limits::response_header_fields) {
    error = http::error::header_limit;
    return;
  }
  if (!header_done_) {  // trailers are not asked for
    response.headers.add({name.data(), name.size()}, {value.data(), value.size()});
  }
}

void ResponseParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode&) {
  response.body.reserve(std::min<std::uint64_t>(length.value_or(0), limits::read_buffer_bytes));
}

std::size_t ResponseParser::on_body_impl(View bytes, ErrorCode&) {
  response.body.append(bytes.data(), bytes.size());
  return bytes.size();
}

std::size_t ResponseParser::on_chunk_body_impl(std::uint64_t, View bytes, ErrorCode&) {
  response.body.append(bytes.data(), bytes.size());
  return bytes.size();
}

ResponseReader::ResponseReader(bool without_body, std::size_t body_bytes)
    : without_body_(without_body), body_bytes_(body_bytes) {
  restart();
}

void ResponseReader::restart() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(limits::response_header_bytes));
  parser_->body_limit(body_bytes_);
  parser_->skip(without_body_);
}

std::size_t ResponseReader::put(std::string_view bytes) {
  std::size_t taken = 0;
  begun_ = begun_ || !bytes.empty();
  while (!done_ && taken < bytes.size()) {
    const bool in_header = !parser_->is_header_done();
    boost::beast::error_code error;
    const std::size_t used =
        parser_->put(boost::asio::buffer(bytes.data() + taken, bytes.size() - taken), error);
    taken += used;
    header_bytes_ += in_header ? used : 0;
    if (header_bytes_ > limits::response_header_bytes) {
      problem_ = "the answer's header is too large";
      return taken;
    }
    if (error == http::error::need_more) {
      if (bytes.size() - taken >= limits::response_header_bytes) {
        problem_ = "a line of the answer is too long";
      }
      return taken;
    }
    if (error) {
      problem_ = "the answer is not acceptable: " + error.message();
      return taken;
    }
    if (parser_->is_done()) {
      const int status = parser_->response.status;
      if (status >= 200 || status == 101) {
        done_ = true;
      } else {
        restart();
      }
    }
  }
  return taken;
}

void ResponseReader::put_end() {
  if (done_) {
    return;
  }
  if (!begun_ || !parser_->got_some()) {
    problem_ = "the peer closed the connection without an answer";
    return;
  }
  boost::beast::error_code error;
  parser_->put_eof(error);
  if (error) {
    problem_ = "the peer closed the connection within its answer";
  } else {
    done_ = true;
  }
}

}  // namespace securecart::net
