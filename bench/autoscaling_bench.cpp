// The autoscaler and its forecast on real trade:
//
//   autoscaling_bench FILE      CSV of the data set Online Retail (UCI)
//
// The first days of the file are learned, the last one is forecast a quarter of an hour ahead and
// then lived through. The file's orders stand for a shop of their shape: `scale` requests a second
// for an order a quarter. Two days say nothing of weeks, so what is tried is the time of day.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/files.hpp"
#include "cluster/control/autoscaler.hpp"
#include "lab/history.hpp"
#include "lab/retail.hpp"

namespace securecart::bench {
namespace {

using namespace std::chrono_literals;
using namespace cluster;

constexpr double scale_up = 20;  // requests a second for an order a quarter
constexpr double carries = 50;   // requests a second of one instance, at most
constexpr double target = 0.6;   // of its core
constexpr std::chrono::milliseconds quarter = 15min;

struct Trade {
  Timestamp begin;               // of the first day
  std::vector<double> quarters;  // requests a second
  std::size_t learned = 0;       // quarters before the last day
  int orders = 0;
};

Trade read_trade(const std::string& path) {
  const auto lines = lab::parse_retail(need_file(path));
  if (!lines) {
    throw std::runtime_error(path + ": " + lines.error().detail);
  }
  std::map<std::string, Timestamp> invoices;  // when each was placed
  for (const lab::RetailLine& line : *lines) {
    if (lab::kind_of(line) == lab::RetailKind::sale) {
      const auto [found, added] = invoices.emplace(line.invoice, line.at);
      found->second = std::min(found->second, line.at);
    }
  }
  Timestamp first = Timestamp::max();
  Timestamp last = Timestamp::min();
  for (const auto& [invoice, at] : invoices) {
    first = std::min(first, at);
    last = std::max(last, at);
  }
  Trade trade;
  trade.begin = std::chrono::floor<std::chrono::days>(first);
  const auto days = std::chrono::floor<std::chrono::days>(last) -
                    std::chrono::floor<std::chrono::days>(first) + std::chrono::days(1);
  trade.quarters.assign(static_cast<std::size_t>(days / quarter), 0);
  trade.learned = trade.quarters.size() - 96;
  trade.orders = static_cast<int>(invoices.size());
  for (const auto& [invoice, at] : invoices) {
    trade.quarters[static_cast<std::size_t>((at - trade.begin) / quarter)] += scale_up;
  }
  return trade;
}

Timestamp time_of(const Trade& trade, std::size_t index) {
  return trade.begin + quarter * static_cast<std::int64_t>(index);
}

// Mean share by which hours with trade were wrong, and the share of all trade that was wrong.
void tell_error(const char* name, const Trade& trade, const std::vector<double>& forecasts,
                std::size_t together) {
  double relative = 0;
  double wrong = 0;
  double all = 0;
  int counted = 0;
  for (std::size_t i = trade.learned; i < trade.quarters.size(); i += together) {
    double actual = 0;
    double said = 0;
    for (std::size_t j = i; j < i + together; ++j) {
      actual += trade.quarters[j];
      said += forecasts[j];
    }
    if (actual > 0) {
      relative += std::abs(said - actual) / actual;
      ++counted;
    }
    wrong += std::abs(said - actual);
    all += actual;
  }
  fmt::print("  {:<44} MAPE {:4.0f} %   of all trade {:4.0f} %\n", name, 100 * relative / counted,
             100 * wrong / all);
}

std::vector<double> learned_forecasts(const Trade& trade) {
  ScalingRecord record;
  std::vector<double> forecasts(trade.quarters.size());
  for (std::size_t i = 0; i < trade.quarters.size(); ++i) {
    const auto said = forecast(record, time_of(trade, i));
    forecasts[i] = said ? said->expected : 0;
    learn(record, time_of(trade, i), trade.quarters[i]);
  }
  return forecasts;
}

void tell_forecasts(const Trade& trade) {
  std::vector<double> last(trade.quarters.size());
  std::vector<double> hour(trade.quarters.size());
  std::vector<double> yesterday(trade.quarters.size());
  for (std::size_t i = trade.learned; i < trade.quarters.size(); ++i) {
    last[i] = trade.quarters[i - 1];
    hour[i] = (trade.quarters[i - 1] + trade.quarters[i - 2] + trade.quarters[i - 3] +
               trade.quarters[i - 4]) /
              4;
    yesterday[i] = trade.quarters[i - 96];
  }
  const std::vector<double> ours = learned_forecasts(trade);
  fmt::print("Forecast of the last day, a quarter of an hour ahead\n");
  for (const std::size_t together : {1UL, 4UL}) {
    fmt::print(" {}\n", together == 1 ? "by quarters" : "by hours");
    tell_error("as the quarter before (naive)", trade, last, together);
    tell_error("as the hour before", trade, hour, together);
    tell_error("as yesterday", trade, yesterday, together);
    tell_error("learned time of day and level", trade, ours, together);
  }
}

struct Lived {
  double short_seconds = 0;  // of the day, with less than its load needs at full cores
  double lost = 0;           // requests above that
  double requests = 0;
  double instance_hours = 0;
  double needed_hours = 0;
  int changes = 0;
};

Service service_of_bench() {
  Service service;
  service.name = "orders";
  service.minimum = 2;
  service.maximum = 200;
  service.cores = 1.0;
  service.scaling = {0ms, target, 0, 10s, 15s, 5min};
  return service;
}

// Lives through the whole file; what is told is the last day. What `decide` wants serves `start`
// later.
Lived live(const Trade& trade, Duration start,
           const std::function<int(double rate, int ready, Timestamp now)>& decide) {
  constexpr Duration step = 15s;
  Lived lived;
  std::vector<std::pair<Timestamp, int>> ordered;  // more instances, when they are ready
  int ready = 2;
  int wanted = 2;
  const auto steps = static_cast<std::size_t>(quarter / step);
  for (std::size_t i = 0; i < trade.quarters.size() * steps; ++i) {
    const std::size_t at = i / steps;
    // From the middle of one quarter to the middle of the next in a straight line.
    const double place = static_cast<double>(i % steps) / static_cast<double>(steps) - 0.5;
    const std::size_t other =
        place < 0 ? (at == 0 ? 0 : at - 1) : std::min(at + 1, trade.quarters.size() - 1);
    const double rate =
        trade.quarters[at] * (1 - std::abs(place)) + trade.quarters[other] * std::abs(place);
    const Timestamp now = trade.begin + std::chrono::duration_cast<std::chrono::milliseconds>(
                                            step * static_cast<std::int64_t>(i));
    std::erase_if(ordered, [&](const auto& one) {
      ready += one.first <= now ? one.second : 0;
      return one.first <= now;
    });
    const int next = decide(rate, ready, now);
    if (next > wanted) {
      ordered.emplace_back(now + std::chrono::duration_cast<std::chrono::milliseconds>(start),
                           next - wanted);
    } else if (next < wanted) {
      ready -= std::min(wanted - next, ready - 1);
    }
    if (at >= trade.learned) {
      const double seconds = std::chrono::duration<double>(step).count();
      lived.changes += next == wanted ? 0 : 1;
      lived.requests += rate * seconds;
      lived.lost += std::max(0.0, rate - ready * carries) * seconds;
      lived.short_seconds += rate > ready * carries ? seconds : 0;
      lived.instance_hours += ready * seconds / 3'600;
      lived.needed_hours += std::max(2.0, std::ceil(rate / (carries * target))) * seconds / 3'600;
    }
    wanted = next;
  }
  return lived;
}

void tell_day(const char* name, const Lived& lived) {
  fmt::print(
      "  {:<30} short {:5.1f} min, {:5.2f} % of requests too many; {:5.0f} instance hours, "
      "{:+4.0f} % of what was needed; {} changes\n",
      name, lived.short_seconds / 60, 100 * lived.lost / lived.requests, lived.instance_hours,
      100 * (lived.instance_hours / lived.needed_hours - 1), lived.changes);
}

// Target tracking as it runs; without its forecast when `reactive`.
std::function<int(double, int, Timestamp)> autoscaler(bool reactive) {
  struct State {
    Service service = service_of_bench();
    ControlSettings settings;
    ScalingMemory memory;
    ScalingRecord record;
  };
  const auto state = std::make_shared<State>();
  state->settings.forecast_error_most = reactive ? -1 : state->settings.forecast_error_most;
  return [state](double rate, int ready, Timestamp now) {
    ServiceLoad load;
    load.ready = ready;
    load.requests = rate;
    load.cores = std::min(rate / carries, static_cast<double>(ready));
    load.most = state->service.maximum;
    load.warming = std::max(0, state->record.wanted - ready);
    scale(state->service, state->settings, state->memory, state->record, load, now);
    return state->record.wanted;
  };
}

std::function<int(double, int, Timestamp)> hour_by_hour(const Trade& trade) {
  return [&trade](double, int, Timestamp now) {
    const auto at = static_cast<std::size_t>((now - trade.begin) / quarter);
    const double rate = at == 0 ? 0 : trade.quarters[at - 1];
    return std::max(2, static_cast<int>(std::ceil(rate / (carries * target))));
  };
}

void tell_days(const Trade& trade) {
  const double most = std::ranges::max(trade.quarters);
  for (const Duration start : {Duration(5s), Duration(3min)}) {
    fmt::print("\nThe last day, an instance serves {:.0f} s after it is wanted\n",
               std::chrono::duration<double>(start).count());
    const auto peak = static_cast<int>(std::ceil(most / (carries * target)));
    tell_day("always enough for the peak",
             live(trade, start, [peak](double, int, Timestamp) { return peak; }));
    tell_day("what the last quarter needed", live(trade, start, hour_by_hour(trade)));
    tell_day("target tracking alone", live(trade, start, autoscaler(true)));
    tell_day("with the forecast as a floor", live(trade, start, autoscaler(false)));
  }
}

}  // namespace
}  // namespace securecart::bench

int main(int argc, char** argv) {
  using namespace securecart::bench;
  if (argc != 2) {
    fmt::print("autoscaling_bench FILE: without a file there is nothing to replay\n");
    return 0;
  }
  try {
    const Trade trade = read_trade(argv[1]);
    fmt::print("{} invoices, {} quarters of an hour, the first {} learned\n\n", trade.orders,
               trade.quarters.size(), trade.learned);
    if (trade.learned < 96) {
      fmt::print(stderr, "autoscaling_bench needs two days at least\n");
      return 2;
    }
    tell_forecasts(trade);
    tell_days(trade);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "autoscaling_bench: {}\n", error.what());
    return 1;
  }
}
