#include "lab/region.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/files.hpp"
#include "base/ids.hpp"
#include "base/text.hpp"
#include "cluster/topology/host_plan.hpp"
#include "identity/authority.hpp"
#include "lab/hosts/command.hpp"
#include "net/client.hpp"

namespace securecart::lab {
namespace {

using namespace std::chrono_literals;
using cluster::Host;
using cluster::Secret;
using cluster::Topology;

constexpr Duration certificates_live = 24h * 30;
constexpr std::int64_t disk_bytes = std::int64_t{4} * 1024 * 1024 * 1024;  // of holes, at first
constexpr std::size_t password_random_bytes = 24;
constexpr std::size_t sealing_key_size = 32;
constexpr std::string_view program_user = "securecart";
constexpr int program_uid = 61'184;  // of the range for container payloads (systemd.io/UIDS-GIDS)
constexpr int network_bits = 16;

// A user that Debian's package of the program would have made.
std::string with_program_user(std::string passwd) {
  if (passwd.find(fmt::format("\n{}:", program_user)) == std::string::npos) {
    passwd += fmt::format("{0}:x:{1}:{1}::/var/lib/securecart:/usr/sbin/nologin\n", program_user,
                          program_uid);
  }
  return passwd;
}
std::string with_program_group(std::string group) {
  if (group.find(fmt::format("\n{}:", program_user)) == std::string::npos) {
    group += fmt::format("{}:x:{}:\n", program_user, program_uid);
  }
  return group;
}

std::string network_of(std::string_view address) {
  const std::vector<std::string_view> parts = split(address, '.');
  return parts.size() == 4 ? fmt::format("{}.{}", parts[0], parts[1]) : std::string();
}

// Host and port of the test payment provider, which the lab plays itself.
Result<net::Peer> provider_of(const Topology& topology) {
  const Result<net::Url> url = net::parse_url(topology.payments.test_provider_url);
  if (!url || url->peer.tls) {
    return fail(errc::invalid_request,
                "a lab needs [payments] test_provider_url = \"http://ADDRESS:PORT\": it is the "
                "machine outside of the region");
  }
  return url->peer;
}

class Maker {
 public:
  Maker(const Topology& topology, const Clock& clock, Random& random)
      : topology_(topology), random_(random), ids_(clock, random) {
    from_ = clock.now() - std::chrono::minutes(5);
    until_ = clock.now() + std::chrono::duration_cast<std::chrono::milliseconds>(certificates_live);
    processes_ = authority(topology.trust_domain);
    shoppers_ = authority("lab.invalid");
  }

  std::string password(const std::string& name) {
    std::string& known = passwords_[name];
    if (known.empty()) {
      known = ids_.secret(password_random_bytes);
    }
    return known;
  }

  std::string secret(const Secret& wanted, const Host& host) {
    switch (wanted.kind) {
      case Secret::Kind::password:
        return password(wanted.name) + "\n";
      case Secret::Kind::identity:
        return identity(processes_, {.roles = wanted.roles,
                                     .addresses = {host.address},
                                     .hosts = wanted.names,
                                     .from = from_,
                                     .until = until_});
      case Secret::Kind::certificate:
        return identity(shoppers_, {.roles = {"web"},
                                    .addresses = {topology_.reserved_address},
                                    .hosts = {public_host()},
                                    .from = from_,
                                    .until = until_});
      case Secret::Kind::secrets_key:
        return secrets_key();
    }
    return {};
  }

  const std::string& secrets_key() {
    if (secrets_key_.empty()) {
      secrets_key_ = ids_.secret(sealing_key_size) + "\n";
    }
    return secrets_key_;
  }

  std::string public_host() const {
    const Result<net::Url> url = net::parse_url(topology_.public_url);
    return url ? url->peer.host : std::string();
  }
  const std::string& shop_authority() const { return shoppers_.certificate; }

 private:
  identity::KeyPair authority(const std::string& trust_domain) {
    return identity::make_authority({trust_domain, from_, until_}, random_).value();
  }
  std::string identity(const identity::KeyPair& signer, const identity::NewCertificate& wanted) {
    const identity::KeyPair made = identity::issue(signer, wanted, random_).value();
    return made.key + made.certificate + signer.certificate;
  }

  const Topology& topology_;
  Random& random_;
  Ids ids_;
  Timestamp from_{};
  Timestamp until_{};
  identity::KeyPair processes_;
  identity::KeyPair shoppers_;
  std::map<std::string, std::string> passwords_;
  std::string secrets_key_;
};

std::string resolver_text(const Topology& topology) {
  std::string text = "options timeout:1 attempts:2 rotate\n";
  for (const Host* host : topology.hosts_with(cluster::Part::dns)) {
    text += "nameserver " + host->address + "\n";
  }
  return text;
}

std::vector<MachineFile> files_of_every_machine(const Topology& topology) {
  return {{"/etc/passwd", with_program_user(read_if_there("/etc/passwd"))},
          {"/etc/group", with_program_group(read_if_there("/etc/group"))},
          {"/etc/resolv.conf", resolver_text(topology)},
          {"/etc/securecart/topology.toml", ""}};
}

}  // namespace

std::vector<std::string> agent_words(std::string_view host) {
  return {"/usr/bin/securecart", "agent",      "--host",
          std::string(host),     "--topology", "/etc/securecart/topology.toml"};
}

Result<RegionPlan> plan_region(const Topology& topology, std::string_view text,
                               const std::filesystem::path& program, const Clock& clock,
                               Random& random) {
  const Result<net::Peer> provider = provider_of(topology);
  if (!provider) {
    return std::unexpected(provider.error());
  }
  Maker maker(topology, clock, random);
  RegionPlan plan;
  plan.files.program = program;
  plan.spec.prefix_bits = network_bits;
  std::vector<MachineFile> shared = files_of_every_machine(topology);
  shared.back().text = text;
  for (const Host& host : topology.hosts) {
    if (network_of(host.address) != network_of(topology.reserved_address)) {
      return fail(errc::invalid_request,
                  fmt::format("{} is not in the network of the reserved address: a lab has one "
                              "network of {} bits",
                              host.address, network_bits));
    }
    plan.spec.machines.push_back({.name = host.name,
                                  .zone = host.zone,
                                  .address = host.address,
                                  .service = agent_words(host.name),
                                  .disk_bytes = disk_bytes});
    std::vector<MachineFile>& files = plan.files.of[host.name];
    files = shared;
    for (const Secret& secret : cluster::host_secrets(topology, host)) {
      files.push_back({"/etc/securecart/secrets/" + secret.name, maker.secret(secret, host), 0600,
                       secret.owner});
    }
  }
  const std::string password_file = "/etc/securecart/secrets/test-payments";
  const std::string key_file = "/etc/securecart/secrets/secrets.key";
  plan.secrets = {maker.shop_authority(), maker.password("test-payments"),
                  maker.password("postgres-shop")};
  plan.spec.machines.push_back(
      {.name = std::string(outside_name),
       .address = provider->host,
       .service = {"/usr/bin/securecart", "serve", "--roles", "test-payments", "--data",
                   std::string(machine_disk_folder) + "/payments", "--address", provider->host,
                   "--port", "8080", "--test-payments-address", provider->host,
                   "--test-payments-port", std::to_string(provider->port), "--test-payments-secret",
                   password_file, "--secrets-key", key_file, "--no-sample"},
       .disk_bytes = disk_bytes});
  std::vector<MachineFile>& files = plan.files.of[std::string(outside_name)];
  files = shared;
  files.push_back({password_file, maker.password("test-payments") + "\n", 0600});
  files.push_back({key_file, maker.secrets_key(), 0600});
  plan.files.hosts[topology.reserved_address] = maker.public_host();
  // Debian's OpenSSL finds it by the hash of its subject.
  const std::string hash(
      trim(must_run({"openssl", "x509", "-noout", "-hash"}, maker.shop_authority())));
  files.push_back({fmt::format("/etc/ssl/certs/{}.0", hash), maker.shop_authority()});
  return plan;
}

}  // namespace securecart::lab
