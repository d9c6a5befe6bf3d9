#include "traffic/dns/name_path.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "traffic/dns/rdata.hpp"

namespace securecart::traffic::dns {
namespace {

using End = NamePath::End;

Name name_from(Bytes wire) {
  return Name::from_wire(wire).value_or(Name());
}

// What a POLICY record says behind its handle: a character string.
std::string policy_name(const RecordView& record) {
  const Bytes text = record.rdata().subspan(sizeof(PolicyHandle) + 1);
  return {text.begin(), text.end()};
}

class Walk {
 public:
  Walk(const Snapshot& snapshot, const Name& name, std::uint16_t wanted, bool hidden)
      : snapshot_(snapshot), wanted_(wanted) {
    path_.name = name;
    path_.hidden = hidden;
  }

  NamePath walk() {
    for (std::size_t hop = 0; hop < limits::dns_chain_hops; ++hop) {
      if (!step()) {
        return std::move(path_);
      }
    }
    path_.end = End::circle;
    return std::move(path_);
  }

 private:
  // False at the end.
  bool step() {
    NameKey key;
    key.set(path_.name.wire());
    const Snapshot::Found found = snapshot_.find(key);
    if (found.served == nullptr) {
      return end_at(End::elsewhere);
    }
    const Lookup lookup = found.served->zone->find(key);
    if (lookup.kind == Lookup::Kind::no_name) {
      return end_at(End::no_name);
    }
    if (lookup.kind == Lookup::Kind::referral) {
      return end_at(End::referral);
    }
    if (lookup.kind == Lookup::Kind::wildcard) {
      path_.steps.push_back(fmt::format("{} is below the wildcard *.{}", path_.name.to_text(),
                                        name_text(key.suffix(lookup.label))));
    }
    return at_node(lookup.node);
  }

  bool at_node(const Node& node) {
    if (node.has(Node::cname) && wanted_ != type::cname) {
      return go(node.find(type::cname), "a CNAME");
    }
    if (node.find(wanted_)) {
      return end_with(node);
    }
    if (node.has(Node::policy) && find_policy(node)) {
      return end_at(End::policy);
    }
    if (node.has(Node::alias) && (wanted_ == type::a || wanted_ == type::aaaa)) {
      path_.hidden = true;
      return go(node.find(type::alias), "an ALIAS");
    }
    return end_with(node);
  }

  bool go(const RrsetView& set, const char* what) {
    const Name next = name_from(set.first().rdata());
    path_.steps.push_back(
        fmt::format("{} is {} of {}", path_.name.to_text(), what, next.to_text()));
    path_.name = next;
    return true;
  }

  // The first that has answers of the type; behind an ALIAS a CNAME is none.
  bool find_policy(const Node& node) {
    node.find(type::policy).for_each([this](const RecordView& record) {
      const auto types = snapshot_.policies()->types(read32(record.rdata().data()));
      const bool fits = std::ranges::find(types, wanted_) != types.end() ||
                        (!path_.hidden && std::ranges::find(types, type::cname) != types.end());
      if (path_.policy.empty() && fits) {
        path_.policy = policy_name(record);
      }
    });
    return !path_.policy.empty();
  }

  bool end_with(const Node& node) {
    node.for_each([this](const RrsetView& set) {
      path_.has_wanted |= set.type == wanted_;
      set.for_each([&](const RecordView& record) {
        const std::size_t handle = set.type == type::policy ? sizeof(PolicyHandle) : 0;
        path_.records.push_back(fmt::format("{} {} {}", set.ttl(), type_text(set.type),
                                            rdata_text(set.type, record.rdata().subspan(handle))));
      });
    });
    return end_at(End::data);
  }

  bool end_at(End end) {
    path_.end = end;
    return false;
  }

  const Snapshot& snapshot_;
  const std::uint16_t wanted_;
  NamePath path_;
};

std::string end_text(const NamePath& path, std::uint16_t wanted) {
  const std::string name = path.name.to_text();
  switch (path.end) {
    case End::data:
      return path.records.empty() ? name + " has no records, only names below it"
             : path.has_wanted    ? name + " is plain data of a zone; it holds"
                                  : fmt::format("{} has no {}; it holds", name, type_text(wanted));
    case End::policy:
      return fmt::format("{} is answered by policy {}", name, path.policy);
    case End::no_name:
      return name + " does not exist: " + (path.hidden ? "an empty answer" : "NXDOMAIN");
    case End::referral:
      return name + " is in a zone of another server: " +
             (path.hidden ? "SERVFAIL" : "the client is sent there");
    case End::elsewhere:
      return name + " is in no zone of this server: " +
             (path.hidden ? "SERVFAIL" : "the client asks for it elsewhere");
    case End::circle:
      break;
  }
  return "the names lead in a circle";
}

}  // namespace

NamePath path_of(const Snapshot& snapshot, const Name& name, std::uint16_t wanted, bool hidden) {
  return Walk(snapshot, name, wanted, hidden).walk();
}

std::string to_text(const NamePath& path, std::uint16_t wanted) {
  std::string text;
  for (const std::string& step : path.steps) {
    text += step + "\n";
  }
  text += end_text(path, wanted) + "\n";
  for (const std::string& record : path.records) {
    text += "  " + record + "\n";
  }
  return text;
}

std::set<std::string> policies_named(const Snapshot& snapshot) {
  std::set<std::string> names;
  for (const ServedZone& served : snapshot.zones()) {
    if (!served.zone->has_policies()) {
      continue;
    }
    served.zone->for_each_node([&names](const Node& node) {
      if (node.has(Node::policy)) {
        node.find(type::policy).for_each([&names](const RecordView& record) {
          names.insert(policy_name(record));
        });
      }
    });
  }
  return names;
}

}  // namespace securecart::traffic::dns
