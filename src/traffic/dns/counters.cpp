#include "traffic/dns/counters.hpp"

#include <utility>

namespace securecart::traffic::dns {
namespace {

void move_to(std::uint64_t& from, observe::Counter& to) {
  if (from != 0) {
    to.add(std::exchange(from, 0));
  }
}

}  // namespace

Counters::Counters(observe::Metrics& m)
    : udp_queries(
          m.counter("securecart_dns_queries_total", "Questions received.", {{"transport", "udp"}})),
      tcp_queries(
          m.counter("securecart_dns_queries_total", "Questions received.", {{"transport", "tcp"}})),
      dropped_limit(m.counter("securecart_dns_dropped_total", "Questions left without an answer.",
                              {{"reason", "rate_limit"}})),
      dropped_odd(m.counter("securecart_dns_dropped_total", "Questions left without an answer.",
                            {{"reason", "not_a_question"}})),
      slipped(m.counter("securecart_dns_slipped_total",
                        "Answers beyond the rate limit that were sent empty, to come over TCP.")),
      truncated(m.counter("securecart_dns_truncated_total", "Answers that did not fit.")),
      by_policy(m.counter("securecart_dns_policy_answers_total", "Answers that a policy decided.")),
      signatures(
          m.counter("securecart_dns_signatures_total", "Signatures made, not taken from memory.")),
      transfers(m.counter("securecart_dns_transfers_total", "Zone transfers begun.")),
      unsent(m.counter("securecart_dns_unsent_total", "Answers the kernel did not take.")),
      connections(m.gauge("securecart_dns_tcp_connections", "Open TCP connections.")) {
  for (std::size_t i = 0; i < rcodes; ++i) {
    by_rcode[i] = &m.counter("securecart_dns_responses_total", "Answers sent, by their code.",
                             {{"rcode", rcode_text(static_cast<unsigned>(i))}});
  }
}

void Tally::count(const Reply& reply) {
  ++by_rcode[reply.rcode < by_rcode.size() ? reply.rcode : 0];
  truncated += reply.truncated ? 1 : 0;
  by_policy += reply.by_policy ? 1 : 0;
  if (reply.zone < by_zone.size()) {
    if (by_zone[reply.zone]++ == 0) {
      touched.push_back(reply.zone);
    }
  }
}

void Tally::flush(Counters& to, const Snapshot& snapshot) {
  move_to(udp_queries, to.udp_queries);
  move_to(tcp_queries, to.tcp_queries);
  move_to(dropped_limit, to.dropped_limit);
  move_to(dropped_odd, to.dropped_odd);
  move_to(slipped, to.slipped);
  move_to(truncated, to.truncated);
  move_to(by_policy, to.by_policy);
  move_to(transfers, to.transfers);
  move_to(unsent, to.unsent);
  for (std::size_t i = 0; i < by_rcode.size(); ++i) {
    move_to(by_rcode[i], *to.by_rcode[i]);
  }
  for (const std::uint32_t zone : touched) {
    const std::uint32_t count = std::exchange(by_zone[zone], 0);
    if (observe::Counter* const queries = snapshot.zones()[zone].queries) {
      queries->add(count);
    }
  }
  touched.clear();
}

}  // namespace securecart::traffic::dns
