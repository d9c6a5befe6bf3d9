// How instances answer, summed up: what zones and builds are compared by.
#pragma once

#include <chrono>

#include "cluster/control/records.hpp"

namespace securecart::cluster {

struct Answers {
  double requests = 0.0;  // a second
  double errors = 0.0;    // a second
  double latency = 0.0;   // p99 in seconds * requests

  void add(const InstanceReport& report) {
    requests += report.requests;
    errors += report.requests * report.errors;
    latency += report.requests * std::chrono::duration<double>(report.latency_p99).count();
  }
  void add(const Answers& other) {
    requests += other.requests;
    errors += other.errors;
    latency += other.latency;
  }
  double error_share() const { return requests > 0 ? errors / requests : 0; }
  double mean_latency() const { return requests > 0 ? latency / requests : 0; }
  Answers without(const Answers& part) const {
    return {requests - part.requests, errors - part.errors, latency - part.latency};
  }
};

// By how much one must answer worse than the others to be told apart from chance.
struct AnswerMargins {
  double requests = 1.0;  // a second, of both, before anything is said
  double errors = 0.01;   // more of the requests, and
  double errors_factor = 2.0;
  double latency_factor = 2.0;
  Duration latency_least{};  // more than theirs
};

inline bool answer_worse(const Answers& here, const Answers& others, const AnswerMargins& margins) {
  if (here.requests < margins.requests || others.requests < margins.requests) {
    return false;
  }
  const double least = std::chrono::duration<double>(margins.latency_least).count();
  return (here.error_share() > others.error_share() + margins.errors &&
          here.error_share() > others.error_share() * margins.errors_factor) ||
         (here.mean_latency() > others.mean_latency() + least &&
          here.mean_latency() > others.mean_latency() * margins.latency_factor);
}

}  // namespace securecart::cluster
