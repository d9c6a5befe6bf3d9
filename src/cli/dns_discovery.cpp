#include "cli/dns_discovery.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "cli/dns_state.hpp"
#include "cli/limits.hpp"
#include "cluster/control/records.hpp"

namespace securecart::cli {

using traffic::routing::Lease;

// What is found -----------------------------------------------------------------------------------

void FoundInstances::update(ById there, SteadyTime now) {
  if (std::exchange(may_have_forgotten_, false) && (away_ || now < hold_until_)) {
    for (auto& [id, lease] : there_) {
      held_.insert_or_assign(id, std::move(lease));
    }
  }
  there_ = std::move(there);
  std::erase_if(held_, [this](const auto& one) { return there_.contains(one.first); });
}

bool FoundInstances::step(SteadyTime confirmed, SteadyTime now) {
  if (now - confirmed > limits::discovery_away) {
    away_ = may_have_forgotten_ = true;
  } else if (std::exchange(away_, false)) {
    hold_until_ = now + limits::discovery_hold;
  }
  if (away_ || now < hold_until_ || held_.empty()) {
    return false;
  }
  held_.clear();
  return true;
}

std::vector<Lease> FoundInstances::all() const {
  std::vector<Lease> leases;
  for (const ById* const part : {&there_, &held_}) {
    for (const auto& [id, lease] : *part) {
      leases.push_back(lease);
    }
  }
  return leases;
}

std::optional<Lease> lease_of(const cluster::Entry& entry) {
  const Result<cluster::InstanceRecord> record = cluster::parse_instance_record(entry.value);
  if (!record) {
    return std::nullopt;
  }
  Lease lease;
  lease.service = record->service;
  lease.instance = record->id;
  lease.address = traffic::parse_address(record->address).value_or(traffic::Address{});
  lease.port = record->port;
  lease.weight = record->weight;
  lease.zone = record->zone;
  return traffic::routing::check_lease(lease) ? std::optional(std::move(lease)) : std::nullopt;
}

json::value to_json(const std::vector<Lease>& leases) {
  json::array list;
  for (const Lease& lease : leases) {
    list.push_back(traffic::routing::to_json(lease));
  }
  return json::object{{"instances", std::move(list)}};
}

FoundInstances::ById parse_leases(const json::value& value) {
  FoundInstances::ById leases;
  const json::object* const object = value.if_object();
  const json::value* const list = object == nullptr ? nullptr : object->if_contains("instances");
  if (list == nullptr || !list->is_array()) {
    return leases;
  }
  for (const json::value& one : list->get_array()) {
    const json::object* const fields = one.if_object();
    if (fields == nullptr) {
      continue;
    }
    const Lease lease = traffic::routing::read_lease(*fields);
    if (traffic::routing::check_lease(lease)) {
      leases.emplace(lease.instance, lease);
    }
  }
  return leases;
}

// Following etcd ----------------------------------------------------------------------------------

namespace {

FoundInstances::ById last_known(const std::filesystem::path& memory) {
  const std::optional<json::value> kept =
      memory.empty() ? std::nullopt : read_checked_file(memory, limits::health_state_bytes);
  return kept ? parse_leases(*kept) : FoundInstances::ById();
}

}  // namespace

DnsDiscovery::DnsDiscovery(net::Runtime& runtime, const Clock& clock, Random& random,
                           const DnsDiscoveryConfig& config, std::filesystem::path memory,
                           Changed changed)
    : clock_(clock),
      prefix_(config.prefix),
      memory_(std::move(memory)),
      changed_(std::move(changed)),
      started_(clock.steady()),
      store_(runtime, runtime.executor(0), clock, random, {.endpoints = config.etcd}),
      found_(last_known(memory_)) {}

void DnsDiscovery::start() {
  if (std::vector<Lease> known = found_.all(); !known.empty()) {
    changed_(std::move(known));
  }
  watch_ = store_.watch(prefix_, [this](const cluster::Snapshot& snapshot) {
    FoundInstances::ById there;
    for (const cluster::Entry& entry : snapshot.entries) {
      if (std::optional<Lease> lease = lease_of(entry)) {
        there.insert_or_assign(lease->instance, std::move(*lease));
      } else {
        log::warn("an instance in etcd is not understood", {{"key", entry.key}});
      }
    }
    found_.update(std::move(there), clock_.steady());
    tell();
  });
}

void DnsDiscovery::tick() {
  const bool was_away = found_.is_away();
  // One that was only just asked is not away.
  const SteadyTime since = found_.is_away() ? SteadyTime{} : started_;
  if (watch_ && found_.step(std::max(watch_->confirmed(), since), clock_.steady())) {
    tell();
  }
  if (found_.is_away() != was_away) {
    log::write(was_away ? log::Level::info : log::Level::warn,
               was_away ? "etcd answers: discovery follows it"
                        : "etcd does not answer: discovery stays as it is");
  }
}

void DnsDiscovery::stop() {
  watch_.reset();
}

void DnsDiscovery::tell() {
  std::vector<Lease> all = found_.all();
  if (!memory_.empty()) {
    try {
      write_checked_file(memory_, to_json(all));
    } catch (const std::exception& error) {
      log::warn("the instances are not kept", {{"error", error.what()}});
    }
  }
  changed_(std::move(all));
}

}  // namespace securecart::cli
