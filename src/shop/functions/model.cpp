#include "shop/functions/model.hpp"

#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/limits.hpp"
#include "shop/functions/limits.hpp"

namespace securecart::shop::functions {
namespace {

constexpr std::int64_t score_most = 100;

std::unexpected<Error> invalid(std::string what) {
  return fail(securecart::errc::invalid_request, std::move(what));
}

std::optional<Decision> decision_of(std::string_view text) {
  for (const Decision decision : {Decision::accept, Decision::review, Decision::reject}) {
    if (text == to_string(decision)) {
      return decision;
    }
  }
  return std::nullopt;
}

// Scripts count in doubles.
std::optional<std::int64_t> score_of(const json::value& value) {
  const double score = value.is_double()  ? value.get_double()
                       : value.is_int64() ? static_cast<double>(value.get_int64())
                                          : -1;
  if (!(score >= 0 && score <= score_most)) {
    return std::nullopt;
  }
  return std::llround(score);
}

Result<std::vector<std::string>> reasons_of(const json::value& value) {
  const json::array* list = value.if_array();
  if (list == nullptr || list->size() > limits::function_reasons) {
    return invalid(
        fmt::format("`reasons` must be a list of at most {} texts", limits::function_reasons));
  }
  std::vector<std::string> reasons;
  for (const json::value& reason : *list) {
    if (!reason.is_string() || reason.get_string().size() > limits::text_bytes) {
      return invalid(
          fmt::format("each of `reasons` must be a text of at most {} bytes", limits::text_bytes));
    }
    reasons.emplace_back(reason.get_string());
  }
  return reasons;
}

std::int64_t micros(Duration span) {
  return std::chrono::duration_cast<std::chrono::microseconds>(span).count();
}

json::array texts(const std::vector<std::string>& list) {
  json::array rendered;
  for (const std::string& text : list) {
    rendered.emplace_back(text);
  }
  return rendered;
}

json::value score_or_null(const Verdict& verdict) {
  return verdict.score ? json::value(*verdict.score) : json::value(nullptr);
}

}  // namespace

std::string_view to_string(Decision decision) {
  constexpr std::array<std::string_view, 3> names{"accept", "review", "reject"};
  return names[static_cast<std::size_t>(decision)];
}

Result<Verdict> read_verdict(std::string_view output) {
  const Result<json::value> parsed = parse_json(output);
  const json::object* object = parsed ? parsed->if_object() : nullptr;
  if (object == nullptr) {
    return invalid("run() must return an object such as {decision: \"accept\"}");
  }
  Verdict verdict;
  bool decided = false;
  for (const auto& [name, value] : *object) {
    if (name == "decision") {
      const auto decision =
          value.is_string() ? decision_of(value.get_string()) : std::optional<Decision>();
      if (!decision) {
        return invalid("`decision` must be \"accept\", \"review\" or \"reject\"");
      }
      verdict.decision = *decision;
      decided = true;
    } else if (name == "score") {
      verdict.score = score_of(value);
      if (!verdict.score) {
        return invalid(fmt::format("`score` must be a number from 0 to {}", score_most));
      }
    } else if (name == "reasons") {
      Result<std::vector<std::string>> reasons = reasons_of(value);
      if (!reasons) {
        return std::unexpected(std::move(reasons.error()));
      }
      verdict.reasons = std::move(*reasons);
    } else {
      return invalid(fmt::format("`{}` is not known: return decision, score and reasons",
                                 std::string_view(name).substr(0, 40)));
    }
  }
  if (!decided) {
    return invalid("`decision` is missing");
  }
  return verdict;
}

Conclusion conclude(const ActiveFunction& function, RunReport report) {
  Conclusion conclusion;
  conclusion.outcome = to_string(report.ending);
  conclusion.report = std::move(report);
  const bool inline_run = function.trigger == before_completion;
  if (conclusion.report.ending == Ending::finished) {
    Result<Verdict> verdict = read_verdict(conclusion.report.output);
    if (verdict) {
      conclusion.verdict = std::move(*verdict);
      conclusion.decision = conclusion.verdict.decision;
      if (!inline_run && conclusion.decision == Decision::reject) {
        conclusion.decision = Decision::review;
      }
      return conclusion;
    }
    conclusion.outcome = "invalid_output";
    conclusion.report.error = verdict.error().detail;
  }
  if (function.fails_closed) {
    conclusion.decision = inline_run ? Decision::reject : Decision::review;
  }
  return conclusion;
}

json::object render_report(const Conclusion& conclusion) {
  const RunReport& report = conclusion.report;
  return {{"outcome", conclusion.outcome},
          {"decision", to_string(conclusion.decision)},
          {"score", score_or_null(conclusion.verdict)},
          {"reasons", texts(conclusion.verdict.reasons)},
          {"logs", texts(report.logs)},
          {"error", report.error.empty() ? json::value(nullptr) : json::value(report.error)},
          {"duration_us", micros(report.took)},
          {"memory_bytes", report.heap_bytes}};
}

json::object render_flag(const ActiveFunction& function, const Conclusion& conclusion) {
  return {{"function_id", function.id},
          {"function", function.name},
          {"function_version", function.number},
          {"outcome", conclusion.outcome},
          {"decision", to_string(conclusion.decision)},
          {"score", score_or_null(conclusion.verdict)},
          {"reasons", texts(conclusion.verdict.reasons)}};
}

}  // namespace securecart::shop::functions
