// What a service's load will be, learned from the weeks before. Works on the fields of a
// ScalingRecord, so that it survives a change of the leader.
//
// Each quarter of an hour has an average in the week (672) and in the day (96), newer weeks
// counting more. A quarter of the week that was seen seldom leans on the same quarter of any day.
// What the time of week says is multiplied by `level`, how today compares to it so far: that is the
// trend. `high` is the factor over the forecast that is exceeded once in ten quarters.
#pragma once

#include <optional>

#include "cluster/control/records.hpp"

namespace securecart::cluster {

constexpr Duration forecast_quarter = std::chrono::minutes(15);
// The quarter that `time` is in.
Timestamp quarter_of(Timestamp time);

struct Forecast {
  double expected = 0.0;  // requests a second, on average over a quarter
  double high = 0.0;
};
// nullopt: nothing was learned of that time of day.
std::optional<Forecast> forecast(const ScalingRecord& record, Timestamp at);
// Of the quarters from `from` to `until`, the one with the most.
std::optional<Forecast> forecast_most(const ScalingRecord& record, Timestamp from, Timestamp until);

// What the load of the quarter that began at `quarter` was. Each quarter once, in order.
void learn(ScalingRecord& record, Timestamp quarter, double requests);

}  // namespace securecart::cluster
