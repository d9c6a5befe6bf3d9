// Any packet to a server with plain, signed, delegated, aliased and limited names: it ends, the
// answer fits, repeats the question and can be parsed again, answers are never answered, and an
// error is no longer than what it answers but for what that asked for.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

#include "base/crypto.hpp"
#include "traffic/dns/answer.hpp"
#include "traffic/dns/limits.hpp"

namespace {

using namespace securecart;
using namespace securecart::traffic;

class OnePolicy final : public PolicySource {
 public:
  std::optional<PolicyHandle> find(std::string_view) const override { return 0; }
  std::span<const std::uint16_t> types(PolicyHandle) const override {
    static constexpr std::uint16_t all[] = {dns::type::a, dns::type::srv};
    return all;
  }
  void resolve(const PolicyQuestion& question, PolicyAnswer& answer) const noexcept override {
    answer.scope_prefix = 24;
    if (question.type == dns::type::a) {
      answer.add(dns::type::a, question.whereabouts().view().first(4));
    } else {
      answer.add(dns::type::srv, std::array<std::uint8_t, 9>{0, 1, 0, 1, 0, 80, 1, 'x', 0});
    }
  }
};

std::shared_ptr<const dns::Zone> zone_of(const char* name, const PolicySource& policies) {
  const dns::ReadFile none = [](const std::string& path) -> Result<std::string> {
    return fail(errc::not_found, path);
  };
  const char* const text =
      "$TTL 60\n@ SOA n a 1 2 3 4 5\n@ NS n\n@ ALIAS w\nn A 192.0.2.1\nw A 192.0.2.2\n"
      "*.x TXT t\nc CNAME w\nd.e.f MX 5 w\ns NS n.s\nn.s A 192.0.2.3\np POLICY p\n*.q POLICY q\n";
  return *dns::load_zone("z", text, *dns::Name::parse(name), none, &policies);
}

const dns::Snapshot& snapshot() {
  static const dns::Snapshot made = [] {
    const auto policies = std::make_shared<OnePolicy>();
    std::vector<dns::ServedZone> zones(2);
    zones[0].zone = zone_of("a.", *policies);
    zones[1].zone = zone_of("b.a.", *policies);
    std::vector<dns::ZoneKey> keys;
    keys.push_back(dns::generate_key(dns::KeyState::active, Timestamp()));
    zones[1].keys = std::make_shared<dns::ZoneKeys>(*dns::Name::parse("b.a."), std::move(keys));
    dns::Settings settings;
    settings.nsid = "n";
    settings.keys.push_back({*dns::Name::parse("k."), dns::TsigAlgorithm::sha256, "s"});
    return dns::Snapshot(std::move(zones), policies, std::move(settings));
  }();
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  initialise_crypto();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static dns::Answerer answerer(0, {1, 2});
  static std::vector<std::uint8_t> out(limits::dns_message_bytes + dns::tsig_bytes_max);
  dns::Client client;
  client.address = *parse_address("192.0.2.9");
  client.unix_seconds = 1'800'000'000;
  const dns::Bytes packet(data, size);
  for (const bool tcp : {false, true}) {
    client.tcp = tcp;
    const dns::Reply reply = answerer.answer(packet, client, snapshot(), out);
    const bool dropped =
        size < dns::header_bytes || (data[2] & 0x80U) != 0 || size > limits::dns_message_bytes;
    if (reply.kind == dns::ReplyKind::transfer) {
      std::abort();  // nobody may
    }
    if ((reply.size == 0) != dropped) {
      std::abort();
    }
    if (dropped) {
      continue;
    }
    const std::size_t most = tcp ? limits::dns_message_bytes : std::size_t{1'232};
    if (reply.size > most + dns::tsig_bytes_max || out[0] != data[0] || (out[2] & 0x80U) == 0) {
      std::abort();
    }
    const bool is_tsig = answerer.tsig().has_value();
    const std::size_t asked_for = dns::server_cookie_bytes + snapshot().settings().nsid.size();
    if (!tcp && !is_tsig && reply.kind == dns::ReplyKind::error && reply.size > size + asked_for) {
      std::abort();
    }
    // An answer, read as a question, has to parse to its end.
    std::vector<std::uint8_t> again(out.begin(),
                                    out.begin() + static_cast<std::ptrdiff_t>(reply.size));
    again[2] &= 0x07U;
    static dns::Query query;
    if (dns::parse_query(again, query) == dns::Verdict::drop) {
      std::abort();
    }
  }
  return 0;
}
