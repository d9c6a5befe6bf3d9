// Records in any order become a Zone: sorted, grouped by name, checked, and written down.
#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "base/limits.hpp"
#include "traffic/dns/limits.hpp"
#include "traffic/dns/zone.hpp"

namespace securecart::traffic::dns {
namespace {

using Kind = std::uint16_t;

struct Entry {
  std::uint32_t name_at;
  std::uint32_t rdata_at;
  std::uint32_t ttl_seconds;
  Kind type;
  std::uint16_t rdata_size;
  std::uint8_t name_bytes;
  Place place;
};

// A name, and its run of entries.
struct Group {
  std::uint32_t name_at = 0;
  std::uint8_t name_bytes = 0;
  std::uint8_t flags = 0;
  std::uint64_t hash = 0;
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

constexpr std::size_t group_sets_max = 255;

// In wire format but for the types that stand only in zone files.
bool is_local(Kind kind) {
  return kind == type::alias || kind == type::policy;
}

}  // namespace

struct ZoneBuilder::Work {
  Work(const Name& zone_name, const PolicySource* source, ZoneProblems& list)
      : name(zone_name.lowered()), policies(source), problems(list) {}

  const Name name;
  const PolicySource* policies;
  ZoneProblems& problems;
  std::vector<std::uint8_t> bytes;  // names in lower case, rdata
  std::vector<Entry> entries;
  std::vector<Group> groups;
  std::vector<std::uint32_t> table;  // group index + 1 by hash, open addressing
  std::uint32_t last_name_at = 0;
  std::uint8_t last_name_bytes = 0;

  Bytes name_of(const Entry& entry) const {
    return Bytes(bytes).subspan(entry.name_at, entry.name_bytes);
  }
  Bytes name_of(const Group& group) const {
    return Bytes(bytes).subspan(group.name_at, group.name_bytes);
  }
  Bytes rdata_of(const Entry& entry) const {
    return Bytes(bytes).subspan(entry.rdata_at, entry.rdata_size);
  }
  std::span<const Entry> entries_of(const Group& group) const {
    return std::span(entries).subspan(group.first, group.count);
  }
  bool is_apex(const Group& group) const { return group.name_bytes == name.size(); }

  std::uint32_t keep(Bytes more) {
    const auto at = static_cast<std::uint32_t>(bytes.size());
    bytes.insert(bytes.end(), more.begin(), more.end());
    return at;
  }

  void keep_name(const Name& owner) {
    const Name lower = owner.lowered();
    const Bytes last = Bytes(bytes).subspan(last_name_at, last_name_bytes);
    if (!std::ranges::equal(last, lower.wire())) {
      last_name_at = keep(lower.wire());
      last_name_bytes = static_cast<std::uint8_t>(lower.size());
    }
  }

  void add(const ZoneRecord& record) {
    if (bytes.size() + record.rdata.size() + limits::dns_name_bytes > limits::dns_zone_bytes) {
      problems.add(record.place, "the zone is too large");
      return;
    }
    if (!is_at_or_below(record.owner.wire(), name.wire())) {
      problems.add(record.place,
                   fmt::format("{} is outside of {}", record.owner.to_text(), name.to_text()));
      return;
    }
    if (record.type == type::dname || record.type == type::nsec || record.type == type::rrsig ||
        record.type == type::nsec3 || record.type == type::nsec3param ||
        record.type == type::dnskey) {
      problems.add(record.place, type_text(record.type) == "DNAME"
                                     ? "DNAME is not supported"
                                     : type_text(record.type) +
                                           " is made by the server when it signs; leave it out");
      return;
    }
    keep_name(record.owner);
    Entry entry{};
    entry.name_at = last_name_at;
    entry.name_bytes = last_name_bytes;
    entry.ttl_seconds = record.ttl_seconds;
    entry.type = record.type;
    entry.place = record.place;
    if (record.type == type::policy) {
      add_policy(record, entry);
      return;
    }
    entry.rdata_at = keep(record.rdata);
    entry.rdata_size = static_cast<std::uint16_t>(record.rdata.size());
    entries.push_back(entry);
  }

  // Its rdata becomes the handle, and then the name.
  void add_policy(const ZoneRecord& record, Entry entry) {
    const std::string policy(record.rdata.begin() + 1, record.rdata.end());
    const std::optional<PolicyHandle> handle =
        policies != nullptr ? policies->find(policy) : std::nullopt;
    if (!handle) {
      problems.add(record.place, fmt::format("there is no policy '{}'", policy));
      return;
    }
    std::array<std::uint8_t, sizeof(PolicyHandle)> wire{};
    write32(wire.data(), *handle);
    entry.rdata_at = keep(wire);
    keep(record.rdata);
    entry.rdata_size = static_cast<std::uint16_t>(wire.size() + record.rdata.size());
    entries.push_back(entry);
  }

  // By name, type (SOA first) and canonical rdata.
  bool before(const Entry& a, const Entry& b) const {
    if (a.name_at != b.name_at) {
      const int order = a.name_bytes != b.name_bytes
                            ? a.name_bytes - b.name_bytes
                            : std::memcmp(name_of(a).data(), name_of(b).data(), a.name_bytes);
      if (order != 0) {
        return order < 0;
      }
    }
    if (a.type != b.type) {
      return a.type == type::soa || (b.type != type::soa && a.type < b.type);
    }
    return canonical_rdata(a) < canonical_rdata(b);
  }
  RdataBytes canonical_rdata(const Entry& entry) const {
    RdataBytes rdata(rdata_of(entry).begin(), rdata_of(entry).end());
    make_canonical(entry.type, rdata);
    return rdata;
  }

  void sort() {
    std::ranges::sort(entries, [this](const Entry& a, const Entry& b) { return before(a, b); });
    const auto same = [this](const Entry& a, const Entry& b) { return !before(a, b); };
    entries.erase(std::ranges::unique(entries, same).begin(), entries.end());
  }

  static std::uint64_t hash_of(Bytes wire) {
    NameKey key;
    key.set(wire);
    return key.hash();
  }

  void group() {
    for (std::size_t i = 0; i < entries.size();) {
      std::size_t end = i + 1;
      while (end < entries.size() &&
             std::ranges::equal(name_of(entries[i]), name_of(entries[end]))) {
        ++end;
      }
      groups.push_back({entries[i].name_at, entries[i].name_bytes, 0, hash_of(name_of(entries[i])),
                        static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(end - i)});
      i = end;
    }
    table.assign(std::bit_ceil(groups.size() * 2 + 16), 0);
    for (std::uint32_t i = 0; i < groups.size(); ++i) {
      index(i);
    }
  }

  void index(std::uint32_t group_index) {
    if (groups.size() * 4 > table.size() * 3) {
      const std::size_t larger = table.size() * 2;
      table.assign(larger, 0);
      for (std::uint32_t i = 0; i < group_index; ++i) {
        put(i);
      }
    }
    put(group_index);
  }
  void put(std::uint32_t group_index) {
    const std::size_t mask = table.size() - 1;
    std::size_t at = groups[group_index].hash & mask;
    while (table[at] != 0) {
      at = (at + 1) & mask;
    }
    table[at] = group_index + 1;
  }
  Group* find(std::uint64_t hash, Bytes wire) {
    const std::size_t mask = table.size() - 1;
    for (std::size_t at = hash & mask; table[at] != 0; at = (at + 1) & mask) {
      Group& found = groups[table[at] - 1];
      if (found.hash == hash && std::ranges::equal(name_of(found), wire)) {
        return &found;
      }
    }
    return nullptr;
  }

  // What lies between a name and the apex exists as well (RFC 4592 section 2.2.2).
  void add_empty_nonterminals() {
    const std::size_t named = groups.size();
    for (std::size_t i = 0; i < named; ++i) {
      NameKey key;
      key.set(name_of(groups[i]));
      for (unsigned label = 1; key.size - key.at[label] > static_cast<int>(name.size()); ++label) {
        if (find(key.hashes[label], key.suffix(label)) != nullptr) {
          break;
        }
        const auto bytes_left = static_cast<std::uint8_t>(key.size - key.at[label]);
        groups.push_back(
            {groups[i].name_at + key.at[label], bytes_left, 0, key.hashes[label], 0, 0});
        index(static_cast<std::uint32_t>(groups.size() - 1));
      }
    }
  }

  static std::uint8_t flag_of(Kind kind, bool apex) {
    switch (kind) {
      case type::ns:
        return apex ? 0 : Node::cut;
      case type::alias:
        return Node::alias;
      case type::policy:
        return Node::policy;
      case type::cname:
        return Node::cname;
      default:
        return 0;
    }
  }

  void flag() {
    for (Group& one : groups) {
      for (const Entry& entry : entries_of(one)) {
        one.flags |= flag_of(entry.type, is_apex(one));
      }
      const Bytes wire = name_of(one);
      if (wire.size() > 2 && wire[0] == 1 && wire[1] == '*' && !is_apex(one)) {
        one.flags |= Node::wildcard;
      }
    }
    for (std::size_t i = 0; i < groups.size(); ++i) {
      NameKey key;
      key.set(name_of(groups[i]));
      if ((groups[i].flags & Node::wildcard) != 0) {
        Group* const parent = find(key.hashes[1], key.suffix(1));
        if (parent != nullptr) {  // the apex is not there in a zone that is wrong
          parent->flags |= Node::star;
        }
      }
      for (unsigned label = 1; key.size - key.at[label] > static_cast<int>(name.size()); ++label) {
        if ((find(key.hashes[label], key.suffix(label))->flags & Node::cut) != 0) {
          groups[i].flags |= Node::below_cut;
        }
      }
    }
  }

  // ---- Checks ----

  void check() {
    const Group* apex = find(hash_of(name.wire()), name.wire());
    const Place whole{};
    if (apex == nullptr || count_of(*apex, type::soa) == 0) {
      problems.add(whole, fmt::format("{} has no SOA record", name.to_text()));
    } else if (count_of(*apex, type::ns) == 0) {
      problems.add(whole, fmt::format("{} has no NS record", name.to_text()));
    }
    for (const Group& one : groups) {
      if (problems.full()) {
        return;
      }
      check_group(one);
    }
  }

  std::size_t count_of(const Group& group_, Kind kind) const {
    return static_cast<std::size_t>(std::ranges::count(entries_of(group_), kind, &Entry::type));
  }

  void check_group(const Group& one) {
    const std::span<const Entry> records = entries_of(one);
    const auto complain = [this](const Entry& entry, std::string what) {
      problems.add(entry.place, std::move(what));
    };
    std::size_t sets = 0;
    std::size_t set_bytes = 0;
    for (std::size_t i = 0; i < records.size(); ++i) {
      const Entry& entry = records[i];
      const bool again = i > 0 && records[i - 1].type == entry.type;
      sets += again ? 0 : 1;
      set_bytes = (again ? set_bytes : 0) + record_header_bytes + entry.rdata_size;
      if (set_bytes > limits::dns_rrset_bytes) {
        complain(entry, "more records of one type than fit an answer");
        return;
      }
      if (again &&
          (entry.type == type::soa || entry.type == type::cname || entry.type == type::alias)) {
        complain(entry, "a second " + type_text(entry.type) + " of this name");
      }
      if (entry.type == type::soa && !is_apex(one)) {
        complain(entry, "a SOA belongs to the zone's own name");
      }
      check_place(one, entry);
    }
    if (sets > group_sets_max) {
      complain(records[0], "too many types at one name");
    }
    if ((one.flags & Node::policy) != 0) {
      check_policies(records);
    }
  }

  void check_place(const Group& one, const Entry& entry) {
    const std::size_t others = one.count - count_of(one, entry.type);
    if (entry.type == type::cname && others > 0) {
      problems.add(entry.place, "CNAME and other records at one name");
    } else if (entry.type == type::ds && (one.flags & Node::cut) == 0) {
      problems.add(entry.place, "DS without NS: nothing is delegated here");
    } else if (is_local(entry.type) && (one.flags & (Node::cut | Node::below_cut)) != 0) {
      problems.add(entry.place, "at or below a delegation");
    } else if (entry.type == type::alias &&
               (count_of(one, type::a) + count_of(one, type::aaaa)) > 0) {
      problems.add(entry.place, "ALIAS beside A or AAAA");
    } else if ((entry.type == type::ns || entry.type == type::mx || entry.type == type::srv) &&
               !is_empty_target(entry)) {
      check_target(entry);
    }
  }

  bool is_empty_target(const Entry& entry) const {
    return target_of(entry.type, rdata_of(entry)).size() <= 1;
  }

  // A target in this zone must be there, and must not be a CNAME (RFC 2181 section 10.3).
  void check_target(const Entry& entry) {
    const Bytes target = target_of(entry.type, rdata_of(entry));
    if (!is_at_or_below(target, name.wire())) {
      return;
    }
    NameKey key;
    key.set(target);
    const Group* found = find(key.hash(), key.wire());
    if (found != nullptr && (found->flags & Node::cname) != 0) {
      problems.add(entry.place,
                   fmt::format("{} is a CNAME; name what it leads to", name_text(target)));
    } else if (found == nullptr && entry.type == type::ns) {
      problems.add(entry.place, fmt::format("{} has no address here (glue)", name_text(target)));
    }
  }

  // Each type of a name comes from one place, and what may be a CNAME stands alone.
  void check_policies(std::span<const Entry> records) {
    std::vector<Kind> taken;
    for (const Entry& entry : records) {
      if (!is_local(entry.type)) {
        taken.push_back(entry.type);
      } else if (entry.type == type::alias) {
        taken.insert(taken.end(), {type::a, type::aaaa});
      }
    }
    for (const Entry& entry : records) {
      if (entry.type != type::policy) {
        continue;
      }
      for (const Kind kind : policies->types(read32(rdata_of(entry).data()))) {
        if (kind == type::cname && records.size() > 1) {
          problems.add(entry.place, "the policy may answer with a CNAME, which has to stand alone");
          break;
        }
        if (std::ranges::find(taken, kind) != taken.end()) {
          problems.add(entry.place, type_text(kind) + " of this name comes from elsewhere already");
        }
        taken.push_back(kind);
      }
    }
  }

  // ---- Writing ----

  void write_record(std::vector<std::uint8_t>& out, const Entry& entry, std::uint32_t ttl) const {
    const std::size_t at = out.size();
    out.resize(at + record_header_bytes);
    write16(&out[at], 0xc00c);
    write16(&out[at + 2], entry.type);
    write16(&out[at + 4], class_in);
    write32(&out[at + 6], ttl);
    write16(&out[at + 10], entry.rdata_size);
    const Bytes rdata = rdata_of(entry);
    out.insert(out.end(), rdata.begin(), rdata.end());
  }

  // Records of one type share the least TTL of them (RFC 2181 section 5.2).
  void write_set(std::vector<std::uint8_t>& out, std::span<const Entry> set) const {
    const std::uint32_t ttl = std::ranges::min(set, {}, &Entry::ttl_seconds).ttl_seconds;
    const std::size_t at = out.size();
    out.resize(at + Node::set_header);
    for (const Entry& entry : set) {
      write_record(out, entry, ttl);
    }
    write16(&out[at], set[0].type);
    write16(&out[at + 2], static_cast<std::uint16_t>(set.size()));
    write16(&out[at + 4], static_cast<std::uint16_t>(out.size() - at - Node::set_header));
  }

  void write_group(std::vector<std::uint8_t>& out, const Group& one) const {
    const Bytes prefix = name_of(one).first(one.name_bytes - name.size());
    const std::size_t at = out.size();
    out.push_back(static_cast<std::uint8_t>(prefix.size()));
    out.push_back(one.flags);
    out.push_back(0);
    out.insert(out.end(), prefix.begin(), prefix.end());
    const std::span<const Entry> records = entries_of(one);
    for (std::size_t i = 0; i < records.size();) {
      std::size_t end = i + 1;
      while (end < records.size() && records[end].type == records[i].type) {
        ++end;
      }
      write_set(out, records.subspan(i, end - i));
      ++out[at + 2];
      i = end;
    }
  }

  // The size of the block, so that it is allocated once.
  std::size_t block_bytes() const {
    std::size_t size = 0;
    for (const Group& one : groups) {
      size += Node::header + one.name_bytes - name.size();
    }
    for (const Entry& entry : entries) {
      size += Node::set_header + record_header_bytes + entry.rdata_size;
    }
    return size;
  }

  std::shared_ptr<const Zone> write() {
    auto zone = std::make_shared<Zone>();
    zone->name_ = name;
    zone->labels_ = label_count(name.wire());
    zone->slots_.resize(std::bit_ceil(groups.size() * 4 / 3 + 1));
    zone->block_.reserve(block_bytes());
    for (const Group& one : groups) {
      const auto offset = static_cast<std::uint32_t>(zone->block_.size());
      write_group(zone->block_, one);
      zone->insert(one.hash, offset);
      zone->has_policies_ |= (one.flags & Node::policy) != 0;
    }
    zone->block_.shrink_to_fit();
    zone->records_ = entries.size();
    zone->apex_ = zone->find_hashed(hash_of(name.wire()), {});
    finish_soa(*zone);
    return zone;
  }

  static void finish_soa(Zone& zone) {
    const Bytes soa = zone.apex_.find(type::soa).first().wire;
    zone.negative_soa_.assign(soa.begin(), soa.end());
    const std::uint8_t* end = soa.data() + soa.size();
    zone.serial_ = read32(end - 20);
    write32(zone.negative_soa_.data() + 6, std::min(read32(soa.data() + 6), read32(end - 4)));
  }
};

ZoneBuilder::ZoneBuilder(const Name& name, const PolicySource* policies, ZoneProblems& problems)
    : work_(std::make_unique<Work>(name, policies, problems)) {}

ZoneBuilder::~ZoneBuilder() = default;

void ZoneBuilder::add(const ZoneRecord& record) {
  work_->add(record);
}

std::shared_ptr<const Zone> ZoneBuilder::build() {
  work_->sort();
  work_->group();
  work_->add_empty_nonterminals();
  work_->flag();
  work_->check();
  return work_->problems.empty() ? work_->write() : nullptr;
}

Result<std::shared_ptr<const Zone>> load_zone(const std::string& path, std::string_view text,
                                              const Name& name, const ReadFile& read_file,
                                              const PolicySource* policies) {
  ZoneProblems problems;
  ZoneBuilder builder(name, policies, problems);
  const RecordSink sink = [&builder](const ZoneRecord& record) { builder.add(record); };
  parse_zone_file(path, text, name, read_file, sink, problems);
  if (std::shared_ptr<const Zone> zone = builder.build()) {
    return zone;
  }
  return std::unexpected(problems.error());
}

}  // namespace securecart::traffic::dns
