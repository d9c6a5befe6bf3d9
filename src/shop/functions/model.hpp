// A merchant's function: what it is asked about, when, and what is done about its answer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/json.hpp"
#include "shop/functions/limits.hpp"
#include "shop/functions/run.hpp"

namespace securecart::shop::functions {

inline constexpr std::string_view before_completion = "before_completion";
inline constexpr std::string_view order_placed = "order_placed";

struct Function {
  std::string shop_id;
  std::string id;
  std::string name;
  std::string trigger = std::string(order_placed);
  bool fails_closed = false;
  std::int64_t timeout_ms = limits::function_timeout_default_ms;
  bool enabled = true;
  std::int64_t active_version = 1;
  std::int64_t latest_version = 1;
  std::int64_t version = 1;
  Timestamp created_at;
  Timestamp updated_at;
};

// One version of its source; it never changes.
struct FunctionVersion {
  std::int64_t number = 1;
  std::string source;
  std::string note;
  std::string actor;
  Timestamp created_at;
};

// An enabled function with the source that is active.
struct ActiveFunction {
  std::string id;
  std::string name;
  std::int64_t number = 1;
  std::string trigger;
  bool fails_closed = false;
  std::int64_t timeout_ms = 0;
  std::string source;
};

enum class Decision : std::uint8_t { accept, review, reject };
std::string_view to_string(Decision decision);

// What run() returned, read: {"decision", "score"?, "reasons"?}.
struct Verdict {
  Decision decision = Decision::accept;
  std::optional<std::int64_t> score;  // 0..100; a fraction is rounded
  std::vector<std::string> reasons;   // texts for the merchant's people
};
// The Error says what is wrong with it, for the merchant.
Result<Verdict> read_verdict(std::string_view output);

// A run with what is made of it.
struct Conclusion {
  std::string outcome;  // the run's ending, or invalid_output
  Decision decision = Decision::accept;
  Verdict verdict;  // when there was one
  RunReport report;
};
// The failure policy: a run that gave no verdict accepts when the function fails open; closed, it
// refuses before an order and holds one that is placed. An order that is placed cannot be refused
// any more: it is held for people to look at.
Conclusion conclude(const ActiveFunction& function, RunReport report);

// For the admin API and the run log.
json::object render_report(const Conclusion& conclusion);
// What an order's review shows of it.
json::object render_flag(const ActiveFunction& function, const Conclusion& conclusion);

}  // namespace securecart::shop::functions
