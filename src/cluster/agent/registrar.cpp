#include "cluster/agent/registrar.hpp"

#include <utility>

#include "base/errors.hpp"
#include "base/files.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "cluster/agent/files.hpp"
#include "cluster/store/limits.hpp"

namespace securecart::cluster::agent {
namespace {

constexpr int renewals_a_lease = 4;

}  // namespace

Registrar::Registrar(Store& store, const Clock& clock, std::filesystem::path memory, Duration ttl)
    : store_(store), clock_(clock), memory_(std::move(memory)), ttl_(ttl) {
  recall();
}

void Registrar::want(std::map<std::string, std::string> entries) {
  wanted_ = std::move(entries);
}

bool Registrar::has_work() const {
  return lease_.id == 0 || clock_.steady() - renewed_ >= lease_.ttl / renewals_a_lease ||
         !difference().empty();
}

Task<void> Registrar::step() {
  if (lease_.id == 0 || clock_.steady() - renewed_ >= lease_.ttl / renewals_a_lease) {
    co_await renew();
  }
  // The lease may have ended just then: once more, with another one.
  if (!co_await write()) {
    lease_ = {};
    present_.clear();
    co_await renew();
    co_await write();
  }
  in_step_ = clock_.steady();
}

Task<void> Registrar::renew() {
  const SteadyTime asked = clock_.steady();
  if (lease_.id != 0 && co_await store_.keep_alive(lease_.id)) {
    renewed_ = asked;
    co_return;
  }
  lease_ = co_await store_.grant(ttl_);
  renewed_ = asked;
  present_.clear();  // it went with the old lease
  remember();
}

// False: the lease is gone.
Task<bool> Registrar::write() {
  while (true) {
    std::vector<Write> writes = difference();
    if (writes.empty()) {
      co_return true;
    }
    if (writes.size() > limits::store_writes) {
      writes.resize(limits::store_writes);
    }
    bool others = false;
    for (const Write& one : writes) {
      others = others || !present_.contains(one.key);
      present_[one.key] = std::nullopt;
    }
    if (others) {
      remember();  // before it is written: a new agent has to know what may be there
    }
    const std::vector<Write> sent = writes;
    const Committed done = co_await store_.commit({}, std::move(writes));
    if (!done.applied) {
      co_return false;
    }
    for (const Write& one : sent) {
      if (one.value) {
        present_[one.key] = one.value;
      } else {
        present_.erase(one.key);
      }
    }
  }
}

std::vector<Write> Registrar::difference() const {
  std::vector<Write> writes;
  for (const auto& [key, value] : wanted_) {
    const auto known = present_.find(key);
    if (known == present_.end() || known->second != value) {
      writes.push_back(put(key, value, lease_.id));
    }
  }
  for (const auto& [key, value] : present_) {
    if (!wanted_.contains(key)) {
      writes.push_back(securecart::cluster::remove(key));
    }
  }
  return writes;
}

void Registrar::remember() {
  json::array keys;
  for (const auto& [key, value] : present_) {
    keys.emplace_back(key);
  }
  const json::object memory{
      {"lease", lease_.id}, {"ttl_ns", lease_.ttl.count()}, {"keys", std::move(keys)}};
  try {
    write_durably(memory_, to_string(memory), 0600);
  } catch (const std::exception& error) {
    log::warn("the lease is not remembered", {{"error", error.what()}});
  }
}

void Registrar::recall() {
  const Result<json::value> value = parse_json(read_if_there(memory_));
  const json::object* const object = value ? value->if_object() : nullptr;
  if (object == nullptr) {
    return;
  }
  lease_.id = get_int_or(*object, "lease", 0);
  lease_.ttl = Duration(get_int_or(*object, "ttl_ns", ttl_.count()));
  if (const json::value* const keys = object->if_contains("keys"); keys && keys->is_array()) {
    for (const json::value& key : keys->get_array()) {
      if (key.is_string()) {
        present_[std::string(std::string_view(key.get_string()))] = std::nullopt;
      }
    }
  }
}

}  // namespace securecart::cluster::agent
