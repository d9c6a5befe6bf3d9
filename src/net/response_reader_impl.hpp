// Bytes of a connection -> one Response, without a socket. For net/*.cpp only.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "net/http.hpp"

namespace securecart::net {

class ResponseParser final : public boost::beast::http::basic_parser<false> {
 public:
  using ErrorCode = boost::beast::error_code;
  using View = boost::beast::string_view;

  Response response;

 private:
  void on_request_impl(boost::beast::http::verb, View, View, int, ErrorCode&) override {}
  void on_response_impl(int status, View, int, ErrorCode&) override { response.status = status; }
  void on_field_impl(boost::beast::http::field, View name, View value, ErrorCode& error) override;
  void on_header_impl(ErrorCode&) override { header_done_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode&) override;
  std::size_t on_body_impl(View bytes, ErrorCode&) override;
  void on_chunk_header_impl(std::uint64_t, View, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View bytes, ErrorCode&) override;
  void on_finish_impl(ErrorCode&) override {}

  bool header_done_ = false;
  std::size_t fields_ = 0;
};

// Reads the answer to one request. Interim answers (1xx) are passed over.
class ResponseReader {
 public:
  // `without_body`: the answer to HEAD.
  ResponseReader(bool without_body, std::size_t body_bytes);

  // Takes bytes from the front of `bytes` and returns how many; `done()` tells when to stop. A
  // non-empty `problem()` says what is wrong with the answer.
  std::size_t put(std::string_view bytes);
  // The peer closed its side.
  void put_end();

  bool done() const { return done_; }
  bool begun() const { return begun_; }  // a byte of the answer has come
  const std::string& problem() const { return problem_; }
  bool keep_alive() const { return done_ && parser_->keep_alive(); }
  Response take() { return std::move(parser_->response); }

 private:
  void restart();

  const bool without_body_;
  const std::size_t body_bytes_;
  std::optional<ResponseParser> parser_;
  std::size_t header_bytes_ = 0;  // taken so far, interim answers included
  bool begun_ = false;
  bool done_ = false;
  std::string problem_;
};

}  // namespace securecart::net
