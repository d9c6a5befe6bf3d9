#include "traffic/dns/transfer.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <iterator>

#include "traffic/dns/limits.hpp"

namespace securecart::traffic::dns {
namespace {

constexpr std::size_t message_bytes_wanted = 16 * 1024;

// From "C0 0C | …" to a record under its own name.
PlainRecord plain(Bytes owner, Bytes record) {
  constexpr std::size_t pointer_bytes = 2;
  PlainRecord result(owner.begin(), owner.end());
  result.insert(result.end(), record.begin() + pointer_bytes, record.end());
  return result;
}

bool is_ours_alone(std::uint16_t kind) {
  return kind == type::alias || kind == type::policy;
}

PlainRecord soa_of(const Zone& zone) {
  return plain(zone.name().wire(), zone.apex().find(type::soa).first().wire);
}

RdataBytes owner_of(const Zone& zone, const Node& node) {
  RdataBytes owner(node.prefix().begin(), node.prefix().end());
  owner.insert(owner.end(), zone.name().wire().begin(), zone.name().wire().end());
  return owner;
}

// All but the SOA, sorted.
std::vector<PlainRecord> records_of(const Zone& zone) {
  std::vector<PlainRecord> records;
  records.reserve(zone.records());
  zone.for_each_node([&](const Node& node) {
    const RdataBytes owner = owner_of(zone, node);
    node.for_each([&](const RrsetView& set) {
      if (set.type == type::soa || is_ours_alone(set.type)) {
        return;
      }
      set.for_each([&](const RecordView& record) { records.push_back(plain(owner, record.wire)); });
    });
  });
  std::ranges::sort(records);
  return records;
}

bool has_local(const Zone& zone) {
  bool found = false;
  zone.for_each_node(
      [&found](const Node& node) { found |= node.has(Node::alias) || node.has(Node::policy); });
  return found;
}

std::vector<std::uint8_t> question_packet(Bytes owner, std::uint16_t kind) {
  std::vector<std::uint8_t> packet{0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  packet.insert(packet.end(), owner.begin(), owner.end());
  packet.resize(packet.size() + 4);
  write16(&packet[packet.size() - 4], kind);
  write16(&packet[packet.size() - 2], class_in);
  return packet;
}

}  // namespace

bool serial_is_newer(std::uint32_t a, std::uint32_t b) {
  return a != b && static_cast<std::int32_t>(a - b) > 0;
}

std::shared_ptr<const Journal> Journal::extended(const std::shared_ptr<const Journal>& before,
                                                 const Zone& from, const Zone& to) {
  // What ALIAS and POLICY come to changes without a serial: such zones are sent whole.
  if (!serial_is_newer(to.serial(), from.serial()) || has_local(from) || has_local(to)) {
    return nullptr;
  }
  auto difference = std::make_shared<Difference>();
  difference->from_serial = from.serial();
  difference->to_serial = to.serial();
  difference->from_soa = soa_of(from);
  difference->to_soa = soa_of(to);
  const std::vector<PlainRecord> old_records = records_of(from);
  const std::vector<PlainRecord> new_records = records_of(to);
  std::ranges::set_difference(old_records, new_records, std::back_inserter(difference->removed));
  std::ranges::set_difference(new_records, old_records, std::back_inserter(difference->added));
  auto journal = std::make_shared<Journal>();
  if (before != nullptr && !before->differences_.empty() &&
      before->differences_.back()->to_serial == from.serial()) {
    *journal = *before;
  }
  const auto size_of = [](const Difference& one) { return one.removed.size() + one.added.size(); };
  journal->records_ += size_of(*difference);
  journal->differences_.push_back(std::move(difference));
  while (journal->records_ > limits::dns_journal_records && !journal->differences_.empty()) {
    journal->records_ -= size_of(*journal->differences_.front());
    journal->differences_.pop_front();
  }
  return journal;
}

std::vector<const Difference*> Journal::since(std::uint32_t serial) const {
  const auto first = std::ranges::find_if(
      differences_, [serial](const auto& one) { return one->from_serial == serial; });
  std::vector<const Difference*> found;
  std::transform(first, differences_.end(), std::back_inserter(found),
                 [](const auto& one) { return one.get(); });
  return found;
}

Transfer::Transfer(Answerer& answerer, const Client& client,
                   std::shared_ptr<const Snapshot> snapshot, std::uint32_t zone_index,
                   std::optional<std::uint32_t> wanted_serial)
    : snapshot_(std::move(snapshot)), zone_(snapshot_->zones()[zone_index].zone.get()) {
  const ServedZone& served = snapshot_->zones()[zone_index];
  const Zone& zone = *zone_;
  const Query& query = answerer.query();
  id_ = query.id;
  flags_ = static_cast<std::uint8_t>(query.flags_high & header::rd);
  question_ = question_packet(zone.name().wire(), query.type);
  tsig_ = std::move(answerer.tsig());
  if (wanted_serial && !serial_is_newer(zone.serial(), *wanted_serial)) {
    records_.push_back(soa_of(zone));  // RFC 1995 section 2: nothing newer
    return;
  }
  if (!wanted_serial || !add_differences(served, *wanted_serial)) {
    whole_ = true;
    records_.push_back(soa_of(zone));
    add_local_names(answerer, client);
  }
}

bool Transfer::add_differences(const ServedZone& served, std::uint32_t serial) {
  if (served.journal == nullptr) {
    return false;
  }
  const std::vector<const Difference*> differences = served.journal->since(serial);
  if (differences.empty() || differences.back()->to_serial != served.zone->serial()) {
    return false;
  }
  const PlainRecord soa = soa_of(*served.zone);
  records_.push_back(soa);
  for (const Difference* one : differences) {
    records_.push_back(one->from_soa);
    records_.insert(records_.end(), one->removed.begin(), one->removed.end());
    records_.push_back(one->to_soa);
    records_.insert(records_.end(), one->added.begin(), one->added.end());
  }
  records_.push_back(soa);
  return true;
}

void Transfer::add_local_names(Answerer& answerer, const Client& client) {
  zone_->for_each_node([&](const Node& node) {
    if (!node.has(Node::alias) && !node.has(Node::policy)) {
      return;
    }
    const RdataBytes owner = owner_of(*zone_, node);
    node.for_each([&](const RrsetView& set) {
      if (is_ours_alone(set.type)) {
        add_local(answerer, client, owner, set);
      }
    });
  });
}

void Transfer::refill() {
  constexpr std::size_t records_at_once = 500;
  records_.clear();
  next_ = 0;
  while (whole_ && records_.size() < records_at_once) {
    const Node node = zone_->next_node(node_at_);
    if (!node) {
      whole_ = false;
      records_.push_back(soa_of(*zone_));
      return;
    }
    const RdataBytes owner = owner_of(*zone_, node);
    node.for_each([&](const RrsetView& set) {
      if (set.type != type::soa && !is_ours_alone(set.type)) {
        set.for_each(
            [&](const RecordView& record) { records_.push_back(plain(owner, record.wire)); });
      }
    });
  }
}

void Transfer::add_local(Answerer& answerer, const Client& client, Bytes owner,
                         const RrsetView& set) {
  if (set.type == type::alias) {
    add_answer(answerer, client, owner, type::a);
    add_answer(answerer, client, owner, type::aaaa);
    return;
  }
  set.for_each([&](const RecordView& record) {
    for (const std::uint16_t kind : snapshot_->policies()->types(read32(record.rdata().data()))) {
      add_answer(answerer, client, owner, kind);
    }
  });
}

// What a client would get under this name right now.
void Transfer::add_answer(Answerer& answerer, const Client& client, Bytes owner,
                          std::uint16_t kind) {
  std::vector<std::uint8_t> out(limits::dns_message_bytes + tsig_bytes_max);
  const Reply reply = answerer.answer(question_packet(owner, kind), client, *snapshot_, out);
  if (reply.kind != ReplyKind::positive) {
    return;
  }
  std::size_t at = header_bytes + owner.size() + 4;
  for (unsigned left = read16(&out[6]); left > 0; --left) {
    const std::size_t size = record_header_bytes + read16(&out[at + 10]);
    if (read16(&out[at]) == 0xc00c) {  // not what a CNAME of the policy leads to
      records_.push_back(plain(owner, Bytes(out).subspan(at, size)));
    }
    at += size;
  }
}

std::size_t Transfer::next(std::span<std::uint8_t> out, std::uint32_t unix_seconds) {
  std::ranges::copy(question_, out.begin());
  std::size_t at = question_.size();
  std::uint16_t count = 0;
  while (count < 0xffff) {
    if (next_ == records_.size()) {
      refill();
      finished_ = records_.empty();
      if (finished_) {
        break;
      }
    }
    const PlainRecord& record = records_[next_];
    if (count > 0 && at + record.size() > message_bytes_wanted) {
      break;
    }
    assert(at + record.size() + tsig_bytes_max <= limits::dns_message_bytes);
    std::ranges::copy(record, out.begin() + static_cast<std::ptrdiff_t>(at));
    at += record.size();
    ++count;
    ++next_;
  }
  finished_ = finished_ || (next_ == records_.size() && !whole_);
  write16(&out[0], id_);
  out[2] = static_cast<std::uint8_t>(header::qr | header::aa | flags_);
  write16(&out[6], count);
  if (tsig_) {
    at = sign_tsig(*tsig_, out, at, unix_seconds);
  }
  return at;
}

}  // namespace securecart::traffic::dns
