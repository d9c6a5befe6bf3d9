// Where the answer for a name comes from, for people and for those who steer: the wildcard, CNAME
// and ALIAS records on the way, and where it ends. What Answerer does with a question, without an
// answer being written.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "traffic/dns/name.hpp"
#include "traffic/dns/snapshot.hpp"

namespace securecart::traffic::dns {

struct NamePath {
  enum class End : std::uint8_t {
    data,       // plain records, perhaps none of the type asked for
    policy,     // a policy, or discovery
    no_name,    // a zone of ours does not have it
    referral,   // it is another server's, as a zone of ours says
    elsewhere,  // no zone of ours could have it
    circle,     // the names lead in a circle
  };
  End end = End::elsewhere;
  Name name;                         // the last one
  bool hidden = false;               // the client is not told it: behind an ALIAS
  std::vector<std::string> steps;    // a line each: "shop.test. is an ALIAS of www.shop.test."
  std::vector<std::string> records;  // of data: all that the name holds
  bool has_wanted = false;           // of data: some are of the type asked for
  std::string policy;                // its name
};

// `hidden`: the name is already one the client is not told.
NamePath path_of(const Snapshot& snapshot, const Name& name, std::uint16_t wanted,
                 bool hidden = false);
std::string to_text(const NamePath& path, std::uint16_t wanted);

// The policies that records of the zones name: what clients can be answered by.
std::set<std::string> policies_named(const Snapshot& snapshot);

}  // namespace securecart::traffic::dns
