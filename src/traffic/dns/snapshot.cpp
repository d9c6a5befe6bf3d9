#include "traffic/dns/snapshot.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace securecart::traffic::dns {

Snapshot::Snapshot(std::vector<ServedZone> zones, std::shared_ptr<const PolicySource> policies,
                   Settings settings)
    : zones_(std::move(zones)), policies_(std::move(policies)), settings_(std::move(settings)) {
  table_.assign(std::bit_ceil(zones_.size() * 2 + 1), none);
  const std::size_t mask = table_.size() - 1;
  NameKey key;
  for (std::uint32_t i = 0; i < zones_.size(); ++i) {
    key.set(zones_[i].zone->name().wire());
    std::size_t at = key.hash() & mask;
    while (table_[at] != none) {
      at = (at + 1) & mask;
    }
    table_[at] = i;
    labels_most_ = std::max(labels_most_, zones_[i].zone->labels());
  }
}

Snapshot::Found Snapshot::find(const NameKey& key, bool above) const {
  const std::size_t mask = table_.size() - 1;
  unsigned label = key.labels > labels_most_ ? key.labels - labels_most_ : 0;
  label = std::max(label, above ? 1U : 0U);
  for (; label <= key.labels; ++label) {
    const Bytes suffix = key.suffix(label);
    for (std::size_t at = key.hashes[label] & mask; table_[at] != none; at = (at + 1) & mask) {
      const Bytes name = zones_[table_[at]].zone->name().wire();
      if (name.size() == suffix.size() &&
          std::memcmp(name.data(), suffix.data(), name.size()) == 0) {
        return {&zones_[table_[at]], table_[at]};
      }
    }
  }
  return {};
}

}  // namespace securecart::traffic::dns
