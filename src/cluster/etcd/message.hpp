// etcd 3.4's JSON gateway (gRPC over HTTP/1.1, grpc-gateway): what is asked, and what an answer
// means. Keys and values travel in base64, 64-bit numbers as text; a field with its zero is left
// out. Pure.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/store/store.hpp"

namespace securecart::cluster::etcd {

// The least key that is greater than every key with this prefix; "\0" (the end of all keys) when
// there is none.
std::string end_of_prefix(std::string_view prefix);

// Bodies of requests.
std::string range_request(std::string_view prefix);
std::string get_request(std::string_view key);
// Only the entry below the prefix that was written last, and how many there are: two numbers that
// tell whether anything changed (Fingerprint).
std::string fingerprint_request(std::string_view prefix);
std::string commit_request(std::span<const Condition> conditions, std::span<const Write> writes);
std::string grant_request(Duration ttl);  // whole seconds, rounded up
std::string lease_request(LeaseId lease);
std::string watch_request(std::string_view prefix, std::int64_t first_revision);

// Every write has a revision of its own, so a set of entries that still has as many members and the
// same newest one is the same set: what was written since would be newer, and what was removed is
// missed in the count.
struct Fingerprint {
  std::int64_t count = 0;
  std::int64_t newest = 0;  // revision
  bool operator==(const Fingerprint&) const = default;
};

// Answers. The error says what is wrong with the text: it is no answer of an etcd we know.
template <class T>
using Parsed = std::expected<T, std::string>;

Parsed<Snapshot> parse_range(std::string_view body);
struct FingerprintAnswer {
  Fingerprint fingerprint;
  std::int64_t revision = 0;  // of the store
};
Parsed<FingerprintAnswer> parse_fingerprint(std::string_view body);
Parsed<Committed> parse_commit(std::string_view body);
Parsed<Lease> parse_grant(std::string_view body);
// Whether the lease lives.
Parsed<bool> parse_keep_alive(std::string_view body);

// One line of a watch.
struct WatchMessage {
  struct Event {
    Entry entry;  // of a removed one only key and `modified`, the revision that removed it
    bool removed = false;
  };
  std::int64_t revision = 0;
  bool ended = false;  // by etcd; `why` says more
  std::string why;
  std::vector<Event> events;
};
Parsed<WatchMessage> parse_watch(std::string_view line);

// Members of etcd; their numbers stay text, as they use all 64 bits.
struct Member {
  std::string id;
  std::string name;
  std::string url;  // for clients
};
Parsed<std::vector<Member>> parse_members(std::string_view body);
// The number of the member that leads; "0": nobody.
Parsed<std::string> parse_leader(std::string_view body);
std::string hand_over_request(std::string_view to);  // a member's number

// An answer other than 200.
struct Refusal {
  int code = 0;  // gRPC status; 0: the body says nothing
  std::string message;
  bool no_such_lease() const;
};
Refusal parse_refusal(std::string_view body);

}  // namespace securecart::cluster::etcd
