// Zone transfers to secondaries: the whole zone (AXFR, RFC 5936) or what changed (IXFR, RFC 1995).
//
// ALIAS and POLICY are of this server alone: a secondary gets the records they come to at that
// moment, for the secondary's own address. Signed zones leave unsigned: signatures are made when
// they are asked for, which a secondary cannot do.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "traffic/dns/answer.hpp"
#include "traffic/dns/limits.hpp"
#include "traffic/dns/snapshot.hpp"

namespace securecart::traffic::dns {

// A record with its owner, in wire format.
using PlainRecord = std::vector<std::uint8_t>;

// From one version of a zone to the next.
struct Difference {
  std::uint32_t from_serial = 0;
  std::uint32_t to_serial = 0;
  PlainRecord from_soa;
  PlainRecord to_soa;
  std::vector<PlainRecord> removed;  // without the SOA
  std::vector<PlainRecord> added;
};

// The latest differences of a zone, each from where the one before ends. Immutable.
class Journal {
 public:
  // `before` may be null. Null when nothing is known: no difference, or the serial did not grow.
  static std::shared_ptr<const Journal> extended(const std::shared_ptr<const Journal>& before,
                                                 const Zone& from, const Zone& to);
  // From `serial` to the end; empty when it is not known.
  std::vector<const Difference*> since(std::uint32_t serial) const;

 private:
  std::deque<std::shared_ptr<const Difference>> differences_;
  std::size_t records_ = 0;
};

// RFC 1982.
bool serial_is_newer(std::uint32_t a, std::uint32_t b);

// One transfer: messages one after another, each signed when the question was.
class Transfer {
 public:
  // `answerer` is used while this is made, with the question it answered last; `wanted_serial` of
  // an IXFR question, nullopt for AXFR.
  Transfer(Answerer& answerer, const Client& client, std::shared_ptr<const Snapshot> snapshot,
           std::uint32_t zone, std::optional<std::uint32_t> wanted_serial);
  bool finished() const { return finished_; }
  // The next message into `out`, which has room for limits::dns_message_bytes. Returns its size.
  std::size_t next(std::span<std::uint8_t> out, std::uint32_t unix_seconds);

 private:
  void add_local_names(Answerer& answerer, const Client& client);
  // Puts more of the whole zone into `records_`, a little at a time: the thread has questions to
  // answer in between.
  void refill();
  bool add_differences(const ServedZone& served, std::uint32_t serial);
  void add_local(Answerer& answerer, const Client& client, Bytes owner, const RrsetView& set);
  void add_answer(Answerer& answerer, const Client& client, Bytes owner, std::uint16_t type);

  std::shared_ptr<const Snapshot> snapshot_;
  const Zone* zone_;
  std::vector<PlainRecord> records_;
  std::size_t next_ = 0;
  bool whole_ = false;       // the zone's nodes follow
  std::size_t node_at_ = 0;  // of the next one
  bool finished_ = false;
  std::uint16_t id_ = 0;
  std::uint8_t flags_ = 0;
  std::vector<std::uint8_t> question_;
  std::optional<TsigState> tsig_;
};

}  // namespace securecart::traffic::dns
