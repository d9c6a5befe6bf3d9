#include "traffic/dns/answer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "traffic/dns/answer_space.hpp"
#include "traffic/dns/cookies.hpp"
#include "traffic/dns/limits.hpp"
#include "traffic/dns/rdata.hpp"

namespace securecart::traffic::dns {
namespace {

constexpr std::size_t question_at = header_bytes;
constexpr std::size_t pointer_most = 0x3fff;
constexpr std::uint32_t any_ttl = 0xffff'ffff;
constexpr std::size_t opt_fixed_bytes = 11;

bool has(std::span<const std::uint16_t> types, std::uint16_t wanted) {
  return std::ranges::find(types, wanted) != types.end();
}

enum Section : unsigned { answer_section = 0, authority_section = 1, additional_section = 2 };

}  // namespace

Answerer::Answerer(std::uint32_t thread, const SipKey& secret)
    : thread_(thread), signer_(secret), space_(std::make_unique<Space>()) {}

Answerer::~Answerer() = default;

Reply Answerer::answer(Bytes packet, const Client& client, const Snapshot& snapshot,
                       std::span<std::uint8_t> out) {
  reply_ = Reply();
  const Verdict verdict = parse_query(packet, query_);
  if (verdict == Verdict::drop) {
    return reply_;
  }
  packet_ = packet;
  client_ = &client;
  snapshot_ = &snapshot;
  served_ = nullptr;
  out_ = out;
  tsig_.reset();
  start();
  respond(verdict);
  if (reply_.kind != ReplyKind::transfer) {
    finish();
  }
  return reply_;
}

// ---- The frame ----

void Answerer::start() {
  const Settings& settings = snapshot_->settings();
  const std::size_t udp = std::min<std::size_t>(query_.edns.udp_bytes, settings.udp_bytes);
  limit_ = client_->tcp ? limits::dns_message_bytes : std::max(udp, limits::dns_udp_bytes);
  limit_ = std::min(limit_, out_.size());
  limit_ -= opt_bytes() + (query_.tsig_at != 0 ? tsig_bytes_max / 2 : 0);
  std::memcpy(out_.data() + header_bytes, packet_.data() + header_bytes, query_.question_bytes);
  at_ = header_bytes + query_.question_bytes;
  counts_ = {};
  section_ = answer_section;
  authoritative_ = chained_ = failed_ = false;
  scope_ = 0;
  space_->target_count = 0;
  visible_ = &query_.name;
  visible_at_ = question_at;
  reply_.known_client = client_->tcp || (settings.cookies &&
                                         has_valid_cookie(settings.cookie_secret, query_.edns,
                                                          client_->address, client_->unix_seconds));
}

void Answerer::refuse(unsigned rcode) {
  reply_.kind = ReplyKind::error;
  reply_.rcode = static_cast<std::uint16_t>(rcode);
}

void Answerer::respond(Verdict verdict) {
  if (verdict != Verdict::ok) {
    refuse(verdict == Verdict::form_err  ? rcode::form_err
           : verdict == Verdict::not_imp ? rcode::not_imp
                                         : rcode::bad_vers);
    return;
  }
  if (query_.tsig_at != 0) {
    tsig_ = verify_tsig(packet_, query_.tsig_at, snapshot_->settings().keys, client_->unix_seconds);
    if (tsig_->malformed) {
      tsig_.reset();
      refuse(rcode::form_err);
      return;
    }
    if (tsig_->error != 0) {
      refuse(rcode::not_auth);
      return;
    }
  }
  if (!query_.has_question) {
    reply_.kind = ReplyKind::no_data;  // only a cookie goes back
    return;
  }
  resolve();
}

void Answerer::finish() {
  std::uint8_t* const head = out_.data();
  if (failed_) {
    refuse(rcode::serv_fail);
    at_ = header_bytes + query_.question_bytes;
    counts_ = {};
    reply_.truncated = false;
  }
  if (reply_.truncated) {
    at_ = header_bytes + query_.question_bytes;
    counts_ = {};
  }
  write16(head, query_.id);
  head[2] = static_cast<std::uint8_t>(
      header::qr | (query_.opcode << 3U) | (authoritative_ && !failed_ ? header::aa : 0U) |
      (reply_.truncated ? header::tc : 0U) | (query_.flags_high & header::rd));
  head[3] = static_cast<std::uint8_t>((query_.flags_low & header::cd) | (reply_.rcode & 0x0fU));
  write16(head + 4, query_.has_question ? 1 : 0);
  write16(head + 6, counts_[answer_section]);
  write16(head + 8, counts_[authority_section]);
  if (query_.edns.present) {
    put_opt();
  }
  write16(head + 10, counts_[additional_section]);
  if (tsig_) {
    const std::size_t size = sign_tsig(*tsig_, out_, at_, client_->unix_seconds);
    at_ = size != 0 ? size : at_;
  }
  reply_.size = at_;
}

std::size_t Answerer::opt_bytes() const {
  const Edns& edns = query_.edns;
  if (!edns.present) {
    return 0;
  }
  const Settings& settings = snapshot_->settings();
  std::size_t size = opt_fixed_bytes;
  size += edns.wants_nsid && !settings.nsid.empty() ? 4 + settings.nsid.size() : 0;
  size += edns.has_cookie && settings.cookies ? 4 + client_cookie_bytes + server_cookie_bytes : 0;
  size += edns.has_subnet ? 8 + (edns.subnet_prefix + 7U) / 8 : 0;
  size += edns.wants_keepalive && client_->tcp ? 6 : 0;
  return size;
}

void Answerer::put_opt() {
  const Edns& edns = query_.edns;
  const Settings& settings = snapshot_->settings();
  std::uint8_t* const opt = out_.data() + at_;
  std::uint8_t* to = opt + opt_fixed_bytes;
  const auto option = [&to](std::uint16_t code, std::size_t size) {
    write16(to, code);
    write16(to + 2, static_cast<std::uint16_t>(size));
    to += 4;
  };
  const auto copy = [&to](Bytes bytes) { to = std::ranges::copy(bytes, to).out; };
  opt[0] = 0;
  write16(opt + 1, type::opt);
  write16(opt + 3, settings.udp_bytes);
  opt[5] = static_cast<std::uint8_t>(reply_.rcode >> 4U);
  opt[6] = 0;
  write16(opt + 7, edns.dnssec_ok ? 0x8000 : 0);
  if (edns.version == 0) {
    if (edns.wants_nsid && !settings.nsid.empty()) {
      option(edns_option::nsid, settings.nsid.size());
      copy({reinterpret_cast<const std::uint8_t*>(settings.nsid.data()), settings.nsid.size()});
    }
    if (edns.has_cookie && settings.cookies) {
      option(edns_option::cookie, client_cookie_bytes + server_cookie_bytes);
      copy(edns.client_cookie);
      copy(make_server_cookie(settings.cookie_secret, edns, client_->address,
                              client_->unix_seconds));
    }
    if (edns.has_subnet && reply_.rcode != rcode::form_err) {
      const std::size_t bytes = (edns.subnet_prefix + 7U) / 8;
      option(edns_option::client_subnet, 4 + bytes);
      write16(to, edns.subnet_family);
      to[2] = edns.subnet_prefix;
      to[3] = scope_;
      to += 4;
      copy(Bytes(edns.subnet.bytes).first(bytes));
    }
    if (edns.wants_keepalive && client_->tcp) {
      option(edns_option::tcp_keepalive, 2);
      write16(to, settings.keepalive_tenths);
      to += 2;
    }
  }
  write16(opt + 9,
          static_cast<std::uint16_t>(to - opt - static_cast<std::ptrdiff_t>(opt_fixed_bytes)));
  at_ = static_cast<std::size_t>(to - out_.data());
  ++counts_[additional_section];
}

std::size_t Answerer::truncate(std::span<std::uint8_t> out) {
  std::size_t end = header_bytes;
  if (read16(&out[4]) == 1) {
    end = skip_name(out, header_bytes) + 4;
  }
  out[2] |= header::tc;
  std::memset(&out[6], 0, 6);
  return end;
}

// ---- From the zone to the name ----

void Answerer::resolve() {
  if (query_.class_ != class_in) {
    refuse(rcode::refused);
    return;
  }
  // DS is asked of the parent (RFC 4035 section 3.1.4.1), if that is ours as well.
  Snapshot::Found found = snapshot_->find(query_.name, query_.type == type::ds);
  if (found.served == nullptr && query_.type == type::ds) {
    found = snapshot_->find(query_.name);
  }
  if (found.served == nullptr) {
    refuse(rcode::refused);
    return;
  }
  served_ = found.served;
  reply_.zone = found.index;
  if (query_.type == type::axfr || query_.type == type::ixfr) {
    transfer();
    return;
  }
  authoritative_ = true;
  reply_.kind = ReplyKind::positive;
  reply_.subject = query_.name.hash() ^ query_.type;
  follow_names();
  if (!reply_.truncated && !failed_) {
    put_additional();
  }
}

bool Answerer::may_transfer(const ServedZone& served) const {
  const bool from = std::ranges::any_of(served.transfer_to, [this](const Network& network) {
    return network.contains(client_->address);
  });
  if (!from) {
    return false;
  }
  return served.transfer_key.empty() ||
         (tsig_ && tsig_->key != nullptr && tsig_->key->name.to_text() == served.transfer_key);
}

void Answerer::transfer() {
  const Zone& zone = *served_->zone;
  if (query_.name.size != zone.name().size()) {
    refuse(rcode::not_auth);
  } else if (!may_transfer(*served_)) {
    refuse(rcode::refused);
  } else if (client_->tcp) {
    reply_.kind = ReplyKind::transfer;
  } else if (query_.type == type::ixfr) {
    // RFC 1995 section 2: the SOA alone says "come over TCP".
    authoritative_ = true;
    reply_.kind = ReplyKind::positive;
    put_signed_set(zone.apex().find(type::soa), question_at, any_ttl);
  } else {
    refuse(rcode::not_imp);
  }
}

void Answerer::follow_names() {
  space_->link_count = 0;
  for (std::size_t hop = 0; hop < limits::dns_chain_hops; ++hop) {
    const bool ds = query_.type == type::ds && !chained_;
    if (at_lookup(served_->zone->find(*visible_, ds)) == Step::done) {
      return;
    }
  }
}

Answerer::Step Answerer::at_lookup(const Lookup& lookup) {
  switch (lookup.kind) {
    case Lookup::Kind::found:
    case Lookup::Kind::wildcard:
      return at_node(lookup.node);
    case Lookup::Kind::referral:
      if (!chained_) {
        referral(lookup);
      }
      return Step::done;
    default:
      negative(nullptr, true);
      return Step::done;
  }
}

Answerer::Step Answerer::at_node(const Node& node) {
  const std::uint16_t wanted = query_.type;
  if (node.has(Node::cname) && wanted != type::cname && wanted != type::any &&
      wanted != type::nsec) {
    return follow_cname(node.find(type::cname));
  }
  const bool answered = wanted == type::any ? answer_any(node) : answer_set(node, wanted);
  if (!answered) {
    negative(&node, reply_.kind == ReplyKind::no_name);
  }
  return Step::done;
}

Answerer::Step Answerer::follow_cname(const RrsetView& set) {
  const auto end = space_->links.begin() + static_cast<std::ptrdiff_t>(space_->link_count);
  if (std::find(space_->links.begin(), end, set.wire.data()) != end) {
    return Step::done;  // they lead in a circle, which is told once
  }
  const std::size_t from = at_;
  if (!put_signed_set(set, visible_at_, any_ttl)) {
    return Step::done;
  }
  const std::size_t target_at = from + record_header_bytes;
  const Bytes target = set.first().rdata();
  chained_ = true;
  space_->links[space_->link_count++] = set.wire.data();
  if (target_at > pointer_most || !is_at_or_below(target, served_->zone->name().wire())) {
    return Step::done;
  }
  NameKey& next = space_->chain[space_->chain_turn];
  space_->chain_turn ^= 1U;
  next.set(target);
  visible_ = &next;
  visible_at_ = target_at;
  return Step::follow;
}

// RFC 8482 section 4.1: one set of those there are.
bool Answerer::answer_any(const Node& node) {
  const std::size_t count = types_of(node, space_->types);
  std::array<std::uint16_t, types_most> types;
  std::copy_n(space_->types.begin(), count, types.begin());
  for (std::size_t i = 0; i < count; ++i) {
    const bool made = types[i] == type::rrsig || types[i] == type::nsec;
    if (!made && answer_set(node, types[i])) {
      return true;
    }
  }
  return false;
}

bool Answerer::answer_set(const Node& node, std::uint16_t wanted) {
  const RrsetView set = wanted < type::alias ? node.find(wanted) : RrsetView();
  if (set) {
    const std::size_t from = at_;
    if (put_signed_set(set, visible_at_, any_ttl)) {
      note_targets(wanted, from);
    }
    return true;
  }
  if (served_->keys && answer_apex_key(wanted)) {
    return true;
  }
  if (wanted == type::nsec && served_->keys) {
    const std::size_t count = types_of(node, space_->types);
    put_nsec(visible_->wire(), visible_->hash(), visible_at_, {space_->types.data(), count});
    return true;
  }
  return (node.has(Node::policy) && answer_policy(node, wanted)) ||
         (node.has(Node::alias) && answer_alias(node, wanted));
}

bool Answerer::answer_apex_key(std::uint16_t wanted) {
  const Bytes set = served_->keys->apex_set(wanted);
  if (set.empty() || visible_->size != served_->zone->name().size()) {
    return false;
  }
  const auto count =
      static_cast<std::uint16_t>(wanted == type::dnskey ? served_->keys->keys().size() : 1);
  put_signed_set({wanted, count, set}, visible_at_, any_ttl);
  return true;
}

// ---- Policies and ALIAS ----

bool Answerer::answer_policy(const Node& node, std::uint16_t wanted) {
  bool answered = false;
  node.find(type::policy).for_each([&](const RecordView& record) {
    const PolicyHandle policy = read32(record.rdata().data());
    const std::span<const std::uint16_t> types = snapshot_->policies()->types(policy);
    if (answered || !(has(types, wanted) || has(types, type::cname))) {  // a CNAME is for any type
      return;
    }
    bool aliased = false;
    const std::uint32_t ttl = read32(record.wire.data() + 6);
    answered = resolve_policy(policy, *visible_, wanted, ttl, aliased) ||
               (aliased && chase_hidden(wanted, ttl));
  });
  return answered || failed_;
}

// Asks the policy that `name` has. True: records were put. `aliased`: `hidden_` is the name that
// has the answer.
bool Answerer::resolve_policy(PolicyHandle policy, const NameKey& name, std::uint16_t wanted,
                              std::uint32_t ttl_most, bool& aliased) {
  PolicyQuestion question;
  question.policy = policy;
  question.name = name.wire();
  question.type = wanted;
  question.client = client_->address;
  if (query_.edns.has_subnet && query_.edns.subnet_prefix > 0) {
    question.subnet = {query_.edns.subnet, query_.edns.subnet_prefix};
  }
  question.now = client_->now;
  question.random = client_->random;
  question.thread = thread_;
  PolicyAnswer& answer = space_->policy;
  answer.clear();
  snapshot_->policies()->resolve(question, answer);
  reply_.by_policy = true;
  scope_ = std::max(scope_, answer.scope_prefix);
  if (answer.outcome == PolicyOutcome::failure) {
    failed_ = true;
  } else if (answer.outcome == PolicyOutcome::no_name) {
    // A name that leads to one that is not there is there itself.
    reply_.kind = &name == visible_ ? ReplyKind::no_name : reply_.kind;
  } else if (!answer.alias().empty()) {
    space_->hidden.set(answer.alias());
    aliased = true;
  } else if (!answer.records().empty()) {
    put_policy_records(ttl_most);
    return true;
  }
  return false;
}

void Answerer::put_policy_records(std::uint32_t ttl_most) {
  const PolicyAnswer& answer = space_->policy;
  const std::size_t from = at_;
  const std::uint32_t ttl = std::min(answer.ttl_seconds, ttl_most);
  for (const PolicyAnswer::Record& record : answer.records()) {
    if (!put_header(visible_at_, record.type, ttl, record.size) || !put(answer.rdata(record))) {
      return;
    }
  }
  if (signs()) {
    sign_since(from, visible_->wire(), visible_->hash(), visible_at_);
  }
  note_targets(answer.records()[0].type, from);
}

// The records a policy adds for the targets it gave, under names that stand in the answer already.
void Answerer::put_policy_additional() {
  const PolicyAnswer& answer = space_->policy;
  for (const PolicyAnswer::Record& record : answer.additional()) {
    for (std::size_t i = 0; i < space_->target_count; ++i) {
      const std::size_t target = space_->targets[i];
      const Bytes name = Bytes(out_).subspan(target, name_size(Bytes(out_).subspan(target)));
      if (!equal_names(name, answer.owner(record))) {
        continue;
      }
      if (at_ + record_header_bytes + record.size > limit_) {
        return;
      }
      put_header(target, record.type, answer.ttl_seconds, record.size);
      put(answer.rdata(record));
      break;
    }
  }
}

bool Answerer::answer_alias(const Node& node, std::uint16_t wanted) {
  if (wanted != type::a && wanted != type::aaaa) {
    return false;
  }
  const RrsetView set = node.find(type::alias);
  space_->hidden.set(set.first().rdata());
  return chase_hidden(wanted, set.ttl()) || failed_;
}

bool Answerer::chase_hidden(std::uint16_t wanted, std::uint32_t ttl_most) {
  for (std::size_t hop = 0; hop < limits::dns_chain_hops; ++hop) {
    bool again = false;
    if (hidden_step(wanted, ttl_most, again)) {
      return true;
    }
    if (!again) {
      return false;
    }
  }
  failed_ = true;  // they lead in a circle
  return false;
}

// One name further. True: records were put; `again`: `hidden_` is the next name.
bool Answerer::hidden_step(std::uint16_t wanted, std::uint32_t& ttl_most, bool& again) {
  const Snapshot::Found found = snapshot_->find(space_->hidden);
  if (found.served == nullptr) {
    failed_ = true;  // not a name of this server: nobody else is asked
    return false;
  }
  const Lookup lookup = found.served->zone->find(space_->hidden);
  if (lookup.kind == Lookup::Kind::referral) {
    failed_ = true;
    return false;
  }
  if (lookup.kind == Lookup::Kind::no_name) {
    return false;
  }
  if (const RrsetView set = lookup.node.find(wanted)) {
    put_signed_set(set, visible_at_, ttl_most);
    return true;
  }
  for (const std::uint16_t pointer : {type::cname, type::alias}) {
    if (const RrsetView set = lookup.node.find(pointer)) {
      ttl_most = std::min(ttl_most, set.ttl());
      space_->hidden.set(set.first().rdata());
      again = true;
      return false;
    }
  }
  bool answered = false;
  if (const RrsetView set = lookup.node.find(type::policy)) {
    ttl_most = std::min(ttl_most, set.ttl());
    set.for_each([&](const RecordView& record) {
      const PolicyHandle policy = read32(record.rdata().data());
      if (!answered && !again && has(snapshot_->policies()->types(policy), wanted)) {
        answered = resolve_policy(policy, space_->hidden, wanted, ttl_most, again);
      }
    });
  }
  return answered;
}

// ---- Nothing there, or elsewhere ----

void Answerer::negative(const Node* node, bool no_name) {
  if (failed_) {
    return;
  }
  const Zone& zone = *served_->zone;
  reply_.kind = no_name ? ReplyKind::no_name : ReplyKind::no_data;
  if (no_name) {
    reply_.subject =
        visible_->hashes[visible_->labels - zone.labels()];  // one for all that is missing
    // A signed "no such name" is a name without types (RFC 9824); whoever understands that gets the
    // rcode too.
    reply_.rcode = !signs() || query_.edns.compact_ok ? rcode::nx_domain : rcode::no_error;
  }
  section_ = authority_section;
  const unsigned label = visible_->labels - zone.labels();
  const std::size_t apex_at = visible_at_ + visible_->at[label];
  put_signed_set({type::soa, 1, zone.negative_soa()}, apex_at, any_ttl);
  if (!signs()) {
    return;
  }
  std::size_t count = 3;
  space_->types = {type::rrsig, type::nsec, type::nxname};
  if (!no_name) {
    count = types_of(*node, space_->types);
    // A policy that may answer with a CNAME did not now.
    const auto end = std::remove_if(
        space_->types.begin(), space_->types.begin() + static_cast<std::ptrdiff_t>(count),
        [this](std::uint16_t kind) { return kind == query_.type || kind == type::cname; });
    count = static_cast<std::size_t>(end - space_->types.begin());
  }
  put_nsec(visible_->wire(), visible_->hash(), visible_at_, {space_->types.data(), count});
}

void Answerer::referral(const Lookup& lookup) {
  reply_.kind = ReplyKind::referral;
  authoritative_ = false;
  reply_.subject = visible_->hashes[lookup.label];
  section_ = authority_section;
  const RrsetView set = lookup.node.find(type::ns);
  const std::size_t cut_at = visible_at_ + visible_->at[lookup.label];
  const std::size_t from = at_;
  if (!put_set(set, cut_at, any_ttl)) {  // NS at a cut is the child's to sign
    return;
  }
  if (signs()) {
    if (const RrsetView ds = lookup.node.find(type::ds)) {
      put_signed_set(ds, cut_at, any_ttl);
    } else {
      space_->types = {type::ns, type::rrsig, type::nsec};
      put_nsec(visible_->suffix(lookup.label), visible_->hashes[lookup.label], cut_at,
               {space_->types.data(), 3});
    }
  }
  note_targets(type::ns, from);
  put_glue(set);
}

// RFC 9471: all glue below the cut, or TC.
void Answerer::put_glue(const RrsetView& set) {
  section_ = additional_section;
  const Zone& zone = *served_->zone;
  std::size_t i = 0;
  set.for_each([&](const RecordView& record) {
    const Bytes target = record.rdata();
    if (i < space_->target_count && is_at_or_below(target, zone.name().wire())) {
      space_->target.set(target);
      if (const Node node = zone.node_of(space_->target)) {
        for (const std::uint16_t kind : {type::a, type::aaaa}) {
          if (const RrsetView glue = node.find(kind)) {
            put_set(glue, space_->targets[i], any_ttl);
          }
        }
      }
    }
    ++i;
  });
  space_->target_count = 0;
}

void Answerer::put_additional() {
  section_ = additional_section;
  if (reply_.by_policy && !space_->policy.additional().empty()) {
    put_policy_additional();
  }
  const Zone& zone = *served_->zone;
  for (std::size_t i = 0; i < space_->target_count; ++i) {
    const Bytes out(out_);
    const std::size_t target_at = space_->targets[i];
    const Bytes target = out.subspan(target_at, name_size(out.subspan(target_at)));
    const bool again = std::any_of(
        space_->targets.begin(), space_->targets.begin() + static_cast<std::ptrdiff_t>(i),
        [&](std::size_t before) {
          return equal_names(out.subspan(before, name_size(out.subspan(before))), target);
        });
    if (again || !is_at_or_below(target, zone.name().wire())) {
      continue;
    }
    space_->target.set(target);
    const Lookup lookup = zone.find(space_->target);
    if (lookup.kind != Lookup::Kind::found) {
      continue;
    }
    for (const std::uint16_t kind : {type::a, type::aaaa}) {
      const RrsetView set = lookup.node.find(kind);
      if (!set || at_ + set.wire.size() > limit_) {
        continue;
      }
      put_set(set, target_at, any_ttl);
    }
  }
}

// ---- Writing ----

bool Answerer::put(Bytes bytes) {
  if (reply_.truncated || at_ + bytes.size() > limit_) {
    reply_.truncated = true;
    return false;
  }
  std::memcpy(out_.data() + at_, bytes.data(), bytes.size());
  at_ += bytes.size();
  return true;
}

// `owner_at` is where the owner's name stands in the message.
bool Answerer::put_set(const RrsetView& set, std::size_t owner_at, std::uint32_t ttl_most) {
  const std::size_t from = at_;
  if (!put(set.wire)) {
    return false;
  }
  counts_[section_] = static_cast<std::uint16_t>(counts_[section_] + set.count);
  if (owner_at != question_at || set.ttl() > ttl_most) {
    const std::uint32_t ttl = std::min(set.ttl(), ttl_most);
    for (std::size_t at = from; at < at_; at += record_header_bytes + read16(&out_[at + 10])) {
      write16(&out_[at], static_cast<std::uint16_t>(0xc000U | owner_at));
      write32(&out_[at + 6], ttl);
    }
  }
  return true;
}

// The owner is the visible name or one above it.
bool Answerer::put_signed_set(const RrsetView& set, std::size_t owner_at, std::uint32_t ttl_most) {
  const std::size_t from = at_;
  if (!put_set(set, owner_at, ttl_most) || !signs()) {
    return !reply_.truncated;
  }
  unsigned label = 0;
  while (visible_->at[label] != owner_at - visible_at_) {
    ++label;
  }
  sign_since(from, visible_->suffix(label), visible_->hashes[label], owner_at);
  return true;
}

bool Answerer::put_header(std::size_t owner_at, std::uint16_t kind, std::uint32_t ttl,
                          std::size_t size) {
  std::array<std::uint8_t, record_header_bytes> head;
  write16(&head[0], static_cast<std::uint16_t>(0xc000U | owner_at));
  write16(&head[2], kind);
  write16(&head[4], class_in);
  write32(&head[6], ttl);
  write16(&head[10], static_cast<std::uint16_t>(size));
  if (at_ + head.size() + size > limit_ || !put(head)) {
    reply_.truncated = true;
    return false;
  }
  ++counts_[section_];
  return true;
}

// Remembers the names that the records from `from` to the end point to.
void Answerer::note_targets(std::uint16_t kind, std::size_t from) {
  for (std::size_t at = from; at < at_;) {
    const std::size_t size = record_header_bytes + read16(&out_[at + 10]);
    const Bytes rdata = Bytes(out_).subspan(at + record_header_bytes, size - record_header_bytes);
    const Bytes target =
        read16(&out_[at + 2]) == kind ? target_of(kind, rdata) : Bytes();  // not the signatures
    if (target.size() > 1 && space_->target_count < targets_most) {
      const auto target_at = static_cast<std::size_t>(target.data() - out_.data());
      if (target_at <= pointer_most) {
        space_->targets[space_->target_count++] = static_cast<std::uint16_t>(target_at);
      }
    }
    at += size;
  }
}

}  // namespace securecart::traffic::dns
