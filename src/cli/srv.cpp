#include "cli/srv.hpp"

#include <algorithm>
#include <arpa/nameser.h>
#include <array>
#include <cstdint>
#include <netinet/in.h>
#include <resolv.h>

#include "cli/limits.hpp"
#include "traffic/dns/limits.hpp"

namespace securecart::cli {
namespace {

constexpr std::size_t srv_fixed_bytes = 6;  // priority, weight, port

struct Found {
  unsigned priority;
  std::string url;
};

}  // namespace

std::vector<std::string> read_srv_answer(const std::vector<unsigned char>& answer, bool tls) {
  ns_msg message;
  if (ns_initparse(answer.data(), static_cast<int>(answer.size()), &message) != 0) {
    return {};
  }
  std::vector<Found> found;
  unsigned best = UINT16_MAX + 1;
  for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
    ns_rr record;
    if (ns_parserr(&message, ns_s_an, i, &record) != 0 || ns_rr_type(record) != ns_t_srv ||
        ns_rr_rdlen(record) <= srv_fixed_bytes) {
      continue;
    }
    const unsigned char* data = ns_rr_rdata(record);
    std::array<char, NS_MAXDNAME> host{};
    if (dn_expand(ns_msg_base(message), ns_msg_end(message), data + srv_fixed_bytes, host.data(),
                  static_cast<int>(host.size())) < 0) {
      continue;
    }
    const unsigned priority = ns_get16(data);
    best = std::min(best, priority);
    found.push_back({priority, std::string(tls ? "https://" : "http://") + host.data() + ":" +
                                   std::to_string(ns_get16(data + 4))});
  }
  std::vector<std::string> urls;
  for (Found& one : found) {
    if (one.priority == best && urls.size() < limits::upstream_instances) {
      urls.push_back(std::move(one.url));
    }
  }
  return urls;
}

std::vector<std::string> ask_srv(const std::string& name, bool tls) {
  std::vector<unsigned char> answer(limits::dns_message_bytes);
  const int size =
      res_query(name.c_str(), ns_c_in, ns_t_srv, answer.data(), static_cast<int>(answer.size()));
  if (size <= 0) {
    return {};
  }
  answer.resize(std::min(answer.size(), static_cast<std::size_t>(size)));
  return read_srv_answer(answer, tls);
}

}  // namespace securecart::cli
