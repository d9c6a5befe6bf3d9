#include "cluster/control/records.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/json.hpp"
#include "cluster/control/limits.hpp"
#include "cluster/control/record_fields.hpp"

namespace securecart::cluster {
namespace {

constexpr std::array<std::string_view, 6> state_names{"starting", "ready",   "sick",
                                                      "draining", "stopped", "crash_loop"};
constexpr std::array<std::string_view, 4> phase_names{"idle", "rolling", "baking", "rolling_back"};
constexpr double most_number = 1e12;
constexpr std::int64_t most_integer = std::int64_t{1} << 60U;

// Parses `text` and hands its fields to `read`, which returns the record.
template <class Read>
auto parse_record(std::string_view what, std::string_view text, Read read)
    -> Result<decltype(read(std::declval<RecordFields&>()))> {
  if (text.size() > limits::record_bytes) {
    return fail(errc::invalid_request,
                fmt::format("The {} is larger than {} bytes.", what, limits::record_bytes));
  }
  const Result<json::value> value = parse_json(text);
  if (!value) {
    return std::unexpected(value.error());
  }
  std::string problem;
  RecordFields fields(*value, "", problem);
  auto record = read(fields);
  if (!problem.empty()) {
    return fail(errc::invalid_request, fmt::format("The {} is wrong: {}.", what, problem));
  }
  return record;
}

int slot_of(RecordFields& fields) {
  return static_cast<int>(
      fields.integer("slot", 0, static_cast<std::int64_t>(limits::host_slots) - 1, 0));
}

// Six digits are enough for a load, and come back the same however often they are read and written.
double brief(double number) {
  const std::string digits = fmt::format("{:.6g}", number);
  double rounded = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), rounded);
  return rounded;
}

json::array brief(const std::vector<double>& numbers) {
  json::array all;
  all.reserve(numbers.size());
  for (const double number : numbers) {
    all.emplace_back(brief(number));
  }
  return all;
}

void add_time(json::object& object, std::string_view name, Timestamp time) {
  if (time != Timestamp()) {
    object[name] = format_rfc3339(time);
  }
}

void add_text(json::object& object, std::string_view name, const std::string& text) {
  if (!text.empty()) {
    object[name] = text;
  }
}

json::array to_array(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

json::object to_object(const InstanceReport& report) {
  json::object out{{"id", report.id},
                   {"service", report.service},
                   {"slot", report.slot},
                   {"version", report.version},
                   {"state", to_text(report.state)},
                   {"cpu", brief(report.cpu)},
                   {"memory_bytes", report.memory_bytes},
                   {"requests", brief(report.requests)},
                   {"errors", brief(report.errors)},
                   {"latency_p99_us", report.latency_p99 / std::chrono::microseconds(1)},
                   {"queue", brief(report.queue)}};
  add_time(out, "since", report.since);
  return out;
}

InstanceReport read_instance_report(RecordFields& fields) {
  InstanceReport report;
  report.id = fields.name("id");
  report.service = fields.label("service");
  report.slot = slot_of(fields);
  report.version = fields.text("version");
  report.state = static_cast<InstanceState>(fields.one_of("state", state_names, 0));
  report.since = fields.time("since");
  report.cpu = fields.number("cpu", 0, most_number, 0);
  report.memory_bytes = fields.integer("memory_bytes", 0, most_integer, 0);
  report.requests = fields.number("requests", 0, most_number, 0);
  report.errors = fields.number("errors", 0, 1, 0);
  report.latency_p99 = std::chrono::microseconds(fields.integer(
      "latency_p99_us", 0, std::chrono::hours(24) / std::chrono::microseconds(1), 0));
  report.queue = fields.number("queue", 0, most_number, 0);
  return report;
}

InstanceOrder read_instance_order(RecordFields& fields) {
  InstanceOrder order;
  order.service = fields.label("service");
  order.slot = slot_of(fields);
  order.version = fields.text("version");
  order.restart = fields.integer("restart", 0, most_integer, 0);
  order.drain = fields.flag("drain");
  order.withdrawn = fields.flag("withdrawn");
  return order;
}

json::object to_object(const std::map<std::string, Build>& builds) {
  json::object out;
  for (const auto& [service, build] : builds) {
    out[service] = json::object{{"version", build.version}, {"restart", build.restart}};
  }
  return out;
}

std::map<std::string, Build> read_builds(RecordFields& fields, std::string_view name) {
  std::map<std::string, Build> builds;
  fields.each_member(name, limits::region_services,
                     [&builds](std::string_view service, RecordFields& build) {
                       builds[std::string(service)] = {
                           build.text("version"), build.integer("restart", 0, most_integer, 0)};
                     });
  return builds;
}

std::vector<std::uint32_t> counts(const std::vector<double>& numbers) {
  std::vector<std::uint32_t> all;
  for (const double number : numbers) {
    all.push_back(static_cast<std::uint32_t>(number));
  }
  return all;
}

RolloutRecord read_rollout(RecordFields& fields) {
  RolloutRecord record;
  record.phase = static_cast<RolloutPhase>(fields.one_of("phase", phase_names, 0));
  record.since = fields.time("since");
  record.settled = read_builds(fields, "settled");
  record.target = read_builds(fields, "target");
  record.refused = read_builds(fields, "refused");
  record.patched = fields.text("patched");
  record.patch = fields.text("patch");
  record.patch_refused = fields.text("patch_refused");
  record.zones = fields.texts("zones", limits::region_zones);
  record.current = static_cast<int>(fields.integer("current", 0, limits::region_zones, 0));
  record.proven = fields.texts("proven", limits::region_services);
  record.wrong = fields.flag("wrong");
  record.reason = fields.text("reason");
  if (record.phase != RolloutPhase::idle &&
      static_cast<std::size_t>(record.current) >= record.zones.size()) {
    fields.refuse("current", "is not the index of a zone");
  }
  if (record.phase != RolloutPhase::idle && record.target.empty() && record.patch.empty()) {
    fields.refuse("target", "is empty although something is on its way");
  }
  return record;
}

}  // namespace

std::string_view to_text(InstanceState state) {
  return state_names[static_cast<std::size_t>(state)];
}

std::string_view to_text(RolloutPhase phase) {
  return phase_names[static_cast<std::size_t>(phase)];
}

Keys::Keys(std::string_view region) : root(fmt::format("/securecart/{}/", region)) {}

std::string instance_id(std::string_view service, std::string_view host, int slot) {
  return fmt::format("{}-{}-{}", service, host, slot);
}

std::string to_json(const HostReport& report) {
  json::array instances;
  for (const InstanceReport& instance : report.instances) {
    instances.push_back(to_object(instance));
  }
  json::object out{{"host", report.host},
                   {"zone", report.zone},
                   {"order_revision", report.order_revision},
                   {"load", brief(report.load)},
                   {"memory_free_bytes", report.memory_free_bytes},
                   {"instances", std::move(instances)},
                   {"units_down", to_array(report.units_down)}};
  add_time(out, "at", report.at);
  add_text(out, "patched", report.patched);
  add_text(out, "patch_failed", report.patch_failed);
  return to_string(out);
}

Result<HostReport> parse_host_report(std::string_view text) {
  return parse_record("host's report", text, [](RecordFields& fields) {
    HostReport report;
    report.host = fields.label("host");
    report.zone = fields.label("zone");
    report.at = fields.time("at");
    report.order_revision = fields.integer("order_revision", 0, most_integer, 0);
    report.load = fields.number("load", 0, most_number, 0);
    report.memory_free_bytes = fields.integer("memory_free_bytes", 0, most_integer, 0);
    fields.each("instances", limits::host_slots * 2, [&report](RecordFields& instance) {
      report.instances.push_back(read_instance_report(instance));
    });
    report.units_down = fields.texts("units_down", limits::host_units);
    report.patched = fields.text("patched");
    report.patch_failed = fields.text("patch_failed");
    return report;
  });
}

std::string to_json(const HostOrder& order) {
  json::array instances;
  for (const InstanceOrder& instance : order.instances) {
    json::object one{{"service", instance.service},
                     {"slot", instance.slot},
                     {"version", instance.version},
                     {"restart", instance.restart}};
    if (instance.drain) {
      one["drain"] = true;
    }
    if (instance.withdrawn) {
      one["withdrawn"] = true;
    }
    instances.push_back(std::move(one));
  }
  json::object out{{"instances", std::move(instances)}};
  add_text(out, "patch", order.patch);
  return to_string(out);
}

Result<HostOrder> parse_host_order(std::string_view text) {
  return parse_record("host's order", text, [](RecordFields& fields) {
    HostOrder order;
    fields.each("instances", limits::host_slots, [&order](RecordFields& instance) {
      order.instances.push_back(read_instance_order(instance));
      const int slot = order.instances.back().slot;
      if (std::ranges::count(order.instances, slot, &InstanceOrder::slot) > 1) {
        instance.refuse("slot", "is ordered twice");
      }
    });
    std::ranges::sort(order.instances, {}, &InstanceOrder::slot);
    order.patch = fields.text("patch");
    return order;
  });
}

std::string to_json(const ServiceOrder& order) {
  return to_string(json::object{{"service", order.service},
                                {"version", order.version},
                                {"restart", order.restart},
                                {"pinned", order.pinned}});
}

Result<ServiceOrder> parse_service_order(std::string_view text) {
  return parse_record("service's order", text, [](RecordFields& fields) {
    ServiceOrder order;
    order.service = fields.label("service");
    order.version = fields.text("version");
    order.restart = fields.integer("restart", 0, most_integer, 0);
    order.pinned = static_cast<int>(fields.integer("pinned", 0, limits::region_instances, 0));
    return order;
  });
}

std::string to_json(const PatchOrder& order) {
  return to_string(json::object{{"id", order.id}});
}

Result<PatchOrder> parse_patch_order(std::string_view text) {
  return parse_record("patch's order", text,
                      [](RecordFields& fields) { return PatchOrder{fields.text("id")}; });
}

std::string to_json(const ScalingRecord& record) {
  json::object out{{"service", record.service},
                   {"wanted", record.wanted},
                   {"capacity", brief(record.capacity)},
                   {"of_week", brief(record.of_week)},
                   {"of_day", brief(record.of_day)},
                   {"weeks", json::array(record.weeks.begin(), record.weeks.end())},
                   {"days", json::array(record.days.begin(), record.days.end())},
                   {"level", brief(record.level)},
                   {"high", brief(record.high)},
                   {"error", brief(record.error)}};
  add_time(out, "scaled_out", record.scaled_out);
  add_time(out, "scaled_in", record.scaled_in);
  add_time(out, "learned", record.learned);
  return to_string(out);
}

Result<ScalingRecord> parse_scaling_record(std::string_view text) {
  return parse_record("scaling record", text, [](RecordFields& fields) {
    ScalingRecord record;
    record.service = fields.label("service");
    record.wanted = static_cast<int>(fields.integer("wanted", 0, limits::region_instances, 0));
    record.scaled_out = fields.time("scaled_out");
    record.scaled_in = fields.time("scaled_in");
    record.capacity = fields.number("capacity", 0, most_number, 0);
    record.of_week = fields.numbers("of_week", limits::quarters_of_week, most_number);
    record.of_day = fields.numbers("of_day", limits::quarters_of_day, most_number);
    record.weeks = counts(fields.numbers("weeks", limits::quarters_of_week, 1e6));
    record.days = counts(fields.numbers("days", limits::quarters_of_day, 1e6));
    record.level = fields.number("level", 0, 1e6, 1);
    record.high = fields.number("high", 0, 1e6, 1);
    record.learned = fields.time("learned");
    record.error = fields.number("error", 0, 1e6, 0);
    const auto whole = [](std::size_t size, std::size_t wanted) {
      return size == 0 || size == wanted;
    };
    if (!whole(record.of_week.size(), limits::quarters_of_week) ||
        !whole(record.of_day.size(), limits::quarters_of_day) ||
        record.weeks.size() != record.of_week.size() ||
        record.days.size() != record.of_day.size()) {
      fields.refuse("of_week", "is not a whole week, or its day or counts are not");
    }
    return record;
  });
}

std::string to_json(const RolloutRecord& record) {
  json::object out{{"phase", to_text(record.phase)},     {"settled", to_object(record.settled)},
                   {"target", to_object(record.target)}, {"refused", to_object(record.refused)},
                   {"zones", to_array(record.zones)},    {"current", record.current}};
  add_time(out, "since", record.since);
  add_text(out, "patched", record.patched);
  add_text(out, "patch", record.patch);
  add_text(out, "patch_refused", record.patch_refused);
  if (!record.proven.empty()) {
    out["proven"] = to_array(record.proven);
  }
  if (record.wrong) {
    out["wrong"] = true;
  }
  add_text(out, "reason", record.reason);
  return to_string(out);
}

Result<RolloutRecord> parse_rollout_record(std::string_view text) {
  return parse_record("rollout record", text, read_rollout);
}

std::string to_json(const ShiftRecord& record) {
  json::object out{
      {"zone", record.zone}, {"by", record.by}, {"reason", record.reason}, {"times", record.times}};
  add_time(out, "until", record.until);
  return to_string(out);
}

Result<ShiftRecord> parse_shift_record(std::string_view text) {
  return parse_record("shift of a zone", text, [](RecordFields& fields) {
    ShiftRecord record;
    record.zone = fields.label("zone");
    record.until = fields.time("until");
    record.by = fields.text("by");
    record.reason = fields.text("reason");
    record.times = static_cast<int>(fields.integer("times", 1, 1'000, 1));
    return record;
  });
}

std::string to_json(const AlarmList& list) {
  json::array alarms;
  for (const Alarm& alarm : list.alarms) {
    json::object one{{"what", alarm.what}, {"subject", alarm.subject}, {"text", alarm.text}};
    add_time(one, "since", alarm.since);
    alarms.push_back(std::move(one));
  }
  return to_string(json::object{{"alarms", std::move(alarms)}});
}

Result<AlarmList> parse_alarm_list(std::string_view text) {
  return parse_record("list of alarms", text, [](RecordFields& fields) {
    AlarmList list;
    fields.each("alarms", limits::region_alarms, [&list](RecordFields& alarm) {
      list.alarms.push_back(
          {alarm.text("what"), alarm.text("subject"), alarm.text("text"), alarm.time("since")});
    });
    return list;
  });
}

std::string to_json(const InstanceRecord& record) {
  return to_string(json::object{{"id", record.id},
                                {"service", record.service},
                                {"zone", record.zone},
                                {"address", record.address},
                                {"port", record.port},
                                {"weight", record.weight}});
}

Result<InstanceRecord> parse_instance_record(std::string_view text) {
  return parse_record("instance's record", text, [](RecordFields& fields) {
    InstanceRecord record;
    record.id = fields.name("id");
    record.service = fields.label("service");
    record.zone = fields.label("zone");
    record.address = fields.name("address");
    record.port = static_cast<std::uint16_t>(fields.integer("port", 1, 65'535, 0));
    record.weight = static_cast<std::uint16_t>(fields.integer("weight", 0, 65'535, 1));
    if (record.port == 0) {
      fields.refuse("port", "is missing");
    }
    return record;
  });
}

}  // namespace securecart::cluster
