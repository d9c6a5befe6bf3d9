// All that an answer depends on, immutable: zones, keys, policies, settings. A reload makes a new
// one and swaps a pointer; zones that did not change are shared.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "observe/metrics.hpp"
#include "traffic/dns/dnssec.hpp"
#include "traffic/dns/siphash.hpp"
#include "traffic/dns/tsig.hpp"
#include "traffic/dns/zone.hpp"
#include "traffic/model/address.hpp"
#include "traffic/model/policy_source.hpp"

namespace securecart::traffic::dns {

class Journal;

struct ServedZone {
  std::shared_ptr<const Zone> zone;
  std::shared_ptr<const ZoneKeys> keys;    // null: not signed
  std::shared_ptr<const Journal> journal;  // null: no differences known
  std::vector<Network> transfer_to;        // none: to nobody
  std::string transfer_key;                // TSIG, its name in lower case; empty: none asked for
  observe::Counter* queries = nullptr;     // outlives the snapshot; null: not counted by zone
};

struct Settings {
  std::string nsid;
  SipKey cookie_secret;
  bool cookies = true;
  std::uint16_t udp_bytes = 1'232;       // most of an answer over UDP (RFC 9715)
  std::uint16_t keepalive_tenths = 100;  // idle TCP connections are closed after this
  std::vector<TsigKey> keys;
};

class Snapshot {
 public:
  // No two zones have one name.
  Snapshot(std::vector<ServedZone> zones, std::shared_ptr<const PolicySource> policies,
           Settings settings);

  static constexpr std::uint32_t none = 0xffff'ffff;
  struct Found {
    const ServedZone* served = nullptr;
    std::uint32_t index = none;
  };
  // The zone with the longest name that `key` is at or below; with `above`, not the one of that
  // very name.
  Found find(const NameKey& key, bool above = false) const;

  const std::vector<ServedZone>& zones() const { return zones_; }
  const PolicySource* policies() const { return policies_.get(); }
  const Settings& settings() const { return settings_; }

 private:
  std::vector<ServedZone> zones_;
  std::shared_ptr<const PolicySource> policies_;
  Settings settings_;
  std::vector<std::uint32_t> table_;  // index by hash of the zone's name
  unsigned labels_most_ = 0;
};

}  // namespace securecart::traffic::dns
