#include "traffic/routing/leases.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/limits.hpp"
#include "traffic/model/fields.hpp"
#include "traffic/routing/limits.hpp"
#include "traffic/routing/snapshot.hpp"

namespace securecart::traffic::routing {
namespace {

constexpr std::uint32_t discovery_ttl_seconds = 1;
constexpr std::string_view zone_label = "zone-";

bool is_label(std::string_view text) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  // An underscore before it must still fit into a label.
  return !text.empty() && text.size() < limits::dns_label_bytes &&
         std::ranges::all_of(text, good) && text.front() != '-' && text.back() != '-';
}

constexpr std::int64_t lease_most_ms = limits::lease_most / std::chrono::milliseconds(1);

// A number that is none of 16 bits is 0, which no lease may have for a port.
std::uint16_t small_number(const json::object& fields, std::string_view name,
                           std::int64_t fallback) {
  const std::int64_t value = whole_or(fields, name, fallback);
  return value < 0 || value > UINT16_MAX ? std::uint16_t{0} : static_cast<std::uint16_t>(value);
}

std::string service_key(const Lease& lease) {
  return "_" + lease.service + "._" + lease.protocol;
}

// The first label of a wire name as text, and what is behind it; nullopt at the root.
struct FirstLabel {
  std::string_view label;
  std::span<const std::uint8_t> rest;
};
std::optional<FirstLabel> first_label(std::span<const std::uint8_t> name) {
  if (name.empty() || name[0] == 0 || name[0] > limits::dns_label_bytes || name.size() <= name[0]) {
    return std::nullopt;
  }
  return FirstLabel{{reinterpret_cast<const char*>(name.data()) + 1, name[0]},
                    name.subspan(std::size_t{1} + name[0])};
}

}  // namespace

LeaseTable::LeaseTable(std::vector<Lease> leases) : leases_(std::move(leases)) {
  for (std::uint32_t i = 0; i < leases_.size(); ++i) {
    const std::string key = service_key(leases_[i]);
    by_service_[key].push_back(i);
    if (!leases_[i].zone.empty()) {
      by_service_[fmt::format("{}.{}{}", key, zone_label, leases_[i].zone)].push_back(i);
    }
    by_name_[leases_[i].service].push_back(i);
    if (leases_[i].instance != leases_[i].service) {
      by_name_[leases_[i].instance].push_back(i);
    }
  }
}

void LeaseTable::resolve(const PolicyQuestion& question, PolicyAnswer& answer) const noexcept {
  answer.ttl_seconds = discovery_ttl_seconds;
  const Found found = find(question.name);
  if (found.leases == nullptr) {
    answer.outcome = PolicyOutcome::no_name;
  } else if (found.is_service && question.type == rr_type_srv) {
    add_services(*found.leases, found.suffix, answer);
  } else {
    add_addresses(*found.leases, question, answer);
  }
}

LeaseTable::Found LeaseTable::find(std::span<const std::uint8_t> name) const noexcept {
  const std::optional<FirstLabel> first = first_label(name);
  if (!first) {
    return {};
  }
  if (!first->label.starts_with('_')) {
    const auto found = by_name_.find(first->label);
    return found == by_name_.end() ? Found() : Found{&found->second, first->rest, false};
  }
  const std::optional<FirstLabel> second = first_label(first->rest);
  if (!second) {
    return {};
  }
  // The labels as they are keyed, without an allocation.
  std::array<char, 3 * limits::dns_label_bytes + 2> key;
  char* end = std::ranges::copy(first->label, key.data()).out;
  *end++ = '.';
  end = std::ranges::copy(second->label, end).out;
  std::span<const std::uint8_t> suffix = second->rest;
  if (const std::optional<FirstLabel> third = first_label(second->rest);
      third && third->label.starts_with(zone_label)) {
    *end++ = '.';
    end = std::ranges::copy(third->label, end).out;
    suffix = third->rest;
  }
  const auto found =
      by_service_.find(std::string_view(key.data(), static_cast<std::size_t>(end - key.data())));
  return found == by_service_.end() ? Found() : Found{&found->second, suffix, true};
}

std::vector<Lease> LeaseTable::named(std::span<const std::uint8_t> name) const {
  std::vector<Lease> leases;
  if (const Found found = find(name); found.leases != nullptr) {
    for (const std::uint32_t index : *found.leases) {
      leases.push_back(leases_[index]);
    }
  }
  return leases;
}

void LeaseTable::add_services(const std::vector<std::uint32_t>& found,
                              std::span<const std::uint8_t> suffix,
                              PolicyAnswer& answer) const noexcept {
  std::array<std::uint8_t, 6 + limits::dns_name_bytes> rdata;
  for (const std::uint32_t index : found) {
    const Lease& lease = leases_[index];
    if (lease.instance.size() + 1 + suffix.size() > limits::dns_name_bytes) {
      continue;  // the instance's name would be too long
    }
    const std::array<std::uint16_t, 3> numbers{lease.priority, lease.weight, lease.port};
    std::uint8_t* at = rdata.data();
    for (const std::uint16_t number : numbers) {
      *at++ = static_cast<std::uint8_t>(number >> 8U);
      *at++ = static_cast<std::uint8_t>(number & 0xffU);
    }
    *at++ = static_cast<std::uint8_t>(lease.instance.size());
    at = std::ranges::copy(lease.instance, at).out;
    at = std::ranges::copy(suffix, at).out;
    const std::span<const std::uint8_t> whole(rdata.data(), at);
    if (!answer.add(rr_type_srv, whole)) {
      return;
    }
    answer.add_additional(whole.subspan(6),
                          lease.address.family == Family::v4 ? rr_type_a : rr_type_aaaa,
                          lease.address.view());
  }
}

void LeaseTable::add_addresses(const std::vector<std::uint32_t>& found,
                               const PolicyQuestion& question,
                               PolicyAnswer& answer) const noexcept {
  const Family wanted = question.type == rr_type_a      ? Family::v4
                        : question.type == rr_type_aaaa ? Family::v6
                                                        : Family::none;
  std::size_t added = 0;
  for (std::size_t i = 0; i < found.size() && added < limits::policy_answers; ++i) {
    const Lease& lease = leases_[found[(question.random + i) % found.size()]];
    if (lease.address.family == wanted) {
      added += answer.add(question.type, lease.address.view()) ? 1 : 0;
    }
  }
}

json::object to_json(const Lease& lease) {
  return {{"service", lease.service},   {"protocol", lease.protocol},
          {"instance", lease.instance}, {"address", to_text(lease.address)},
          {"port", lease.port},         {"priority", lease.priority},
          {"weight", lease.weight},     {"zone", lease.zone}};
}

Lease read_lease(const json::object& fields) {
  return {.service = text_or(fields, "service"),
          .protocol = text_or(fields, "protocol", "tcp"),
          .instance = text_or(fields, "instance"),
          .address = parse_address(text_or(fields, "address")).value_or(Address()),
          .port = small_number(fields, "port", 0),
          .priority = small_number(fields, "priority", 0),
          .weight = small_number(fields, "weight", 1),
          .zone = text_or(fields, "zone")};
}

Result<void> check_lease(const Lease& lease) {
  if (!is_label(lease.service) || !is_label(lease.instance) ||
      (lease.protocol != "tcp" && lease.protocol != "udp")) {
    return fail(errc::invalid_request,
                "A service and an instance are labels of a-z, 0-9 and '-'; the protocol is tcp or "
                "udp.");
  }
  if (!lease.zone.empty() &&
      (!is_label(lease.zone) || lease.zone.size() + zone_label.size() > limits::dns_label_bytes)) {
    return fail(errc::invalid_request, "A zone is a label of a-z, 0-9 and '-'.");
  }
  if (lease.address.family == Family::none || lease.port == 0) {
    return fail(errc::invalid_request, "An instance has an address and a port.");
  }
  return {};
}

Result<bool> LeaseRegistry::put(const Lease& lease, Duration lifetime, SteadyTime now) {
  if (const Result<void> good = check_lease(lease); !good) {
    return std::unexpected(good.error());
  }
  if (lifetime <= Duration::zero() || lifetime > limits::lease_most) {
    return fail(errc::invalid_request, "A lease has a lifetime of at most an hour.");
  }
  const auto known = leases_.find(lease.instance);
  if (known != leases_.end() && known->second.lease == lease) {
    known->second.until = now + lifetime;
    return false;
  }
  if (known != leases_.end()) {
    remove(lease.instance);
  }
  const std::string key = service_key(lease);
  const auto service = of_service_.find(key);
  if (leases_.size() == limits::leases ||
      (service != of_service_.end() && service->second == limits::leases_per_service)) {
    return fail(errc::invalid_request,
                fmt::format("At most {} instances, {} of one service, can be registered.",
                            limits::leases, limits::leases_per_service));
  }
  leases_.emplace(lease.instance, Held{lease, now + lifetime});
  ++of_service_[key];
  return true;
}

bool LeaseRegistry::remove(std::string_view instance) {
  const auto known = leases_.find(instance);
  if (known == leases_.end()) {
    return false;
  }
  const auto service = of_service_.find(service_key(known->second.lease));
  if (--service->second == 0) {
    of_service_.erase(service);
  }
  leases_.erase(known);
  return true;
}

bool LeaseRegistry::expire(SteadyTime now) {
  std::vector<std::string> gone;
  for (const auto& [instance, held] : leases_) {
    if (held.until <= now) {
      gone.push_back(instance);
    }
  }
  for (const std::string& instance : gone) {
    remove(instance);
  }
  return !gone.empty();
}

std::optional<Duration> LeaseRegistry::left(std::string_view instance, SteadyTime now) const {
  const auto known = leases_.find(instance);
  return known == leases_.end() ? std::nullopt : std::optional<Duration>(known->second.until - now);
}

SteadyTime LeaseRegistry::next_expiry() const {
  SteadyTime next = SteadyTime::max();
  for (const auto& [instance, held] : leases_) {
    next = std::min(next, held.until);
  }
  return next;
}

json::value LeaseRegistry::save(SteadyTime now) const {
  json::array all;
  for (const auto& [instance, held] : leases_) {
    json::object one = to_json(held.lease);
    one["left_ms"] = (held.until - now) / std::chrono::milliseconds(1);
    all.push_back(std::move(one));
  }
  return all;
}

bool LeaseRegistry::restore(const json::value& saved, Duration ago, Duration grace,
                            SteadyTime now) {
  if (!saved.is_array()) {
    return false;
  }
  for (const json::value& one : saved.get_array()) {
    if (!one.is_object()) {
      continue;
    }
    const json::object& fields = one.get_object();
    const Duration left = std::chrono::milliseconds(
        std::clamp<std::int64_t>(whole_or(fields, "left_ms", 0), 0, lease_most_ms));
    // Refuses what does not fit.
    static_cast<void>(put(read_lease(fields), std::max(left - ago, std::min(left, grace)), now));
  }
  return !leases_.empty();
}

bool LeaseRegistry::replace_found(std::vector<Lease> found) {
  std::erase_if(found, [](const Lease& lease) { return !check_lease(lease); });
  if (found.size() > limits::leases) {
    found.resize(limits::leases);
  }
  if (found == found_) {
    return false;
  }
  found_ = std::move(found);
  return true;
}

std::shared_ptr<const LeaseTable> LeaseRegistry::compile() const {
  std::vector<Lease> leases;
  leases.reserve(size());
  for (const auto& [instance, held] : leases_) {
    leases.push_back(held.lease);
  }
  for (const Lease& lease : found_) {
    if (!leases_.contains(lease.instance)) {
      leases.push_back(lease);
    }
  }
  return std::make_shared<const LeaseTable>(std::move(leases));
}

}  // namespace securecart::traffic::routing
