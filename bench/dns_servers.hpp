// The servers that dns_bench compares, each with the same zones, weights and places, on one core.
#pragma once

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <netinet/in.h>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "tests/support/dns_process.hpp"
#include "tests/support/mmdb_writer.hpp"
#include "tests/support/temp_dir.hpp"
#include "traffic/routing/mmdb.hpp"

namespace securecart::bench {

constexpr int server_core = 0;
constexpr int client_core = 1;
constexpr std::size_t plain_names = 10'000;
constexpr std::size_t policy_names = 100;

struct Share {
  const char* address;
  int weight;
};
constexpr std::array<Share, 4> shares{
    {{"127.0.0.11", 40}, {"127.0.0.12", 30}, {"127.0.0.13", 20}, {"127.0.0.14", 10}}};

struct Place {
  const char* country;
  const char* address;
};
constexpr std::array<Place, 9> places{{{"US", "127.0.0.11"},
                                       {"CA", "127.0.0.11"},
                                       {"DE", "127.0.0.12"},
                                       {"FR", "127.0.0.12"},
                                       {"GB", "127.0.0.12"},
                                       {"NL", "127.0.0.12"},
                                       {"JP", "127.0.0.13"},
                                       {"CN", "127.0.0.13"},
                                       {"AU", "127.0.0.13"}}};
constexpr const char* elsewhere = "127.0.0.14";

inline int free_udp_port() {
  const int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool good =
      bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(descriptor);
  if (!good) {
    throw std::runtime_error("no free port");
  }
  return ntohs(address.sin_port);
}

// Takes connections on every address of the loopback, for the health checks.
class HealthPort {
 public:
  HealthPort() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    socklen_t size = sizeof address;
    if (bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(socket_, 128) != 0 ||
        getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no free port for health checks");
    }
    port_ = ntohs(address.sin_port);
    acceptor_ = std::jthread([this] {
      while (!ending_) {
        const int connection = accept(socket_, nullptr, nullptr);
        if (connection >= 0) {
          close(connection);
        }
      }
    });
  }
  ~HealthPort() {
    ending_ = true;
    shutdown(socket_, SHUT_RDWR);
    acceptor_.join();
    close(socket_);
  }
  HealthPort(const HealthPort&) = delete;
  HealthPort& operator=(const HealthPort&) = delete;
  int port() const { return port_; }

 private:
  int socket_;
  int port_ = 0;
  std::atomic<bool> ending_ = false;
  std::jthread acceptor_;
};

// The database of tests/data once more in MaxMind's own shape, which all of them read, and as a
// list of networks, which is what gdnsd takes where a database has no continents.
struct GeoFiles {
  std::string database;
  std::string networks;
  std::vector<std::string> client_subnets;  // EDNS options in hexadecimal digits, four countries

  explicit GeoFiles(const std::filesystem::path& folder)
      : database(folder / "country.mmdb"), networks(folder / "networks") {
    const std::string bytes = test::read_whole(
        "tests/data/node_modules/@ip-location-db/geo-whois-asn-country-mmdb/"
        "geo-whois-asn-country.mmdb");
    if (bytes.empty()) {
      throw std::runtime_error("scripts/geo.sh installs the geo database; run me in its folder");
    }
    const traffic::routing::Mmdb mmdb = traffic::routing::Mmdb::parse(bytes).value();
    test::MmdbWriter writer;
    std::ofstream list(networks);
    std::map<std::uint32_t, std::string> countries;
    std::set<std::string> wanted{"US", "DE", "JP", "BR"};
    const auto add = [&](const traffic::Network& network, std::uint32_t offset) {
      if (!countries.contains(offset)) {
        countries[offset] = mmdb.fields(offset).value().country;
      }
      const std::string& country = countries[offset];
      writer.add(network, country);
      const bool v4 = network.address.family == traffic::Family::v4;
      if (v4) {  // it takes no 2002::/16 and the like; only IPv4 is asked about
        list << fmt::format("{}/{} => [ {} ]\n", traffic::to_text(network.address), network.prefix,
                            group_of(country));
      }
      if (v4 && network.prefix <= 20 && wanted.erase(country) == 1) {
        const auto& octets = network.address.bytes;
        client_subnets.push_back(
            fmt::format("00011800{:02x}{:02x}{:02x}", octets[0], octets[1], octets[2]));
      }
    };
    if (!mmdb.walk(add)) {
      throw std::runtime_error("the geo database is damaged");
    }
    std::ofstream(database, std::ios::binary) << writer.bytes();
  }

  static std::string group_of(const std::string& country) {
    for (const Place& place : places) {
      if (country == place.country) {
        return fmt::format("dc{}", place.address[9]);
      }
    }
    return fmt::format("dc{}", elsewhere[9]);
  }
};

class ServerProcess {
 public:
  using Cases = std::set<std::string>;
  // `ready` says when it answers; it is ended with us.
  ServerProcess(std::string name, int port, Cases cannot, std::vector<std::string> command,
                const std::filesystem::path& log, const std::function<bool(ServerProcess&)>& ready)
      : name_(std::move(name)),
        port_(port),
        cannot_(std::move(cannot)),
        child_(pinned(std::move(command)), log) {
    if (!test::eventually([&] { return ready(*this); }, std::chrono::seconds(60))) {
      throw std::runtime_error(name_ + " did not start: " + child_.log());
    }
  }
  const std::string& name() const { return name_; }
  int port() const { return port_; }
  pid_t pid() const { return child_.pid(); }
  bool serves(const std::string& of_case) const { return !cannot_.contains(of_case); }
  bool says(const std::string& text) const { return child_.says(text); }
  bool answers(const std::string& question) const {
    const std::string text = test::output_of(
        fmt::format("dig @127.0.0.1 -p {} +tries=1 +time=1 +short {}", port_, question));
    return text.find("127.0.0.") != std::string::npos && text.find(";;") == std::string::npos;
  }

 private:
  static std::vector<std::string> pinned(std::vector<std::string> command) {
    command.insert(command.begin(), {"taskset", "-c", std::to_string(server_core)});
    return command;
  }
  std::string name_;
  int port_;
  Cases cannot_;
  test::ChildProcess child_;
};

inline std::string zone_head(const std::string& name) {
  return fmt::format(
      "$ORIGIN {}.\n$TTL 300\n@ IN SOA ns1 hostmaster 1 3600 600 86400 60\n@ IN NS ns1\n"
      "ns1 IN A 127.0.0.1\n",
      name);
}

inline std::string plain_zone(const std::string& name) {
  std::string text = zone_head(name);
  for (std::size_t i = 0; i < plain_names; ++i) {
    text += fmt::format("h{} IN A 127.0.{}.{}\n", i, i / 250 % 250, i % 250 + 1);
  }
  return text;
}

// `line` is what stands behind each of the names.
inline std::string policy_zone(const std::string& name, const std::string& line) {
  std::string text = zone_head(name);
  for (std::size_t i = 0; i < policy_names; ++i) {
    text += fmt::format("www{} 30 IN {}\n", i, line);
  }
  return text;
}

inline std::filesystem::path made(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  return folder;
}

// The configuration of our server, at `folder`/dns.toml; returns the port it names.
inline int write_ours(const std::filesystem::path& folder, const std::string& config) {
  const int port = free_udp_port();
  test::write_file(folder / "dns.toml",
                   fmt::format("listen = [\"127.0.0.1:{}\"]\nthreads = 1\n{}", port, config));
  return port;
}

inline std::unique_ptr<ServerProcess> start_ours(const std::filesystem::path& folder,
                                                 const std::string& config,
                                                 const std::string& log_name = "log") {
  const int port = write_ours(folder, config);
  return std::make_unique<ServerProcess>(
      "securecart", port, ServerProcess::Cases{},
      std::vector<std::string>{test::program(), "dns", "serve", "--config",
                               (folder / "dns.toml").string()},
      folder / log_name, [](ServerProcess& server) { return server.says("Ctrl-C ends"); });
}

inline std::string our_policies(const GeoFiles& geo, int health_port) {
  std::string text = fmt::format(
      "geo_database = \"{}\"\n[[check]]\nname = \"up\"\ntype = \"tcp\"\n"
      "url = \"tcp://{{address}}:{}\"\ninterval = \"1s\"\n",
      geo.database, health_port);
  for (std::size_t i = 0; i < shares.size(); ++i) {
    text += fmt::format(
        "[[target]]\nname = \"t{0}\"\naddresses = [\"{1}\"]\ncheck = \"up\"\n"
        "[[target]]\nname = \"g{0}\"\naddresses = [\"{1}\"]\n",
        i, shares[i].address);
  }
  text += "[[policy]]\nname = \"w\"\ntype = \"weighted\"\n";
  for (std::size_t i = 0; i < shares.size(); ++i) {
    text += fmt::format("[[policy.member]]\nuse = \"t{}\"\nweight = {}\n", i, shares[i].weight);
  }
  text += "[[policy]]\nname = \"geo\"\ntype = \"geolocation\"\n";
  for (std::size_t i = 0; i < shares.size(); ++i) {
    std::string countries;
    for (const Place& place : places) {
      if (std::string_view(place.address) == shares[i].address) {
        countries += fmt::format("{}\"{}\"", countries.empty() ? "" : ", ", place.country);
      }
    }
    text += fmt::format("[[policy.member]]\nuse = \"g{}\"\n{}\n", i,
                        countries.empty() ? "default = true" : "countries = [" + countries + "]");
  }
  return text;
}

// Zones, policies and keys of ours; returns the rest of the configuration.
inline std::string write_securecart(const std::filesystem::path& folder, const GeoFiles& geo,
                                    int health_port) {
  test::write_file(folder / "plain.zone", plain_zone("plain.test"));
  test::write_file(folder / "signed.zone", plain_zone("signed.test"));
  test::write_file(folder / "weighted.zone", policy_zone("weighted.test", "POLICY w"));
  test::write_file(folder / "geo.zone", policy_zone("geo.test", "POLICY geo"));
  test::write_file(folder / "policies.toml", our_policies(geo, health_port));
  test::output_of(fmt::format("{} dns key generate --zone signed.test --file {}", test::program(),
                              (folder / "keys").string()));
  std::string config = "policies = \"policies.toml\"\n";
  for (const char* zone : {"plain", "weighted", "geo"}) {
    config += fmt::format("[[zone]]\nname = \"{0}.test\"\nfile = \"{0}.zone\"\n", zone);
  }
  config += "[[zone]]\nname = \"signed.test\"\nfile = \"signed.zone\"\nkeys = \"keys\"\n";
  return config;
}

inline std::unique_ptr<ServerProcess> start_securecart(const std::filesystem::path& folder,
                                                       const GeoFiles& geo, int health_port) {
  return start_ours(folder, write_securecart(folder, geo, health_port));
}

inline void write_knot_policies(const std::filesystem::path& folder) {
  std::ofstream weighted(folder / "weighted.conf");
  std::ofstream by_place(folder / "geo.conf");
  for (std::size_t i = 0; i < policy_names; ++i) {
    weighted << fmt::format("www{}.weighted.test:\n", i);
    for (const Share& share : shares) {
      weighted << fmt::format("  - weight: {}\n    A: {}\n", share.weight, share.address);
    }
    by_place << fmt::format("www{}.geo.test:\n", i);
    for (const Place& place : places) {
      by_place << fmt::format("  - geo: \"{}\"\n    A: {}\n", place.country, place.address);
    }
  }
}

inline std::unique_ptr<ServerProcess> start_knot(const std::filesystem::path& folder,
                                                 const GeoFiles& geo) {
  const int port = free_udp_port();
  for (const char* zone : {"plain", "signed"}) {
    test::write_file(folder / fmt::format("{}.test.zone", zone),
                     plain_zone(fmt::format("{}.test", zone)));
  }
  for (const char* zone : {"weighted", "geo"}) {
    test::write_file(folder / fmt::format("{}.test.zone", zone),
                     policy_zone(fmt::format("{}.test", zone), fmt::format("A {}", elsewhere)));
  }
  write_knot_policies(folder);
  test::write_file(folder / "knot.conf", fmt::format(R"(server:
  rundir: "{0}"
  listen: 127.0.0.1@{1}
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
log:
  - target: stdout
    any: warning
database:
  storage: "{0}"
mod-geoip:
  - id: weighted
    config-file: {0}/weighted.conf
    ttl: 30
    mode: weighted
  - id: geo
    config-file: {0}/geo.conf
    ttl: 30
    mode: geodb
    geodb-file: {2}
    geodb-key: country/iso_code
template:
  - id: default
    storage: "{0}"
    file: "%s.zone"
    zonefile-sync: -1
    journal-content: none
zone:
  - domain: plain.test
  - domain: signed.test
    dnssec-signing: on
  - domain: weighted.test
    module: mod-geoip/weighted
  - domain: geo.test
    module: mod-geoip/geo
)",
                                                     folder.string(), port, geo.database));
  return std::make_unique<ServerProcess>(
      "Knot", port, ServerProcess::Cases{},
      std::vector<std::string>{"knotd", "-c", (folder / "knot.conf").string()}, folder / "log",
      [](ServerProcess& server) {
        return server.answers("www1.geo.test") && server.answers("h1.plain.test") &&
               server.answers("h1.signed.test");
      });
}

inline std::string gdnsd_config(const std::filesystem::path& folder, const GeoFiles& geo, int port,
                                int health_port) {
  std::string weights;
  for (const Share& share : shares) {
    weights +=
        fmt::format("      t{} => [ {}, {} ]\n", share.address[9], share.address, share.weight);
  }
  return fmt::format(R"(options => {{
  listen => [ 127.0.0.1:{1} ]
  udp_threads => 1
  tcp_threads => 1
  run_dir => {0}/run
  state_dir => {0}/state
}}
service_types => {{
  port => {{ plugin => tcp_connect, port => {2}, interval => 2, timeout => 1 }}
}}
plugins => {{
  weighted => {{
    w => {{
      service_types => port
{3}    }}
  }}
  geoip => {{
    maps => {{ m => {{ datacenters => [ dc4, dc1, dc2, dc3 ], nets => {4} }} }}
    resources => {{
      g => {{
        map => m
        service_types => up
        dcmap => {{ dc1 => 127.0.0.11, dc2 => 127.0.0.12, dc3 => 127.0.0.13, dc4 => 127.0.0.14 }}
      }}
    }}
  }}
}}
)",
                     folder.string(), port, health_port, weights, geo.networks);
}

inline std::unique_ptr<ServerProcess> start_gdnsd(const std::filesystem::path& folder,
                                                  const GeoFiles& geo, int health_port) {
  const int port = free_udp_port();
  made(folder / "zones");
  made(folder / "run");
  made(folder / "state");
  test::write_file(folder / "zones/plain.test", plain_zone("plain.test"));
  test::write_file(folder / "zones/weighted.test", policy_zone("weighted.test", "DYNA weighted!w"));
  test::write_file(folder / "zones/geo.test", policy_zone("geo.test", "DYNA geoip!g"));
  test::write_file(folder / "config", gdnsd_config(folder, geo, port, health_port));
  return std::make_unique<ServerProcess>(
      "gdnsd", port, ServerProcess::Cases{"signed"},
      std::vector<std::string>{"gdnsd", "-c", folder.string(), "start"}, folder / "log",
      [](ServerProcess& server) { return server.answers("www1.geo.test"); });
}

// Its way to weights, the function pickwrandom, knows no health.
inline std::string pdns_weights() {
  std::string list;
  for (const Share& share : shares) {
    list += fmt::format("{}{{{}, '{}'}}", list.empty() ? "" : ", ", share.weight, share.address);
  }
  return fmt::format("LUA A \"pickwrandom({{{}}})\"", list);
}

inline std::string pdns_places() {
  std::string text =
      "domains:\n- domain: geo.test\n  ttl: 30\n  records:\n"
      "    geo.test:\n"
      "      - soa: ns1.geo.test hostmaster.geo.test 1 3600 600 86400 60\n"
      "      - ns: ns1.geo.test\n"
      "    ns1.geo.test:\n      - a: 127.0.0.1\n"
      "    other.geo.test:\n";
  text += fmt::format("      - a: {}\n", elsewhere);
  for (const Place& place : places) {
    std::string country = place.country;
    std::ranges::transform(country, country.begin(),
                           [](char letter) { return static_cast<char>(letter | 0x20); });
    text += fmt::format("    {}.geo.test:\n      - a: {}\n", country, place.address);
  }
  text += "  services:\n";
  for (std::size_t i = 0; i < policy_names; ++i) {
    text += fmt::format("    www{}.geo.test: [ '%cc.geo.test', 'other.geo.test' ]\n", i);
  }
  return text;
}

inline std::unique_ptr<ServerProcess> start_pdns(const std::filesystem::path& folder,
                                                 const GeoFiles& geo) {
  const int port = free_udp_port();
  std::string named;
  for (const char* zone : {"plain", "signed", "weighted"}) {
    named += fmt::format("zone \"{0}.test\" {{ type master; file \"{1}/{0}.zone\"; }};\n", zone,
                         folder.string());
  }
  test::write_file(folder / "plain.zone", plain_zone("plain.test"));
  test::write_file(folder / "signed.zone", plain_zone("signed.test"));
  test::write_file(folder / "weighted.zone", policy_zone("weighted.test", pdns_weights()));
  test::write_file(folder / "named.conf", named);
  test::write_file(folder / "geo.yaml", pdns_places());
  test::write_file(folder / "pdns.conf", fmt::format(R"(launch=bind,geoip
bind-config={0}/named.conf
bind-dnssec-db={0}/dnssec.sqlite
geoip-database-files=mmdb:{2}
geoip-zones-file={0}/geo.yaml
enable-lua-records=yes
edns-subnet-processing=yes
local-address=127.0.0.1
local-port={1}
receiver-threads=1
distributor-threads=1
security-poll-suffix=
socket-dir={0}
)",
                                                     folder.string(), port, geo.database));
  const std::string tool = fmt::format("pdnsutil --config-dir {} ", folder.string());
  test::output_of(tool + fmt::format("create-bind-db {}/dnssec.sqlite", folder.string()));
  test::output_of(tool + "secure-zone signed.test");
  return std::make_unique<ServerProcess>(
      "PowerDNS", port, ServerProcess::Cases{},
      std::vector<std::string>{"pdns_server", "--config-dir=" + folder.string(), "--guardian=no",
                               "--daemon=no", "--disable-syslog", "--write-pid=no"},
      folder / "log", [](ServerProcess& server) { return server.answers("www1.weighted.test"); });
}

inline std::vector<std::unique_ptr<ServerProcess>> start_servers(
    const std::filesystem::path& folder, const GeoFiles& geo, int health_port) {
  std::vector<std::unique_ptr<ServerProcess>> servers;
  servers.push_back(start_securecart(made(folder / "securecart"), geo, health_port));
  servers.push_back(start_knot(made(folder / "knot"), geo));
  servers.push_back(start_gdnsd(made(folder / "gdnsd"), geo, health_port));
  servers.push_back(start_pdns(made(folder / "pdns"), geo));
  return servers;
}

// Zones z0.test, z1.test, ... with names h0, h1, ...
inline void write_zones(const std::filesystem::path& folder, std::size_t zones, std::size_t names) {
  made(folder);
  for (std::size_t zone = 0; zone < zones; ++zone) {
    std::string text = "$TTL 300\n@ IN SOA h0 hostmaster 1 3600 600 86400 60\n@ IN NS h0\n";
    for (std::size_t i = 0; i < names; ++i) {
      text += fmt::format("h{} IN A 127.0.{}.{}\n", i, i / 250 % 250, i % 250 + 1);
    }
    test::write_file(folder / fmt::format("z{}.test.zone", zone), text);
  }
}

inline std::unique_ptr<ServerProcess> start_many(const std::filesystem::path& home) {
  return start_ours(home, "zone_folder = \"zones\"\n");
}

}  // namespace securecart::bench
