#include "traffic/routing/network_map.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <tuple>

namespace securecart::traffic::routing {
namespace {

// Below this a search of the whole table touches few cache lines anyway.
constexpr std::size_t indexed_above = 1'024;
constexpr std::size_t index_slots = 65'536;

std::uint32_t highest(std::uint32_t) {
  return UINT32_MAX;
}
WideKey highest(WideKey) {
  return {UINT64_MAX, UINT64_MAX};
}
std::uint32_t next(std::uint32_t key) {
  return key + 1;
}
WideKey next(WideKey key) {
  return {key.high + (key.low == UINT64_MAX ? 1 : 0), key.low + 1};
}
std::uint32_t previous(std::uint32_t key) {
  return key - 1;
}
WideKey previous(WideKey key) {
  return {key.high - (key.low == 0 ? 1 : 0), key.low - 1};
}
int common_bits(std::uint32_t a, std::uint32_t b) {
  return std::countl_zero(a ^ b);
}
int common_bits(WideKey a, WideKey b) {
  return a.high != b.high ? std::countl_zero(a.high ^ b.high)
                          : 64 + std::countl_zero(a.low ^ b.low);
}
std::uint32_t top_bits(std::uint32_t key) {
  return key >> 16U;
}
std::uint32_t top_bits(WideKey key) {
  return static_cast<std::uint32_t>(key.high >> 48U);
}
std::uint32_t last_of(std::uint32_t start, unsigned prefix) {
  return prefix == 0 ? UINT32_MAX : start | (prefix == 32 ? 0 : UINT32_MAX >> prefix);
}
WideKey last_of(WideKey start, unsigned prefix) {
  if (prefix == 0) {
    return highest(start);
  }
  if (prefix <= 64) {
    return {start.high | (prefix == 64 ? 0 : UINT64_MAX >> prefix), UINT64_MAX};
  }
  return {start.high, start.low | (prefix == 128 ? 0 : UINT64_MAX >> (prefix - 64))};
}

template <class Key>
struct Span {
  Key start;
  Key last;
  unsigned prefix;
  std::uint32_t value;
  std::size_t order;  // of adding: the later of two equal networks wins
};

template <class Key>
void emit(RangeTable<Key>& table, Key start, std::uint32_t value) {
  if (!table.starts.empty() && table.starts.back() == start) {
    table.starts.pop_back();
    table.values.pop_back();
  }
  if (table.values.empty() || table.values.back() != value) {
    table.starts.push_back(start);
    table.values.push_back(value);
  }
}

template <class Key>
void build_index(RangeTable<Key>& table) {
  if (table.starts.size() <= indexed_above) {
    return;
  }
  table.first.assign(index_slots + 1, static_cast<std::uint32_t>(table.starts.size()));
  for (std::size_t i = table.starts.size(); i-- > 0;) {
    table.first[top_bits(table.starts[i])] = static_cast<std::uint32_t>(i);
  }
  for (std::size_t slot = index_slots; slot-- > 0;) {
    table.first[slot] = std::min(table.first[slot], table.first[slot + 1]);
  }
}

// A sweep over the starts; the stack holds the networks we are inside of, the innermost on top.
template <class Key>
RangeTable<Key> flatten(std::vector<Span<Key>> spans) {
  std::sort(spans.begin(), spans.end(), [](const auto& a, const auto& b) {
    return std::tie(a.start, a.prefix, a.order) < std::tie(b.start, b.prefix, b.order);
  });
  RangeTable<Key> table;
  emit(table, Key{}, NetworkMap::none);
  std::vector<Span<Key>> inside;
  const auto leave = [&] {
    const Span<Key> left = inside.back();
    inside.pop_back();
    if (left.last != highest(left.last)) {
      emit(table, next(left.last), inside.empty() ? NetworkMap::none : inside.back().value);
    }
  };
  for (const Span<Key>& span : spans) {
    while (!inside.empty() && inside.back().last < span.start) {
      leave();
    }
    emit(table, span.start, span.value);
    inside.push_back(span);
  }
  while (!inside.empty()) {
    leave();
  }
  build_index(table);
  return table;
}

template <class Key>
NetworkMap::Match search(const RangeTable<Key>& table, Key key) noexcept {
  auto from = table.starts.begin();
  auto to = table.starts.end();
  if (!table.first.empty()) {
    // The range that holds the key starts in its slot or is the last one before it.
    const std::uint32_t slot = top_bits(key);
    to = from + table.first[slot + 1];
    from += table.first[slot];
    from -= from == table.starts.begin() ? 0 : 1;
  }
  const auto above = std::upper_bound(from, to, key);
  const auto at = static_cast<std::size_t>(above - table.starts.begin()) - 1;
  int scope = 0;
  if (at > 0) {
    scope = common_bits(key, previous(table.starts[at])) + 1;
  }
  if (at + 1 < table.starts.size()) {
    scope = std::max(scope, common_bits(key, table.starts[at + 1]) + 1);
  }
  return {table.values[at], static_cast<std::uint8_t>(scope)};
}

}  // namespace

std::uint32_t narrow_key(const Address& v4) {
  std::uint32_t key = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    key = key << 8U | v4.bytes[i];
  }
  return key;
}

WideKey wide_key(const Address& v6) {
  WideKey key;
  for (std::size_t i = 0; i < 8; ++i) {
    key.high = key.high << 8U | v6.bytes[i];
    key.low = key.low << 8U | v6.bytes[i + 8];
  }
  return key;
}

Address address_of(std::uint32_t key) {
  Address address;
  address.family = Family::v4;
  for (std::size_t i = 0; i < 4; ++i) {
    address.bytes[i] = static_cast<std::uint8_t>(key >> (24 - 8 * i));
  }
  return address;
}

Address address_of(WideKey key) {
  Address address;
  address.family = Family::v6;
  for (std::size_t i = 0; i < 8; ++i) {
    address.bytes[i] = static_cast<std::uint8_t>(key.high >> (56 - 8 * i));
    address.bytes[i + 8] = static_cast<std::uint8_t>(key.low >> (56 - 8 * i));
  }
  return address;
}

void NetworkMap::Builder::add(const Network& network, std::uint32_t value) {
  assert(value != none);
  networks_.emplace_back(network, value);
}

NetworkMap NetworkMap::Builder::build() {
  std::vector<Span<std::uint32_t>> v4;
  std::vector<Span<WideKey>> v6;
  for (std::size_t order = 0; order < networks_.size(); ++order) {
    const auto& [network, value] = networks_[order];
    if (network.address.family == Family::v4) {
      const std::uint32_t start = narrow_key(network.address);
      v4.push_back({start, last_of(start, network.prefix), network.prefix, value, order});
    } else if (network.address.family == Family::v6) {
      const WideKey start = wide_key(network.address);
      v6.push_back({start, last_of(start, network.prefix), network.prefix, value, order});
    }
  }
  NetworkMap map;
  map.v4_ = flatten(std::move(v4));
  map.v6_ = flatten(std::move(v6));
  return map;
}

NetworkMap::NetworkMap() : v4_{{0}, {none}, {}}, v6_{{WideKey{}}, {none}, {}} {}

NetworkMap::Match NetworkMap::find(const Address& address) const noexcept {
  switch (address.family) {
    case Family::v4:
      return search(v4_, narrow_key(address));
    case Family::v6:
      return search(v6_, wide_key(address));
    case Family::none:
      break;
  }
  return {};
}

}  // namespace securecart::traffic::routing
