#include "lab/gameday/timeline.hpp"

#include <algorithm>
#include <map>

#include "lab/latency.hpp"

namespace securecart::lab {
namespace {

KindFigures figures_of_kind(std::span<const Sample> samples, Sample::Kind kind,
                            std::optional<Duration> first_mark, Duration end) {
  KindFigures figures;
  LatencyHistogram latency;
  std::vector<Duration> answered;
  for (const Sample& sample : samples) {
    if (sample.kind != kind || sample.at > end) {
      continue;
    }
    ++figures.count;
    figures.refused += sample.outcome == Sample::Outcome::refused ? 1 : 0;
    figures.failed += sample.outcome == Sample::Outcome::failed ? 1 : 0;
    if (sample.outcome == Sample::Outcome::good) {
      latency.record(sample.latency);
      answered.push_back(sample.end());
    }
  }
  figures.median = latency.percentile(50);
  figures.p99 = latency.percentile(99);
  figures.slowest = latency.max();
  std::ranges::sort(answered);
  const Duration mark = first_mark.value_or(Duration::zero());
  Duration last = Duration::zero();
  Duration gap = Duration::zero();
  bool any_after = false;
  for (const Duration at : answered) {
    if (first_mark && at > mark) {
      gap = std::max(gap, at - std::max(last, mark));
      any_after = true;
    }
    const Duration until = first_mark ? std::min(at, mark) : at;
    figures.gap_before = std::max(figures.gap_before, until - std::min(last, until));
    last = at;
  }
  if (first_mark && any_after) {
    // Answers may come after the end of the load; no gap is open then.
    figures.gap = std::max(gap, end - std::min(std::max(last, mark), end));
  }
  return figures;
}

}  // namespace

std::vector<Sample> order_samples(const History& history, Timestamp began) {
  struct Known {
    Timestamp asked;
    Sample sample;
    bool answered = false;
  };
  std::map<std::string_view, Known> known;
  for (const Intent& intent : history.intents) {
    Known& one = known[intent.key];
    one.asked = intent.at;
    one.sample = {Sample::Kind::order, Sample::Outcome::failed, intent.at - began, {}};
  }
  const auto answer = [&known](std::string_view key, Timestamp at, Sample::Outcome outcome) {
    const auto found = known.find(key);
    // Of two clicks of one checkout the first answer counts, unless only the second is good.
    if (found == known.end() ||
        (found->second.answered && found->second.sample.outcome == Sample::Outcome::good)) {
      return;
    }
    found->second.answered = true;
    found->second.sample.outcome = outcome;
    found->second.sample.latency = at - found->second.asked;
  };
  for (const Ack& ack : history.acks) {
    answer(ack.key, ack.at, Sample::Outcome::good);
  }
  for (const Fail& failure : history.fails) {
    answer(failure.key, failure.at,
           failure.outcome == Fail::Outcome::refused && failure.status < 500
               ? Sample::Outcome::refused
               : Sample::Outcome::failed);
  }
  std::vector<Sample> samples;
  for (const auto& [key, one] : known) {
    samples.push_back(one.sample);
  }
  std::ranges::sort(samples, {}, &Sample::at);
  return samples;
}

Figures figures_of(std::span<const Sample> samples, std::span<const Mark> marks, Duration end) {
  std::optional<Duration> first;
  for (const Mark& mark : marks) {
    first = first ? std::min(*first, mark.at) : mark.at;
  }
  return {figures_of_kind(samples, Sample::Kind::order, first, end),
          figures_of_kind(samples, Sample::Kind::read, first, end)};
}

std::vector<Interval> intervals_of(std::span<const Sample> samples, Sample::Kind kind,
                                   Duration width, Duration end) {
  const auto count = static_cast<std::size_t>((end + width - Duration(1)) / width);
  std::vector<Interval> intervals(count);
  std::vector<LatencyHistogram> latencies(count);
  const double seconds = std::chrono::duration<double>(width).count();
  for (std::size_t i = 0; i < count; ++i) {
    intervals[i].at = width * static_cast<std::int64_t>(i);
  }
  for (const Sample& sample : samples) {
    const auto index = static_cast<std::size_t>(std::max(sample.end(), Duration::zero()) / width);
    if (sample.kind != kind || index >= count) {
      continue;
    }
    if (sample.outcome == Sample::Outcome::failed) {
      intervals[index].failed += 1 / seconds;
    } else {
      intervals[index].good += 1 / seconds;
      latencies[index].record(sample.latency);
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    intervals[i].median = latencies[i].percentile(50);
    intervals[i].slowest = latencies[i].max();
  }
  return intervals;
}

}  // namespace securecart::lab
