// Which value belongs to an address: the longest prefix wins. Built once, then read by many
// threads.
//
// Nested networks are flattened into disjoint ranges, so a look-up is one search in a sorted array
// and knows how far its answer reaches (the scope of RFC 7871 section 7.2.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "traffic/model/address.hpp"

namespace securecart::traffic::routing {

// 128 bits of an IPv6 address as a number.
struct WideKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const WideKey&) const = default;
};

// Ranges that cover the whole space of `Key`, ascending by where they start.
template <class Key>
struct RangeTable {
  std::vector<Key> starts;
  std::vector<std::uint32_t> values;
  std::vector<std::uint32_t> first;  // by the top 16 bits; empty for small tables
};

class NetworkMap {
 public:
  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

  struct Match {
    std::uint32_t value = none;
    // Every address of the /scope around the one asked for has the same value.
    std::uint8_t scope = 0;
  };

  class Builder {
   public:
    // `value` is not `none`. The same network added twice keeps the later value.
    void add(const Network& network, std::uint32_t value);
    NetworkMap build();

   private:
    std::vector<std::pair<Network, std::uint32_t>> networks_;
  };

  NetworkMap();  // empty: every address finds none
  Match find(const Address& address) const noexcept;
  // Ranges of both families, for tests and for saying how large it is.
  std::size_t size() const { return v4_.starts.size() + v6_.starts.size(); }
  // Calls visit(first address, value) for each range in order, those without a value too.
  template <class Visit>
  void for_each(Visit visit) const;

 private:
  RangeTable<std::uint32_t> v4_;
  RangeTable<WideKey> v6_;
};

std::uint32_t narrow_key(const Address& v4);
WideKey wide_key(const Address& v6);
Address address_of(std::uint32_t key);
Address address_of(WideKey key);

template <class Visit>
void NetworkMap::for_each(Visit visit) const {
  for (std::size_t i = 0; i < v4_.starts.size(); ++i) {
    visit(address_of(v4_.starts[i]), v4_.values[i]);
  }
  for (std::size_t i = 0; i < v6_.starts.size(); ++i) {
    visit(address_of(v6_.starts[i]), v6_.values[i]);
  }
}

}  // namespace securecart::traffic::routing
