// Discovery by DNS: the instances behind a name, as SRV records (RFC 2782) that the DNS server of
// src/traffic gives, or any other, by the resolver of this machine.
#pragma once

#include <string>
#include <vector>

#include "cli/limits.hpp"

namespace securecart::cli {

// "_orders._tcp.shop.internal" -> "https://10.0.1.5:9001", ... of the best priority, at most
// limits::upstream_instances. Empty when there is no answer. Blocks for seconds.
std::vector<std::string> ask_srv(const std::string& name, bool tls);
// The same of an answer as it came over the wire. Pure.
std::vector<std::string> read_srv_answer(const std::vector<unsigned char>& answer, bool tls);

}  // namespace securecart::cli
