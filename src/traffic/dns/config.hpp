// The server's configuration file, as plain values. docs/dns.md is its reference.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/errors.hpp"
#include "traffic/dns/endpoint.hpp"
#include "traffic/dns/name.hpp"
#include "traffic/dns/snapshot.hpp"
#include "traffic/dns/worker.hpp"

namespace securecart::traffic::dns {

struct ZoneConfig {
  Name name;
  std::string file;
  std::string keys;  // empty: not signed
  std::vector<Network> transfer_to;
  std::string transfer_key;
  std::vector<Endpoint> notify;
};

struct Config {
  ServerOptions server;
  Settings settings;
  bool has_cookie_secret = false;   // else one is drawn at start
  std::string zone_folder;          // each NAME.zone in it is a zone; empty: none
  std::string policies;             // file; empty: none
  std::optional<Endpoint> metrics;  // HTTP, /metrics
  std::vector<ZoneConfig> zones;
};

// Paths are as written: relative ones are meant from the file's folder.
Result<Config> parse_config(std::string_view file, std::string_view text);

}  // namespace securecart::traffic::dns
