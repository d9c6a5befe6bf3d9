#include "lab/gameday/report.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "base/duration.hpp"
#include "lab/fields.hpp"
#include "lab/gameday/markup.hpp"

namespace securecart::lab {
namespace {

constexpr std::size_t findings_shown = 50;

json::value millis_or_null(std::optional<Duration> duration) {
  return duration ? json::value(to_millis(*duration)) : json::value(nullptr);
}

std::string format_gap(std::optional<Duration> gap) {
  return gap ? format_time(*gap) : "never again";
}

json::object document(const KindFigures& figures) {
  return {{"count", figures.count},
          {"refused", figures.refused},
          {"failed", figures.failed},
          {"median_ms", to_millis(figures.median)},
          {"p99_ms", to_millis(figures.p99)},
          {"slowest_ms", to_millis(figures.slowest)},
          {"gap_ms", millis_or_null(figures.gap)},
          {"gap_before_ms", to_millis(figures.gap_before)}};
}

json::object document(const Mark& mark) {
  return {{"label", mark.label},
          {"at_ms", to_millis(mark.at)},
          {"until_ms", millis_or_null(mark.until)}};
}

Figures figures_of(const GameDayRun& run) {
  return figures_of(run.samples, run.marks, run.duration);
}

std::string row(std::initializer_list<std::string> cells, std::string_view cell = "td") {
  std::string html = "<tr>";
  for (const std::string& text : cells) {
    html += fmt::format("<{}>{}</{}>", cell, escape_markup(text), cell);
  }
  return html + "</tr>\n";
}

std::string row_of(std::string_view name, const KindFigures& figures) {
  return row({std::string(name), std::to_string(figures.count), std::to_string(figures.failed),
              std::to_string(figures.refused), format_gap(figures.gap),
              format_time(figures.gap_before), format_time(figures.median),
              format_time(figures.p99), format_time(figures.slowest)});
}

std::string verdict_of(const Verdict& verdict) {
  if (!verdict.checked) {
    return "not checked: " + verdict.problem;
  }
  return verdict.broken == 0
             ? fmt::format("{} orders: nothing is lost, doubled, oversold or inconsistent",
                           verdict.orders)
             : fmt::format("NOT CONSISTENT: {} findings in {} orders", verdict.broken,
                           verdict.orders);
}

constexpr std::string_view page_style =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;"
    "color:#222}table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .75rem;"
    "border-bottom:1px solid #ddd;text-align:left}th{font-weight:600}svg{width:100%;height:auto}"
    ".met{color:#2a7d46}.unmet{color:#c8342b;font-weight:600}h1{font-size:1.5rem}"
    "h2{font-size:1.1rem;margin-top:2rem}";

struct Spread {
  std::vector<Duration> values;
  std::size_t never = 0;

  void add(std::optional<Duration> value) {
    if (value) {
      values.push_back(*value);
    } else {
      ++never;
    }
  }
  std::string text() {
    if (values.empty()) {
      return "never again";
    }
    std::ranges::sort(values);
    const std::string most =
        never > 0 ? fmt::format("never again ({}×)", never) : format_time(values.back());
    return values.size() + never == 1
               ? most
               : fmt::format("{} / {}", format_time(values[(values.size() - 1) / 2]), most);
  }
};

}  // namespace

bool GameDayRun::passed() const {
  return std::ranges::all_of(expectations, &Expectation::met);
}

std::string format_time(Duration duration) {
  const std::int64_t whole = to_millis(duration);
  return whole < 1'000 ? fmt::format("{} ms", whole)
                       : fmt::format("{:.2f} s", static_cast<double>(whole) / 1'000);
}

void hold_against(const Expectations& expect, GameDayRun& run) {
  const Figures figures = figures_of(run);
  const auto at_most = [&run](const char* name, std::optional<Duration> wanted,
                              std::optional<Duration> found) {
    if (wanted) {
      run.expectations.push_back(
          {name, "at most " + format_time(*wanted), format_gap(found), found && *found <= *wanted});
    }
  };
  const auto count = [&run](const char* name, std::optional<std::int64_t> wanted,
                            std::int64_t found) {
    if (wanted) {
      run.expectations.push_back(
          {name, fmt::format("at most {}", *wanted), std::to_string(found), found <= *wanted});
    }
  };
  // A load that never came proves nothing.
  run.expectations.push_back({"orders placed", "at least 1",
                              std::to_string(figures.orders.count - figures.orders.failed),
                              figures.orders.count > figures.orders.failed});
  at_most("write gap", expect.write_gap, figures.orders.gap);
  at_most("read gap", expect.read_gap, figures.reads.gap);
  at_most("slowest order", expect.slowest_order, figures.orders.slowest);
  count("failed orders", expect.failed_orders, figures.orders.failed + run.gave_up);
  count("failed reads", expect.failed_reads, figures.reads.failed);
  const std::string wanted = expect.consistent ? "consistent" : "found inconsistent";
  run.expectations.push_back(
      {"history", wanted, verdict_of(run.verdict),
       run.verdict.checked && run.verdict.consistent() == expect.consistent});
}

json::object report_json(const GameDayRun& run) {
  const Figures figures = figures_of(run);
  json::array marks;
  for (const Mark& mark : run.marks) {
    marks.push_back(document(mark));
  }
  json::array expectations;
  for (const Expectation& one : run.expectations) {
    expectations.push_back(json::object{
        {"name", one.name}, {"wanted", one.wanted}, {"found", one.found}, {"met", one.met}});
  }
  json::object reasons;
  for (const auto& [reason, times] : run.reasons) {
    reasons[reason] = times;
  }
  const Verdict& verdict = run.verdict;
  return {{"format", "securecart-gameday-1"},
          {"name", run.name},
          {"failure", run.failure},
          {"kind", run.kind},
          {"revision", run.revision},
          {"seed", static_cast<std::int64_t>(run.seed)},
          {"at", run.at},
          {"shoppers_a_second", run.shoppers_a_second},
          {"readers_a_second", run.readers_a_second},
          {"duration_ms", to_millis(run.duration)},
          {"marks", std::move(marks)},
          {"orders", document(figures.orders)},
          {"reads", document(figures.reads)},
          {"gave_up", run.gave_up},
          {"slowest_visit_ms", to_millis(run.slowest_visit)},
          {"reasons", std::move(reasons)},
          {"notes", json::array(run.notes.begin(), run.notes.end())},
          {"check",
           {{"checked", verdict.checked},
            {"problem", verdict.problem},
            {"orders", verdict.orders},
            {"broken", verdict.broken},
            {"findings", json::array(verdict.findings.begin(), verdict.findings.end())}}},
          {"expectations", std::move(expectations)},
          {"passed", run.passed()}};
}

std::string report_page(const GameDayRun& run) {
  const Figures figures = figures_of(run);
  std::string page = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"><title>{0}</title>"
      "<style>{1}</style></head><body>\n<h1>{0}</h1>\n"
      "<p class=\"{2}\">{3}</p>\n<p>Drill <code>{4}</code>, seed {5}, revision <code>{6}</code>, "
      "{7}. {8} shoppers and {9} pages a second came for {10}, by schedule, whatever the region "
      "did; the clock of each gap starts at the injection.</p>\n",
      escape_markup(run.failure), page_style, run.passed() ? "met" : "unmet",
      run.passed() ? "Everything expected was met." : "Not everything expected was met.",
      escape_markup(run.name), run.seed, escape_markup(run.revision), escape_markup(run.at),
      run.shoppers_a_second, run.readers_a_second, format_time(run.duration));
  page += timeline_picture(run.samples, run.marks, run.duration);
  page += "<h2>Expected</h2>\n<table>" + row({"what", "expected", "found"}, "th");
  for (const Expectation& one : run.expectations) {
    page += fmt::format("<tr class=\"{}\"><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                        one.met ? "met" : "unmet", escape_markup(one.name),
                        escape_markup(one.wanted), escape_markup(one.found));
  }
  page += "</table>\n<h2>Measured from outside</h2>\n<table>" +
          row({"", "came", "failed", "refused", "longest gap", "gap before", "median", "p99",
               "slowest"},
              "th");
  page += row_of("orders", figures.orders) + row_of("pages", figures.reads) + "</table>\n";
  page += fmt::format(
      "<p>{} shoppers gave up before their last step. The slowest visit that ended in an order "
      "took {}.</p>\n",
      run.gave_up, format_time(run.slowest_visit));
  for (const auto& [reason, times] : run.reasons) {
    page += fmt::format("<p>{} × {}</p>\n", times, escape_markup(reason));
  }
  page += "<h2>History</h2>\n<p>" + escape_markup(verdict_of(run.verdict)) + "</p>\n";
  for (const std::string& finding : run.verdict.findings) {
    page += "<p class=\"unmet\">" + escape_markup(finding) + "</p>\n";
  }
  page += run.notes.empty() ? "" : "<h2>Notes</h2>\n<ul>\n";
  for (const std::string& note : run.notes) {
    page += "<li>" + escape_markup(note) + "</li>\n";
  }
  page += run.notes.empty() ? "" : "</ul>\n";
  return page + "</body></html>\n";
}

std::string describe(const GameDayRun& run) {
  std::string text = fmt::format("{}: {}\n", run.name, run.failure);
  for (const Expectation& one : run.expectations) {
    text += fmt::format("  {:<4} {:<14} {:<22} {}\n", one.met ? "ok" : "NOT", one.name, one.wanted,
                        one.found);
  }
  for (std::size_t i = 0; i < std::min(findings_shown, run.verdict.findings.size()); ++i) {
    text += "       " + run.verdict.findings[i] + "\n";
  }
  return text;
}

Result<DrillResult> parse_report(std::string_view json) {
  const Result<json::value> parsed = parse_json(json);
  if (!parsed || !parsed->is_object() ||
      text_of(parsed->get_object(), "format") != "securecart-gameday-1") {
    return fail(errc::invalid_request, "this is no report of a game day");
  }
  const json::object& report = parsed->get_object();
  const json::object& orders = object_of(report, "orders");
  const json::object& reads = object_of(report, "reads");
  const auto time_of = [](const json::object& object, std::string_view name) {
    const std::int64_t value = int_of(object, name, -1);
    return value < 0 ? std::nullopt : std::optional<Duration>(std::chrono::milliseconds(value));
  };
  DrillResult result;
  result.name = text_of(report, "name");
  result.failure = text_of(report, "failure");
  result.kind = text_of(report, "kind");
  result.revision = text_of(report, "revision");
  result.at = text_of(report, "at");
  result.seed = static_cast<std::uint64_t>(int_of(report, "seed"));
  result.passed = bool_of(report, "passed");
  result.orders = int_of(orders, "count") - int_of(orders, "failed") - int_of(orders, "refused");
  result.failed_orders = int_of(orders, "failed") + int_of(report, "gave_up");
  result.failed_reads = int_of(reads, "failed");
  result.write_gap = time_of(orders, "gap_ms");
  result.read_gap = time_of(reads, "gap_ms");
  result.slowest_order = time_of(orders, "slowest_ms").value_or(Duration::zero());
  for (const json::value& value : array_of(report, "expectations")) {
    const json::object& one = as_object(value);
    if (!bool_of(one, "met")) {
      result.unmet +=
          (result.unmet.empty() ? "" : "; ") + text_of(one, "name") + ": " + text_of(one, "found");
    }
  }
  return result;
}

std::string results_json(const std::vector<DrillResult>& results) {
  json::array runs;
  for (const DrillResult& one : results) {
    runs.push_back(json::object{{"name", one.name},
                                {"failure", one.failure},
                                {"kind", one.kind},
                                {"revision", one.revision},
                                {"at", one.at},
                                {"seed", static_cast<std::int64_t>(one.seed)},
                                {"passed", one.passed},
                                {"orders", one.orders},
                                {"failed_orders", one.failed_orders},
                                {"failed_reads", one.failed_reads},
                                {"write_gap_ms", millis_or_null(one.write_gap)},
                                {"read_gap_ms", millis_or_null(one.read_gap)},
                                {"slowest_order_ms", to_millis(one.slowest_order)},
                                {"unmet", one.unmet}});
  }
  return to_string(json::value(std::move(runs))) + "\n";
}

std::string results_page(std::vector<DrillResult> results) {
  std::ranges::sort(results, [](const DrillResult& a, const DrillResult& b) {
    return std::tie(a.kind, a.name, a.seed, a.at) < std::tie(b.kind, b.name, b.seed, b.at);
  });
  std::string page =
      "# Measured drills\n\nWritten by `make gameday` from the reports of its runs; "
      "[results.json](results.json) has each run. Times with two values are median / worst over "
      "the "
      "runs. A gap is the longest time without a good answer, counted from the injection.\n\n"
      "| drill | what fails | runs | met | orders | failed orders | write gap | read gap | failed "
      "reads | slowest order | revision, date |\n"
      "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---|\n";
  std::string unmet;
  for (auto first = results.begin(); first != results.end();) {
    const auto last = std::find_if(
        first, results.end(), [&first](const DrillResult& one) { return one.name != first->name; });
    Spread writes;
    Spread reads;
    Spread slowest;
    std::int64_t orders = 0;
    std::int64_t failed_orders = 0;
    std::int64_t failed_reads = 0;
    std::int64_t passed = 0;
    for (auto one = first; one != last; ++one) {
      writes.add(one->write_gap);
      reads.add(one->read_gap);
      slowest.add(one->slowest_order);
      orders += one->orders;
      failed_orders += one->failed_orders;
      failed_reads += one->failed_reads;
      passed += one->passed ? 1 : 0;
      if (!one->unmet.empty()) {
        unmet += fmt::format("- `{}` seed {}: {}\n", one->name, one->seed, one->unmet);
      }
    }
    page += fmt::format("| `{}` | {} | {} | {} | {} | {} | {} | {} | {} | {} | {}, {} |\n",
                        first->name, first->failure, last - first, passed, orders, failed_orders,
                        writes.text(), reads.text(), failed_reads, slowest.text(), first->revision,
                        std::prev(last)->at.substr(0, 10));
    first = last;
  }
  return page + (unmet.empty() ? "" : "\n## Not met\n" + unmet);
}

}  // namespace securecart::lab
