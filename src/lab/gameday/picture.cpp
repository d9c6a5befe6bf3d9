#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>

#include "lab/gameday/markup.hpp"
#include "lab/gameday/timeline.hpp"

namespace securecart::lab {
namespace {

using namespace std::chrono_literals;

constexpr double width = 960;
constexpr double left = 64;
constexpr double right = 24;
constexpr double panel_height = 130;
constexpr double panel_gap = 44;
constexpr double top = 28;
constexpr double mark_row = 16;
constexpr const char* order_colour = "#1f5fbf";
constexpr const char* read_colour = "#2a8f5b";
constexpr const char* failed_colour = "#c8342b";
constexpr const char* mark_colour = "#d98a00";

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

double millis(Duration duration) {
  return seconds(duration) * 1'000;
}

// A number that people would write on an axis, at least `value`.
double rounded_up(double value) {
  const double power = std::pow(10, std::floor(std::log10(std::max(value, 1e-9))));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (value <= step * power) {
      return step * power;
    }
  }
  return 10 * power;
}

class Picture {
 public:
  Picture(std::span<const Sample> samples, std::span<const Mark> marks, Duration end)
      : marks_(marks), end_(std::max<Duration>(end, 1s)) {
    const Duration span = end_ > 120s ? Duration(1s) : Duration(500ms);
    orders_ = intervals_of(samples, Sample::Kind::order, span, end_);
    reads_ = intervals_of(samples, Sample::Kind::read, span, end_);
    first_panel_ = top + mark_row * static_cast<double>(marks.size()) + 20;
  }

  std::string draw() {
    const double height = first_panel_ + 3 * (panel_height + panel_gap);
    out_ = fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {:.0f} {:.0f}" )"
                       R"(font-family="system-ui, sans-serif" font-size="12" role="img" )"
                       R"(aria-label="Rate, failures and latency of the drill over time">)",
                       width, height);
    out_ += fmt::format(R"(<rect width="{:.0f}" height="{:.0f}" fill="#fff"/>)", width, height);
    draw_marks(height - panel_gap);
    draw_rates();
    draw_failures();
    draw_latency();
    return out_ + "</svg>\n";
  }

 private:
  double x(Duration at) const {
    return left + (width - left - right) * std::clamp(seconds(at) / seconds(end_), 0.0, 1.0);
  }
  static double panel_top(int panel, double first) {
    return first + panel * (panel_height + panel_gap);
  }

  void text(double at_x, double at_y, std::string_view words, std::string_view more = "") {
    out_ += fmt::format(R"(<text x="{:.1f}" y="{:.1f}" {}>{}</text>)", at_x, at_y, more,
                        escape_markup(words));
  }

  void draw_marks(double bottom) {
    double row = top;
    for (const Mark& mark : marks_) {
      const double from = x(mark.at);
      const double to = mark.until ? x(*mark.until) : from;
      if (mark.until) {
        out_ +=
            fmt::format(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}" )"
                        R"(opacity="0.10"/>)",
                        from, row, std::max(to - from, 1.0), bottom - row, mark_colour);
      }
      out_ += fmt::format(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}" )"
                          R"(stroke-width="1.5"/>)",
                          from, row - 8, from, bottom, mark_colour);
      const std::string label =
          fmt::format("{:.1f} s  {}{}", seconds(mark.at), mark.label,
                      mark.until ? fmt::format(" (healed at {:.1f} s)", seconds(*mark.until)) : "");
      const bool is_late = from > width * 0.6;
      text(from + (is_late ? -5 : 5), row, label,
           is_late ? R"(text-anchor="end" fill="#8a5a00")" : R"(fill="#8a5a00")");
      row += mark_row;
    }
  }

  // Returns the y of a value between 0 and `most`.
  void frame(int panel, const std::string& title, double most, std::string_view unit) {
    const double above = panel_top(panel, first_panel_);
    text(left, above - 8, title, R"(font-weight="600" fill="#222")");
    for (int part = 0; part <= 4; ++part) {
      const double y = above + panel_height * (1 - part / 4.0);
      out_ +=
          fmt::format(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="#e3e3e3"/>)",
                      left, y, width - right, y);
      text(left - 8, y + 4, fmt::format("{:g}{}", most * part / 4, unit),
           R"(text-anchor="end" fill="#666")");
    }
    time_axis(above + panel_height);
  }

  void time_axis(double y) {
    const double step = rounded_up(seconds(end_) / 12);
    for (double at = 0; at <= seconds(end_) + 1e-9; at += step) {
      text(left + (width - left - right) * at / seconds(end_), y + 16, fmt::format("{:g} s", at),
           R"(text-anchor="middle" fill="#666")");
    }
  }

  void line(int panel, const std::vector<Interval>& intervals, const char* colour,
            const std::function<double(const Interval&)>& part, bool dashed = false) {
    std::string points;
    for (const Interval& interval : intervals) {
      const double y = panel_top(panel, first_panel_) +
                       panel_height * (1 - std::clamp(part(interval), 0.0, 1.0));
      points += fmt::format("{:.1f},{:.1f} ", x(interval.at), y);
    }
    out_ += fmt::format(R"(<polyline points="{}" fill="none" stroke="{}" stroke-width="1.5"{}/>)",
                        points, colour, dashed ? R"( stroke-dasharray="3 3")" : "");
  }

  void legend(int panel, std::initializer_list<std::pair<const char*, const char*>> entries) {
    double at = width - right;
    const double y = panel_top(panel, first_panel_) - 8;
    for (const auto& [words, colour] : entries) {
      text(at, y, words, fmt::format(R"(text-anchor="end" fill="{}")", colour));
      at -= 7.0 * static_cast<double>(std::string_view(words).size()) + 18;
    }
  }

  void draw_rates() {
    double most = 1;
    for (const auto* intervals : {&orders_, &reads_}) {
      for (const Interval& interval : *intervals) {
        most = std::max(most, interval.good);
      }
    }
    most = rounded_up(most);
    frame(0, "Answered, a second", most, "");
    legend(0, {{"orders", order_colour}, {"pages read", read_colour}});
    line(0, reads_, read_colour, [most](const Interval& one) { return one.good / most; });
    line(0, orders_, order_colour, [most](const Interval& one) { return one.good / most; });
  }

  void draw_failures() {
    double most = 1;
    for (const auto* intervals : {&orders_, &reads_}) {
      for (const Interval& interval : *intervals) {
        most = std::max(most, interval.failed);
      }
    }
    most = rounded_up(most);
    frame(1, "Failed, a second", most, "");
    legend(1, {{"orders", failed_colour}, {"pages read", read_colour}});
    line(1, reads_, read_colour, [most](const Interval& one) { return one.failed / most; });
    line(1, orders_, failed_colour, [most](const Interval& one) { return one.failed / most; });
  }

  // Logarithmic: a millisecond at the bottom.
  void draw_latency() {
    double most = 10;
    for (const auto* intervals : {&orders_, &reads_}) {
      for (const Interval& interval : *intervals) {
        most = std::max(most, millis(interval.slowest));
      }
    }
    const double powers = std::ceil(std::log10(most));
    const double above = panel_top(2, first_panel_);
    text(left, above - 8, "Latency of those answered (logarithmic)",
         R"(font-weight="600" fill="#222")");
    for (double power = 0; power <= powers; ++power) {
      const double y = above + panel_height * (1 - power / powers);
      out_ +=
          fmt::format(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="#e3e3e3"/>)",
                      left, y, width - right, y);
      const double value = std::pow(10, power);
      text(left - 8, y + 4,
           value < 1'000 ? fmt::format("{:g} ms", value) : fmt::format("{:g} s", value / 1'000),
           R"(text-anchor="end" fill="#666")");
    }
    time_axis(above + panel_height);
    legend(2, {{"slowest order", order_colour}, {"slowest page", read_colour}});
    const auto height = [powers](Duration latency) {
      return std::log10(std::max(millis(latency), 1.0)) / powers;
    };
    line(2, reads_, read_colour, [&](const Interval& one) { return height(one.slowest); });
    line(2, orders_, order_colour, [&](const Interval& one) { return height(one.slowest); });
  }

  std::span<const Mark> marks_;
  const Duration end_;
  std::vector<Interval> orders_;
  std::vector<Interval> reads_;
  double first_panel_ = 0;
  std::string out_;
};

}  // namespace

std::string timeline_picture(std::span<const Sample> samples, std::span<const Mark> marks,
                             Duration end) {
  return Picture(samples, marks, end).draw();
}

}  // namespace securecart::lab
