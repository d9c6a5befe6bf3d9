// HTTP as the rest of the house sees it: plain values. Beast is seen in net/*.cpp only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/task.hpp"
#include "net/limits.hpp"
#include "observe/trace.hpp"

namespace securecart::net {

enum class Method { get, head, post, put, patch, del, options, other };
std::string_view to_string(Method method);
Method parse_method(std::string_view text);

// Header fields in order; names compare without case.
class Headers {
 public:
  void add(std::string name, std::string value);
  void set(std::string_view name, std::string value);  // replaces all of that name
  // The first of that name; nullopt when absent.
  std::optional<std::string_view> find(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// One request as received: limits already enforced, path already split from the query.
struct Request {
  Method method = Method::get;
  std::string target;  // as sent, origin form
  std::string path;    // percent-decoded, normalised, valid UTF-8; "/" first; never "..", never NUL
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order
  Headers headers;
  std::string body;
  std::string peer;  // "127.0.0.1"; X-Forwarded-For is applied for trusted proxies only
  std::vector<std::string> peer_roles;  // of its certificate; none without mutual TLS
  observe::TraceContext trace;          // continued from `traceparent`, or new
  std::string request_id;               // "req_…", also sent back as X-Request-Id
  SteadyTime deadline{};                // when the answer is of no more use

  std::optional<std::string_view> header(std::string_view name) const { return headers.find(name); }
  std::optional<std::string_view> query_value(std::string_view name) const;
  // Host without the port. The server has made the field lower case.
  std::string_view host() const;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  // Set instead of `body` for bytes that many responses share (cached pages, assets).
  std::shared_ptr<const std::string> shared_body;

  std::string_view bytes() const { return shared_body ? std::string_view(*shared_body) : body; }
};

// RFC 9457: application/problem+json with `type`, `title`, `status`, `code`, `retryable`, `detail`,
// `request_id`, and `errors` [{where, what}] when there are any.
Response problem(const Error& error, std::string_view request_id);
Response json_response(int status, std::string body);

// Splits and decodes an origin-form target (RFC 9112 section 3.2.1, RFC 3986). A '+' in the query
// is a space. Refuses bad percent signs, NUL and other control characters, invalid UTF-8, encoded
// slashes and backslashes in the path (errc::bad_encoding), empty segments, dot segments that leave
// the root, '#' (errc::malformed_request), and more than limits::request_target_bytes.
struct Target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
};
Result<Target> parse_target(std::string_view target);
// For building targets and form bodies: everything outside RFC 3986 `unreserved` is escaped.
std::string percent_encode(std::string_view text);

// What answers requests: the router of shop/api, the test provider, a test. Runs on the io thread
// the connection lives on. An exception becomes a problem: Unavailable 503, anything else 500.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual Task<Response> handle(Request request) = 0;
  // Asked once the header is in, before the body is read: the most bytes to accept for this target
  // (origin form, still encoded). limits::request_body_bytes unless overridden.
  virtual std::size_t body_limit(Method method, std::string_view target) const;
};

}  // namespace securecart::net
