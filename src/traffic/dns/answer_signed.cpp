// The part of an answer that proves it: RRSIG and NSEC.
#include <algorithm>
#include <cstring>

#include "traffic/dns/answer.hpp"
#include "traffic/dns/answer_space.hpp"
#include "traffic/dns/rdata.hpp"

namespace securecart::traffic::dns {
namespace {

constexpr std::size_t rrsig_fixed_bytes = 18;

// By rdata, names in it without regard to case.
bool comes_before(Bytes a, Bytes b) {
  std::array<std::uint8_t, 1024> left;
  std::array<std::uint8_t, 1024> right;
  const auto canonical = [](Bytes record, std::span<std::uint8_t> to) {
    const Bytes rdata = record.subspan(record_header_bytes);
    const std::span<std::uint8_t> copy = to.first(std::min(rdata.size(), to.size()));
    std::copy_n(rdata.begin(), copy.size(), copy.begin());
    if (copy.size() == rdata.size()) {
      make_canonical(read16(record.data() + 2), copy);
    }
    return Bytes(copy);
  };
  return std::ranges::lexicographical_compare(canonical(a, left), canonical(b, right));
}

}  // namespace

bool Answerer::signs() const {
  return query_.edns.dnssec_ok && served_->keys != nullptr;
}

void Answerer::sign_since(std::size_t from, Bytes owner, std::uint64_t owner_hash,
                          std::size_t owner_at) {
  const std::size_t end = at_;
  if (end == from) {
    return;
  }
  const bool whole_ring = read16(&out_[from + 2]) == type::dnskey;
  for (const ZoneKey& key : served_->keys->keys()) {
    const bool signs_this = whole_ring || key.state == KeyState::active;
    if (signs_this && !put_signature(key, from, end, owner, owner_hash, owner_at)) {
      return;
    }
  }
}

// RFC 4034 section 3.1: the rdata without its signature is the first part of what is signed.
bool Answerer::put_signature(const ZoneKey& key, std::size_t from, std::size_t end, Bytes owner,
                             std::uint64_t owner_hash, std::size_t owner_at) {
  const Bytes zone = served_->zone->name().wire();
  const Period period = period_of(client_->unix_seconds, owner_hash);
  const bool star = owner.size() > 2 && owner[0] == 1 && owner[1] == '*';
  std::uint8_t* const fixed = space_->signing.data();
  std::memcpy(fixed, &out_[from + 2], 2);
  fixed[2] = algorithm_p256;
  fixed[3] = static_cast<std::uint8_t>(label_count(owner) - (star ? 1 : 0));
  std::memcpy(fixed + 4, &out_[from + 6], 4);
  write32(fixed + 8, period.expiration);
  write32(fixed + 12, period.inception);
  write16(fixed + 16, key.tag);
  std::memcpy(fixed + rrsig_fixed_bytes, zone.data(), zone.size());
  const std::size_t rdata = rrsig_fixed_bytes + zone.size();
  const std::size_t size = signed_bytes(from, end, owner);
  Signature signature;
  if (size == 0 || !signer_.sign(key, {fixed, size}, signature)) {
    failed_ = true;
    return false;
  }
  return put_header(owner_at, type::rrsig, read32(&out_[from + 6]), rdata + signature.size()) &&
         put({fixed, rdata}) && put(signature);
}

// RFC 4034 section 3.1.8.1 and 6: each record with its owner and rdata in canonical form, in
// canonical order. Returns the size of all that is signed; 0 when it does not fit.
std::size_t Answerer::signed_bytes(std::size_t from, std::size_t end, Bytes owner) {
  std::array<Bytes, records_sorted_most>& order = space_->order;
  std::size_t count = 0;
  const auto each = [&](const auto& use) {
    for (std::size_t at = from; at < end; at += record_header_bytes + read16(&out_[at + 10])) {
      use(Bytes(out_).subspan(at, record_header_bytes + read16(&out_[at + 10])));
    }
  };
  std::size_t to = rrsig_fixed_bytes + served_->zone->name().size();
  each([&](Bytes record) {
    if (count < order.size()) {
      order[count] = record;
    }
    ++count;
  });
  if (!reply_.by_policy || count > order.size()) {  // sets of a zone are in order already
    each([&](Bytes record) { to = add_signed(to, owner, record); });
    return to;
  }
  std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), comes_before);
  for (std::size_t i = 0; i < count; ++i) {
    to = add_signed(to, owner, order[i]);
  }
  return to;
}

// Returns where the next one goes; 0, once there is no room.
std::size_t Answerer::add_signed(std::size_t to, Bytes owner, Bytes record) {
  constexpr std::size_t pointer_bytes = 2;
  if (to == 0 || to + owner.size() + record.size() > space_->signing.size()) {
    return 0;
  }
  std::uint8_t* const begin = space_->signing.data();
  std::memcpy(begin + to, owner.data(), owner.size());
  to += owner.size();
  std::memcpy(begin + to, record.data() + pointer_bytes, record.size() - pointer_bytes);
  make_canonical(
      read16(record.data() + pointer_bytes),
      {begin + to + record_header_bytes - pointer_bytes, record.size() - record_header_bytes});
  return to + record.size() - pointer_bytes;
}

void Answerer::put_nsec(Bytes owner, std::uint64_t owner_hash, std::size_t owner_at,
                        std::span<const std::uint16_t> types) {
  std::uint8_t* const rdata = space_->rdata.data();
  std::size_t size = write_next_name(owner, rdata);
  size += write_type_bitmap(types, rdata + size);
  const std::size_t from = at_;
  if (put_header(owner_at, type::nsec, served_->zone->negative_ttl(), size) && put({rdata, size}) &&
      signs()) {
    sign_since(from, owner, owner_hash, owner_at);
  }
}

// Ascending, what the name has for a client; types the server makes itself included.
std::size_t Answerer::types_of(const Node& node, std::span<std::uint16_t> types) const {
  std::size_t count = 0;
  const auto add = [&](std::uint16_t kind) {
    if (count < types.size()) {
      types[count++] = kind;
    }
  };
  const bool cut = node.has(Node::cut);
  node.for_each([&](const RrsetView& set) {
    if (set.type == type::alias) {
      add(type::a);
      add(type::aaaa);
    } else if (set.type == type::policy) {
      set.for_each([&](const RecordView& record) {
        std::ranges::for_each(snapshot_->policies()->types(read32(record.rdata().data())), add);
      });
    } else if (!cut || set.type == type::ns || set.type == type::ds) {
      add(set.type);
    }
  });
  if (served_->keys) {
    add(type::rrsig);
    add(type::nsec);
    if (visible_->size == served_->zone->name().size()) {
      add(type::dnskey);
      add(type::cds);
      add(type::cdnskey);
    }
  }
  std::sort(types.begin(), types.begin() + static_cast<std::ptrdiff_t>(count));
  return static_cast<std::size_t>(
      std::unique(types.begin(), types.begin() + static_cast<std::ptrdiff_t>(count)) -
      types.begin());
}

}  // namespace securecart::traffic::dns
