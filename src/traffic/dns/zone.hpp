// One zone, immutable and compact: a hash table of names into one block of bytes.
//
//   slots_   [tag|offset] [tag|offset] …              8 bytes a slot, at most 3/4 full
//   block_   node: prefix size, flags, count of sets, prefix (lower case, without the zone's name)
//            set:  type, count, size, records as they go on the wire:
//                  C0 0C | type | class | TTL | size | rdata      (C0 0C: "the name asked for")
//
// A name's records are copied into an answer as they are. A million A records take about 80 MB.
// Names without records of their own that lie between others (empty non-terminals, RFC 4592) are
// nodes as well, so that the closest encloser is the longest suffix that is found.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "traffic/dns/name.hpp"
#include "traffic/dns/types.hpp"
#include "traffic/dns/zone_file.hpp"
#include "traffic/model/policy_source.hpp"

namespace securecart::traffic::dns {

inline constexpr std::size_t record_header_bytes = 12;  // pointer, type, class, TTL, size

// One record of a set.
struct RecordView {
  Bytes wire;  // with its header
  Bytes rdata() const { return wire.subspan(record_header_bytes); }
};

inline std::uint16_t read16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[0] << 8U | at[1]);
}
inline std::uint32_t read32(const std::uint8_t* at) {
  return static_cast<std::uint32_t>(read16(at)) << 16U | read16(at + 2);
}
inline void write16(std::uint8_t* at, std::uint16_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8U);
  at[1] = static_cast<std::uint8_t>(value);
}
inline void write32(std::uint8_t* at, std::uint32_t value) {
  write16(at, static_cast<std::uint16_t>(value >> 16U));
  write16(at + 2, static_cast<std::uint16_t>(value));
}

// All records of one name and type, in canonical order (RFC 4034 section 6.3).
struct RrsetView {
  std::uint16_t type = 0;
  std::uint16_t count = 0;
  Bytes wire;

  explicit operator bool() const { return count != 0; }
  std::uint32_t ttl() const { return read32(wire.data() + 6); }
  RecordView first() const { return record_at(0); }
  template <class Use>
  void for_each(const Use& use) const {
    for (std::size_t at = 0; at < wire.size();) {
      const RecordView record = record_at(at);
      use(record);
      at += record.wire.size();
    }
  }

 private:
  RecordView record_at(std::size_t at) const {
    const std::size_t size = record_header_bytes + read16(wire.data() + at + 10);
    return {wire.subspan(at, size)};
  }
};

class Node {
 public:
  enum Flag : std::uint8_t {
    cut = 1,        // NS below the apex: another server's zone begins here
    below_cut = 2,  // glue, or nothing that counts
    star = 4,       // has a wildcard child
    alias = 8,
    policy = 16,
    cname = 32,
    wildcard = 64,  // is one
  };

  Node() = default;
  explicit Node(const std::uint8_t* at) : at_(at) {}
  explicit operator bool() const { return at_ != nullptr; }
  bool has(Flag flag) const { return (at_[1] & flag) != 0; }
  bool is_empty() const { return at_[2] == 0; }
  Bytes prefix() const { return {at_ + header, at_[0]}; }
  // Falsy when the name has none of this type.
  RrsetView find(std::uint16_t type) const {
    const std::uint8_t* at = at_ + header + at_[0];
    for (unsigned left = at_[2]; left > 0; --left) {
      const RrsetView set = set_at(at);
      if (set.type == type) {
        return set;
      }
      at = set.wire.data() + set.wire.size();
    }
    return {};
  }
  template <class Use>
  void for_each(const Use& use) const {
    const std::uint8_t* at = at_ + header + at_[0];
    for (unsigned left = at_[2]; left > 0; --left) {
      const RrsetView set = set_at(at);
      use(set);
      at = set.wire.data() + set.wire.size();
    }
  }

  static constexpr std::size_t header = 3;
  static constexpr std::size_t set_header = 6;

 private:
  static RrsetView set_at(const std::uint8_t* at) {
    return {read16(at), read16(at + 2), {at + set_header, read16(at + 4)}};
  }
  const std::uint8_t* at_ = nullptr;
};

// Where a name leads in a zone.
struct Lookup {
  enum class Kind : std::uint8_t { found, wildcard, no_name, referral };
  Kind kind = Kind::no_name;
  Node node;  // found, wildcard: the node with the data; referral: the cut
  unsigned label =
      0;  // wildcard, no_name: first label of the closest encloser; referral: of the cut
};

class Zone {
 public:
  // Its name, in lower case.
  const Name& name() const { return name_; }
  unsigned labels() const { return labels_; }
  Node apex() const { return apex_; }
  std::uint32_t serial() const { return serial_; }
  // The SOA record for negative answers: TTL is the lesser of its own and `minimum` (RFC 2308).
  Bytes negative_soa() const { return negative_soa_; }
  std::uint32_t negative_ttl() const { return read32(negative_soa_.data() + 6); }
  bool has_policies() const { return has_policies_; }
  std::size_t records() const { return records_; }
  std::size_t memory_bytes() const;

  // `key` is at or below name(). For `ds`, a cut is looked at from above (RFC 4035
  // section 3.1.4.1).
  Lookup find(const NameKey& key, bool ds = false) const;
  // The node of a name, whatever stands above it; glue, for example.
  Node node_of(const NameKey& key) const { return find_node(key, 0); }
  // Each node, the empty ones too, from `at` = 0; falsy at the end. `at` moves on.
  Node next_node(std::size_t& at) const {
    if (at == block_.size()) {
      return {};
    }
    const Node node(block_.data() + at);
    at += Node::header + node.prefix().size();
    node.for_each([&at](const RrsetView& set) { at += Node::set_header + set.wire.size(); });
    return node;
  }
  template <class Use>
  void for_each_node(const Use& use) const {
    std::size_t at = 0;
    while (const Node node = next_node(at)) {
      use(node);
    }
  }

 private:
  friend class ZoneBuilder;
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t offset = empty_slot;
  };
  static constexpr std::uint32_t empty_slot = 0xffff'ffff;

  Node find_node(const NameKey& key, unsigned label) const;
  Node find_hashed(std::uint64_t hash, Bytes prefix) const;
  Node find_star(const NameKey& key, unsigned label) const;
  // The cut on the way from the apex to `label`, when there is one.
  Lookup cut_above(const NameKey& key, unsigned label) const;
  void insert(std::uint64_t hash, std::uint32_t offset);

  Name name_;
  unsigned labels_ = 0;
  std::uint32_t serial_ = 0;
  bool has_policies_ = false;
  std::size_t records_ = 0;
  Node apex_;
  std::vector<std::uint8_t> negative_soa_;
  std::vector<Slot> slots_;
  std::vector<std::uint8_t> block_;
};

// Collects records and makes the zone of them, or a list of what is wrong.
class ZoneBuilder {
 public:
  // `policies` may be null: then no record may be POLICY.
  ZoneBuilder(const Name& name, const PolicySource* policies, ZoneProblems& problems);
  ~ZoneBuilder();
  void add(const ZoneRecord& record);
  // Null when there are problems.
  std::shared_ptr<const Zone> build();

 private:
  struct Work;
  std::unique_ptr<Work> work_;
};

// Parses and builds in one go.
Result<std::shared_ptr<const Zone>> load_zone(const std::string& path, std::string_view text,
                                              const Name& name, const ReadFile& read_file,
                                              const PolicySource* policies);

}  // namespace securecart::traffic::dns
