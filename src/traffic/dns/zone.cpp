#include "traffic/dns/zone.hpp"

#include <bit>
#include <cassert>

#include "base/limits.hpp"

namespace securecart::traffic::dns {
namespace {

std::uint32_t tag_of(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> 32U);
}

}  // namespace

Node Zone::find_hashed(std::uint64_t hash, Bytes prefix) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask; slots_[at].offset != empty_slot; at = (at + 1) & mask) {
    if (slots_[at].tag != tag_of(hash)) {
      continue;
    }
    const Node node(block_.data() + slots_[at].offset);
    if (node.prefix().size() == prefix.size() &&
        (prefix.empty() || std::memcmp(node.prefix().data(), prefix.data(), prefix.size()) == 0)) {
      return node;
    }
  }
  return {};
}

Node Zone::find_node(const NameKey& key, unsigned label) const {
  const std::size_t begin = key.at[label];
  return find_hashed(key.hashes[label], key.wire().subspan(begin, key.size - name_.size() - begin));
}

Node Zone::find_star(const NameKey& key, unsigned label) const {
  constexpr std::array<std::uint8_t, 2> star{1, '*'};
  const std::size_t begin = key.at[label];
  const std::size_t rest = key.size - name_.size() - begin;
  std::array<std::uint8_t, limits::dns_name_bytes + 2> prefix;
  prefix[0] = star[0];
  prefix[1] = star[1];
  std::memcpy(prefix.data() + 2, key.bytes.data() + begin, rest);
  return find_hashed(hash_below(key.hashes[label], star), {prefix.data(), rest + 2});
}

Lookup Zone::cut_above(const NameKey& key, unsigned label) const {
  // From the apex down: the cut nearest to it is the one that counts.
  for (unsigned at = key.labels - labels_; at-- > label;) {
    const Node node = find_node(key, at);
    if (node && node.has(Node::cut)) {
      return {Lookup::Kind::referral, node, at};
    }
  }
  return {};
}

Lookup Zone::find(const NameKey& key, bool ds) const {
  const unsigned apex_label = key.labels - labels_;
  if (apex_label == 0) {
    return {Lookup::Kind::found, apex_, 0};
  }
  Node node;
  unsigned label = 0;
  for (; label < apex_label; ++label) {
    node = find_node(key, label);
    if (node) {
      break;
    }
  }
  if (!node) {
    node = apex_;
    label = apex_label;
  }
  if (node.has(Node::below_cut)) {
    return cut_above(key, label + 1);
  }
  if (node.has(Node::cut) && !(ds && label == 0)) {
    return {Lookup::Kind::referral, node, label};
  }
  if (label == 0) {
    return {Lookup::Kind::found, node, 0};
  }
  if (node.has(Node::star)) {
    return {Lookup::Kind::wildcard, find_star(key, label), label};
  }
  return {Lookup::Kind::no_name, {}, label};
}

void Zone::insert(std::uint64_t hash, std::uint32_t offset) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].offset != empty_slot) {
    at = (at + 1) & mask;
  }
  slots_[at] = {tag_of(hash), offset};
}

std::size_t Zone::memory_bytes() const {
  return sizeof(Zone) + slots_.capacity() * sizeof(Slot) + block_.capacity() +
         negative_soa_.capacity();
}

}  // namespace securecart::traffic::dns
