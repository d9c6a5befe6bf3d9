// The seam between the DNS server and whoever decides where a client should go.
//
// A zone says `www 30 IN POLICY shop-front`: the name's answers come from the policy of that name.
// When zones are loaded, the zone store asks `find("shop-front")` for a handle, and `types(handle)`
// for what the name can have; when a query comes, it asks `resolve`.
//
//   zone file ──POLICY──▶ dns::Zones ──find/types──▶ PolicySource      (at load, may be slow)
//   query ─────────────▶ dns::answer ──resolve────▶ PolicySource      (no allocation, no lock)
//
// Lifetime: a snapshot of zones and its PolicySource are built, swapped and dropped together, so a
// handle never meets another source than the one that gave it. What changes while it lives (health,
// weights, leases) the source reads through atomics of its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.hpp"
#include "traffic/model/address.hpp"

namespace securecart::traffic {

using PolicyHandle = std::uint32_t;

struct PolicyQuestion {
  PolicyHandle policy = 0;
  // The name asked for, uncompressed wire format, lower case: below a wildcard, the name that
  // matched it. A source of discovered instances looks at its first labels.
  std::span<const std::uint8_t> name;
  // RR type asked for: one of types(policy), or any where CNAME is one of them.
  std::uint16_t type = 0;
  Address client;  // who sent the packet: a shopper's resolver
  // The client's network when the resolver told it (RFC 7871), masked; family none when it did not.
  Network subnet;
  SteadyTime now;            // read once per batch of packets
  std::uint64_t random = 0;  // fresh for this question; the only randomness there is
  std::uint32_t thread = 0;  // of the asker, 0 up: exact weighting may keep a counter a thread

  // Where the shopper is, as far as known.
  const Address& whereabouts() const {
    return subnet.address.family == Family::none ? client : subnet.address;
  }
};

enum class PolicyOutcome : std::uint8_t {
  answer,   // the records added; none added is NODATA
  no_name,  // NXDOMAIN: below a wildcard, an instance nobody registered
  failure,  // SERVFAIL: only when told not to fail open
};

// The caller's fixed space for one answer. Rdata is copied in, so a source may change right after.
class PolicyAnswer {
 public:
  static constexpr std::size_t records_max = 64;
  static constexpr std::size_t bytes_max = 8 * 1024;

  struct Record {
    std::uint16_t type = 0;
    std::uint16_t owner_at = 0;  // of an additional record
    std::uint16_t owner_size = 0;
    std::uint16_t at = 0;
    std::uint16_t size = 0;
  };

  PolicyOutcome outcome = PolicyOutcome::answer;
  std::uint32_t ttl_seconds = 30;
  // Bits of the client's network the answer depends on (RFC 7871 section 7.2.1); 0: on none, one
  // answer for all. Ignored when the question had no subnet.
  std::uint8_t scope_prefix = 0;

  // A record of the name asked for: of the type asked for, or a CNAME alone. Names in rdata are
  // uncompressed wire format. False when the space is full: the answer is complete without it.
  bool add(std::uint16_t type, std::span<const std::uint8_t> rdata) {
    return put(records_, record_count_, type, {}, rdata);
  }
  // A record that helps (the A of an SRV's target); left out when it does not fit the packet.
  bool add_additional(std::span<const std::uint8_t> owner, std::uint16_t type,
                      std::span<const std::uint8_t> rdata) {
    return put(additional_, additional_count_, type, owner, rdata);
  }
  // Instead of records: the answer is what `name` (wire format, in a zone of this server) has for
  // the type asked for, under the name asked for.
  bool set_alias(std::span<const std::uint8_t> name) {
    return put_bytes(name, alias_at_, alias_size_);
  }

  std::span<const Record> records() const { return {records_.data(), record_count_}; }
  std::span<const Record> additional() const { return {additional_.data(), additional_count_}; }
  std::span<const std::uint8_t> rdata(const Record& record) const {
    return {bytes_.data() + record.at, record.size};
  }
  std::span<const std::uint8_t> owner(const Record& record) const {
    return {bytes_.data() + record.owner_at, record.owner_size};
  }
  std::span<const std::uint8_t> alias() const { return {bytes_.data() + alias_at_, alias_size_}; }

  void clear() {
    outcome = PolicyOutcome::answer;
    ttl_seconds = 30;
    scope_prefix = 0;
    record_count_ = additional_count_ = 0;
    used_ = alias_at_ = alias_size_ = 0;
  }

 private:
  using Records = std::array<Record, records_max>;

  bool put_bytes(std::span<const std::uint8_t> bytes, std::uint16_t& at, std::uint16_t& size) {
    if (bytes.size() > bytes_max - used_) {
      return false;
    }
    if (!bytes.empty()) {
      std::memcpy(bytes_.data() + used_, bytes.data(), bytes.size());
    }
    at = used_;
    size = static_cast<std::uint16_t>(bytes.size());
    used_ = static_cast<std::uint16_t>(used_ + size);
    return true;
  }
  bool put(Records& records, std::uint16_t& count, std::uint16_t type,
           std::span<const std::uint8_t> owner, std::span<const std::uint8_t> rdata) {
    if (count == records_max || owner.size() + rdata.size() > bytes_max - used_) {
      return false;
    }
    Record& record = records[count++];
    record.type = type;
    return put_bytes(owner, record.owner_at, record.owner_size) &&
           put_bytes(rdata, record.at, record.size);
  }

  std::uint16_t record_count_ = 0;
  std::uint16_t additional_count_ = 0;
  std::uint16_t used_ = 0;
  std::uint16_t alias_at_ = 0;
  std::uint16_t alias_size_ = 0;
  Records records_;
  Records additional_;
  std::array<std::uint8_t, bytes_max> bytes_;
};

class PolicySource {
 public:
  virtual ~PolicySource() = default;

  // The policy a zone names; nullopt when there is none, which is an error of the zone.
  virtual std::optional<PolicyHandle> find(std::string_view name) const = 0;
  // RR types the policy has answers for, ascending. Lives as long as the source.
  virtual std::span<const std::uint16_t> types(PolicyHandle policy) const = 0;
  // Fills `answer`, which is clear. Called by many threads at once; never allocates, locks, waits
  // or throws.
  virtual void resolve(const PolicyQuestion& question, PolicyAnswer& answer) const noexcept = 0;
};

}  // namespace securecart::traffic
