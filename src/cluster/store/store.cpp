#include "cluster/store/store.hpp"

#include <algorithm>
#include <utility>

namespace securecart::cluster {

const Entry* Snapshot::find(std::string_view key) const {
  const auto found = std::ranges::lower_bound(entries, key, {}, &Entry::key);
  return found != entries.end() && found->key == key ? &*found : nullptr;
}

Condition absent(std::string key) {
  return {std::move(key), Condition::Field::created, 0};
}

Condition created_at(std::string key, std::int64_t revision) {
  return {std::move(key), Condition::Field::created, revision};
}

Condition modified_at(std::string key, std::int64_t revision) {
  return {std::move(key), Condition::Field::modified, revision};
}

Write put(std::string key, std::string value, LeaseId lease) {
  return {std::move(key), std::move(value), lease};
}

Write remove(std::string key) {
  return {std::move(key), std::nullopt, 0};
}

}  // namespace securecart::cluster
