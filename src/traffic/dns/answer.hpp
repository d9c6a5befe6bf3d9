// One question in, one answer out: the heart of the server, without sockets, clocks or locks.
//
//   parse ─▶ zone ─▶ name ─┬─▶ found ────▶ records │ policy │ ALIAS │ CNAME: again │ no data
//                          ├─▶ wildcard ─▶ the same, under the name asked for
//                          ├─▶ referral ─▶ NS, DS, glue
//                          └─▶ no name ──▶ SOA
//   then additional addresses, EDNS, signatures on the way where they are asked for
//
// An Answerer belongs to one thread and holds the space it works in; answering does not allocate,
// but for TSIG and for a signature that was not made before.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/clock.hpp"
#include "traffic/dns/dnssec.hpp"
#include "traffic/dns/limits.hpp"
#include "traffic/dns/message.hpp"
#include "traffic/dns/snapshot.hpp"

namespace securecart::traffic::dns {

struct Client {
  Address address;
  bool tcp = false;
  SteadyTime now;
  std::uint32_t unix_seconds = 0;
  std::uint64_t random = 0;
};

enum class ReplyKind : std::uint8_t {
  dropped,   // nothing is sent
  positive,  // of data
  no_data,
  no_name,
  referral,
  error,
  transfer,  // nothing is written yet: the shell sends a Transfer
};

struct Reply {
  std::size_t size = 0;
  ReplyKind kind = ReplyKind::dropped;
  std::uint16_t rcode = 0;  // with the bits of EDNS
  bool truncated = false;
  bool known_client = false;  // it showed a valid cookie, or came over TCP
  bool by_policy = false;
  std::uint32_t zone = Snapshot::none;  // index into Snapshot::zones()
  std::uint64_t subject = 0;  // what the answer is about: equal for answers a limit counts as one
};

class Answerer {
 public:
  // `secret` keys what is kept in memory. `thread` is told to policies.
  Answerer(std::uint32_t thread, const SipKey& secret);
  ~Answerer();

  // `out` has room for limits::dns_message_bytes over TCP, for Settings::udp_bytes and
  // limits::dns_udp_bytes over UDP.
  Reply answer(Bytes packet, const Client& client, const Snapshot& snapshot,
               std::span<std::uint8_t> out);

  // The question of the last call, and its signature if it had one: for transfers and query logs.
  const Query& query() const { return query_; }
  std::optional<TsigState>& tsig() { return tsig_; }
  // Makes an answer that was written to `out` an empty one with TC set: for rate limits.
  static std::size_t truncate(std::span<std::uint8_t> out);
  std::uint64_t signatures_made() const { return signer_.made(); }

 private:
  enum class Step : std::uint8_t { done, follow };

  void start();
  void respond(Verdict verdict);
  void resolve();
  void refuse(unsigned rcode);
  void transfer();
  bool may_transfer(const ServedZone& served) const;
  void follow_names();
  Step at_lookup(const Lookup& lookup);
  Step at_node(const Node& node);
  Step follow_cname(const RrsetView& set);
  bool answer_any(const Node& node);
  bool answer_set(const Node& node, std::uint16_t wanted);
  bool answer_apex_key(std::uint16_t wanted);
  bool answer_policy(const Node& node, std::uint16_t wanted);
  bool answer_alias(const Node& node, std::uint16_t wanted);
  // Finds what `hidden_` leads to and puts it under the visible name. False: nothing of that type.
  bool chase_hidden(std::uint16_t wanted, std::uint32_t ttl_most);
  bool hidden_step(std::uint16_t wanted, std::uint32_t& ttl_most, bool& again);
  bool resolve_policy(PolicyHandle policy, const NameKey& name, std::uint16_t wanted,
                      std::uint32_t ttl_most, bool& aliased);
  void put_policy_records(std::uint32_t ttl_most);
  void put_policy_additional();
  void negative(const Node* node, bool no_name);
  void referral(const Lookup& lookup);
  void put_glue(const RrsetView& set);
  void put_additional();

  bool put(Bytes bytes);
  bool put_set(const RrsetView& set, std::size_t owner_at, std::uint32_t ttl_most);
  bool put_signed_set(const RrsetView& set, std::size_t owner_at, std::uint32_t ttl_most);
  bool put_header(std::size_t owner_at, std::uint16_t type, std::uint32_t ttl, std::size_t size);
  void note_targets(std::uint16_t type, std::size_t from);
  // Signs the records from `from` to the end, all of one set whose owner is `owner`.
  void sign_since(std::size_t from, Bytes owner, std::uint64_t owner_hash, std::size_t owner_at);
  bool put_signature(const ZoneKey& key, std::size_t from, std::size_t end, Bytes owner,
                     std::uint64_t owner_hash, std::size_t owner_at);
  std::size_t signed_bytes(std::size_t from, std::size_t end, Bytes owner);
  std::size_t add_signed(std::size_t to, Bytes owner, Bytes record);
  void put_nsec(Bytes owner, std::uint64_t owner_hash, std::size_t owner_at,
                std::span<const std::uint16_t> types);
  std::size_t types_of(const Node& node, std::span<std::uint16_t> types) const;
  bool signs() const;
  void finish();
  void put_opt();
  std::size_t opt_bytes() const;

  struct Space;
  const std::uint32_t thread_;
  Signer signer_;
  std::unique_ptr<Space> space_;
  Query query_;
  std::optional<TsigState> tsig_;

  // Of the answer that is being written.
  Bytes packet_;
  const Client* client_ = nullptr;
  const Snapshot* snapshot_ = nullptr;
  const ServedZone* served_ = nullptr;
  std::span<std::uint8_t> out_;
  std::size_t at_ = 0;
  std::size_t limit_ = 0;
  std::array<std::uint16_t, 3> counts_{};
  unsigned section_ = 0;
  const NameKey* visible_ = nullptr;
  std::size_t visible_at_ = 0;  // where its first label is in the message
  Reply reply_;
  bool authoritative_ = false;
  bool chained_ = false;  // a CNAME was followed
  bool failed_ = false;
  std::uint8_t scope_ = 0;
};

}  // namespace securecart::traffic::dns
