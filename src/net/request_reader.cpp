#include <algorithm>
#include <cassert>
#include <cstring>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

#include "base/text.hpp"
#include "net/errc.hpp"
#include "net/limits.hpp"
#include "net/request_reader_impl.hpp"
#include "net/text.hpp"

namespace securecart::net {

namespace http = boost::beast::http;

void ReadBuffer::consume(std::size_t bytes) {
  assert(bytes <= end_ - begin_);
  begin_ += bytes;
  if (begin_ == end_) {
    begin_ = 0;
    end_ = 0;
  }
}

std::pair<char*, std::size_t> ReadBuffer::prepare(std::size_t most) {
  if (end_ == capacity_ && begin_ > 0) {
    std::memmove(storage_.get(), storage_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == capacity_) {
    const std::size_t capacity =
        std::max(std::min(std::max(first_bytes, capacity_ * 2), most), capacity_ + 1);
    auto storage = std::make_unique_for_overwrite<char[]>(capacity);
    if (end_ > 0) {
      std::memcpy(storage.get(), storage_.get(), end_);
    }
    storage_ = std::move(storage);
    capacity_ = capacity;
  }
  return {storage_.get() + end_, capacity_ - end_};
}

void ReadBuffer::shrink() {
  if (empty() && capacity_ > 4 * first_bytes) {
    storage_.reset();
    capacity_ = 0;
  }
}

void RequestParser::on_request_impl(http::verb, View method, View target, int version,
                                    ErrorCode& error) {
  request.method = net::parse_method({method.data(), method.size()});
  is_http_11 = version == 11;
  if (target.size() > limits::request_target_bytes) {
    refusal.emplace(errc::target_too_long,
                    "An address may have " + std::to_string(limits::request_target_bytes) +
                        " bytes, this one has " + std::to_string(target.size()) + ".");
    error = http::error::bad_target;
    return;
  }
  request.target.assign(target.data(), target.size());
}

void RequestParser::on_field_impl(http::field field, View name, View value, ErrorCode& error) {
  if (++fields_ > limits::request_header_fields) {
    refusal.emplace(
        errc::header_too_large,
        "A header may have " + std::to_string(limits::request_header_fields) + " fields.");
    error = http::error::header_limit;
    return;
  }
  std::string text(value.data(), value.size());
  switch (field) {
    case http::field::host:
      ++hosts;
      text = to_lower(text);
      break;
    case http::field::expect:
      expect = expect ? *expect + ", " + text : text;
      break;
    case http::field::transfer_encoding:
      transfer_encoding = transfer_encoding ? *transfer_encoding + ", " + text : text;
      break;
    default:
      break;
  }
  request.headers.add({name.data(), name.size()}, std::move(text));
}

// The header is found whole before it is parsed: a slow sender costs no more than a fast one.
Result<RequestReader::Progress> RequestReader::read_head() {
  assert(!parser_);
  // RFC 9112 section 2.2: empty lines before the request line are ignored.
  while (!scanner_.first_line_seen() && !buffer_.empty() &&
         (buffer_.data().front() == '\r' || buffer_.data().front() == '\n')) {
    buffer_.consume(1);
    scanner_ = HeadScanner();
  }
  const std::string_view bytes = buffer_.data();
  const HeadScanner::Progress progress = scanner_.scan(bytes);
  const std::size_t seen =
      progress == HeadScanner::Progress::need_more ? bytes.size() + 1 : scanner_.size();
  if (seen > header_bytes_) {
    return std::unexpected(too_large_head());
  }
  switch (progress) {
    case HeadScanner::Progress::need_more:
      return Progress::need_more;
    case HeadScanner::Progress::bad_line:
      return fail(errc::malformed_request, "A line of the header does not end with CR LF.");
    case HeadScanner::Progress::complete:
      break;
  }
  return parse_head(bytes.substr(0, scanner_.size()));
}

Error RequestReader::too_large_head() const {
  if (!scanner_.first_line_seen()) {
    return {errc::target_too_long,
            "An address may have " + std::to_string(limits::request_target_bytes) + " bytes."};
  }
  return {errc::header_too_large, "A header may have " + std::to_string(header_bytes_) + " bytes."};
}

namespace {

// Whether the request line ends in a version that is well formed (so it is only one we do not
// speak).
bool names_a_version(std::string_view head) {
  std::string_view line = head.substr(0, head.find('\r'));
  line = line.substr(line.rfind(' ') + 1);
  const auto digit = [line](std::size_t i) { return line[i] >= '0' && line[i] <= '9'; };
  return line.size() == 8 && line.starts_with("HTTP/") && digit(5) && line[6] == '.' && digit(7);
}

Error error_of(const RequestParser::ErrorCode& code, std::string_view head) {
  if (code == http::error::bad_version && names_a_version(head)) {
    return {errc::unsupported_version, "Use HTTP/1.1."};
  }
  return {errc::malformed_request, "HTTP/1.1: " + code.message() + "."};
}

}  // namespace

Result<RequestReader::Progress> RequestReader::parse_head(std::string_view head) {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(header_bytes_) + 1);
  parser_->skip(true);
  boost::beast::error_code error;
  const std::size_t used = parser_->put(boost::asio::buffer(head.data(), head.size()), error);
  if (error) {
    return std::unexpected(parser_->refusal ? std::move(*parser_->refusal) : error_of(error, head));
  }
  if (used != head.size() || !parser_->is_header_done()) {
    return fail(errc::malformed_request, "The header does not end where it should.");
  }
  buffer_.consume(used);
  scanner_ = HeadScanner();
  if (std::optional<Error> refusal = check_head()) {
    return std::unexpected(std::move(*refusal));
  }
  return Progress::done;
}

std::optional<Error> RequestReader::check_head() {
  if (std::optional<Error> error = check_framing()) {
    return error;
  }
  if (std::optional<Error> error = check_target()) {
    return error;
  }
  return check_host();
}

std::optional<Error> RequestReader::check_framing() {
  if (parser_->transfer_encoding) {
    if (!parser_->is_http_11) {
      return Error(errc::malformed_request, "Transfer-Encoding needs HTTP/1.1.");
    }
    if (!equal_ignoring_case(*parser_->transfer_encoding, "chunked")) {
      return Error(errc::unsupported_transfer_encoding,
                   "Send the body with Content-Length or as chunked.");
    }
  }
  if (parser_->expect && !equal_ignoring_case(*parser_->expect, "100-continue")) {
    return Error(errc::expectation_failed, "Only Expect: 100-continue is known.");
  }
  // Beast has refused Content-Length beside chunked, and two that differ.
  body_ = parser_->transfer_encoding ? BodyReader::chunked(header_bytes_)
                                     : BodyReader::of_length(parser_->content_length().value_or(0));
  return std::nullopt;
}

// RFC 9112 section 3.2: origin form, or absolute form, whose authority then counts as Host.
std::optional<Error> RequestReader::check_target() {
  Request& request = parser_->request;
  if (request.method == Method::options && request.target == "*") {
    request.path = "*";
    return std::nullopt;
  }
  const std::size_t scheme = equal_ignoring_case(request.target.substr(0, 7), "http://")    ? 7
                             : equal_ignoring_case(request.target.substr(0, 8), "https://") ? 8
                                                                                            : 0;
  if (scheme != 0) {
    const std::size_t end =
        std::min(request.target.find_first_of("/?", scheme), request.target.size());
    if (parser_->hosts <= 1) {
      request.headers.set("Host", to_lower(request.target.substr(scheme, end - scheme)));
      parser_->hosts = 1;
    }
    request.target.erase(0, end);
    if (!request.target.starts_with('/')) {
      request.target.insert(0, "/");
    }
  }
  Result<Target> target = parse_target(request.target);
  if (!target) {
    return std::move(target.error());
  }
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  return std::nullopt;
}

std::optional<Error> RequestReader::check_host() {
  if (parser_->hosts == 0 && !parser_->is_http_11) {
    return std::nullopt;
  }
  if (parser_->hosts != 1) {
    return Error(errc::malformed_request, "Exactly one Host field is required.");
  }
  const std::string_view host = *parser_->request.headers.find("Host");
  if (!is_host_field(host)) {
    return Error(errc::malformed_request, "Host is not a name or address with an optional port.");
  }
  return std::nullopt;
}

bool RequestReader::expects_continue() const {
  return parser_->expect.has_value() && parser_->is_http_11 && !body_.done() && buffer_.empty();
}

std::optional<Error> RequestReader::limit_body(std::size_t bytes) {
  body_.limit(bytes);
  const std::uint64_t announced = body_.announced().value_or(0);
  if (announced > bytes) {
    return Error(errc::body_too_large, "The body may have " + std::to_string(bytes) +
                                           " bytes here, this one has " +
                                           std::to_string(announced) + ".");
  }
  // What the client announces is not believed with memory; it grows as bytes come.
  parser_->request.body.reserve(std::min<std::uint64_t>(announced, limits::read_buffer_bytes));
  return std::nullopt;
}

Result<RequestReader::Progress> RequestReader::read_body() {
  std::string_view rest = buffer_.data();
  const std::size_t before = rest.size();
  const BodyReader::Progress progress = body_.put(rest, parser_->request.body);
  buffer_.consume(before - rest.size());
  switch (progress) {
    case BodyReader::Progress::need_more:
      return Progress::need_more;
    case BodyReader::Progress::done:
      return Progress::done;
    case BodyReader::Progress::too_large:
      return fail(errc::body_too_large, "The body has more bytes than this operation takes.");
    case BodyReader::Progress::malformed:
      break;
  }
  return fail(errc::malformed_request, "The chunks of the body are not well formed.");
}

Request RequestReader::take() {
  Request request = std::move(parser_->request);
  parser_.reset();
  buffer_.shrink();
  return request;
}

std::size_t RequestReader::buffer_limit() const {
  return parser_ ? std::max(limits::read_buffer_bytes, header_bytes_) : header_bytes_;
}

}  // namespace securecart::net
