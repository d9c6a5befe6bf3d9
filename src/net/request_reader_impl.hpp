// Bytes of a connection -> Requests, without a socket. For net/*.cpp only: Beast's parser is
// inside.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "base/errors.hpp"
#include "net/framing.hpp"
#include "net/http.hpp"

namespace securecart::net {

// A flat buffer: bytes are written behind the end and consumed from the front.
class ReadBuffer {
 public:
  std::string_view data() const { return {storage_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  void consume(std::size_t bytes);
  // Room for at least one byte; grows by doubling up to `most` bytes in total.
  std::pair<char*, std::size_t> prepare(std::size_t most);
  void commit(std::size_t bytes) { end_ += bytes; }
  // Gives memory back that a large request needed; only when empty.
  void shrink();

 private:
  static constexpr std::size_t first_bytes = 4 * 1024;
  std::unique_ptr<char[]> storage_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

// Beast's grammar of a header, our values and limits.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  using ErrorCode = boost::beast::error_code;
  using View = boost::beast::string_view;

  Request request;
  bool is_http_11 = true;
  int hosts = 0;
  std::optional<std::string> expect;
  std::optional<std::string> transfer_encoding;
  std::optional<Error> refusal;  // set together with an ErrorCode by our own checks

 private:
  void on_request_impl(boost::beast::http::verb verb, View method, View target, int version,
                       ErrorCode& error) override;
  void on_response_impl(int, View, int, ErrorCode&) override {}
  void on_field_impl(boost::beast::http::field field, View name, View value,
                     ErrorCode& error) override;
  void on_header_impl(ErrorCode&) override {}
  void on_finish_impl(ErrorCode&) override {}
  // Never called: the parser is told to skip bodies (net/framing.hpp).
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(View, ErrorCode&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, View, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View, ErrorCode&) override { return 0; }

  std::size_t fields_ = 0;
};

// Reads one request after the other from a connection's bytes.
//
//   head -> body -> done -> (next) head
class RequestReader {
 public:
  explicit RequestReader(std::size_t header_bytes) : header_bytes_(header_bytes) {}

  enum class Progress { need_more, done };

  ReadBuffer& buffer() { return buffer_; }
  // True when not a byte of a request has come.
  bool idle() const { return buffer_.empty() && !parser_; }
  bool in_body() const { return parser_.has_value(); }

  // `done` once the header is whole and acceptable: head() is then filled, its body not yet. After
  // an Error the framing is lost: the connection has to be closed.
  Result<Progress> read_head();
  Request& head() { return parser_->request; }
  bool keep_alive() const { return parser_->keep_alive(); }
  bool is_http_11() const { return parser_->is_http_11; }
  // The client waits for a 100 (Continue) before it sends the body.
  bool expects_continue() const;

  // After read_head. Refuses at once what Content-Length says is too much.
  std::optional<Error> limit_body(std::size_t bytes);
  Result<Progress> read_body();
  std::size_t body_bytes() const { return parser_ ? parser_->request.body.size() : 0; }  // so far
  // Takes the finished request out and is ready for the next.
  Request take();

  // Bytes the buffer may grow to in the present state.
  std::size_t buffer_limit() const;

 private:
  Result<Progress> parse_head(std::string_view head);
  std::optional<Error> check_head();
  std::optional<Error> check_target();
  std::optional<Error> check_host();
  std::optional<Error> check_framing();
  Error too_large_head() const;

  const std::size_t header_bytes_;
  ReadBuffer buffer_;
  HeadScanner scanner_;
  std::optional<RequestParser> parser_;
  BodyReader body_ = BodyReader::none();
};

}  // namespace securecart::net
