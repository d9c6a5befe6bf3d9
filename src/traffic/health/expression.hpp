// Calculated checks, and the sample of a metric: pure.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "traffic/health/config.hpp"
#include "traffic/health/status.hpp"

namespace securecart::traffic::health {

// all: up when all are up, down when one is down. any: up when one is up, down when all are down.
// at_least: up when so many are up, down when so many cannot be any more. Else unknown.
Status combine(CheckKind kind, std::int64_t least, std::span<const Status> statuses);

// The value of `metric` ("name" or "name{label=\"value\"}", exactly as written there) in a text of
// the Prometheus format; nullopt when it is not there.
std::optional<double> metric_value(std::string_view text, std::string_view metric);

}  // namespace securecart::traffic::health
