#include "cluster/control/autoscaler.hpp"

#include <algorithm>
#include <cmath>

namespace securecart::cluster {
namespace {

constexpr double least_demand = 0.5;  // of an instance: less says nothing of what one carries
constexpr double capacity_weight = 0.05;
constexpr double learned_share = 0.8;  // of a quarter that must have been seen
constexpr double latency_most = 2.0;   // times more instances because of latency, in a step
constexpr double saturated_factor = 2.0;
// Of the target. Slow answers of idle cores wait for something else, which more instances would
// only ask for more.
constexpr double busy_share = 0.5;

double seconds(Duration span) {
  return std::chrono::duration<double>(span).count();
}

// Instances that bring the cores used to the target.
double need_by_cpu(const Service& service, const ServiceLoad& load) {
  const ScalingTargets& targets = service.scaling;
  return targets.cpu > 0 && service.cores > 0 ? load.cores / (service.cores * targets.cpu) : 0;
}

bool saturated(const Service& service, const ControlSettings& settings, const ServiceLoad& load) {
  return service.scaling.cpu > 0 && service.cores > 0 && load.ready > 0 &&
         load.cores / load.ready >= settings.saturated * service.cores;
}

double need_now(const Service& service, const ControlSettings& settings, const ServiceLoad& load,
                int wanted) {
  const ScalingTargets& targets = service.scaling;
  double need = need_by_cpu(service, load);
  if (targets.queue > 0) {
    need = std::max(need, load.queue / targets.queue);
  }
  // What is added takes its part only when it is warm; until then these two would ask again.
  const bool busy = targets.cpu <= 0 || service.cores <= 0 ||
                    load.cores >= busy_share * targets.cpu * service.cores * load.ready;
  if (load.warming == 0 && busy && targets.latency_p99 > Duration::zero() &&
      load.latency_p99 > targets.latency_p99) {
    const double factor = seconds(load.latency_p99) / seconds(targets.latency_p99);
    need = std::max(need, wanted * std::min(factor, latency_most));
  }
  if (load.warming == 0 && saturated(service, settings, load)) {
    need = std::max(need, wanted * saturated_factor);
  }
  return need;
}

double need_soon(const ControlSettings& settings, const ScalingRecord& record, Timestamp now) {
  if (record.capacity <= 0 || record.error > settings.forecast_error_most) {
    return 0;
  }
  const auto ahead = std::chrono::duration_cast<std::chrono::milliseconds>(settings.forecast_ahead);
  const std::optional<Forecast> most = forecast_most(record, now, now + ahead);
  return most ? most->high / record.capacity : 0;
}

bool learn_load(const Service& service, ScalingMemory& memory, ScalingRecord& record,
                const ServiceLoad& load, Timestamp now) {
  const double demand = need_by_cpu(service, load);
  if (demand >= least_demand && load.requests > 0 && !load.incident) {
    const double capacity = load.requests / demand;
    record.capacity += (capacity - record.capacity) * (record.capacity > 0 ? capacity_weight : 1);
  }
  bool learned = false;
  const Timestamp quarter = quarter_of(now);
  if (memory.quarter != quarter) {
    const bool whole = memory.samples > 0 && memory.first_sample - memory.quarter <
                                                 forecast_quarter * (1 - learned_share);
    if (whole && record.learned < memory.quarter) {
      learn(record, memory.quarter, memory.sum / memory.samples);
      learned = true;
    }
    memory.quarter = quarter;
    memory.sum = 0;
    memory.samples = 0;
    memory.first_sample = now;
  }
  memory.sum += load.requests;
  ++memory.samples;
  return learned;
}

// Follows the most that was needed; an incident begins the wait anew.
void watch_peak(const Service& service, ScalingMemory& memory, double need, bool incident,
                Timestamp now) {
  if (incident || memory.window == Timestamp()) {
    memory = {.peak = need,
              .window = now,
              .sum = memory.sum,
              .samples = memory.samples,
              .quarter = memory.quarter,
              .first_sample = memory.first_sample};
    return;
  }
  memory.peak = std::max(memory.peak, need);
  // Half windows, so that between one and a half and two cool-downs are looked back on.
  if (now - memory.window >= service.scaling.scale_in_cooldown / 2) {
    std::ranges::rotate(memory.peaks, memory.peaks.end() - 1);
    memory.peaks.front() = memory.peak;
    memory.peak = need;
    memory.window = now;
    memory.windows = std::min(memory.windows + 1, static_cast<int>(memory.peaks.size()));
  }
}

}  // namespace

bool scale(const Service& service, const ControlSettings& settings, ScalingMemory& memory,
           ScalingRecord& record, const ServiceLoad& load, Timestamp now) {
  const bool learned = learn_load(service, memory, record, load, now);
  const int least = std::max(service.minimum, load.pinned);
  // Room that is gone with a zone takes nothing away: placement does what it can.
  const int wanted = std::max(record.wanted, least);
  const double need = load.pinned > 0 ? load.pinned
                                      : std::max(need_now(service, settings, load, wanted),
                                                 need_soon(settings, record, now));
  watch_peak(service, memory, need, load.incident, now);

  int next = wanted;
  const ScalingTargets& targets = service.scaling;
  if (std::ceil(need) > wanted && now - record.scaled_out >= targets.scale_out_cooldown) {
    const double step = std::min(std::ceil(need), std::ceil(wanted * settings.scale_out_most));
    next = std::max(wanted, std::min(static_cast<int>(step), load.most));
  } else if (!load.incident && memory.windows >= static_cast<int>(memory.peaks.size()) &&
             now - record.scaled_out >= targets.scale_in_cooldown &&
             now - record.scaled_in >= targets.scale_in_cooldown) {
    const double peak =
        std::max({memory.peak, need, std::ranges::max(memory.peaks)}) * settings.scale_in_room;
    const int step = std::max(1, static_cast<int>(wanted * settings.scale_in_most));
    const int floor = std::max({least, wanted - step, static_cast<int>(std::ceil(peak))});
    next = std::min(wanted, floor);
  }
  if (next > record.wanted) {
    record.scaled_out = now;
  } else if (next < record.wanted) {
    record.scaled_in = now;
  }
  const bool changed = next != record.wanted;
  record.wanted = next;
  return changed || learned;
}

}  // namespace securecart::cluster
