// The error rule: a function that can fail because of *input* returns a Result; one whose
// *dependency is gone* throws Unavailable; a broken assumption asserts.
#pragma once

#include <cstdint>
#include <expected>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace securecart {

// One stable error of the API. Instances are `inline constexpr` in a module's errc.hpp, compared by
// address, never made at run time. `code` never changes once published (RFC 9457 `type` ends in
// it).
struct ErrorKind {
  std::string_view code;   // out_of_stock
  int status;              // HTTP status, 4xx or 5xx
  std::string_view title;  // one sentence for people, without details of this occurrence
  bool retryable = false;  // the same request may succeed later without being changed
};

// What was wrong with one field, by JSON pointer (RFC 6901) into the body, or `query.limit`,
// `header.if-match`, `line 12 column Handle`.
struct FieldError {
  std::string where;
  std::string what;
};

struct Error {
  const ErrorKind* kind;
  std::string detail;  // what, where, and how to mend it
  std::vector<FieldError> fields;
  std::int64_t retry_after_seconds = 0;  // above 0: sent as Retry-After

  Error(const ErrorKind& error_kind, std::string error_detail,
        std::vector<FieldError> field_errors = {})
      : kind(&error_kind), detail(std::move(error_detail)), fields(std::move(field_errors)) {}
  bool is(const ErrorKind& other) const { return kind == &other; }
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(const ErrorKind& kind, std::string detail,
                                   std::vector<FieldError> fields = {}) {
  return std::unexpected(Error(kind, std::move(detail), std::move(fields)));
}

// A dependency (database, cache, peer) is gone or too slow. Nothing was committed by the caller's
// request unless `outcome_unknown`.
class Unavailable : public std::runtime_error {
 public:
  explicit Unavailable(const std::string& what, bool unknown = false)
      : std::runtime_error(what), outcome_unknown(unknown) {}
  bool outcome_unknown;
};

// Errors every module shares.
namespace errc {
// The request is not what the operation takes: body, query or header; `fields` says where.
inline constexpr ErrorKind invalid_request{"invalid_request", 400,
                                           "The request does not fit this operation."};
// Nothing here under this id (or it belongs to another shop, which is the same to the caller).
inline constexpr ErrorKind not_found{"not_found", 404, "There is nothing at this address."};
// The resource changed since it was read.
inline constexpr ErrorKind version_conflict{"version_conflict", 412,
                                            "The resource changed since you read it."};
// A dependency is gone and nothing was committed.
inline constexpr ErrorKind unavailable{"unavailable", 503, "The service cannot answer right now.",
                                       true};
// A defect of SecureCart; the request_id finds it in the log.
inline constexpr ErrorKind internal{"internal", 500, "Something went wrong on our side.", true};
}  // namespace errc

}  // namespace securecart
