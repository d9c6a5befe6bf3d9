// Bytes of a connection -> one Response, without a socket. For net/*.cpp only.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "net/framing.hpp"
#include "net/http.hpp"

namespace securecart::net {

class ResponseParser final : public boost::beast::http::basic_parser<false> {
 public:
  using ErrorCode = boost::beast::error_code;
  using View = boost::beast::string_view;

  Response response;
  std::optional<std::string> transfer_encoding;

 private:
  void on_request_impl(boost::beast::http::verb, View, View, int, ErrorCode&) override {}
  void on_response_impl(int status, View, int, ErrorCode&) override { response.status = status; }
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

// Reads the answer to one request. Interim answers (1xx) are passed over.
class ResponseReader {
 public:
  // `without_body`: the answer to HEAD.
  ResponseReader(bool without_body, std::size_t body_bytes);

  // Takes bytes from the front of `bytes` and returns how many; call again with the rest and more.
  // done() tells when to stop. A non-empty problem() says what is wrong with the answer.
  std::size_t put(std::string_view bytes);
  // The peer closed its side.
  void put_end();

  bool done() const { return done_; }
  const std::string& problem() const { return problem_; }
  bool keep_alive() const { return done_ && parser_->keep_alive() && !body_.is_until_end(); }
  Response take() { return std::move(parser_->response); }

 private:
  std::size_t put_head(std::string_view bytes);
  void begin_body();

  const bool without_body_;
  const std::size_t body_bytes_;
  HeadScanner scanner_;
  std::optional<ResponseParser> parser_;  // once the header is whole
  BodyReader body_ = BodyReader::none();
  std::size_t interim_answers_ = 0;
  bool begun_ = false;
  bool done_ = false;
  std::string problem_;
};

}  // namespace securecart::net
